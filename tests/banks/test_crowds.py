"""Many like entries: the nearest of each bank are told, and how many more there are."""

import hashlib
import tracemalloc
import uuid

import numpy as np
import pytest

from bench import pictures
from media import pdq
from moderation.banks import matching
from moderation.banks.matching import Print, find, known_of
from moderation.models import BankEntry
from tests.banks.conftest import add, data, picture

pytestmark = pytest.mark.django_db

KNOWN = pdq.pdq_of(picture()).pdq


def crowd(bank, count: int, **fields) -> None:
    """So many entries alike, as of a picture that was rejected so often."""
    fields = {"pdq": KNOWN, "label": "crowd", **fields}
    BankEntry.objects.bulk_create(
        BankEntry(bank=bank, key=uuid.uuid4(), **fields) for _ in range(count)
    )


def turned_bits(count: int) -> bytes:
    """The known hash with its first bits turned."""
    return (int.from_bytes(KNOWN) ^ ((1 << count) - 1)).to_bytes(32)


def test_a_crowd_hides_neither_another_bank_nor_what_is_nearer(bank):
    spam, exact = bank("spam"), bank("exact", action="mark", reason="")
    crowd(spam, 3 * matching.SHOWN, pdq=turned_bits(4))
    nearest = add(spam, pdq=turned_bits(1))
    same = add(exact, pdq=KNOWN)
    [known] = known_of([Print(KNOWN)])

    assert [hit.bank for hit in known.hits] == ["spam"] * matching.SHOWN + ["exact"]
    assert (known.hits[0].entry_id, known.hits[0].distance) == (nearest.pk, 1)
    assert (known.hits[-1].entry_id, known.hits[-1].distance) == (same.pk, 0)
    assert known.more == 2 * matching.SHOWN + 1


def test_entries_that_are_not_in_force_take_no_places(bank):
    spam = bank()
    crowd(spam, 3 * matching.SHOWN, removed_at="2026-01-01T00:00Z")
    crowd(bank("off", active=False), matching.SHOWN)
    crowd(bank("strict", threshold=1), matching.SHOWN)
    there = add(spam, pdq=KNOWN)
    [known] = known_of([Print(turned_bits(3))])

    assert ([hit.entry_id for hit in known.hits], known.more) == ([there.pk], 0)


def test_an_entry_found_by_look_and_by_bytes_counts_once(bank):
    sha256 = hashlib.sha256(data()).digest()
    crowd(bank(), matching.SHOWN + 5, sha256=sha256)
    crowd(bank("bytes"), matching.SHOWN + 7, sha256=sha256, pdq=None)
    [known] = known_of([Print(turned_bits(3), sha256)])

    assert {hit.distance for hit in known.hits} == {0}
    assert (len(known.hits), known.more) == (2 * matching.SHOWN, 12)


def test_turned_copies_in_a_crowd_are_told_at_their_least_distance(bank):
    crowd(bank(turned=True), matching.SHOWN + 1)
    other = bytes(pdq.turned(np.frombuffer(KNOWN, np.uint8).reshape(1, 32))[0][4])
    for each in (KNOWN, other):
        [known] = known_of([Print(each)])
        assert {hit.distance for hit in known.hits} == {0}
        assert (len(known.hits), known.more) == (matching.SHOWN, 1)


def test_many_pictures_near_a_crowd_stay_within_some_megabytes(bank):
    crowd(bank(), 3_000)
    near = pictures.near(np.frombuffer(KNOWN * 400, np.uint8).reshape(-1, 32), distance=6)
    prints = [Print(each.tobytes()) for each in near]
    find(prints[:1])
    tracemalloc.start()
    try:
        found = find(prints)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {len(each) for each in found} == {matching.SHOWN}
    assert peak < 120_000_000
