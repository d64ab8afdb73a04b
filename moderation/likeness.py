"""Hashes in memory, and which of them are near another one: exact, by comparing with all."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

# The most of PDQ's 256 bits in which two pictures that look alike differ.
NEAR = 31
# Rows compared at a time: what is in between stays in the processor's cache.
_CHUNK = 32_768
_BYTES = 32


class Hashes:
    """Keys (whole numbers) and their hashes; 41 bytes for each, and room to grow by half."""

    def __init__(self) -> None:
        self._words = np.empty((4, 1_024), np.uint64)
        self._keys = np.empty(1_024, np.int64)
        self._alive = np.empty(1_024, np.bool_)
        self._size = 0
        self.dead = 0

    def __len__(self) -> int:
        return self._size - self.dead

    def add(self, keys: Sequence[int], hashes: Sequence[bytes]) -> None:
        """`hashes`: 32 bytes each."""
        start, end = self._size, self._size + len(keys)
        if end > len(self._keys):
            self._grow(end + end // 2)
        if keys:
            words = np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)
            self._words[:, start:end] = words.T
            self._keys[start:end] = keys
            self._alive[start:end] = True
        self._size = end

    def _grow(self, room: int) -> None:
        words, keys, alive = self._words, self._keys, self._alive
        self._words = np.empty((4, room), np.uint64)
        self._keys, self._alive = np.empty(room, np.int64), np.empty(room, np.bool_)
        self._words[:, : self._size] = words[:, : self._size]
        self._keys[: self._size] = keys[: self._size]
        self._alive[: self._size] = alive[: self._size]

    def drop(self, keys: Collection[int]) -> None:
        """They are found no more; their room is not given back."""
        gone = np.isin(self._keys[: self._size], list(keys)) & self._alive[: self._size]
        self._alive[: self._size][gone] = False
        self.dead += int(gone.sum())

    @property
    def end(self) -> int:
        """Where the next one goes: `since` for what is added after now."""
        return self._size

    def near(self, pdq: bytes, most: int = NEAR, *, since: int = 0) -> list[tuple[int, int]]:
        """(distance, key) of all within `most` bits, the nearest first, then by key."""
        wanted = np.frombuffer(pdq, np.uint64)
        found: list[tuple[int, int]] = []
        for start in range(since, self._size, _CHUNK):
            end = min(start + _CHUNK, self._size)
            words = self._words[:, start:end]
            # Half a hash rules out nearly all that are not near.
            halves = _bits(words[0], wanted[0]) + _bits(words[1], wanted[1])
            close = np.flatnonzero(halves <= most)
            distances = halves[close].astype(np.uint16)
            for word in (2, 3):
                distances += _bits(words[word, close], wanted[word])
            alive = self._alive[start:end][close]
            for place in np.flatnonzero((distances <= most) & alive):
                found.append((int(distances[place]), int(self._keys[start + close[place]])))
        return sorted(found)


def _bits(words: NDArray[np.uint64], wanted: np.uint64) -> NDArray[np.uint8]:
    """How many bits differ, up to 64: in 8 bits three of these can be added up, not four."""
    counts: NDArray[np.uint8] = np.bitwise_count(words ^ wanted)
    return counts
