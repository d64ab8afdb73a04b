"""Claiming and deciding in plain psycopg: what the engine is compared with.

The same statements as moderation/cases.py and moderation/store.py, prepared, with the same locks
and the same rows in the log, written for this purpose alone: no models, no requests, no rules.
"""

import hashlib
import uuid
from datetime import timedelta
from typing import Any

import orjson
import psycopg
from psycopg.rows import TupleRow

from core.keys import uuid7
from moderation import cases, store
from moderation.audit import GENESIS

Connection = psycopg.Connection[TupleRow]

_LOCK = (
    "SELECT id, review_status, hidden, held, reviewed_at, reviewed_by_id, source_id"
    " FROM gallery_imagelog WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
)
_UPDATE = (
    "UPDATE gallery_imagelog s SET review_status = 'approved', hidden = false, held = false,"
    " reviewed_at = %s, reviewed_by_id = %s WHERE id = ANY(%s) AND review_status = 'pending'"
)
_DELETE = "DELETE FROM moderation_case WHERE id = ANY(%s)"
_COPY = f"COPY moderation_decision ({', '.join(store._COLUMNS)}) FROM STDIN"
_FAMILY = store._COLUMNS.index("case_family")
_SUBJECTS = "SELECT subject_id FROM moderation_case WHERE id = ANY(%s)"
_CLAIM = f"{cases._CLAIM.partition('RETURNING')[0]} RETURNING id, claim_token"


def claim(connection: Connection, *, user: int, limit: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(case id, token) of what was leased."""
    with connection.transaction():
        cursor = connection.cursor(binary=True)
        cursor.execute(cases._TAKE_BACK, {"few": cases.TAKE_BACK})
        asked = {"user": user, "gap": cases.SHIFT_GAP, "queue": "images"}
        shift = cursor.execute(cases._SHIFT, asked).fetchone()
        assert shift is not None
        rows = cursor.execute(
            _CLAIM,
            {
                "user": user, "queue": "images", "limit": min(limit, cases.MAX_HELD - shift[1]),
                "shift": shift[0], "lease": timedelta(seconds=600),
            },
        ).fetchall()  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def approve(
    connection: Connection, claimed: list[tuple[uuid.UUID, uuid.UUID]], *, user: int, role: str
) -> list[uuid.UUID]:
    """Approves what was claimed, by case id and token; returns the subjects.

    Raises ValueError when a claim was lost or a subject is no longer pending.
    """
    batch, tokens = uuid7(), dict(claimed)
    with connection.transaction():
        cursor = connection.cursor(binary=True)
        subjects = [row[0] for row in cursor.execute(_SUBJECTS, [list(tokens)])]
        locked = {row[0]: row for row in cursor.execute(_LOCK, [subjects])}
        loaded = cursor.execute(store._LOAD, [list(locked)]).fetchall()
        for each in loaded:
            if each[7] is None or tokens.get(each[7]) != each[15]:
                raise ValueError("the claim was lost")
        rows = [_row(locked[each[0]], each, batch, user, role) for each in loaded]
        cursor.execute(_UPDATE, [loaded[0][1], user, list(locked)])
        if cursor.rowcount != len(claimed):
            raise ValueError("somebody else decided")
        with cursor.copy(_COPY) as copy:
            for row in rows:
                row[store._WHY] = store.array_text(tuple(row[store._WHY]))
                copy.write_row(row)
        cursor.execute(_DELETE, [list(tokens)])
    return subjects


def _row(
    subject: tuple[Any, ...], loaded: tuple[Any, ...], batch: uuid.UUID, user: int, role: str
) -> list[Any]:
    """The log row in the order of the model's columns, with its hash at the end."""
    key, status, hidden, held, reviewed_at, reviewed_by, source_id = subject
    _, present, _, head, _, guarded, number, case_id, queue, kind, priority, why = loaded[:12]
    opened_at, due_at, _, _, claimed_at, _, not_for, family = loaded[12:]
    row = [
        number, present, batch, "gallery.imagelog", key, "approve", status, "approved", hidden,
        False, held, False, guarded, False, reviewed_at, reviewed_by, "", None, "", "", "person",
        user, "", role, None, "none", case_id, queue, kind, opened_at, claimed_at, due_at, priority,
        why, not_for, source_id, bytes(head) if head else GENESIS,
    ]  # fmt: skip
    # Times are in UTC, and orjson writes them as isoformat() does.
    row.append(hashlib.sha256(orjson.dumps([*row[:-1], row[-1].hex()])).digest())
    row.insert(_FAMILY, family)  # nobody's here, so the hash says nothing of it
    return row
