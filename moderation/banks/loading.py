"""The process's own index of all banks, brought up to date from the database at each use.

Entries are never read twice as a whole: each carries the transaction that made it effective, and
what may have been committed since the last look is all that is read. Removed and expired entries
stay in the index until it is loaded anew; whoever finds one asks the database what it is.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core.prepared import prepared_cursor
from media import pdq
from moderation.banks.index import HashIndex, Ids, as_hashes
from moderation.locks import Lock

# Loaded anew after this time, to let go of what was removed.
RELOAD_SECONDS = 86_400.0

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
_TURNED_TOGETHER = 50_000


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
        self._loaded_at = 0.0
        # Entries that will be read again, because transactions beside theirs are still open.
        self._known: NDArray[np.int64] = np.empty(0, np.int64)

    def fresh(self) -> HashIndex:
        """The index with every entry that is committed by now."""
        with self._lock:
            look = _look()
            if self._is_outdated(look):
                self._index, self._known = HashIndex(), np.empty(0, np.int64)
                self._loaded_at = time.monotonic()
                self._read(0, look)
            elif look.newest >= self._since:
                self._read(self._since, look)
            self._look = look
            return self._index

    @property
    def _since(self) -> int:
        assert self._look is not None
        return self._look.horizon

    def _is_outdated(self, look: _Look) -> bool:
        known = self._look
        return (
            known is None
            or (known.database, known.turned) != (look.database, look.turned)
            or time.monotonic() - self._loaded_at > RELOAD_SECONDS
        )

    def _read(self, since: int, look: _Look) -> None:
        # Without an upper bound: what this transaction itself added may be newer than any snapshot.
        rows = _entries(f"e.changed >= {since:d}")
        new = rows[~np.isin(rows["id"], self._known)] if len(self._known) else rows
        _add(self._index, new)
        self._known = rows["id"][rows["changed"] >= look.horizon].astype(np.int64)


def index_of(*, scan_id: int | None = None, bank_id: int | None = None) -> HashIndex:
    """The entries of one scan, or of one bank, alone."""
    index = HashIndex()
    which = f"e.scan_id = {scan_id:d}" if scan_id is not None else f"e.bank_id = {bank_id:d}"
    _add(index, _entries(which))
    return index


def _entries(which: str) -> NDArray[np.void]:
    return read_binary(_READ.format(which=which, clear=pdq.MIN_QUALITY), _ROW)


def _add(index: HashIndex, rows: NDArray[np.void]) -> None:
    for ids, packed in _with_turned(rows):
        index.add(ids, as_hashes(packed))


def _look() -> _Look:
    with prepared_cursor() as cursor:
        cursor.execute(_LOOK)
        horizon, database, turned, newest = cursor.fetchone()
    return _Look(horizon, database, tuple(turned), newest)


def read_binary(statement: str, row: np.dtype[np.void]) -> NDArray[np.void]:
    """What a COPY … (FORMAT BINARY) gives, when all its rows have one length."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        data = b"".join(copy)
    return np.frombuffer(data, row, offset=_HEADER, count=_rows_in(data, row))


def _rows_in(data: bytes, row: np.dtype[np.void]) -> int:
    count, rest = divmod(len(data) - _HEADER - _TRAILER, row.itemsize)
    assert rest == 0
    return count


def _with_turned(rows: NDArray[np.void]) -> Iterator[tuple[Ids, NDArray[np.uint8]]]:
    """Ids and hashes; those of a bank that also looks for turned copies eight times each."""
    plain = rows[~rows["turned"]]
    yield plain["id"].astype(np.int64), np.ascontiguousarray(plain["pdq"])
    turned = rows[rows["turned"]]
    ids = turned["id"].astype(np.int64)
    # The first way to turn a picture is to leave it as it is.
    parts = [
        pdq.turned(np.ascontiguousarray(turned["pdq"][start : start + _TURNED_TOGETHER]))
        for start in range(0, len(ids), _TURNED_TOGETHER)
    ]
    if parts:
        yield np.repeat(ids, 8), np.concatenate(parts).reshape(-1, 32)


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
