"""Claims: order, leases, tokens, skips, and many claimers at once."""

import threading
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from moderation import cases
from moderation.errors import NotAllowed, StaleClaim, UnknownQueue
from moderation.models import Case, Shift
from tests.factories import case_of, make_image, make_person


@pytest.fixture
def alice(db):
    return make_person("alice", role="moderator")


@pytest.fixture
def bob(db):
    return make_person("bob", role="moderator")


def test_the_most_urgent_come_first_then_the_oldest(alice):
    ordinary, urgent, oldest = make_image(), make_image(), make_image()
    Case.objects.filter(subject_id=urgent.pk).update(priority=90)
    Case.objects.filter(subject_id=oldest.pk).update(opened_at=timezone.now() - timedelta(hours=1))
    claimed = cases.claim(user=alice, queue="images", limit=3)
    assert [case.subject_id for case in claimed] == [urgent.pk, oldest.pk, ordinary.pk]
    assert len({case.claim_token for case in claimed}) == 3


def test_what_is_claimed_is_offered_to_nobody_else_until_the_lease_ends(alice, bob):
    make_image()
    (mine,) = cases.claim(user=alice, queue="images", limit=5)
    assert cases.claim(user=bob, queue="images", limit=5) == []
    Case.objects.filter(pk=mine.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    (theirs,) = cases.claim(user=bob, queue="images", limit=5)
    assert (theirs.pk, theirs.claimed_by_id) == (mine.pk, bob.pk)
    assert theirs.claim_token != mine.claim_token


def test_a_case_waits_for_its_bytes_but_no_longer_than_its_time(alice):
    image = make_image()
    later = timezone.now() + timedelta(minutes=10)
    Case.objects.filter(subject_id=image.pk).update(ready=False, ready_at=later)
    assert cases.claim(user=alice, queue="images", limit=5) == []
    Case.objects.filter(subject_id=image.pk).update(ready_at=timezone.now())
    assert len(cases.claim(user=alice, queue="images", limit=5)) == 1


def test_a_skipped_case_is_offered_to_others_and_not_again_to_me_in_this_shift(alice, bob):
    make_image()
    (mine,) = cases.claim(user=alice, queue="images", limit=1)
    cases.skip(user=alice, case_id=mine.pk, token=mine.claim_token)
    assert cases.claim(user=alice, queue="images", limit=1) == []
    (theirs,) = cases.claim(user=bob, queue="images", limit=1)
    cases.release(user=bob, case_id=theirs.pk, token=theirs.claim_token)
    Shift.objects.filter(user=alice).update(last_claim_at=timezone.now() - timedelta(hours=5))
    assert len(cases.claim(user=alice, queue="images", limit=1)) == 1


def test_a_released_case_is_free_at_once_and_its_token_is_dead(alice, bob):
    make_image()
    (mine,) = cases.claim(user=alice, queue="images", limit=1)
    cases.release(user=alice, case_id=mine.pk, token=mine.claim_token)
    with pytest.raises(StaleClaim):
        cases.skip(user=alice, case_id=mine.pk, token=mine.claim_token)
    assert len(cases.claim(user=bob, queue="images", limit=1)) == 1


def test_a_renewal_extends_what_i_hold_and_nothing_else(alice, bob):
    make_image(), make_image()
    (mine,) = cases.claim(user=alice, queue="images", limit=1)
    (theirs,) = cases.claim(user=bob, queue="images", limit=1)
    soon = timezone.now() + timedelta(seconds=5)
    Case.objects.update(claimed_until=soon)
    assert [case.pk for case in cases.renew(user=alice)] == [mine.pk]
    assert Case.objects.get(pk=mine.pk).claimed_until > soon
    assert Case.objects.get(pk=theirs.pk).claimed_until == soon


def test_nobody_holds_more_than_the_most(alice, monkeypatch):
    monkeypatch.setattr(cases, "MAX_HELD", 3)
    for _ in range(5):
        make_image()
    assert len(cases.claim(user=alice, queue="images", limit=2)) == 2
    assert len(cases.claim(user=alice, queue="images", limit=2)) == 1
    assert cases.claim(user=alice, queue="images", limit=2) == []


def test_a_queue_is_for_its_role(alice, db):
    with pytest.raises(NotAllowed):
        cases.claim(user=alice, queue="escalations", limit=1)
    with pytest.raises(NotAllowed):
        cases.claim(user=make_person(role="viewer"), queue="images", limit=1)
    with pytest.raises(UnknownQueue):
        cases.claim(user=alice, queue="nothing", limit=1)


def test_one_given_case_can_be_claimed_unless_somebody_looks_at_it(alice, bob):
    image = make_image()
    case = cases.claim_one(user=alice, case_id=case_of(image).pk)
    with pytest.raises(StaleClaim):
        cases.claim_one(user=bob, case_id=case.pk)
    again = cases.claim_one(user=alice, case_id=case.pk)
    assert again.claim_token != case.claim_token
    with pytest.raises(StaleClaim):
        cases.claim_one(user=alice, case_id=uuid.uuid4())


def test_a_new_cause_raises_the_open_case_and_adds_to_its_reasons(db):
    image = make_image()
    cases.open_cases([
        cases.NewCase("gallery.imagelog", image.pk, kind="report", why=["reported"], priority=90)
    ])  # fmt: skip
    case = case_of(image)
    assert (case.priority, case.why, case.kind) == (90, ["first_look", "reported"], "first_look")
    cases.open_cases([cases.NewCase("gallery.imagelog", image.pk, why=["reported"], priority=10)])
    case = case_of(image)
    assert (case.priority, case.why) == (90, ["first_look", "reported"])


@pytest.mark.django_db(transaction=True)
def test_many_claimers_at_once_never_get_the_same_case():
    for _ in range(200):
        make_image()
    people = [make_person(role="moderator") for _ in range(16)]
    got: list[uuid.UUID] = []
    lock = threading.Lock()
    start = threading.Barrier(len(people))

    def work(user):
        start.wait()
        try:
            while claimed := cases.claim(user=user, queue="images", limit=3):
                with lock:
                    got.extend(case.pk for case in claimed)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A claimer that met only locked rows may stop early; what is left is claimed by one more pass.
    got.extend(case.pk for case in cases.claim(user=people[0], queue="images", limit=100))
    assert [pk for pk, times in Counter(got).items() if times > 1] == []
    assert len(got) == 200


def test_given_cases_are_claimed_anew_but_for_those_of_others_and_the_closed(alice, bob):
    for _ in range(4):
        make_image()
    mine, again, theirs, free = cases.claim(user=alice, queue="images", limit=4)
    cases.release(user=alice, case_id=theirs.pk, token=theirs.claim_token)
    cases.release(user=alice, case_id=free.pk, token=free.claim_token)
    cases.claim_one(user=bob, case_id=theirs.pk)
    Case.objects.filter(pk=again.pk).delete()
    asked = [mine.pk, again.pk, theirs.pk, free.pk]
    claimed = cases.claim_these(user=alice, case_ids=asked)
    assert [case.pk for case in claimed] == [mine.pk, free.pk]
    assert len({case.claim_token for case in claimed} | {mine.claim_token}) == 3
    assert all(case.claimed_by_id == alice.pk for case in claimed)
    assert Case.objects.get(pk=theirs.pk).claimed_by == bob


def test_given_cases_are_not_claimed_beyond_what_one_may_hold(alice, monkeypatch):
    monkeypatch.setattr(cases, "MAX_HELD", 3)
    ids = [case_of(make_image()).pk for _ in range(5)]
    cases.claim(user=alice, queue="images", limit=2)
    others = Case.objects.filter(claimed_by=None).values_list("pk", flat=True)
    assert len(cases.claim_these(user=alice, case_ids=list(others))) == 1
    # What is held already counts once.
    assert len(cases.claim_these(user=alice, case_ids=ids)) == 3


def test_given_cases_of_a_queue_outside_the_role_are_refused(alice):
    case = case_of(make_image())
    Case.objects.filter(pk=case.pk).update(queue="escalations")
    with pytest.raises(NotAllowed):
        cases.claim_these(user=alice, case_ids=[case.pk])


def test_a_case_about_ones_own_decision_is_not_claimed_by_its_id_either(alice):
    case = case_of(make_image())
    Case.objects.filter(pk=case.pk).update(not_for=alice.pk)
    assert cases.claim_these(user=alice, case_ids=[case.pk]) == []
