"""store(): batches of records into subjects, side tables, attachments, cases and the ledger."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic

import orjson
import psycopg
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from moderation import flagging
from moderation.enums import ReviewStatus
from moderation.ingest import attachments, reviews
from moderation.ingest.spec import IngestSpec, R, Row, read
from moderation.ingest.staging import Met, Stage
from upstream.clients.errors import RecordError
from upstream.ledger import Counts, Known, Ledger, Pass, Refused, key_of
from upstream.models import Source

# Rows of one transaction: fewer cost more per row, more cost memory (about 5 kB each).
BATCH = 2_000
# What PostgreSQL or orjson may refuse although the parser let it pass. Django does not translate
# the errors of a COPY.
UNFORESEEN = (
    DataError,
    IntegrityError,
    psycopg.DataError,
    psycopg.IntegrityError,
    UnicodeError,
    orjson.JSONEncodeError,
)

Heard = Callable[[Sequence[str]], None]


def store(
    records: Iterable[R | Refused],
    *,
    source: Source,
    ledger: Ledger,
    spec: IngestSpec[R],
    reading: Pass | None = None,
    on_touched: Heard | None = None,
) -> Counts:
    """Takes records over, batch by batch, each in its own transaction (or savepoint).

    A record that cannot be taken becomes a fault of the run and fails no other; of one id the last
    record counts. `on_touched` is told the upstream ids of each batch's created and updated
    subjects. What an earlier list of the run has shown (see `Pass`) is counted, not taken again.
    """
    ingest = _Ingest(source, ledger, spec, reading or Pass(), on_touched)
    counts = Counts()
    for batch in _batches(records, BATCH):
        with transaction.atomic():
            counts += ingest.take(batch)
    return counts


def _batches(records: Iterable[R | Refused], size: int) -> Iterator[list[R | Refused]]:
    iterator = iter(records)
    while batch := list(islice(iterator, size)):
        yield batch


@dataclass(slots=True)
class _Outcome:
    """Upstream ids of one batch by what became of them; the rest is unchanged."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def add(self, other: "_Outcome") -> None:
        self.created += other.created
        self.updated += other.updated
        self.refused += other.refused


class _Ingest(Generic[R]):
    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        spec: IngestSpec[R],
        reading: Pass,
        on_touched: Heard | None,
    ) -> None:
        self.source = source
        self.ledger = ledger
        self.spec = spec
        self.reading = reading
        self.on_touched = on_touched

    def take(self, batch: Sequence[R | Refused]) -> Counts:
        """One batch in the caller's transaction."""
        # Runs and replays of one source wait for each other: no record is added twice.
        list(Source.objects.select_for_update(no_key=True).filter(pk=self.source.pk).only("pk"))
        good, bad = self._read(batch)
        keys = {key_of(upstream_id): upstream_id for upstream_id in good}
        known = self.ledger.meet({*keys, *(one.key for one in bad)}, self.reading.number)
        for key in known.keys() & keys.keys():
            if 0 <= known[key][0] < self.reading.first:
                del good[keys[key]]
        outcome = self._apply(list(good.values()))
        outcome.refused += bad
        if outcome.refused:
            self.ledger.note_faults(outcome.refused)
        if self.on_touched is not None:
            self.on_touched(outcome.created + outcome.updated)
        return self._count(keys, known, outcome)

    def _read(self, batch: Sequence[R | Refused]) -> tuple[dict[str, Row[R]], list[Refused]]:
        good: dict[str, Row[R]] = {}
        bad: list[Refused] = []
        for record in batch:
            if isinstance(record, Refused):
                bad.append(record)
                continue
            try:
                good[record.upstream_id] = read(record, self.spec)
            except (UnicodeError, orjson.JSONEncodeError) as error:
                bad.append(self._refusal(record, error))
        return good, bad

    def _count(self, keys: dict[str, str], known: Known, outcome: _Outcome) -> Counts:
        refused = {one.key for one in outcome.refused}
        every = keys.keys() | refused
        fresh = every - known.keys() if known else every
        created = sum(key_of(one) in fresh for one in outcome.created) if known else None
        updated = sum(key_of(one) in fresh for one in outcome.updated) if known else None
        counts = Counts(
            seen=len(fresh),
            created=len(outcome.created) if created is None else created,
            updated=len(outcome.updated) if updated is None else updated,
            # A good and a bad record of one id in one batch count as taken.
            failed=len((refused & fresh) - self._taken(outcome)),
            faults=len(outcome.refused),
            listed=len(every) - sum(last == self.reading.number for _, last in known.values()),
            overlap=sum(0 <= last < self.reading.first for _, last in known.values()),
        )
        counts.unchanged = counts.seen - counts.created - counts.updated - counts.failed
        return counts

    def _taken(self, outcome: _Outcome) -> set[str]:
        if not outcome.refused:
            return set()
        return {key_of(one) for one in (*outcome.created, *outcome.updated)}

    def _apply(self, rows: list[Row[R]]) -> _Outcome:
        """Writes the rows; a batch that the database refuses is halved down to the culprit."""
        if not rows:
            return _Outcome()
        try:
            with transaction.atomic():
                return self._write(rows)
        except UNFORESEEN as error:
            if len(rows) == 1:
                return _Outcome(refused=[self._refusal(rows[0].record, error)])
        middle = len(rows) // 2
        outcome = self._apply(rows[:middle])
        outcome.add(self._apply(rows[middle:]))
        return outcome

    def _write(self, rows: list[Row[R]]) -> _Outcome:
        stage = Stage(self.spec, self.source)
        stage.fill(rows)
        met = stage.compare(rows)
        created = [one for one in met if one.id is None]
        touched = [one for one in met if one.id is not None and one.touched]
        outcome = _Outcome(
            created=[one.row.upstream_id for one in created],
            updated=[one.row.upstream_id for one in touched],
        )
        if self.ledger.dry:
            return outcome
        old = [one for one in met if one.id is not None]
        concerned = [one for one in old if one.concerns_review]
        if concerned:
            stage.lock(concerned)
        if created:
            stage.insert(created)
        if touched:
            stage.update(touched)
        self._add_details([one for one in met if one.id is None or one.changed or one.tracked])
        attachments.add([one for one in created if _wants_bytes(one)], self.spec)
        attachments.refresh([one for one in old if _wants_bytes(one)], self.spec)
        reviews.open_first_looks(created, self.spec, self.source)
        reviews.follow(concerned, self.spec, self.source)
        flagging.read_soon(
            subject_type=self.spec.model.subject_type(),
            subject_ids=[one.key for one in (*created, *touched)],
        )
        return outcome

    def _refusal(self, record: R, error: Exception) -> Refused:
        """The error's first line only: what follows in PostgreSQL's message quotes the row."""
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raw = getattr(record, "raw", None)
        return Refused(
            RecordError(reason, upstream_id=record.upstream_id, raw=raw), self.spec.context(record)
        )

    def _add_details(self, met: Sequence[Met[R]]) -> None:
        if not met:
            return
        spec = self.spec
        names = ", ".join(f'"{name}"' for name in (spec.detail_link, *spec.detail_columns, "at"))
        with connection.cursor() as cursor:
            now = timezone.now().isoformat()
            with cursor.copy(
                f'COPY "{spec.detail_model._meta.db_table}" ({names}) FROM STDIN'
            ) as copy:
                for one in met:
                    copy.write_row((one.key, *spec.details(one.row.record), now))


def _wants_bytes(one: Met[Any]) -> bool:
    purged = ReviewStatus.PURGED in {one.review_status, one.row.told}
    return one.row.url is not None and not purged
