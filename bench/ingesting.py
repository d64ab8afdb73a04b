"""A sync's ingest without HTTP: against COPY and update_or_create(), and its memory."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import psycopg.types.json
from django.db import transaction
from django.utils import timezone
from psycopg import sql

from bench import cluster
from bench.report import Figure
from bench.rounds import interleaved, median, ratio, seconds
from bench.sizes import Size
from gallery.models import ImageDetail, ImageLog
from gallery.queues import ImageQueue
from gallery.sync import SPEC
from media.enums import AttachmentState
from media.models import Attachment
from moderation import search
from moderation.enums import CaseKind, Priority, ReviewStatus, Why
from moderation.ingest import store
from moderation.ingest.spec import read
from moderation.models import Case
from upstream.clients.gallery import ImageRecord, parse_image
from upstream.enums import RunStatus, SourceKind
from upstream.ledger import Counts, RunLedger
from upstream.models import Source, SyncRun

_EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
# What an ingest of new pictures writes, in an order that foreign keys accept.
_TABLES = ("gallery_imagelog", "gallery_imagedetail", "media_attachment", "moderation_case")


def records(number: int, *, changed: bool = False) -> Iterator[ImageRecord]:
    """Pending pictures. `changed`: a tenth of the even ones differ from the first time."""
    for index in range(number):
        words = "evening" if changed and index % 20 == 0 else "morning"
        yield parse_image(
            {
                "id": f"picture-{index}",
                "userId": f"user-{index % 5_000}",
                "archiveId": f"archive-{index % 9_000}",
                "messageId": f"message-{index}",
                "characterId": f"character-{index % 100}",
                "url": f"https://pictures.example/{index % 97}/picture-{index}.png?sign={index:x}",
                "prompt": f"A calm landscape of {3 + index % 40} geometric shapes, number {index},"
                f" soft {words} light over hills of paper, wide view, muted colours, thin ink"
                " outlines, flat shading, a labelled placeholder in the lower corner",
                "createdAt": _EPOCH + index * 1000,
                "reviewStatus": "pending",
                "model": "shapes-2",
                "steps": 20 + index % 20,
                "sampler": "euler",
                "seed": index,
                "width": 1024,
                "height": 1024,
            }
        )


def known_half(number: int) -> str:
    """A database that knows every other one of the records, and has a second, empty source."""
    name = f"bench_half_{number}_{cluster.version()}"
    if cluster.exists(name):
        return name
    draft = cluster.clone(f"{name}_draft")
    cluster.use(draft)
    known = Source.objects.create(
        name="known", kind=SourceKind.GALLERY, base_url="http://127.0.0.1:9"
    )
    Source.objects.create(name="other", kind=SourceKind.GALLERY, base_url="http://127.0.0.1:9")
    take_records(known, [one for index, one in enumerate(records(number)) if index % 2 == 0])
    while search.fill():
        pass
    cluster.leave()
    cluster.vacuum(draft)
    cluster.rename(draft, name)
    return name


def take_records(source: Source, given: Any) -> Counts:
    run = SyncRun.objects.create(source=source)
    counts = store(given, source=source, ledger=RunLedger(run), spec=SPEC)
    SyncRun.objects.filter(pk=run.pk).update(status=RunStatus.SUCCEEDED)
    return counts


def ingest(size: Size) -> Iterator[Figure]:
    """Rows a second: the ingest, COPY of as many new rows, and one update_or_create() each."""
    template = known_half(size.ingest)
    given = list(records(size.ingest, changed=True))
    rows = _rows_for_copy(template, size.ingest)

    def ours() -> float:
        cluster.use(cluster.clone("bench_run", template=template))
        source = Source.objects.get(name="known")
        taken = seconds(lambda: _check(take_records(source, given), size.ingest))
        cluster.leave()
        return size.ingest / taken

    def copied() -> float:
        database = cluster.clone("bench_run", template=template)
        with closing(psycopg.connect(cluster.url_of(database))) as one:
            return size.ingest / seconds(lambda: _copy(one, rows))

    def naive() -> float:
        cluster.use(cluster.clone("bench_run", template=template))
        source = Source.objects.get(name="known")
        taken = seconds(lambda: [_update_or_create(source, one) for one in given[: size.naive]])
        cluster.leave()
        return size.naive / taken

    fast, copy, slow = interleaved(size.rounds, ours, copied, naive)
    yield Figure(
        "ingest_vs_copy", ratio(fast, copy), 0.9, ours=median(fast), baseline=median(copy),
        measured="rows/s",
        note=f"COPY of {size.ingest:,} new rows, built beforehand, into the same four tables; "
        "of ours half are known and a tenth of those changed",
    )  # fmt: skip
    yield Figure(
        "ingest_vs_update_or_create", ratio(fast, slow), 50, ours=median(fast),
        baseline=median(slow), measured="rows/s",
        note="update_or_create(), detail, attachment and case in a transaction each, "
        f"{size.naive:,} rows",
    )  # fmt: skip


def _check(counts: Counts, number: int) -> None:
    found = (counts.seen, counts.created, counts.updated, counts.failed)
    assert found == (number, number // 2, number // 20, 0), found


def _rows_for_copy(template: str, number: int) -> list[tuple[sql.Composed, list[tuple[Any, ...]]]]:
    """The rows that an ingest of as many new pictures makes, read back: (COPY statement, rows)."""
    cluster.use(cluster.clone("bench_run", template=template))
    other = Source.objects.get(name="other")
    take_records(other, records(number))
    cluster.leave()
    images = sql.SQL("SELECT id FROM gallery_imagelog WHERE source_id = {}").format(other.pk)
    link = {"gallery_imagelog": "id", "gallery_imagedetail": "image_id"}
    found = []
    with closing(psycopg.connect(cluster.url_of("bench_run"))) as one:
        for table in _TABLES:
            columns = _columns(one, table)
            names = {
                "table": sql.Identifier(table),
                "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
                "link": sql.Identifier(link.get(table, "subject_id")),
                "images": images,
            }
            select = "SELECT {columns} FROM {table} WHERE {link} IN ({images}) ORDER BY 1"
            rows = one.execute(sql.SQL(select).format(**names)).fetchall()
            found.append((sql.SQL("COPY {table} ({columns}) FROM STDIN").format(**names), rows))
    return found


def _columns(one: psycopg.Connection[Any], table: str) -> list[str]:
    """All but those that a sequence fills; JSON stays text, as the ingest sends it."""
    psycopg.types.json.set_json_loads(lambda data: bytes(data).decode(), one)
    rows = one.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_identity = 'NO' ORDER BY ordinal_position",
        [table],
    )
    return [row[0] for row in rows]


def _copy(
    one: psycopg.Connection[Any], tables: list[tuple[sql.Composed, list[tuple[Any, ...]]]]
) -> None:
    """Each table in one go, all in one transaction: nothing is faster here."""
    for statement, rows in tables:
        with one.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    one.commit()


def _update_or_create(source: Source, record: ImageRecord) -> None:
    """A record at a time, each with its own commit: what one writes first."""
    row = read(record, SPEC)
    values = dict(zip(SPEC.columns, SPEC.values(record), strict=True))
    values |= {"content_digest": row.digest, "upstream_status": row.told}
    with transaction.atomic():
        image, made = ImageLog.objects.update_or_create(
            source=source, upstream_id=record.upstream_id, defaults=values,
            create_defaults={**values, "review_status": ReviewStatus.PENDING, "seed": row.told},
        )  # fmt: skip
        if not made and "evening" not in record.prompt:
            return
        ImageDetail.objects.create(
            image=image, prompt=record.prompt, params=record.params, raw=record.raw
        )
        if made:
            _attach_and_open(image, source, row.url or "", row.origin_key)


def _attach_and_open(image: ImageLog, source: Source, url: str, key: bytes | None) -> None:
    now = timezone.now()
    Attachment.objects.create(
        subject_type="gallery.imagelog", subject_id=image.pk, state=AttachmentState.WANTED,
        origin_url=url, origin_key=key, next_try_at=now,
    )  # fmt: skip
    Case.objects.create(
        queue=ImageQueue.slug, kind=CaseKind.FIRST_LOOK, subject_type="gallery.imagelog",
        subject_id=image.pk, source_id=source.pk, priority=Priority.NORMAL, why=[Why.FIRST_LOOK],
        due_at=now + ImageQueue.sla, ready=False,
    )  # fmt: skip


def ingest_rss_growth_mb(size: Size) -> Iterator[Figure]:
    """How much the peak memory of a fresh process grows over one ingest of all the records."""
    database = cluster.clone("bench_run", template=known_half(size.ingest))
    environment = {**os.environ, "DATABASE_URL": cluster.url_of(database)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(size.ingest)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    few, grown = map(float, done.stdout.split())
    yield Figure(
        "ingest_rss_growth_mb", grown, 32, unit="MB", at_most=True, ours=grown, baseline=few,
        measured="MB", note=f"{size.ingest:,} records, never all at once; baseline: after 2,000",
    )  # fmt: skip


def measure_memory(number: int) -> tuple[float, float]:
    """Growth of the peak in MB after the first batch, and after all."""
    source = Source.objects.get(name="known")
    before = _peak()
    take_records(source, records(min(number, 2_000), changed=True))
    first = _peak() - before
    take_records(source, records(number, changed=True))
    return first, _peak() - before


def _peak() -> float:
    """In MB. On Linux getrusage() would tell the peak of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
