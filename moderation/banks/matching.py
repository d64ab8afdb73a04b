"""What is known of a picture: the entries near its hash, and those with its very bytes."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from media import pdq
from moderation.banks.index import HashIndex, Hits, as_hashes
from moderation.banks.loading import fresh_index
from moderation.enums import BankAction
from moderation.models.bank import MAX_DISTANCE

# The gravest first.
SEVERITY = {BankAction.REJECT: 0, BankAction.FIRST: 1, BankAction.MARK: 2}


class Print(NamedTuple):
    """What a picture is looked up by; a flat one has its bytes' SHA-256 alone."""

    pdq: bytes | None = None
    sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class BankHit:
    """An entry near a picture, with what its bank says now. `distance` 0 to 31 bits; the same bytes
    are at 0. `reason` is the policy reason its rejections name, "" for none."""

    entry_id: int
    bank_id: int
    bank: str
    action: BankAction
    reason: str
    sample_percent: int
    label: str
    distance: int
    subject: tuple[str, uuid.UUID] | None

    @property
    def rule(self) -> str:
        return f"bank:{self.bank}"

    @property
    def words(self) -> str:
        """Why a case is looked at, in at most 100 characters."""
        label = f" · {self.label}" if self.label else ""
        return f"{self.bank}{label} · {self.distance}"[:100]


# One of too low a quality is known by its bytes alone.
_ENTRIES = """
SELECT e.id, b.id, b.slug, b.action, b.reason, b.sample_percent, e.label, e.subject_type,
    e.subject_id, b.threshold, b.turned,
    CASE WHEN COALESCE(e.quality, 100) >= {clear:d} THEN e.pdq END, e.sha256
FROM moderation_bankentry e JOIN moderation_bank b ON b.id = e.bank_id
WHERE {which} AND b.active AND e.removed_at IS NULL
    AND (e.expires_at IS NULL OR e.expires_at > now())
"""
_BY_ID, _BY_SHA256 = "e.id = ANY(%s)", "e.sha256 = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Within:
    """Some entries alone: those of a scan, or of a whole bank."""

    index: HashIndex
    scan_id: int | None = None
    bank_id: int | None = None


def find(prints: Sequence[Print], *, within: Within | None = None) -> list[list[BankHit]]:
    """For each picture what is near it, the gravest action first, then the nearest; in all banks
    unless `within` some entries."""
    near = _near(prints, within.index if within else fresh_index())
    wanted = {entry for found in near for entry in found}
    entries = _read(_BY_ID, sorted(wanted)) if wanted else {}
    hits = [_hits_of(each, found, entries) for each, found in zip(prints, near, strict=True)]
    _add_equal_bytes(prints, hits, within)
    return [sorted(each.values(), key=_order) for each in hits]


def _near(prints: Sequence[Print], index: HashIndex) -> list[set[int]]:
    """For each picture the ids of entries within the greatest distance of all."""
    near: list[set[int]] = [set() for _ in prints]
    clear = [number for number, each in enumerate(prints) if each.pdq is not None]
    if clear and len(index):
        packed = b"".join(prints[number].pdq or b"" for number in clear)
        hits: Hits = index.search(as_hashes(packed), MAX_DISTANCE)
        for query, entry in zip(hits.queries.tolist(), hits.ids.tolist(), strict=True):
            near[clear[query]].add(entry)
    return near


def _read(which: str, values: list[Any]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(which=which, clear=pdq.MIN_QUALITY), [values])
        return {row[0]: row for row in cursor.fetchall()}


def _hits_of(
    each: Print, found: Iterable[int], entries: dict[int, tuple[Any, ...]]
) -> dict[int, BankHit]:
    """The index is only where to look: the entry as it stands now decides."""
    hits = {}
    for entry in found:
        row = entries.get(entry)
        if row is not None and each.pdq is not None and row[11] is not None:
            distance = _distance(each.pdq, bytes(row[11]), turned=row[10])
            if distance <= row[9]:
                hits[entry] = _hit(row, distance)
    return hits


def _distance(one: bytes, other: bytes, *, turned: bool) -> int:
    own = (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
    if not turned or own <= MAX_DISTANCE:
        return own
    every = as_hashes(pdq.turned(np.frombuffer(other, np.uint8).reshape(1, 32))[0])
    return int(np.bitwise_count(every ^ as_hashes(one)).sum(axis=1).min())


def _hit(row: tuple[Any, ...], distance: int) -> BankHit:
    subject = (row[7], row[8]) if row[8] is not None else None
    entry_id, bank_id, bank, action, reason, percent, label = row[:7]
    return BankHit(
        entry_id, bank_id, bank, BankAction(action), reason, percent, label, distance, subject
    )


def _add_equal_bytes(
    prints: Sequence[Print], hits: list[dict[int, BankHit]], within: Within | None
) -> None:
    wanted = sorted({each.sha256 for each in prints if each.sha256 is not None})
    rows = _read(_by_sha256(within), wanted).values() if wanted else ()
    by_sha256: dict[bytes, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_sha256.setdefault(bytes(row[12]), []).append(row)
    for each, found in zip(prints, hits, strict=True):
        for row in by_sha256.get(each.sha256 or b"", ()):
            found[row[0]] = _hit(row, 0)


def _by_sha256(within: Within | None) -> str:
    if within is None:
        return _BY_SHA256
    if within.scan_id is not None:
        return f"{_BY_SHA256} AND e.scan_id = {within.scan_id:d}"
    return f"{_BY_SHA256} AND e.bank_id = {within.bank_id:d}"


def _order(hit: BankHit) -> tuple[int, int, int]:
    return SEVERITY[hit.action], hit.distance, hit.entry_id
