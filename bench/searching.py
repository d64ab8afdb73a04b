"""The search at a million rows against ILIKE, and what it costs an ingest."""

import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
from django.db import connection

from bench import cluster, people
from bench.ingesting import known_half, records, take_records
from bench.report import Figure
from bench.rounds import interleaved, median, median_ms, ratio, seconds
from bench.sizes import Size
from gallery.queues import ImageQueue
from moderation import search
from moderation.models import SearchDue
from upstream.models import Source

# Each stands in one of 9,973 prompts that `populate` makes.
ENGLISH, CHINESE = "lighthouse", "灯塔"
SHOWN = 50
_SCAN = """
SELECT image_id, prompt FROM gallery_imagedetail WHERE prompt ILIKE %s
ORDER BY image_id DESC LIMIT %s
"""


def search_vs_scan(size: Size) -> Iterator[Figure]:
    """The newest 50 pictures whose prompt has a rare word: our whole search, and one statement."""
    images, pending = size.large
    cluster.use(
        cluster.template("large", images=images, pending=pending, people=size.people)
    )  # fmt: skip
    viewer = people.admin()
    for name, word, goal in (("en", ENGLISH, 50), ("zh", CHINESE, 200)):

        def ours(word: str = word) -> float:
            wanted = search.Wanted(text=word, queue=ImageQueue())
            return median_ms(
                lambda: _check(search.find(wanted, viewer=viewer, limit=SHOWN), images),
                calls=size.calls,
                after=_nothing,
            )

        def scan(word: str = word) -> float:
            return median_ms(lambda: _scan(word), calls=max(2, size.calls // 5), after=_nothing)

        fast, slow = interleaved(size.rounds, ours, scan)
        yield Figure(
            f"search_{name}_vs_scan", ratio(slow, fast), goal, ours=median(fast),
            baseline=median(slow), measured="ms",
            note=f"{word} among {images:,} prompts; the scan is ILIKE '%{word}%', newest 50",
        )  # fmt: skip
    cluster.leave()


def _check(found: search.Found, images: int) -> None:
    assert len(found.subjects) == min(SHOWN, (images - 6) // 9_973 + 1), len(found.subjects)


def _scan(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SCAN, [f"%{word}%", SHOWN])
        assert cursor.fetchall()


def _nothing() -> None:
    pass


def ingest_with_search_vs_without(size: Size) -> Iterator[Figure]:
    """An ingest until its last text is found, and one without the triggers that tell the search."""
    template = known_half(size.ingest)
    given = list(records(size.ingest, changed=True))
    behind: list[float] = []

    def with_search() -> float:
        cluster.use(cluster.clone("bench_run", template=template))
        source = Source.objects.get(name="known")
        ingested = seconds(lambda: take_records(source, given))
        behind.append(seconds(_fill))
        cluster.leave()
        return ingested + behind[-1]

    def without() -> float:
        database = cluster.clone("bench_run", template=template)
        with closing(psycopg.connect(cluster.url_of(database, owner=True))) as owner, owner:
            owner.execute("ALTER TABLE gallery_imagedetail DISABLE TRIGGER USER")
        cluster.use(database)
        source = Source.objects.get(name="known")
        taken = seconds(lambda: take_records(source, given))
        assert not SearchDue.objects.exists()
        cluster.leave()
        return taken

    ours, bare = interleaved(size.rounds, with_search, without)
    yield Figure(
        "ingest_with_search_vs_without", ratio(bare, ours), 0.3, ours=median(ours),
        baseline=median(bare), measured="s",
        note=f"{size.ingest:,} records, half of them known; the filling, done "
        f"by a worker behind the ingest, took {median(behind):.1f} s of it",
    )  # fmt: skip


def _fill() -> None:
    deadline = time.monotonic() + 3600
    while SearchDue.objects.exists():
        search.fill()
        assert time.monotonic() < deadline
