"""The sets of pictures that likeness is measured on: the same each time, and their truth holds."""

import numpy as np

from bench import pictures
from media import pdq


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def test_a_set_is_the_same_each_time():
    once, again = (list(pictures.family_set(12, seed=3)) for _ in range(2))

    assert [(each.family, each.change) for each in once] == [
        (each.family, each.change) for each in again
    ]
    assert all(a.image.tobytes() == b.image.tobytes() for a, b in zip(once, again, strict=True))


def test_re_encoded_members_are_near_their_first_and_families_are_apart():
    members = list(pictures.family_set(60, seed=2))
    firsts = {each.family: pdq.pdq_of(each.image).pdq for each in members if not each.change}
    copies = [each for each in members if each.change in {"re-encode", "resize"}]

    assert copies
    assert all(distance(pdq.pdq_of(each.image).pdq, firsts[each.family]) <= 31 for each in copies)
    apart = [
        distance(firsts[one], firsts[other]) for one in firsts for other in firsts if one < other
    ]
    assert min(apart) > 31


def test_hashes_are_as_many_as_asked_for_and_near_ones_within_the_distance():
    found = pictures.hashes(3_000)
    moved = pictures.near(found[:100], distance=31)
    far = np.bitwise_count(moved.view(np.uint64) ^ found[:100].view(np.uint64)).sum(axis=1)

    assert found.shape == (3_000, 32)
    assert len(np.unique(found, axis=0)) == 3_000
    assert far.max() <= 31
    assert far.max() > 15
