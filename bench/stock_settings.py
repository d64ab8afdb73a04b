"""Django's own admin and nothing else: without the theme, our templates and our model admins."""

from bench.settings import *  # noqa: F403
from bench.settings import INSTALLED_APPS, TEMPLATES

# Without autodiscovery: our admins need the theme.
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig" if app == "django.contrib.admin" else app
    for app in INSTALLED_APPS
    if not app.startswith("unfold")
]
TEMPLATES = [{**TEMPLATES[0], "DIRS": []}]
ROOT_URLCONF = "bench.stock_urls"
SILENCED_SYSTEM_CHECKS = ["urls.E007"]
