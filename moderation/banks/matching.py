"""What is known of a picture: the entries near its hash, and those with its very bytes."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from media import pdq
from moderation.banks.index import HashIndex, Hits, Ids, as_hashes
from moderation.banks.loading import fresh_index
from moderation.enums import BankAction
from moderation.models.bank import MAX_DISTANCE

# Of each bank so many entries near a picture are told, the nearest ones.
SHOWN = 20
# Pictures looked up at once: a crowd of like entries is near each of them.
TOGETHER = 128
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


Row = tuple[Any, ...]
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


class Known(NamedTuple):
    """The entries near a picture, up to SHOWN of each bank, and how many more there are."""

    hits: list[BankHit]
    more: int


@dataclass(frozen=True, slots=True)
class Within:
    """Some entries alone: those of a scan, or of a whole bank."""

    index: HashIndex
    scan_id: int | None = None
    bank_id: int | None = None


def find(prints: Sequence[Print], *, within: Within | None = None) -> list[list[BankHit]]:
    """For each picture what is near it, as `known_of` gives it."""
    return [each.hits for each in known_of(prints, within=within)]


def known_of(prints: Sequence[Print], *, within: Within | None = None) -> list[Known]:
    """For each picture what is near it, the gravest action first, then the nearest; in all banks
    unless `within` some entries."""
    index = within.index if within else fresh_index()
    entries = _Entries()
    equal = entries.with_bytes({each.sha256 for each in prints if each.sha256 is not None}, within)
    found: list[Known] = []
    for start in range(0, len(prints), TOGETHER):
        some = prints[start : start + TOGETHER]
        near = _near(some, index)
        same = _with_equal_bytes(some, equal)
        found += _known(some, near, same, entries)
    return found


class _Entries:
    """What the database says of entries now, each asked for once; None of one not in force."""

    def __init__(self) -> None:
        self._rows: dict[int, Row | None] = {}

    def with_bytes(self, sha256: Collection[bytes], within: Within | None) -> dict[bytes, Ids]:
        """The ids of those that have these very bytes."""
        if not sha256:
            return {}
        rows = _read(_by_sha256(within), sorted(sha256))
        self._rows |= rows
        found: dict[bytes, list[int]] = {}
        for entry, row in rows.items():
            found.setdefault(bytes(row[12]), []).append(entry)
        return {each: np.array(ids, np.int64) for each, ids in found.items()}

    def of(self, ids: Sequence[int]) -> list[Row | None]:
        new = [entry for entry in ids if entry not in self._rows]
        if new:
            self._rows |= {**dict.fromkeys(new), **_read(_BY_ID, new)}
        return [self._rows[entry] for entry in ids]


def _near(prints: Sequence[Print], index: HashIndex) -> Hits:
    """By their look, within the greatest distance of all."""
    clear = [number for number, each in enumerate(prints) if each.pdq is not None]
    hits = index.search(
        as_hashes(b"".join(prints[each].pdq or b"" for each in clear)), MAX_DISTANCE
    )
    return Hits(np.array(clear, np.intp)[hits.queries], hits.ids, hits.distances)


def _with_equal_bytes(prints: Sequence[Print], equal: dict[bytes, Ids]) -> Hits:
    """The same bytes are at distance 0."""
    none = np.empty(0, np.int64)
    ids = [equal.get(each.sha256 or b"", none) for each in prints]
    queries = np.repeat(np.arange(len(prints)), [len(each) for each in ids])
    together = np.concatenate([none, *ids])
    return Hits(queries, together, np.zeros(len(together), np.int64))


def _known(some: Sequence[Print], near: Hits, same: Hits, entries: _Entries) -> list[Known]:
    queries, ids, distances = (np.concatenate(pair) for pair in zip(near, same, strict=True))
    unique, entry = np.unique(ids, return_inverse=True)
    rows = entries.of(unique.tolist())
    banks = np.array([row[1] if row else 0 for row in rows], np.int64)
    # The index is only where to look: what its bank and the entry say now decides.
    most = np.array([row[9] if row and row[11] is not None else -1 for row in rows], np.int64)
    right = distances <= most[entry]
    right[len(near.ids) :] = True
    queries, entry, distances = queries[right], entry[right], distances[right]
    kept, left_out = _best(queries, banks[entry], entry, distances)
    hits: list[list[BankHit]] = [[] for _ in some]
    for query, number in zip(queries[kept].tolist(), entry[kept].tolist(), strict=True):
        row = rows[number]
        if row is not None and (hit := _hit_of(some[query], row)) is not None:
            hits[query].append(hit)
    more = np.bincount(left_out, minlength=len(some)).tolist()
    return [Known(sorted(each, key=_order), rest) for each, rest in zip(hits, more, strict=True)]


def _best(
    queries: NDArray[np.intp], banks: Ids, entries: NDArray[np.intp], distances: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of these are among the SHOWN nearest of a query and bank, an entry once; and the
    queries of those that are not, each as often as it lacks one."""
    order = np.lexsort((distances, entries, queries))
    order = order[_changes(queries[order], entries[order])]
    order = order[np.lexsort((entries[order], distances[order], banks[order], queries[order]))]
    first = _changes(queries[order], banks[order])
    places = np.arange(len(order))
    ranks = places - np.maximum.accumulate(np.where(first, places, 0))
    return order[ranks < SHOWN], queries[order[ranks >= SHOWN]]


def _changes(*columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where sorted rows differ from the one before."""
    changes = np.zeros(len(columns[0]), np.bool_)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return changes


def _read(which: str, values: list[Any]) -> dict[int, Row]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(which=which, clear=pdq.MIN_QUALITY), [values])
        return {row[0]: row for row in cursor.fetchall()}


def _hit_of(each: Print, row: Row) -> BankHit | None:
    """None where the entry has another hash by now than the index knew."""
    if each.sha256 is not None and row[12] is not None and bytes(row[12]) == each.sha256:
        return _hit(row, 0)
    if each.pdq is None or row[11] is None:
        return None
    distance = _distance(each.pdq, bytes(row[11]), turned=row[10])
    return _hit(row, distance) if distance <= row[9] else None


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


def _by_sha256(within: Within | None) -> str:
    if within is None:
        return _BY_SHA256
    if within.scan_id is not None:
        return f"{_BY_SHA256} AND e.scan_id = {within.scan_id:d}"
    return f"{_BY_SHA256} AND e.bank_id = {within.bank_id:d}"


def _order(hit: BankHit) -> tuple[int, int, int]:
    return SEVERITY[hit.action], hit.distance, hit.entry_id
