"""Migrations: complete, reversible, and one line of them for each app."""

import sys

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from tests.codebase.sources import APPS

LOADER = MigrationLoader(None)
OURS = sorted(key for key in LOADER.disk_migrations if key[0] in {*APPS, "gatehouse"})


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("key", OURS, ids=".".join)
def test_every_migration_can_be_undone(key):
    # Rolling back a release must be possible; data that is dropped on the way is said there.
    operations = LOADER.disk_migrations[key].operations
    assert not [operation for operation in operations if not operation.reversible]


@pytest.mark.parametrize("key", OURS, ids=".".join)
def test_migrations_do_not_use_todays_models(key):
    # They run against the schema of their own time.
    module = sys.modules[LOADER.disk_migrations[key].__module__]
    used = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Model)
    ]
    assert not used


def test_no_app_has_two_latest_migrations():
    assert not LOADER.detect_conflicts()
