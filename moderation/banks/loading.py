"""The process's own index of all banks, brought up to date from the database at each use.

Entries are never read twice as a whole: each carries the transaction that made it effective, and
what may have been committed since the last look is all that is read. Removed and expired entries
stay in the index until it is loaded anew; whoever finds one asks the database what it is.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core.prepared import prepared_cursor
from media import pdq
from moderation.banks.index import Hashes, HashIndex, Ids, as_hashes
from moderation.locks import Lock

# Loaded anew after this time, to let go of what was removed; tried again so long after a failure.
RELOAD_SECONDS, RETRY_SECONDS = 86_400.0, 300.0

# One row in PostgreSQL's binary COPY: the number of fields, then each with its length before it.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("id_length", ">i4"), ("id", ">i8"),
        ("pdq_length", ">i4"), ("pdq", "u1", 32),
        ("changed_length", ">i4"), ("changed", ">i8"),
        ("turned_length", ">i4"), ("turned", "?"),
    ]
)  # fmt: skip
_HEADER, _TRAILER = 19, 2
_LOOK = """
SELECT pg_snapshot_xmin(s)::text::bigint, current_database(),
    ARRAY(SELECT id FROM moderation_bank WHERE turned ORDER BY id),
    COALESCE((SELECT max(changed) FROM moderation_bankentry), 0)
FROM pg_current_snapshot() s
"""
# Numbers only: COPY takes no parameters.
_READ = """
COPY (SELECT e.id, e.pdq, e.changed, b.turned FROM moderation_bankentry e
    JOIN moderation_bank b ON b.id = e.bank_id
    WHERE {which} AND e.pdq IS NOT NULL
        AND octet_length(e.pdq) = 32 AND e.removed_at IS NULL
        AND COALESCE(e.quality, 100) >= {clear:d}
        AND (e.expires_at IS NULL OR e.expires_at > now()))
TO STDOUT (FORMAT BINARY)
"""
# Rows taken out of a COPY at once, so that what is read does not stand in memory twice.
TOGETHER = 50_000


@dataclass(frozen=True, slots=True)
class _Look:
    """What the database says before entries are read: every transaction below `horizon` has
    ended, and `newest` is the last one that changed an entry."""

    horizon: int
    database: str
    turned: tuple[int, ...]
    newest: int


class Loader:
    """An index and how far it has been read; one for each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = HashIndex()
        self._look: _Look | None = None
        self._due_at = 0.0
        # Entries that will be read again, because transactions beside theirs are still open.
        self._known: Ids = np.empty(0, np.int64)

    def fresh(self) -> HashIndex:
        """The index with every entry that is committed by now."""
        with self._lock:
            look, known = _look(), self._look
            of_this = known is not None and (known.database, known.turned) == (
                look.database, look.turned
            )  # fmt: skip
            if known is None or not of_this or time.monotonic() > self._due_at:
                self._load(look)
            elif look.newest >= known.horizon:
                self._known = _read_into(self._index, known.horizon, look, known=self._known)
            self._look = look
            return self._index

    def _load(self, look: _Look) -> None:
        """All of it, beside the present index, which stays in force when this fails."""
        self._due_at = time.monotonic() + RETRY_SECONDS
        index = HashIndex()
        self._known = _read_into(index, 0, look, known=np.empty(0, np.int64))
        self._index = index
        self._due_at = time.monotonic() + RELOAD_SECONDS


def index_of(*, scan_id: int | None = None, bank_id: int | None = None) -> HashIndex:
    """The entries of one scan, or of one bank, alone."""
    index = HashIndex()
    which = f"e.scan_id = {scan_id:d}" if scan_id is not None else f"e.bank_id = {bank_id:d}"
    index.add(*_together(_entries(which)))
    return index


def _read_into(index: HashIndex, since: int, look: _Look, *, known: Ids) -> Ids:
    """Adds what has become effective since a transaction, without the ids `known`; which entries
    will be read again."""
    again = [np.empty(0, np.int64)]

    def new() -> Iterator[NDArray[np.void]]:
        # Without an upper bound: what this transaction itself added may be newer than any snapshot.
        for rows in _entries(f"e.changed >= {since:d}"):
            again.append(rows["id"][rows["changed"] >= look.horizon].astype(np.int64))
            yield rows[~np.isin(rows["id"], known)] if len(known) else rows

    index.add(*_together(new()))
    return np.concatenate(again)


def _entries(which: str) -> Iterator[NDArray[np.void]]:
    return pieces_of(_READ.format(which=which, clear=pdq.MIN_QUALITY), _ROW, TOGETHER)


def _together(pieces: Iterable[NDArray[np.void]]) -> tuple[Ids, Hashes]:
    """Ids and hashes of all rows; nothing else of a piece outlives it."""
    ids, packed = [np.empty(0, np.int64)], [np.empty((0, 32), np.uint8)]
    for rows in pieces:
        for some_ids, some in _with_turned(rows):
            ids.append(some_ids)
            packed.append(some)
    return np.concatenate(ids), as_hashes(np.concatenate(packed))


def _look() -> _Look:
    with prepared_cursor() as cursor:
        cursor.execute(_LOOK)
        horizon, database, turned, newest = cursor.fetchone()
    return _Look(horizon, database, tuple(turned), newest)


def read_binary(statement: str, row: np.dtype[np.void]) -> NDArray[np.void]:
    """What a COPY … (FORMAT BINARY) gives, when all its rows have one length."""
    [rows] = pieces_of(statement, row, sys.maxsize)
    return rows


def pieces_of(statement: str, row: np.dtype[np.void], most: int) -> Iterator[NDArray[np.void]]:
    """The same while it is read, about `most` rows at once; the last piece may be empty."""
    data, head = bytearray(), _HEADER
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            data += block
            count = (len(data) - head) // row.itemsize
            if count >= most:
                yield np.frombuffer(data, row, offset=head, count=count)
                data, head = data[head + count * row.itemsize :], 0
    count, rest = divmod(len(data) - head - _TRAILER, row.itemsize)
    assert rest == 0
    yield np.frombuffer(data, row, offset=head, count=count)


def _with_turned(rows: NDArray[np.void]) -> Iterator[tuple[Ids, NDArray[np.uint8]]]:
    """Ids and hashes; those of a bank that also looks for turned copies eight times each."""
    plain = rows[~rows["turned"]]
    yield plain["id"].astype(np.int64), np.ascontiguousarray(plain["pdq"])
    turned = rows[rows["turned"]]
    ids = turned["id"].astype(np.int64)
    # The first way to turn a picture is to leave it as it is.
    if len(ids):
        every = pdq.turned(np.ascontiguousarray(turned["pdq"]))
        yield np.repeat(ids, 8), every.reshape(-1, 32)


_loader = Loader()


def wait_for_new_entries() -> None:
    """To be called before banks are asked about a picture that is being recorded.

    A scan of new entries passes here too, alone (see `scans`): either this transaction has ended
    when the scan reads what is held, or it begins after the entries are committed and meets them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [Lock.BANKS])


def fresh_index() -> HashIndex:
    """This process's index; reading what is new takes one short query."""
    return _loader.fresh()
