"""The two database roles: logging in as the owner, and what the owner lets the runtime role do."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from core import databases

READ_ONLY = ("django_migrations",)


def grant_runtime_rights(
    connection: BaseDatabaseWrapper, *, role: str, append_only: Iterable[str]
) -> None:
    """Lets `role` read and write every table of the schema `public`, but only read and add rows to
    the `append_only` ones, and only read the migration record.

    `connection` is the owning role's. Idempotent.
    """
    grantee = sql.Identifier(role)
    everything = (
        "GRANT USAGE ON SCHEMA public TO {0}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {0}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {0}",
    )
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for statement in everything:
            cursor.execute(sql.SQL(statement).format(grantee))
        for withheld, tables in (
            ("UPDATE, DELETE, TRUNCATE", append_only),
            ("INSERT, UPDATE, DELETE, TRUNCATE", READ_ONLY),
        ):
            for table in present.intersection(tables):
                statement = f"REVOKE {withheld} ON {{1}} FROM {{0}}"
                cursor.execute(sql.SQL(statement).format(grantee, sql.Identifier(table)))


@contextmanager
def owner_login(connection: BaseDatabaseWrapper, url: str) -> Iterator[None]:
    """This thread's `connection` logs in by `url` inside; an empty one changes nothing.

    A second alias would not do: what a data migration writes through `default` would wait for the
    locks that the schema change holds on the other connection.
    """
    if not url:
        yield
        return
    connection.close()
    runtime = connection.settings_dict
    connection.settings_dict = {**runtime, **databases.from_url(url, pool=0)}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = runtime
