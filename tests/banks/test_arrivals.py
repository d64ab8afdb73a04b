"""A picture that arrives near an entry: what its bank says is done, exactly once."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import ImageOps

from media import pdq
from moderation.actors import Actor
from moderation.banks import counting
from moderation.enums import CaseKind, Priority
from moderation.models import BankMatch, Case, Decision
from moderation.services import Request, decide, undo
from tests.banks.conftest import add, data, picture
from tests.factories import case_of, make_image, make_person
from tests.media import samples

pytestmark = pytest.mark.django_db


def pdq_of(seed: int = 1) -> bytes:
    return pdq.pdq_of(picture(seed)).pdq


def test_a_rejecting_bank_rejects_by_rule_and_closes_the_case(bank, arrive):
    add(bank(), pdq=pdq_of())
    subject = arrive(data(quality=60))

    decision = Decision.objects.get(subject_id=subject.pk)
    assert subject.review_status == "rejected"
    assert (decision.actor_kind, decision.actor_name) == ("rule", "bank:imported")
    assert decision.reason == "violence"
    assert decision.note.startswith("imported · known · ")
    assert not Case.objects.filter(subject_id=subject.pk).exists()
    match = BankMatch.objects.get(subject_id=subject.pk)
    assert (match.action, match.batch) == ("reject", decision.batch)
    assert counting.counts()[match.bank_id].matches == 1


def test_the_decision_of_a_bank_is_undone_as_a_batch_and_does_not_come_back(bank, arrive):
    rejecting = bank()
    add(rejecting, pdq=pdq_of())
    subject = arrive(data())
    lead = make_person(role="lead")
    undo(batch=BankMatch.objects.get().batch, actor=Actor.person(lead))
    arrive(data(), subject=subject)

    subject.refresh_from_db()
    assert subject.review_status == "pending"
    assert case_of(subject).kind == CaseKind.FIRST_LOOK


def test_queue_first_raises_the_case_and_says_why(bank, arrive):
    add(bank(action="first", reason=""), pdq=pdq_of())
    subject = arrive(data(quality=60))

    case = case_of(subject)
    assert subject.review_status == "pending"
    assert case.priority == Priority.TOP
    assert "known_picture" in case.why
    assert any(word.startswith("imported · known · ") for word in case.why)


def test_mark_only_adds_to_why(bank, arrive):
    add(bank(action="mark", reason=""), pdq=pdq_of())
    subject = arrive(data())

    case = case_of(subject)
    assert case.priority == Priority.NORMAL
    assert [word.rstrip("0123456789") for word in case.why] == ["first_look", "imported · known · "]


def test_several_banks_the_gravest_acts_and_all_are_named(bank, arrive):
    add(bank("marks", action="mark", reason=""), pdq=pdq_of())
    add(bank("firsts", action="first", reason=""), pdq=pdq_of())
    subject = arrive(data())

    why = case_of(subject).why
    assert {word.split(" ")[0] for word in why} >= {"marks", "firsts"}
    assert case_of(subject).priority == Priority.TOP
    assert BankMatch.objects.count() == 2


def test_a_picture_that_is_far_is_left_alone(bank, arrive):
    add(bank(), pdq=pdq_of(2))
    assert arrive(data(1)).review_status == "pending"


@pytest.mark.parametrize(
    "off",
    [
        {"bank": {"active": False}},
        {"bank": {"threshold": 0}},
        {"entry": {"removed_at": timezone.now()}},
        {"entry": {"expires_at": timezone.now() - timedelta(days=1)}},
    ],
    ids=["switched off", "too strict", "removed", "expired"],
)
def test_what_is_not_in_force_does_nothing(bank, arrive, off):
    add(bank(**off.get("bank", {})), pdq=pdq_of(), **off.get("entry", {}))
    subject = arrive(data(quality=50, side=300))

    assert subject.review_status == "pending"
    assert not BankMatch.objects.exists()


def test_the_very_bytes_match_by_sha256_also_when_they_are_too_flat_to_hash(bank, arrive):
    flat = samples.png()
    add(bank(), sha256=hashlib.sha256(flat).digest())

    assert arrive(flat).review_status == "rejected"
    assert arrive(samples.png(seed=2)).review_status == "pending"


def test_a_mirrored_copy_is_found_when_the_bank_looks_for_turned_ones(bank, arrive):
    mirrored = samples.encoded(ImageOps.mirror(picture()), "JPEG", quality=80)
    rejecting = bank()
    add(rejecting, pdq=pdq_of())
    assert arrive(mirrored).review_status == "pending"
    rejecting.turned = True
    rejecting.save()

    assert arrive(mirrored, subject=make_image()).review_status == "rejected"


def test_what_people_approved_is_looked_at_again_not_rejected_by_rule(bank, arrive):
    subject = arrive(data())
    moderator = make_person(role="moderator")
    decide(
        requests=[Request("approve", subject=subject.subject_key)], actor=Actor.person(moderator)
    )
    add(bank(), pdq=pdq_of())
    arrive(data(), subject=subject)

    subject.refresh_from_db()
    assert subject.review_status == "approved"
    assert case_of(subject).kind == CaseKind.SECOND_LOOK
    assert BankMatch.objects.get().action == "first"


def test_sampled_rejections_open_a_second_look(bank, arrive):
    add(bank(sample_percent=100), pdq=pdq_of())
    subject = arrive(data())

    case = case_of(subject)
    assert subject.review_status == "rejected"
    assert case.kind == CaseKind.SECOND_LOOK
    assert "sampled" in case.why
    assert BankMatch.objects.get().sampled
    moderator = make_person(role="moderator")
    made = decide(
        requests=[Request("approve", subject=subject.subject_key)], actor=Actor.person(moderator)
    )
    assert made.results[0].status == "applied"


def test_a_bank_whose_reason_is_gone_raises_instead_of_failing(bank, arrive):
    add(bank(reason="forgotten"), pdq=pdq_of())
    subject = arrive(data())

    assert subject.review_status == "pending"
    assert case_of(subject).priority == Priority.TOP


def test_where_one_banks_reason_is_gone_the_next_bank_that_rejects_does(bank, arrive):
    add(bank("older", reason="forgotten"), pdq=pdq_of())
    add(bank("newer"), pdq=pdq_of())
    subject = arrive(data())

    assert subject.review_status == "rejected"
    assert Decision.objects.get().actor_name == "bank:newer"
    matches = {match.bank.slug: match for match in BankMatch.objects.all()}
    assert (matches["older"].action, matches["older"].batch) == ("first", None)
    assert matches["newer"].batch == Decision.objects.get().batch


def test_an_arrival_costs_the_same_queries_with_and_without_entries_near(
    bank, arrive, django_assert_max_num_queries
):
    for number in range(3):
        add(bank(f"bank-{number}", action="first", reason=""), pdq=pdq_of())
    arrive(data(7))
    subject = make_image()
    with django_assert_max_num_queries(45):
        arrive(data(), subject=subject)
