"""The dashboard's counts against a GROUP BY over a million rows."""

from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction

from bench import cluster
from bench.report import Figure
from bench.rounds import interleaved, median, ratio, seconds
from bench.sizes import Size
from moderation.counts import queue_counts, status_totals
from moderation.enums import ReviewStatus
from moderation.registry import model_for, queues, subject_types

# One pass over each table.
_TOTALS = 'SELECT review_status, count(*) FROM "{}" GROUP BY review_status'
_QUEUES = """
SELECT queue, count(*),
    count(*) FILTER (WHERE claimed_by_id IS NOT NULL AND claimed_until >= now()),
    count(*) FILTER (WHERE due_at < now()), min(opened_at)
FROM moderation_case GROUP BY queue
"""


def dashboard_1m_vs_count(size: Size) -> Iterator[Figure]:
    """Totals by status and depths of queues, the cache emptied each time; results must be equal."""
    images, pending = size.large
    cluster.use(cluster.template("large", images=images, pending=pending, people=size.people))
    with transaction.atomic():  # one moment for both: cases fall due all the time
        assert _ours() == _counted(), "the two ways of counting disagree"
    ours, counted = interleaved(size.rounds * 5, lambda: _timed(_ours), lambda: _timed(_counted))
    cluster.leave()
    yield Figure(
        "dashboard_1m_vs_count", ratio(counted, ours), 8, ours=median(ours),
        baseline=median(counted), measured="ms",
        note=f"GROUP BY over {images:,} image logs and {pending:,} cases",
    )  # fmt: skip


def _timed(work: Any) -> float:
    cache.clear()
    return seconds(work) * 1000


def _ours() -> tuple[Any, ...]:
    rows = [
        (each.slug, each.open, each.claimed, each.overdue, each.oldest_opened_at)
        for each in queue_counts(fresh=True)
    ]
    return rows, {each: status_totals(each) for each in subject_types()}


def _counted() -> tuple[Any, ...]:
    totals = {}
    with connection.cursor() as cursor:
        for subject_type in subject_types():
            cursor.execute(_TOTALS.format(model_for(subject_type)._meta.db_table))
            found = dict(cursor.fetchall())
            totals[subject_type] = {name: found.get(name, 0) for name in ReviewStatus.values}
        cursor.execute(_QUEUES)
        rows = {row[0]: row for row in cursor.fetchall()}
    return [rows.get(slug, (slug, 0, 0, 0, None)) for slug in queues()], totals
