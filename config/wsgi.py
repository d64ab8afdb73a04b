"""The WSGI application that granian (or any WSGI server) runs."""

import os

from django.core.wsgi import get_wsgi_application

from core.bodies import with_length

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = with_length(get_wsgi_application())
