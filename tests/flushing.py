"""Emptying the database after a test that commits: append-only tables and migrated rows need care.

Django's own flush would be refused by the triggers of append-only tables, and would throw away
what migrations put there (roles). The first policy, words and options are put there anew: tests
change them.
"""

from importlib import import_module

from django.apps import apps
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected

FIRST_POLICY_MIGRATION = import_module("moderation.migrations.0003_first_policy")
FIRST_WORDS_MIGRATION = import_module("moderation.migrations.0005_first_words")
FIRST_OPTIONS_MIGRATION = import_module("characters.migrations.0004_first_options")
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}


def empty_tables() -> None:
    """Leaves the database as migrations made it.

    A server or worker that a test started may still be at work: of two that wait for each other
    PostgreSQL ends one, and if that is us, we begin again.
    """
    for left in range(4, -1, -1):
        try:
            with transaction.atomic():
                _truncate()
            break
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
    FIRST_POLICY_MIGRATION.create(apps, None)
    FIRST_WORDS_MIGRATION.create(apps, None)
    FIRST_OPTIONS_MIGRATION.create(apps, None)


def _truncate() -> None:
    """All but KEPT, in one statement, with user triggers off for the moment."""
    tables = sorted(set(connection.introspection.table_names()) - KEPT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND (tgtype & 32) <> 0"
        )
        guarded = [row[0] for row in cursor.fetchall() if row[0] in tables]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        names = ", ".join(f'"{table}"' for table in tables)
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def install() -> None:
    """Every transactional test cleans up this way from now on."""
    setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_tables())  # noqa: B010
