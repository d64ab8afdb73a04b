"""The SQL of decide(): lock, load, write. Set-based, one statement each, whatever the number of
subjects.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.utils import timezone

from core.prepared import prepared_cursor
from moderation.enums import Action
from moderation.models import Decision
from moderation.registry import model_for
from moderation.transitions import State

SubjectKey = tuple[str, uuid.UUID]


@dataclass(slots=True)
class OpenCase:
    """The case as it stands under our lock."""

    id: uuid.UUID
    queue: str
    kind: str
    priority: int
    why: list[str]
    opened_at: datetime
    due_at: datetime
    claimed_by: int | None
    claim_token: uuid.UUID | None
    claimed_at: datetime | None
    claimed_until: datetime | None
    not_for: int | None
    family: uuid.UUID | None


@dataclass(slots=True)
class Locked:
    """A subject under our row lock, with its open case and the head of its chain."""

    key: SubjectKey
    state: State
    reviewed_at: datetime | None
    reviewed_by: int | None
    source_id: int | None
    case: OpenCase | None
    head_id: int | None
    head_hash: bytes | None
    head_actor: int | None
    next_id: int


def subjects_of_cases(case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, SubjectKey]:
    """Where each case's subject is; cases that are closed by now are left out."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT id, subject_type, subject_id FROM moderation_case WHERE id = ANY(%s)",
            [list(case_ids)],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def heads(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The newest decision's id by subject, read without waiting for anybody."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT subject_id, max(id) FROM moderation_decision WHERE subject_id = ANY(%s)"
            " GROUP BY subject_id",
            [list(subject_ids)],
        )
        return dict(cursor.fetchall())


def judged_by(user_id: int, again: Mapping[uuid.UUID, int | None]) -> set[uuid.UUID]:
    """Of subjects whose judgement is looked at again, by the case's `not_for` (None: it is not),
    those that this person has judged. No query where nothing is looked at again.
    """
    ids = [subject_id for subject_id, decider in again.items() if decider is not None]
    if not ids:
        return set()
    judged = Decision.objects.filter(
        subject_id__in=ids, actor_id=user_id, action__in=[Action.APPROVE, Action.REJECT]
    )
    own = {subject_id for subject_id in ids if again[subject_id] == user_id}
    return own | set(judged.values_list("subject_id", flat=True))


def lock(keys: Iterable[SubjectKey]) -> tuple[datetime, dict[SubjectKey, Locked]]:
    """Locks the subjects in (type, id) order, then reads what belongs to them.

    Returns the database's time under the locks, and the subjects that exist. A second statement
    reads cases and chain heads: its snapshot is younger than the locks, so it sees whatever the
    previous holder of a lock committed.
    """
    by_type: dict[str, list[uuid.UUID]] = {}
    for subject_type, subject_id in keys:
        by_type.setdefault(subject_type, []).append(subject_id)
    rows: list[tuple[Any, ...]] = []
    with prepared_cursor() as cursor:
        for subject_type, ids in sorted(by_type.items()):
            table = model_for(subject_type)._meta.db_table
            cursor.execute(
                "SELECT id, review_status, hidden, held, reviewed_at, reviewed_by_id, source_id"
                f' FROM "{table}" WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE',
                [ids],
            )
            rows += [(subject_type, *row) for row in cursor.fetchall()]
        cursor.execute(_LOAD, [[row[1] for row in rows]])
        loaded = {row[0]: row for row in cursor.fetchall()}
    present = next((row[1] for row in loaded.values()), timezone.now())
    return present, {(row[0], row[1]): _locked(row, loaded[row[1]]) for row in rows}


# FOR UPDATE inside the CTE: a claim that runs at the same moment either is seen here or waits.
_LOAD = """
WITH wanted AS MATERIALIZED (SELECT unnest(%s::uuid[]) AS id),
open_case AS MATERIALIZED (
    SELECT c.* FROM moderation_case c JOIN wanted w ON c.subject_id = w.id
    ORDER BY c.subject_id FOR UPDATE OF c
)
SELECT w.id, statement_timestamp(), h.id, h.hash, h.actor_id, COALESCE(h.to_guarded, false),
       nextval((SELECT pg_get_serial_sequence('moderation_decision', 'id'))),
       c.id, c.queue, c.kind, c.priority, c.why, c.opened_at, c.due_at,
       c.claimed_by_id, c.claim_token, c.claimed_at, c.claimed_until, c.not_for, c.family
FROM wanted w
LEFT JOIN open_case c ON c.subject_id = w.id
LEFT JOIN LATERAL (
    SELECT d.id, d.hash, d.actor_id, d.to_guarded FROM moderation_decision d
    WHERE d.subject_id = w.id ORDER BY d.id DESC LIMIT 1
) h ON true
"""


def _locked(row: tuple[Any, ...], loaded: tuple[Any, ...]) -> Locked:
    subject_type, subject_id, status, hidden, held, reviewed_at, reviewed_by, source_id = row
    _, _, head_id, head_hash, head_actor, guarded, next_id, case_id = loaded[:8]
    return Locked(
        key=(subject_type, subject_id),
        state=State(status, hidden, held, guarded),
        reviewed_at=reviewed_at,
        reviewed_by=reviewed_by,
        source_id=source_id,
        case=OpenCase(case_id, *loaded[8:]) if case_id else None,
        head_id=head_id,
        head_hash=bytes(head_hash) if head_hash else None,
        head_actor=head_actor,
        next_id=next_id,
    )


_review_of = itemgetter(
    "subject_type", "from_status", "to_status", "to_hidden", "to_held", "reviewed_at", "reviewed_by"
)


def update_subjects(rows: Sequence[dict[str, Any]]) -> None:
    """Writes the review columns; `rows` are decision rows. Subjects are locked, their status known.

    One statement for all that become the same: a batch as a whole, but for an undo that gives many
    subjects their earlier reviewers and times back.
    """
    groups: dict[tuple[Any, ...], list[uuid.UUID]] = {}
    for row in rows:
        groups.setdefault(_review_of(row), []).append(row["subject_id"])
    with prepared_cursor() as cursor:
        for (subject_type, was, *after), ids in groups.items():
            table = model_for(subject_type)._meta.db_table
            cursor.execute(
                f'UPDATE "{table}" SET review_status = %s, hidden = %s, held = %s,'
                " reviewed_at = %s, reviewed_by_id = %s WHERE id = ANY(%s) AND review_status = %s",
                [*after, ids, was],
            )
            if cursor.rowcount != len(ids):
                raise AssertionError("a locked subject changed its status: decide() has a rival")


def delete_cases(case_ids: Sequence[uuid.UUID]) -> None:
    with prepared_cursor() as cursor:
        cursor.execute("DELETE FROM moderation_case WHERE id = ANY(%s)", [list(case_ids)])


_COLUMNS = [field.attname for field in Decision._meta.concrete_fields]
_columns_of = itemgetter(*_COLUMNS)
_WHY = _COLUMNS.index("case_why")


def insert_decisions(rows: Sequence[dict[str, Any]]) -> None:
    """COPY: the fastest way in, and ids were taken with the locks, so nothing need come back."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with (
        prepared_cursor() as cursor,
        cursor.copy(f"COPY moderation_decision ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = list(_columns_of(row))
            values[_WHY] = array_text(tuple(values[_WHY]))
            copy.write_row(values)


@lru_cache(maxsize=1_024)
def array_text(words: tuple[str, ...]) -> str:
    """A text[] as PostgreSQL reads it. psycopg's own way costs as much as the rest of a log row."""
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in quoted) + "}"


def close_access(rows: Sequence[dict[str, Any]]) -> None:
    """Every URL handed out before dies: a new epoch, and under a hold only links for leads work."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "UPDATE media_attachment a SET epoch = epoch + 1, held = v.held"
            " FROM unnest(%s::uuid[], %s::bool[]) AS v(id, held) WHERE a.subject_id = v.id",
            [[row["subject_id"] for row in rows], [row["to_held"] for row in rows]],
        )
