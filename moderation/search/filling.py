"""Keeping the search table in step with the subjects' texts; what is due is read from the database.

Triggers note every new or changed text in the transaction that writes it (see
moderation.operations.search_texts), whoever writes it. So no message can be lost, and a fill that
is killed half-way begins again where it was.
"""

import time
import uuid
from collections.abc import Collection, Mapping, Sequence

from django.db import connection, transaction

from moderation.locks import Lock
from moderation.models import SearchDue, SearchEntry
from moderation.registry import queue_for, subject_types
from moderation.search.texts import normalised, terms_of

# Subjects of one transaction.
BATCH = 2_000
_TAKE = """
DELETE FROM moderation_searchdue WHERE id IN (
    SELECT id FROM moderation_searchdue ORDER BY id LIMIT %s
) RETURNING subject_type, subject_id
"""
_WRITE = """
INSERT INTO moderation_searchentry AS e (subject_id, subject_type, text, terms)
SELECT v.id, %s, v.text, array_to_tsvector(string_to_array(v.terms, ' '))
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS v(id, text, terms)
ON CONFLICT (subject_id) DO UPDATE SET text = EXCLUDED.text, terms = EXCLUDED.terms
    WHERE e.text IS DISTINCT FROM EXCLUDED.text
"""


def fill(*, seconds: float = 20.0) -> int:
    """Takes what is due into the search, for at most so long; returns how many subjects.

    Safe to run twice: a second filler at the same time finds nothing to do.
    """
    deadline, done = time.monotonic() + seconds, 0
    while taken := _fill_batch():
        done += taken
        if time.monotonic() > deadline:
            break
    return done


@transaction.atomic
def _fill_batch() -> int:
    with connection.cursor() as cursor:
        # One filler at a time, so that an older text never overwrites a newer one.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.SEARCH])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE, [BATCH])
        due = cursor.fetchall()
    by_type: dict[str, set[uuid.UUID]] = {}
    for subject_type, subject_id in due:
        by_type.setdefault(subject_type, set()).add(subject_id)
    for subject_type in by_type.keys() & set(subject_types()):
        ids = by_type[subject_type]
        texts = queue_for(subject_type).search_texts(ids)
        _write(subject_type, texts)
        SearchEntry.objects.filter(pk__in=ids - texts.keys()).delete()
    return len(due)


def _write(subject_type: str, texts: Mapping[uuid.UUID, Sequence[str]]) -> None:
    rows = [(pk, normalised("\n".join(parts))) for pk, parts in texts.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                subject_type,
                [pk for pk, _ in rows],
                [text for _, text in rows],
                [" ".join(terms_of(text)) for _, text in rows],
            ],
        )


def forget(subjects: Collection[tuple[str, uuid.UUID]]) -> None:
    """Texts of what is purged are found no more, from this transaction on."""
    SearchEntry.objects.filter(pk__in=[pk for _, pk in subjects]).delete()
    # A fill that runs at this moment may have read them before.
    mark_due(subjects)


def mark_due(subjects: Collection[tuple[str, uuid.UUID]]) -> None:
    """Their texts are read again, as when a purge was undone."""
    SearchDue.objects.bulk_create(
        SearchDue(subject_type=subject_type, subject_id=pk) for subject_type, pk in subjects
    )
