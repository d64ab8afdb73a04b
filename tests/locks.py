"""Locks that other sessions wait for, as a sign of where they are."""

from django.db import connection


def somebody_waits() -> bool:
    """Whether a session of this test's own database waits: others are tested beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
