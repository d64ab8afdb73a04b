"""Searching characters by name: which name counts, for whom."""

import pytest

from characters.models import Character
from tests.characters.clients import act, own
from tests.factories import make_character

pytestmark = pytest.mark.django_db(transaction=True)

SEARCH = "/characters/search"


def test_part_of_a_chinese_name_finds_it_down_to_one_sign(client5, alice, bob):
    client5.create(alice, name="白洲梓", isPublic=True)
    for words in ("白", "洲", "洲梓", "白洲梓"):
        assert client5.names(SEARCH, bob, q=words) == ["白洲梓"], words
    assert client5.names(SEARCH, bob, q="梓白") == []


@pytest.mark.parametrize("words", ["%", "_", "\\", "100%", "a_b", "c\\d"])
def test_signs_of_patterns_are_themselves(client5, alice, words):
    client5.create(alice, name="Plain", isPublic=True)
    client5.create(alice, name="100% a_b c\\d", isPublic=True)
    assert client5.names(SEARCH, alice, q=words) == ["100% a_b c\\d"]


def test_nobody_finds_anothers_private_one_nor_counts_it(client5, alice, bob):
    client5.create(alice, name="Secret sailor")
    found = client5.get(SEARCH, bob, q="secret")
    assert (found["items"], found["total"]) == ([], 0)
    assert client5.get(SEARCH, alice, q="secret")["total"] == 1


def test_strict_finds_nobody_by_a_name_that_waits_for_its_approval(strict, alice, bob):
    made = strict.create(alice, name="Old name", isPublic=True)
    act("approve", own(made))
    strict.put(made["id"], alice, name="Unseen slur")
    found = strict.get(SEARCH, bob, q="unseen")
    assert (found["items"], found["total"]) == ([], 0)
    assert strict.names(SEARCH, bob, q="old name") == ["Old name"]
    assert strict.names(SEARCH, alice, q="unseen") == ["Unseen slur"]
    act("approve", own(made))
    assert strict.names(SEARCH, bob, q="unseen") == ["Unseen slur"]
    assert strict.names(SEARCH, bob, q="old") == []


def test_strict_finds_by_the_name_that_was_approved_last_of_several(strict, alice, bob):
    made = strict.create(alice, name="First", isPublic=True)
    act("approve", own(made))
    strict.put(made["id"], alice, name="Second")
    act("approve", own(made))
    for name in ("Third", "Fourth"):
        strict.put(made["id"], alice, name=name)
    found = {
        word: strict.names(SEARCH, bob, q=word) for word in ("first", "second", "third", "fourth")
    }
    assert found == {"first": [], "second": ["Second"], "third": [], "fourth": []}


def test_strict_finds_what_came_approved_by_the_name_it_came_with(strict, source, alice, bob):
    row = make_character(
        source=source, name="Came so", is_public=True, review_status="approved", seed="approved"
    )
    assert strict.names(SEARCH, bob, q="came") == ["Came so"]
    assert Character.objects.filter(pk=row.pk, name__icontains="came").exists()
