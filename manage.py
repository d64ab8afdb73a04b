#!/usr/bin/env python
"""Gatehouse's command line; `manage.py help` lists every command."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from core import launcher


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        launcher.prepare(sys.argv)
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, launcher.LauncherError) as error:
        sys.exit(f"gatehouse: {error}")
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        sys.exit("gatehouse: the database has no such table yet: run manage.py migrate first")


if __name__ == "__main__":
    main()
