"""A cursor for the statements that people wait for: bound and prepared by the server, read in C."""

from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.pq import Format

# Statements are prepared from their second execution on a connection.
PREPARE_AFTER = 1


def prepared_cursor() -> Any:
    """A cursor on Django's connection, to be used as `connection.cursor()` is.

    Django's own binds parameters on the client, has every statement planned again, and reads times
    by a loader in Python; results in the binary format are read in C. Times are in UTC here, too.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    connection.validate_thread_sharing()
    session = connection.connection
    session.prepare_threshold = PREPARE_AFTER
    cursor: Any = psycopg.Cursor(session)
    cursor.format = Format.BINARY
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(cursor)
