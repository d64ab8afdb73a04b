"""Counts that are exact and cheap: sums of the tally log, never count(*) over content."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import connection

from moderation.enums import ReviewStatus
from moderation.locks import Lock
from moderation.registry import queues

CACHE_SECONDS = 3
_CACHE_KEY = "moderation.counts.queues"

# Depth from the log; the rest by indexes that hold only what is counted.
_QUEUES = """
SELECT q.slug,
    COALESCE((SELECT sum(delta) FROM moderation_tally WHERE scope = 'queue' AND name = q.slug), 0),
    (SELECT count(*) FROM moderation_case
     WHERE claimed_by_id IS NOT NULL AND claimed_until >= now() AND queue = q.slug),
    (SELECT count(*) FROM moderation_case WHERE queue = q.slug AND due_at < now()),
    (SELECT min(opened_at) FROM moderation_case WHERE queue = q.slug)
FROM unnest(%s::text[]) AS q(slug)
"""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """One queue: open cases (claimed ones included), live claims, overdue ones, the oldest's
    time.
    """

    slug: str
    open: int
    claimed: int
    overdue: int
    oldest_opened_at: datetime | None


def queue_counts(*, fresh: bool = False) -> list[QueueCount]:
    """For every queue in the registry's order; at most CACHE_SECONDS old unless `fresh`."""
    cached = None if fresh else cache.get(_CACHE_KEY)
    if cached is None:
        with connection.cursor() as cursor:
            cursor.execute(_QUEUES, [list(queues())])
            found = {row[0]: row for row in cursor.fetchall()}
        cached = [QueueCount(slug, int(found[slug][1]), *found[slug][2:]) for slug in queues()]
        cache.set(_CACHE_KEY, cached, CACHE_SECONDS)
    return list(cached)


def queue_count(slug: str) -> QueueCount:
    """One queue, fresh: what a claim's answer shows."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES, [[slug]])
        row = cursor.fetchone()
    return QueueCount(row[0], int(row[1]), *row[2:])


def open_count(slug: str) -> int:
    """A queue's depth alone, from the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(delta), 0) FROM moderation_tally"
            " WHERE scope = 'queue' AND name = %s",
            [slug],
        )
        return int(cursor.fetchone()[0])


def status_totals(subject_type: str) -> dict[str, int]:
    """How many subjects of a type stand in each status."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value, sum(delta) FROM moderation_tally WHERE scope = 'status' AND name = %s"
            " GROUP BY value",
            [subject_type],
        )
        found = dict(cursor.fetchall())
    return {status: int(found.get(status, 0)) for status in ReviewStatus.values}


def fold_tallies() -> int:
    """Replaces each key's entries by their sum; returns how many rows went. One folder at a
    time.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH one AS (SELECT pg_try_advisory_xact_lock(%s) AS mine),"
            " gone AS (DELETE FROM moderation_tally USING one WHERE mine"
            "          RETURNING scope, name, value, delta),"
            " sums AS (INSERT INTO moderation_tally (scope, name, value, delta)"
            "          SELECT scope, name, value, sum(delta) FROM gone"
            "          GROUP BY scope, name, value HAVING sum(delta) <> 0 RETURNING 1)"
            " SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM sums)",
            [Lock.TALLY],
        )
        return int(cursor.fetchone()[0])
