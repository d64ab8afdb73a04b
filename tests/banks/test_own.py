"""Own banks follow what stands rejected or purged, by reason, and nothing else."""

import threading
import time

import pytest
from django.db import connection, transaction

from media import services as media
from moderation.actors import Actor
from moderation.banks import counting, own
from moderation.models import Bank, BankEntry
from moderation.services import Request, decide, undo
from tests.banks.conftest import add, data, deliver, hash_of
from tests.factories import case_of, make_case, make_image, make_person, make_reason
from tests.locks import somebody_waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return Actor.person(make_person(role="lead"))


def act(actor, subject, action, **more):
    made = decide(requests=[Request(action, subject=subject.subject_key, **more)], actor=actor)
    assert made.results[0].status in {"applied", "unchanged"}, made.results
    deliver()
    return made.batch


def wanted():
    """An image log whose picture is on its way."""
    subject = make_image()
    kind, key = subject.subject_key
    url = "http://127.0.0.1:9/picture"
    media.want(rows=[media.Wanted(subject_type=kind, subject_id=key, url=url)])
    return subject


def live() -> list[BankEntry]:
    return list(BankEntry.objects.filter(removed_at__isnull=True))


def test_a_rejected_picture_joins_with_who_and_why_and_comes_first_when_it_returns(lead, arrive):
    make_reason("violence")
    subject = arrive(data())
    act(lead, subject, "reject", reason="violence")

    entry = BankEntry.objects.get()
    assert bytes(entry.pdq) == hash_of(subject)
    assert (entry.label, entry.added_by, entry.subject_id) == ("violence", lead.id, subject.pk)
    assert counting.counts()[entry.bank_id].entries == 1
    again = arrive(data(quality=50, side=300))
    assert "known_picture" in case_of(again).why


@pytest.mark.parametrize("way", ["undo", "reopen", "approve"])
def test_it_leaves_with_the_rejection_and_joins_again_with_the_next(lead, arrive, way):
    make_reason("violence")
    subject = arrive(data())
    batch = act(lead, subject, "reject", reason="violence")
    if way == "undo":
        undo(batch=batch, actor=lead)
        deliver()
    else:
        act(lead, subject, way, note="a mistake")

    assert live() == []
    gone = BankEntry.objects.get()
    assert (gone.removed_by, gone.removed_at is None) == (lead.id, False)
    assert counting.counts()[gone.bank_id].entries == 0
    assert "known_picture" not in case_of(arrive(data(quality=50))).why
    act(lead, subject, "reject", reason="violence")
    assert len(live()) == 1


def test_a_purged_one_stays(lead, arrive):
    make_reason("violence")
    subject = arrive(data())
    act(lead, subject, "reject", reason="violence")
    act(lead, subject, "purge", reason="violence")

    assert len(live()) == 1


def test_reasons_decide_which_bank_it_joins(lead, arrive):
    make_reason("violence")
    make_reason("nudity")
    for slug in ("violence", "nudity"):
        Bank.objects.create(slug=slug, own=True, reasons=[slug])
    subject = arrive(data())
    act(lead, subject, "reject", reason="violence")
    assert [entry.bank.slug for entry in live()] == ["violence"]

    act(lead, subject, "approve")
    act(lead, subject, "reject", reason="nudity")
    assert [entry.bank.slug for entry in live()] == ["nudity"]


def test_what_a_rule_rejected_does_not_become_an_entry_until_a_person_says_so(lead, arrive, bank):
    subject = arrive(data())
    add(bank(), pdq=hash_of(subject))
    near = arrive(data(quality=50))
    deliver()
    assert near.review_status == "rejected"
    assert not BankEntry.objects.filter(subject_id=near.pk).exists()

    act(lead, near, "approve")
    act(lead, near, "reject", reason="violence")
    assert BankEntry.objects.get(subject_id=near.pk).removed_at is None


def test_two_subjects_with_the_same_bytes_are_two_entries(lead, arrive):
    make_reason("violence")
    one, other = arrive(data()), arrive(data())
    act(lead, one, "reject", reason="violence")
    act(lead, other, "reject", reason="violence")
    act(lead, one, "approve")

    assert [entry.subject_id for entry in live()] == [other.pk]


def test_events_that_come_twice_or_late_change_nothing(lead, arrive):
    make_reason("violence")
    subject = arrive(data())
    act(lead, subject, "reject", reason="violence")
    before = BankEntry.objects.values().get()
    payload = {"subjects": [[subject.subject_type(), str(subject.pk)]]}
    own.follow(payload)
    own.follow(payload)

    assert BankEntry.objects.values().get() == before
    assert counting.counts()[before["bank_id"]].entries == 1


def test_minor_safety_keeps_hashes_and_no_picture(lead, arrive):
    make_reason("minor-safety", severity="critical")
    subject = arrive(data())
    act(lead, subject, "reject", reason="minor-safety")

    subject.refresh_from_db()
    assert subject.held
    assert {field.name for field in BankEntry._meta.get_fields()} & {"file", "attachment"} == set()
    assert "known_picture" in case_of(arrive(data(quality=50))).why


def test_a_reason_given_anew_is_noted_and_counts_no_second_entry(lead, arrive):
    make_reason("violence")
    make_reason("nudity")
    subject = arrive(data())
    act(lead, subject, "reject", reason="violence")
    subject.refresh_from_db()
    case_again = Request("reject", subject=subject.subject_key, reason="nudity")
    make_case(subject)
    decide(requests=[case_again], actor=lead)
    deliver()

    (entry,) = live()
    assert entry.label == "nudity"
    assert counting.counts()[entry.bank_id].entries == 1


def test_a_picture_that_comes_after_its_rejection_joins(lead, arrive):
    make_reason("violence")
    subject = wanted()
    act(lead, subject, "reject", reason="violence")
    assert live() == []
    arrive(data(), subject=subject)
    deliver()

    assert [entry.subject_id for entry in live()] == [subject.pk]


def test_other_bytes_than_the_rejected_ones_join_only_when_they_are_rejected(lead, arrive):
    make_reason("violence")
    subject = arrive(data(1))
    act(lead, subject, "reject", reason="violence")
    refused = hash_of(subject)
    arrive(data(2), subject=subject)
    own.refresh([subject.subject_key])
    deliver()
    assert [bytes(entry.pdq) for entry in live()] == [refused]

    act(lead, subject, "approve")
    assert [bytes(entry.pdq) for entry in live()] == [refused]
    act(lead, subject, "reject", reason="violence")
    assert {bytes(entry.pdq) for entry in live()} == {refused, hash_of(subject)}
    act(lead, subject, "approve")
    assert [bytes(entry.pdq) for entry in live()] == [refused]
    assert counting.counts()[live()[0].bank_id].entries == 1


def test_a_new_bank_and_other_reasons_are_filled_in_pieces(lead, arrive, monkeypatch):
    monkeypatch.setattr(own, "PIECE", 2)
    make_reason("violence")
    make_reason("nudity")
    images = [arrive(data(seed)) for seed in range(1, 6)]
    for number, image in enumerate(images):
        act(lead, image, "reject", reason="nudity" if number % 2 else "violence")
    bank = Bank.objects.create(slug="violence", own=True, reasons=["violence"])
    own.rules_changed()
    deliver()
    assert {entry.subject_id for entry in live() if entry.bank == bank} == {
        image.pk for image in images[::2]
    }

    Bank.objects.filter(pk=bank.pk).update(reasons=["nudity"])
    own.rules_changed()
    deliver()
    assert {entry.subject_id for entry in live() if entry.bank == bank} == {
        image.pk for image in images[1::2]
    }
    assert counting.counts()[bank.pk].entries == 2


@pytest.mark.django_db(transaction=True)
def test_an_undo_beside_a_slow_refresh_leaves_no_entry(lead, arrive):
    make_reason("violence")
    subject = arrive(data())
    request = Request("reject", subject=subject.subject_key, reason="violence")
    made = decide(requests=[request], actor=lead)
    joined, may_end = threading.Event(), threading.Event()

    def slow_refresh() -> None:
        with transaction.atomic():
            own.refresh([subject.subject_key])
            joined.set()
            may_end.wait(30)
        connection.close()

    def undone() -> None:
        undo(batch=made.batch, actor=lead)
        own.refresh([subject.subject_key])
        connection.close()

    threads = [threading.Thread(target=slow_refresh), threading.Thread(target=undone)]
    threads[0].start()
    assert joined.wait(60)
    threads[1].start()
    deadline = time.monotonic() + 30
    while threads[1].is_alive() and not somebody_waits():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    may_end.set()
    for thread in threads:
        thread.join()

    assert live() == []
    assert counting.counts()[BankEntry.objects.get().bank_id].entries == 0
