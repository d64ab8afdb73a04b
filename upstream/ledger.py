"""The ledger of a run: what it counts, which records it has met, and those it could not take."""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, Self

from django.db import connection

from core.keys import uuid7
from upstream.clients.errors import RecordError
from upstream.models import Fault, SeenRecord, SyncRun

# Pages and cursors are remembered beside the records, in no pass.
NO_PASS = -1
MAX_PAYLOAD = 1_000_000
MAX_ID = 255
QUERY = r'\?[^"]*'


@dataclass(slots=True)
class Counts:
    """What became of a batch. `seen` counts ids that the run had not met before, and balances:
    seen = created + updated + unchanged + failed.

    `listed`: ids not met before in the present pass over a list; `overlap`: those of them that an
    earlier list of the same run had shown. `faults`: bad records, met before or not.
    """

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    listed: int = 0
    overlap: int = 0
    faults: int = 0

    def __iadd__(self, other: Self) -> Self:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be taken. `context`: what its parser was told besides, for a replay;
    `place`: where it stood, which tells bad records without an id apart."""

    error: RecordError
    context: dict[str, Any] = field(default_factory=dict)
    place: str = ""

    @property
    def key(self) -> str:
        """By its id when that could be read, else by its place and payload without signatures."""
        upstream_id = self.error.upstream_id
        if 0 < len(upstream_id) < MAX_ID:
            return key_of(upstream_id)
        return key_of(f"{self.place}\n{re.sub(QUERY, '', self.error.raw_text)}")


@dataclass(frozen=True, slots=True)
class Pass:
    """Which reading of which list: passes are numbered through a run, lists begin at `first`."""

    number: int = 0
    first: int = 0


# By key (32 hexadecimal digits): the passes in which it was met first and last.
Known = dict[str, tuple[int, int]]


class Ledger(Protocol):
    """Where a sync notes what it met. `dry`: nothing may be written but the ledger itself."""

    @property
    def dry(self) -> bool: ...

    def meet(self, keys: Collection[str], pass_no: int) -> Known:
        """Notes the keys; returns those met before with their first and last pass till now."""

    def vanished(self, reading: Pass) -> int:
        """Forgets and counts what earlier passes over the present list met, this one not."""

    def note_faults(self, refused: Sequence[Refused]) -> None:
        """Keeps records that could not be taken, once each."""


def key_of(text: str) -> str:
    """The MD5 of a text as SQL's `md5(text)` gives it."""
    raw = text.encode("utf-8", "backslashreplace")
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


class RunLedger:
    """The ledger in the database; call it inside the page's transaction only."""

    dry = False

    def __init__(self, run: SyncRun) -> None:
        self.run = run

    def meet(self, keys: Collection[str], pass_no: int) -> Known:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT record_id, first_pass, pass_no FROM upstream_seenrecord"
                " WHERE run_id = %s AND record_id = ANY(%s::uuid[])",
                [self.run.pk, array_text(keys)],
            )
            known = {key.hex: (first, last) for key, first, last in cursor.fetchall()}
            if fresh := [key for key in keys if key not in known]:
                with cursor.copy(
                    "COPY upstream_seenrecord (run_id, record_id, first_pass, pass_no) FROM STDIN"
                ) as copy:
                    run_id = self.run.pk.hex
                    for key in fresh:
                        copy.write_row((run_id, key, pass_no, pass_no))
            if stale := [key for key, (_, last) in known.items() if last != pass_no]:
                SeenRecord.objects.filter(run=self.run, record_id__in=stale).update(pass_no=pass_no)
        return known

    def vanished(self, reading: Pass) -> int:
        if reading.number == reading.first:
            return 0
        gone = SeenRecord.objects.filter(
            run=self.run, first_pass__gte=reading.first, pass_no__lt=reading.number
        )
        return gone.delete()[0]

    def note_faults(self, refused: Sequence[Refused]) -> None:
        Fault.objects.bulk_create(
            [
                Fault(
                    id=uuid7(),
                    run=self.run,
                    source_id=self.run.source_id,
                    upstream_id=storable(one.error.upstream_id)[:MAX_ID],
                    payload=one.error.raw_text[:MAX_PAYLOAD],
                    context=one.context,
                    digest=one.key,
                    error=storable(one.error.message)[:1000],
                )
                for one in refused
            ],
            ignore_conflicts=True,
        )


class DryLedger:
    """The ledger of a dry run, in memory: about 200 bytes for each record met."""

    dry = True

    def __init__(self) -> None:
        self.met: Known = {}
        self.faults: list[RecordError] = []

    def meet(self, keys: Collection[str], pass_no: int) -> Known:
        known = {key: self.met[key] for key in keys if key in self.met}
        for key in keys:
            self.met[key] = (known[key][0] if key in known else pass_no, pass_no)
        return known

    def vanished(self, reading: Pass) -> int:
        gone = [
            key
            for key, (first, last) in self.met.items()
            if first >= reading.first and last < reading.number
        ]
        for key in gone:
            del self.met[key]
        return len(gone)

    def note_faults(self, refused: Sequence[Refused]) -> None:
        self.faults += [one.error for one in refused]


class ReplayLedger:
    """The ledger of a single record taken over again: nothing to count, errors to be told."""

    dry = False

    def __init__(self) -> None:
        self.faults: list[RecordError] = []

    def meet(self, keys: Collection[str], pass_no: int) -> Known:
        return {}

    def vanished(self, reading: Pass) -> int:
        return 0

    def note_faults(self, refused: Sequence[Refused]) -> None:
        self.faults += [one.error for one in refused]


def array_text(keys: Iterable[object]) -> str:
    """Ids or numbers as PostgreSQL writes an array: a long list adapted one by one is slow."""
    return "{" + ",".join(map(str, keys)) + "}"


def storable(text: str) -> str:
    """The text with what PostgreSQL cannot hold (NUL, lone surrogates) escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
