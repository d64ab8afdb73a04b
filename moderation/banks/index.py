"""An exact index of 256-bit hashes in memory: everything within a distance of 31, nothing missed.

Multi-index hashing: a hash is cut into 16 bands of 16 bits. Two hashes that differ in at most 31
bits differ in at most one bit of some band, so the 17 words within one bit of each of a query's
bands lead to every hash near it. (Norouzi, Punjani, Fleet: Fast Search in Hamming Space, 2012.)

A hash takes 40 bytes, and 64 for the bands: 104 MB for a million.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BANDS, WORDS = 16, 1 << 16
# Up to so many hashes, looking at all of them is the fastest.
FEW = 2_048
# A newer segment joins an older one that is less than so many times larger.
GROWTH = 4
# Queries are answered in groups, smaller ones where many hashes are alike, so that their candidates
# (about 100 bytes each) stay in some megabytes.
TOGETHER, CANDIDATES = 64, 1 << 19

_MASKS = np.concatenate(([0], 1 << np.arange(BANDS))).astype(np.uint16)
_BAND = np.arange(BANDS)[:, None]

Hashes = NDArray[np.uint64]
Ids = NDArray[np.int64]


class Hits(NamedTuple):
    """Parallel arrays: the number of the query, the id of what is near it, how many bits differ."""

    queries: NDArray[np.intp]
    ids: Ids
    distances: NDArray[np.int64]


def as_hashes(packed: bytes | NDArray[np.uint8]) -> Hashes:
    """Hashes of 32 bytes each as rows of four words."""
    flat = np.frombuffer(packed, np.uint8) if isinstance(packed, bytes) else packed
    return np.ascontiguousarray(flat).reshape(-1, 32).view(np.uint64)


def _ones(words: Hashes) -> NDArray[np.uint32]:
    """How many bits of each row of four words are set: four counts side by side in 32 bits are
    added as pairs, which takes a thirtieth of the time of a sum along such short rows."""
    counts = np.bitwise_count(words).view(np.uint32).ravel()
    pairs = (counts & 0x00FF00FF) + ((counts >> 8) & 0x00FF00FF)
    ones: NDArray[np.uint32] = (pairs + (pairs >> 16)) & 0xFFFF
    return ones


class Segment:
    """Hashes that do not change any more, with for each band their numbers in its order."""

    def __init__(self, ids: Ids, hashes: Hashes) -> None:
        self.ids, self.hashes = ids, hashes
        self.orders: NDArray[np.uint32] | None = None
        if len(ids) > FEW:
            self._sort()

    def _sort(self) -> None:
        count = len(self.ids)
        words = self.hashes.view(np.uint16).reshape(count, BANDS)
        orders = np.empty((BANDS, count), np.uint32)
        self.starts = np.zeros((BANDS, WORDS + 1), np.int64)
        for band in range(BANDS):
            column = np.ascontiguousarray(words[:, band])
            orders[band] = np.argsort(column, kind="stable")
            np.cumsum(np.bincount(column, minlength=WORDS), out=self.starts[band, 1:])
        self.orders = orders.ravel()
        # Places in the flat array of all bands.
        self.starts += np.arange(BANDS)[:, None] * count

    @property
    def nbytes(self) -> int:
        own = self.ids.nbytes + self.hashes.nbytes
        return own if self.orders is None else own + self.orders.nbytes + self.starts.nbytes

    def search(self, queries: Hashes, radius: int) -> Iterator[Hits]:
        if self.orders is None:
            yield self._look_at_all(queries, radius)
            return
        begins, counts = self._runs(queries, radius)
        for start, end in _parts(counts.sum(axis=1)):
            part = slice(start, end)
            rows = self._candidates(begins[part], counts[part])
            hits = self._near(queries[part], *rows, radius)
            yield Hits(hits.queries + start, hits.ids, hits.distances)

    def _near(
        self, queries: Hashes, number: NDArray[np.intp], row: NDArray[np.uint32], radius: int
    ) -> Hits:
        """Those of the (query, row) pairs that are near."""
        # take() gathers rows five times faster than an index does.
        differing = np.take(self.hashes, row, axis=0)
        differing ^= np.take(queries, number, axis=0)
        distances = _ones(differing)
        near = np.flatnonzero(distances <= radius)
        # A hash may be found by several of its bands.
        _, first = np.unique(number[near] * len(self.ids) + row[near], return_index=True)
        near = near[first]
        return Hits(number[near], self.ids[row[near]], distances[near].astype(np.int64))

    def _runs(self, queries: Hashes, radius: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each query and word within a bit of its own, where the rows with it begin in the
        order, and how many there are."""
        words = queries.view(np.uint16).reshape(len(queries), BANDS, 1)
        # Below 16 differing bits some band is equal.
        probes = words ^ (_MASKS if radius >= BANDS else _MASKS[:1])
        begins = self.starts[_BAND, probes].reshape(len(queries), -1)
        ends = self.starts[_BAND, probes.astype(np.int64) + 1].reshape(len(queries), -1)
        return begins, ends - begins

    def _candidates(
        self, begins: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
        """(query, row) pairs that share a word but for a bit."""
        assert self.orders is not None
        number = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
        flat = counts.ravel()
        before = np.cumsum(flat) - flat
        places = np.repeat(begins.ravel() - before, flat)
        places += np.arange(len(places))
        return number, np.take(self.orders, places)

    def _look_at_all(self, queries: Hashes, radius: int) -> Hits:
        distances = np.zeros((len(queries), len(self.ids)), np.uint16)
        for word in range(4):
            distances += np.bitwise_count(queries[:, word, None] ^ self.hashes[None, :, word])
        number, row = np.nonzero(distances <= radius)
        return Hits(number, self.ids[row], distances[number, row].astype(np.int64))


def _parts(sizes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of queries with up to CANDIDATES together, or one alone that has more."""
    start, together = 0, 0
    for number, size in enumerate(sizes.tolist()):
        if together + size > CANDIDATES and number > start:
            yield start, number
            start, together = number, 0
        together += size
    yield start, len(sizes)


class HashIndex:
    """Grows by segments that join when they are of like size; a search takes no lock."""

    def __init__(self) -> None:
        self._segments: tuple[Segment, ...] = ()

    def __len__(self) -> int:
        return sum(len(each.ids) for each in self._segments)

    @property
    def nbytes(self) -> int:
        return sum(each.nbytes for each in self._segments)

    def add(self, ids: Ids, hashes: Hashes) -> None:
        """Not by two threads at once; keeps the arrays."""
        if not len(ids):
            return
        older = list(self._segments)
        joined = [(ids, hashes)]
        size = len(ids)
        while older and len(older[-1].ids) < max(GROWTH * size, FEW):
            last = older.pop()
            size += len(last.ids)
            joined.insert(0, (last.ids, last.hashes))
        if len(joined) > 1:  # a first load is not copied
            ids = np.concatenate([each[0] for each in joined])
            hashes = np.concatenate([each[1] for each in joined])
        self._segments = (*older, Segment(ids, hashes))

    def search(self, queries: Hashes, radius: int) -> Hits:
        """Every (query, id) at a distance of at most `radius` (0 to 31); an id that stands for
        several hashes may come more than once."""
        assert 0 <= radius < 2 * BANDS
        found = list(self._search(queries, radius))
        if not found:
            none = np.empty(0, np.int64)
            return Hits(none, none, none)
        return Hits(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def _search(self, queries: Hashes, radius: int) -> Iterator[Hits]:
        segments = self._segments
        for start in range(0, len(queries), TOGETHER):
            for segment in segments:
                for hits in segment.search(queries[start : start + TOGETHER], radius):
                    yield Hits(hits.queries + start, hits.ids, hits.distances)
