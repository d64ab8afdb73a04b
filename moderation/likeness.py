"""Hashes in memory, and which are near another one: the matcher's exact index, with deletes."""

from collections.abc import Collection, Sequence

import numpy as np

from moderation.banks.index import HashIndex, as_hashes

# The most of PDQ's 256 bits in which two pictures that look alike differ.
NEAR = 31


class Hashes:
    """Keys (whole numbers) and their hashes; about 104 MB for a million."""

    def __init__(self) -> None:
        self._index = HashIndex()
        self._dead: set[int] = set()

    def __len__(self) -> int:
        return len(self._index) - len(self._dead)

    @property
    def dead(self) -> int:
        """How many were dropped; their room is not given back."""
        return len(self._dead)

    def add(self, keys: Sequence[int], hashes: Sequence[bytes]) -> None:
        """`hashes`: 32 bytes each."""
        self._index.add(np.array(keys, np.int64), as_hashes(b"".join(hashes)))

    def drop(self, keys: Collection[int]) -> None:
        """They are found no more."""
        self._dead.update(keys)

    def near(self, pdq: bytes, most: int = NEAR) -> list[tuple[int, int]]:
        """(distance, key) of all within `most` bits, the nearest first, then by key."""
        hits = self._index.search(as_hashes(pdq), most)
        pairs = zip(hits.distances.tolist(), hits.ids.tolist(), strict=True)
        return sorted({pair for pair in pairs if pair[1] not in self._dead})
