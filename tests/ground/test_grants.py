"""The runtime role: it works with every table, and cannot rewrite what is append-only."""

import os

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core.grants import grant_runtime_rights, owner_login

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def runtime():
    """A connection to the test database as the runtime role, granted its rights."""
    url = os.environ.get("TEST_RUNTIME_URL")
    if not url:
        pytest.skip("TEST_DATABASE_URL names a server without a runtime role of ours")
    role = url.partition("://")[2].partition(":")[0]
    grant_runtime_rights(connection, role=role, append_only=settings.APPEND_ONLY_TABLES)
    grant_runtime_rights(connection, role=role, append_only=settings.APPEND_ONLY_TABLES)
    name = connection.settings_dict["NAME"]
    with psycopg.connect(f"{url.rpartition('/')[0]}/{name}", autocommit=True) as session:
        yield session


@pytest.mark.parametrize("table", settings.APPEND_ONLY_TABLES)
def test_decisions_and_seals_can_be_read_and_added_but_not_changed(runtime, table):
    rights = {
        right: runtime.execute(
            "SELECT has_table_privilege(current_user, %s, %s)", [table, right]
        ).fetchone()[0]
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    }
    assert rights == {
        "SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False,
    }  # fmt: skip
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id", f"TRUNCATE {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(statement)


def test_other_tables_and_their_sequences_can_be_worked_with(runtime):
    runtime.execute("INSERT INTO core_cache VALUES ('k', 'v', now())")
    assert runtime.execute("UPDATE core_cache SET value = 'w' WHERE cache_key = 'k'").rowcount == 1
    assert runtime.execute("DELETE FROM core_cache WHERE cache_key = 'k'").rowcount == 1
    runtime.execute("CREATE TEMP TABLE staging (n int)")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "ALTER TABLE core_cache ADD COLUMN n int",
        "DROP TABLE core_cache",
        "ALTER TABLE moderation_decision DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
    ],
)
def test_the_schema_is_not_the_runtime_roles_to_change(runtime, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute(statement)


def test_the_owners_login_lasts_for_the_block_only(runtime):
    url = os.environ["TEST_RUNTIME_URL"]
    name = connection.settings_dict["NAME"]

    def who() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return cursor.fetchone()[0]

    usual = who()
    with owner_login(connection, f"{url.rpartition('/')[0]}/{name}"):
        assert who() != usual
    assert who() == usual
