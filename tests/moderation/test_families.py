"""Families at a claim: whole, together, in one person's hands, and what a member may do alone."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from moderation import cases, comparing, families
from moderation.actors import Actor
from moderation.errors import StaleClaim
from moderation.models import Case, Decision
from moderation.services import Request, decide, undo
from tests.factories import case_of, make_case, make_image, make_person
from tests.moderation.looks import a_hash, families_of, make_family

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def bob():
    return make_person("bob", role="moderator")


def subjects(claimed):
    return [case.subject_id for case in claimed]


def test_a_family_is_claimed_whole_and_its_members_follow_each_other(alice):
    burst = make_family(3)
    single = make_image()
    # The family's first member is the oldest of all, the others are the youngest.
    for image, minutes in zip([burst[0], single, *burst[1:]], [9, 5, 2, 1], strict=True):
        at = timezone.now() - timedelta(minutes=minutes)
        Case.objects.filter(subject_id=image.pk).update(opened_at=at)
    claimed = cases.claim(user=alice, queue="images", limit=2)
    assert subjects(claimed) == [image.pk for image in burst]
    assert len({case.claim_token for case in claimed}) == 1
    assert len({case.family for case in claimed}) == 1
    assert subjects(cases.claim(user=alice, queue="images", limit=2)) == [single.pk]


def test_the_limit_is_exceeded_by_the_last_family_only(alice):
    for _ in range(3):
        make_family(4)
    make_image()
    assert len(cases.claim(user=alice, queue="images", limit=5)) == 8
    assert len(cases.claim(user=alice, queue="images", limit=5)) == 5


def test_nobody_holds_more_than_500_and_a_large_family_is_not_passed_over(alice, monkeypatch):
    monkeypatch.setattr(cases, "MAX_HELD", 6)
    first = make_image()
    burst = make_family(6)
    make_image()
    claimed = cases.claim(user=alice, queue="images", limit=3)
    assert subjects(claimed) == [first.pk]
    # The family comes next and does not fit: nothing behind it is handed out in its place.
    assert cases.claim(user=alice, queue="images", limit=3) == []
    cases.skip(user=alice, case_id=claimed[0].pk, token=claimed[0].claim_token)
    claimed = cases.claim(user=alice, queue="images", limit=3)
    assert subjects(claimed) == [image.pk for image in burst]
    assert Case.objects.filter(claimed_by=alice).count() == 6


def test_a_family_that_an_undo_made_too_large_is_claimed_in_parts(alice, bob, monkeypatch):
    monkeypatch.setattr(cases, "MAX_HELD", 4)
    monkeypatch.setattr(families, "MOST", 4)
    monkeypatch.setattr(comparing, "MOST", 4)
    pdq = a_hash()
    burst = make_family(4, pdq)
    behind = make_image()
    requests = [Request("approve", subject=image.subject_key) for image in burst[1:]]
    made = decide(requests=requests, actor=Actor.person(alice))
    burst += make_family(3, pdq)
    undo(batch=made.batch, actor=Actor.person(alice))
    Case.objects.filter(subject_id=behind.pk).update(opened_at=timezone.now())
    assert len(set(families_of(*burst))) == 1

    mine = cases.claim(user=bob, queue="images", limit=1)
    assert len(mine) == 4
    given = cases.claim_family(user=bob, family=mine[0].family)
    assert len(given) == Case.objects.filter(claimed_by=bob).count() == 4
    assert cases.claim(user=alice, queue="images", limit=1)[0].subject_id == behind.pk
    requests = [Request("approve", case=case.pk, claim_token=case.claim_token) for case in given]
    decide(requests=requests, actor=Actor.person(bob))
    assert len(cases.claim(user=bob, queue="images", limit=1)) == 3


def test_expired_leases_of_a_family_come_back_whole(alice, bob):
    make_family(3)
    mine = cases.claim(user=alice, queue="images", limit=1)
    assert cases.claim(user=bob, queue="images", limit=1) == []
    Case.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    theirs = cases.claim(user=bob, queue="images", limit=1)
    assert subjects(theirs) == subjects(mine)
    assert theirs[0].claim_token != mine[0].claim_token


def test_what_one_person_skipped_or_decided_before_is_left_for_others(alice, bob):
    burst = make_family(4)
    claimed = cases.claim(user=alice, queue="images", limit=1)
    cases.skip(user=alice, case_id=claimed[0].pk, token=claimed[0].claim_token)
    cases.release_all(user=alice)
    Case.objects.filter(subject_id=burst[1].pk).update(not_for=alice.pk)
    rest = cases.claim(user=alice, queue="images", limit=1)
    assert subjects(rest) == [image.pk for image in burst[2:]]
    # Two of them stay with nobody; they are not handed out beside the family that Alice holds.
    assert cases.claim(user=bob, queue="images", limit=9) == []
    for case in rest:
        request = Request("approve", case=case.pk, claim_token=case.claim_token)
        decide(requests=[request], actor=Actor.person(alice))
    assert set(subjects(cases.claim(user=bob, queue="images", limit=9))) == {
        image.pk for image in burst[:2]
    }


def test_a_family_that_somebody_holds_does_not_block_the_others(alice, bob):
    make_family(3)
    others = [make_image() for _ in range(2)]
    (mine, *_) = cases.claim(user=alice, queue="images", limit=1)
    cases.release(user=alice, case_id=mine.pk, token=mine.claim_token)
    found = cases.claim(user=bob, queue="images", limit=20)
    assert subjects(found) == [image.pk for image in others]


def test_a_case_that_is_opened_by_itself_leaves_the_family(alice, bob):
    burst = make_family(3)
    mine = cases.claim_one(user=alice, case_id=case_of(burst[0]).pk)
    assert mine.family is None
    assert set(subjects(cases.claim(user=bob, queue="images", limit=1))) == {
        image.pk for image in burst[1:]
    }


def test_a_report_takes_a_member_out_of_a_claimed_family(alice):
    burst = make_family(3)
    claimed = cases.claim(user=alice, queue="images", limit=1)
    make_case(burst[1], kind="report", why=["reported"], priority=90)
    key = (claimed[0].family, claimed[0].claim_token)
    assert len(families.members([key])[key]) == 2
    assert case_of(burst[1]).claimed_by == alice


def test_an_escalated_member_leaves_and_the_rest_stay(alice):
    burst = make_family(3)
    request = Request("escalate", subject=burst[0].subject_key, note="please look")
    decide(requests=[request], actor=Actor.person(alice))
    first, *rest = families_of(*burst)
    assert first is None
    assert len(set(rest)) == 1
    assert rest[0] is not None


def test_a_given_family_can_be_claimed_again(alice, bob):
    burst = make_family(3)
    family = families_of(burst[0])[0]
    mine = cases.claim_family(user=alice, family=family)
    assert subjects(mine) == [image.pk for image in burst]
    with pytest.raises(StaleClaim):
        cases.claim_family(user=bob, family=family)
    again = cases.claim_family(user=alice, family=family)
    assert len({case.claim_token for case in [mine[0], *again]}) == 2


def test_a_family_of_forty_is_undone_as_one(alice):
    burst = make_family(40)
    claimed = cases.claim(user=alice, queue="images", limit=1)
    requests = [Request("approve", case=case.pk, claim_token=case.claim_token) for case in claimed]
    made = decide(requests=requests, actor=Actor.person(alice))
    assert Decision.objects.filter(batch=made.batch).count() == 40
    back = undo(batch=made.batch, actor=Actor.person(alice))
    assert {result.status for result in back.results} == {"applied"}
    assert len({case.family for case in cases.claim(user=alice, queue="images", limit=1)}) == 1
    assert Case.objects.filter(claimed_by=alice).count() == 40 == len(burst)


@pytest.mark.django_db(transaction=True)
def test_many_claimers_at_once_never_split_a_family():
    sizes = [1, 2, 3, 5, 8, 13, 21, 2, 1, 7] * 2
    for size in sizes:
        make_family(size)
    people = [make_person(role="moderator") for _ in range(8)]
    got: list[tuple[int, list[Case]]] = []
    lock = threading.Lock()
    start = threading.Barrier(len(people))

    def work(user):
        start.wait()
        try:
            while claimed := cases.claim(user=user, queue="images", limit=2):
                with lock:
                    got.append((user.pk, claimed))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while claimed := cases.claim(user=people[0], queue="images", limit=100):
        got.append((0, claimed))
    given = [case for _, claimed in got for case in claimed]
    assert len(given) == len({case.pk for case in given}) == sum(sizes)
    calls = Counter(family for _, claimed in got for family in {c.family for c in claimed})
    calls.pop(None)
    assert set(calls.values()) == {1}
    assert len(calls) == sum(size > 1 for size in sizes)
