"""Which open cases become a family: near one representative, of one kind, in nobody's hands."""

import pytest

from media.models import Attachment
from moderation import cases, comparing
from moderation.actors import Actor
from moderation.arrivals import Observer
from moderation.enums import Action, CaseKind, Priority, Why
from moderation.models import Case, Representative
from moderation.services import Request, decide, undo
from tests.factories import case_of, make_case, make_image, make_look, make_person, make_source
from tests.moderation.looks import a_hash, altered, families_of, make_family, make_images

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


def test_pictures_near_each_other_become_a_family_and_others_stay_alone():
    burst, other = make_images(3), make_images(1)
    comparing.compare([image.pk for image in burst + other])
    first, *rest = families_of(*burst)
    assert first is not None
    assert rest == [first, first]
    assert families_of(*other) == [None]
    assert Representative.objects.count() == 2


def test_arrivals_in_any_number_of_calls_end_as_in_one():
    burst = make_images(5)
    for image in burst:
        comparing.compare([image.pk])
    assert len(set(families_of(*burst))) == 1
    assert families_of(*burst)[0] is not None


def test_the_distance_is_to_the_representative_and_does_not_chain():
    pdq = a_hash()
    images = [make_image() for _ in range(3)]
    for image, hashed in zip(
        images, [pdq, altered(pdq, 31), altered(pdq, 32, start=31)], strict=True
    ):
        make_look(image, hashed)
    comparing.compare([image.pk for image in images])
    first, second, third = families_of(*images)
    assert first is not None
    assert (second, third) == (first, None)
    # The third is nearer than 32 bits to nobody's representative but a fourth one's neighbour.
    fourth = make_image()
    make_look(fourth, altered(altered(pdq, 32, start=31), 20, start=100))
    comparing.compare([fourth.pk])
    family = families_of(fourth)[0]
    assert family is not None
    assert families_of(images[2]) == [family]
    assert family != first


def test_only_pictures_of_one_source_or_character_come_together():
    pdq = a_hash()
    one, two = make_source(), make_source()
    same_character = [
        *make_images(1, pdq, source=one, character_id="ada"),
        *make_images(1, pdq, source=two, character_id="ada"),
    ]
    stranger = make_images(1, pdq, source=make_source(), character_id="bea")
    comparing.compare([image.pk for image in same_character + stranger])
    first, second = families_of(*same_character)
    assert first is not None
    assert first == second
    assert families_of(*stranger) == [None]


def test_what_has_a_cause_of_its_own_is_looked_at_for_itself():
    burst = make_images(4)
    reported, urgent = burst[:2]
    make_case(reported, kind=CaseKind.REPORT, why=[Why.REPORTED], priority=Priority.RAISED)
    Case.objects.filter(subject_id=urgent.pk).update(priority=Priority.HIGH)
    comparing.compare([image.pk for image in burst])
    assert families_of(reported, urgent) == [None, None]
    first, second = families_of(*burst[2:])
    assert first is not None
    assert first == second


def test_a_new_cause_takes_a_case_out_of_its_family():
    burst = make_family(3)
    make_case(burst[0], kind=CaseKind.REPORT, why=[Why.REPORTED])
    comparing.compare_open()
    first, second, third = families_of(*burst)
    assert first is None
    assert second is not None
    assert second == third


def test_sensitive_held_and_flat_pictures_stay_alone():
    pdq = a_hash()
    images = [make_image() for _ in range(4)]
    make_look(images[0], pdq)
    make_look(images[1], pdq, sensitive=True)
    make_look(images[2], pdq, held=True)
    make_look(images[3], None)
    comparing.compare([image.pk for image in images])
    assert families_of(*images) == [None] * 4
    assert not Case.objects.filter(compared=False).exists()


def test_a_family_never_grows_while_somebody_holds_a_member(alice):
    pdq = a_hash()
    burst = make_family(2, pdq)
    (claimed, _) = cases.claim(user=alice, queue="images", limit=1)
    late = make_images(2, pdq)
    comparing.compare([image.pk for image in late])
    first, second = families_of(*late)
    assert first == second != claimed.family
    cases.release_all(user=alice)
    later = make_images(1, altered(pdq, 5))
    comparing.compare([image.pk for image in later])
    assert families_of(*later)[0] in {claimed.family, first}
    assert families_of(*burst) == [claimed.family] * 2


def test_a_single_case_in_somebodys_hands_gets_no_family(alice):
    pdq = a_hash()
    (alone,) = make_family(1, pdq)
    cases.claim(user=alice, queue="images", limit=1)
    (late,) = make_family(1, pdq)
    assert families_of(alone, late) == [None, None]


def test_a_family_has_500_members_at_most():
    pdq = a_hash()
    many = make_family(520, pdq)
    sizes = sorted(families_of(*many).count(family) for family in set(families_of(*many)))
    assert sizes == [20, 500]
    (more,) = make_family(1, pdq)
    assert families_of(*many, more).count(families_of(more)[0]) == 21


def test_a_representative_outlives_its_case_while_others_are_open(alice):
    pdq = a_hash()
    burst = make_family(3, pdq)
    family = families_of(burst[0])[0]
    request = Request(Action.APPROVE, subject=burst[0].subject_key)
    decide(requests=[request], actor=Actor.person(alice))
    (late,) = make_family(1, pdq)
    assert families_of(*burst[1:], late) == [family] * 3


def test_what_nothing_stands_for_any_more_is_pruned_and_not_joined(alice):
    pdq = a_hash()
    burst = make_family(2, pdq)
    (other,) = make_family(1)
    requests = [Request(Action.APPROVE, subject=image.subject_key) for image in burst]
    decide(requests=requests, actor=Actor.person(alice))
    assert comparing.prune(chunk=1) == 1
    assert Representative.objects.get().case_id == case_of(other).pk
    (late,) = make_family(1, pdq)
    assert families_of(late) == [None]


def test_a_dead_representative_makes_room_for_the_next(alice):
    pdq = a_hash()
    (old,) = make_family(1, pdq)
    decide(requests=[Request(Action.APPROVE, subject=old.subject_key)], actor=Actor.person(alice))
    fresh = make_family(2, pdq)
    assert len(set(families_of(*fresh))) == 1
    assert Representative.objects.count() == 1


def test_other_bytes_leave_the_family(alice):
    burst = make_family(3)
    moved = Attachment.objects.get(subject_id=burst[0].pk)
    other = make_image(case=False)
    moved.file = make_look(other, a_hash()).file
    moved.save(update_fields=["file"])
    Observer().replaced([moved.pk])
    first, second, third = families_of(*burst)
    assert first is None
    assert second is not None
    assert second == third


def test_what_was_passed_over_is_compared_by_the_next_sweep(alice):
    pdq = a_hash()
    first, second = make_images(2, pdq)
    cases.claim_one(user=alice, case_id=case_of(second).pk)
    comparing.compare([first.pk, second.pk])
    assert families_of(first, second) == [None, None]
    cases.release_all(user=alice)
    assert comparing.compare_open() == 1
    one, two = families_of(first, second)
    assert one is not None
    assert one == two
    assert comparing.compare_open() == 0


def test_comparing_again_changes_nothing():
    burst = make_family(3)
    before = families_of(*burst)
    comparing.compare([image.pk for image in burst])
    assert families_of(*burst) == before
    assert Representative.objects.count() == 1


def test_an_undo_gives_the_case_its_family_back(alice):
    burst = make_family(3)
    family = families_of(burst[0])[0]
    request = Request(Action.APPROVE, subject=burst[0].subject_key)
    made = decide(requests=[request], actor=Actor.person(alice))
    undo(batch=made.batch, actor=Actor.person(alice))
    assert families_of(*burst) == [family] * 3
