"""Who works which queue: what a claim allows, and what is written down."""

import pytest
from django.contrib.admin.models import LogEntry

from moderation import cases
from moderation.assignments import Pair, assigned, change
from moderation.errors import NotAllowed, UnknownQueue
from moderation.models import Assignment, Case
from tests.factories import case_of, make_asset, make_image, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def bob():
    return make_person("bob", role="moderator")


@pytest.fixture
def lead():
    return make_person("lena", role="lead")


def give(queue, *people, by):
    return change(added=[Pair(queue, user.pk) for user in people], removed=[], by=by)


def claimed(user, queue="images"):
    return len(cases.claim(user=user, queue=queue, limit=5))


def test_a_queue_that_was_given_to_nobody_is_everybodys(alice, bob):
    make_image()
    make_image()
    assert len(cases.claim(user=alice, queue="images", limit=1)) == 1
    assert len(cases.claim(user=bob, queue="images", limit=1)) == 1


def test_a_queue_that_was_given_away_is_refused_to_others(alice, bob, lead):
    image = make_image()
    make_asset()
    give("images", alice, by=lead)
    with pytest.raises(NotAllowed, match="given to others"):
        cases.claim(user=bob, queue="images", limit=1)
    with pytest.raises(NotAllowed, match="given to others"):
        cases.claim_one(user=bob, case_id=case_of(image).pk)
    assert claimed(bob, "assets") == 1
    assert claimed(alice) == 1


def test_it_is_everybodys_again_when_the_last_one_is_taken_off(alice, bob, lead):
    make_image()
    give("images", alice, by=lead)
    change(added=[], removed=[Pair("images", alice.pk)], by=lead)
    assert assigned() == {}
    assert claimed(bob) == 1


def test_somebody_deleted_keeps_no_queue_closed(alice, bob, lead):
    make_image()
    give("images", alice, by=lead)
    alice.delete()
    assert claimed(bob) == 1


def test_leads_step_in_everywhere_but_share_out_their_own_queue(alice, lead):
    other = make_person("otto", role="lead")
    make_image()
    give("images", alice, by=lead)
    assert claimed(lead) == 1
    give("escalations", lead, by=lead)
    assert cases.claim(user=lead, queue="escalations", limit=1) == []
    with pytest.raises(NotAllowed):
        cases.claim(user=other, queue="escalations", limit=1)


def test_what_somebody_holds_already_stays_theirs(alice, bob, lead):
    make_image()
    [case] = cases.claim(user=bob, queue="images", limit=1)
    give("images", alice, by=lead)
    assert [each.pk for each in cases.renew(user=bob)] == [case.pk]
    cases.release(user=bob, case_id=case.pk, token=case.claim_token)
    assert Case.objects.get().claimed_by is None


def test_each_change_is_logged_once_with_who_made_it(alice, lead):
    assert give("images", alice, by=lead) == 1
    assert give("images", alice, by=lead) == 0
    pair = Pair("images", alice.pk)
    assert change(added=[], removed=[pair], by=lead) == 1
    assert change(added=[], removed=[pair], by=lead) == 0
    logged = LogEntry.objects.filter(user=lead).order_by("pk")
    assert [(row.change_message, row.object_id) for row in logged] == [
        ("Works queue images", str(alice.pk)),
        ("No longer works queue images", str(alice.pk)),
    ]


def test_an_unknown_queue_changes_nothing_at_all(alice, lead):
    with pytest.raises(UnknownQueue):
        change(added=[Pair("images", alice.pk), Pair("nothing", alice.pk)], removed=[], by=lead)
    assert not Assignment.objects.exists()


def test_an_unknown_person_is_passed_over(alice, lead):
    assert change(added=[Pair("images", 0), Pair("images", alice.pk)], removed=[], by=lead) == 1
