"""What the runtime role may do in the database; granted by the owner after every migration."""

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

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
