"""The index finds exactly what a look at every hash finds."""

import itertools

import numpy as np
import pytest

from bench import pictures
from moderation.banks import index
from moderation.banks.index import HashIndex, as_hashes


def brute(hashes, ids, queries, radius):
    found = set()
    for number, query in enumerate(queries):
        distances = np.bitwise_count(hashes ^ query).sum(axis=1)
        found |= {(number, ids[row], distances[row]) for row in np.flatnonzero(distances <= radius)}
    return found


def triples(hits):
    return set(zip(hits.queries.tolist(), hits.ids.tolist(), hits.distances.tolist(), strict=True))


@pytest.mark.parametrize("count", [1, 300, index.FEW, index.FEW + 1, 20_000])
@pytest.mark.parametrize("radius", [0, 15, 16, 31])
def test_it_equals_a_scan_of_all_for_real_hashes(count, radius):
    packed = pictures.hashes(count)
    hashes, ids = as_hashes(packed), np.arange(count) * 7 + 3
    chosen = packed[:: max(1, count // 90)]
    queries = as_hashes(np.concatenate([pictures.near(chosen, distance=40), chosen]))
    ours = HashIndex()
    ours.add(ids, hashes)

    hits = ours.search(queries, radius)

    assert triples(hits) == brute(hashes, ids, queries, radius)
    assert len(hits.ids) == len(triples(hits))


def test_bits_that_are_spread_over_all_bands_are_found():
    """31 differing bits: two in 15 bands, and one in the last."""
    base = np.zeros((index.FEW + 1, 32), np.uint8)
    base[1:] = pictures.hashes(index.FEW)
    query = np.zeros((1, 16), np.uint16)
    query[0, :15], query[0, 15] = 0b1000000000000001, 0b10
    ours = HashIndex()
    ours.add(np.arange(len(base)), as_hashes(base))

    hits = ours.search(query.view(np.uint64), 31)

    assert (0, 0, 31) in triples(hits)


def test_what_is_added_bit_by_bit_is_found_like_what_is_added_at_once():
    packed = pictures.hashes(9_000)
    hashes, ids = as_hashes(packed), np.arange(9_000)
    ours = HashIndex()
    cuts = [0, 1, 2, 500, 501, 5_000, 5_100, 8_999, 9_000]
    for start, end in itertools.pairwise(cuts):
        ours.add(ids[start:end], hashes[start:end])
    queries = as_hashes(pictures.near(packed[::40], distance=31))

    assert len(ours) == 9_000
    assert len(ours._segments) <= 4
    assert triples(ours.search(queries, 31)) == brute(hashes, ids, queries, 31)


def test_equal_hashes_are_all_found_by_queries_in_smaller_groups(monkeypatch):
    monkeypatch.setattr(index, "CANDIDATES", 20_000)
    packed = np.concatenate([pictures.hashes(3_000), np.repeat(pictures.hashes(1), 3_000, axis=0)])
    hashes, ids = as_hashes(packed), np.arange(6_000)
    ours = HashIndex()
    ours.add(ids, hashes)
    queries = as_hashes(pictures.near(packed[::50], distance=20))

    hits = ours.search(queries, 31)

    assert triples(hits) == brute(hashes, ids, queries, 31)
    assert len(hits.ids) == len(triples(hits)) > 60 * 3_000


def test_an_empty_index_and_an_empty_query_find_nothing():
    ours = HashIndex()

    assert len(ours.search(as_hashes(bytes(32)), 31).ids) == 0
    ours.add(np.array([1]), as_hashes(bytes(32)))
    assert len(ours.search(as_hashes(b""), 31).ids) == 0
    assert ours.search(as_hashes(bytes(32)), 31).ids.tolist() == [1]
