"""decide(): what each action does, who may, and what stands in the log afterwards."""

import uuid

import pytest

from moderation.actors import Actor
from moderation.cases import claim
from moderation.enums import Action, CaseKind, Outcome, ReviewStatus, Why
from moderation.models import Case, Decision, OutboxEvent, Tombstone
from moderation.services import Request, decide, undo
from tests.factories import case_of, make_image, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def bob():
    return make_person("bob", role="moderator")


@pytest.fixture
def chen():
    return make_person("chen", role="lead")


def act(who, action, image, **words):
    made = decide(
        requests=[Request(action, subject=image.subject_key, **words)], actor=Actor.person(who)
    )
    image.refresh_from_db()
    return made.results[0]


def test_an_approval_writes_the_status_the_log_and_closes_the_case(alice):
    image = make_image()
    case = case_of(image)
    result = act(alice, "approve", image, seen="full")
    assert (result.status, result.review_status) == (Outcome.APPLIED, ReviewStatus.APPROVED)
    assert (image.review_status, image.reviewed_by) == (ReviewStatus.APPROVED, alice)
    assert not Case.objects.filter(subject_id=image.pk).exists()
    row = Decision.objects.get(pk=result.decision)
    assert (row.from_status, row.to_status, row.seen) == ("pending", "approved", "full")
    assert (row.case_id, row.case_opened_at, row.case_why) == (case.pk, case.opened_at, case.why)
    assert (row.actor_id, row.actor_role) == (alice.pk, "moderator")
    assert image.reviewed_at == row.at


def test_a_rejection_needs_a_reason_that_exists_and_is_logged_with_its_version(alice):
    image = make_image()
    assert act(alice, "reject", image).status == Outcome.INVALID
    assert act(alice, "reject", image, reason="nonsense").status == Outcome.INVALID
    result = act(alice, "reject", image, reason="violence")
    row = Decision.objects.get(pk=result.decision)
    assert (row.reason, row.reason_version, row.severity) == ("violence", 1, "high")
    assert OutboxEvent.objects.filter(topic="same_bytes").count() == 1


def test_approving_again_is_unchanged_and_closes_the_case(alice):
    image = make_image(review_status="approved", case=True)
    result = act(alice, "approve", image)
    assert result.status == Outcome.UNCHANGED
    assert result.decision is not None
    assert not Case.objects.filter(subject_id=image.pk).exists()
    again = act(alice, "approve", image)
    assert (again.status, again.decision) == (Outcome.UNCHANGED, None)


def test_escalating_hides_and_moves_the_case_to_the_leads(alice, chen):
    image = make_image()
    case = case_of(image)
    assert act(alice, "escalate", image, note="unsure").status == Outcome.APPLIED
    assert (image.review_status, image.hidden) == ("pending", True)
    moved = case_of(image)
    assert (moved.pk, moved.queue, moved.kind) == (case.pk, "escalations", CaseKind.ESCALATION)
    assert Why.ESCALATED in moved.why and Why.FIRST_LOOK in moved.why
    assert act(alice, "approve", image).status == Outcome.FORBIDDEN
    assert act(chen, "approve", image).status == Outcome.APPLIED
    assert not image.hidden


def test_escalating_an_approved_subject_opens_a_case_for_the_leads(alice):
    image = make_image(review_status="approved")
    assert act(alice, "escalate", image, reason="violence").status == Outcome.APPLIED
    assert (image.review_status, image.hidden) == ("pending", True)
    assert case_of(image).queue == "escalations"


def test_a_critical_reason_rejects_escalates_and_holds_in_one_action(alice, chen):
    image = make_image()
    assert act(alice, "reject", image, reason="minor-safety").status == Outcome.APPLIED
    assert (image.review_status, image.held, image.hidden) == ("rejected", True, True)
    assert case_of(image).queue == "escalations"
    assert act(alice, "approve", image).status == Outcome.FORBIDDEN
    assert act(chen, "purge", image, reason="minor-safety").status == Outcome.INVALID
    assert act(chen, "reject", image, reason="minor-safety").status == Outcome.UNCHANGED
    assert not Case.objects.filter(subject_id=image.pk).exists()
    assert act(chen, "release", image, note="reported").status == Outcome.APPLIED
    assert act(chen, "purge", image, reason="minor-safety").status == Outcome.APPLIED


def test_only_a_lead_reverses_a_lead_made_rejection(alice, chen):
    image = make_image()
    act(chen, "reject", image, reason="violence")
    assert act(alice, "approve", image).status == Outcome.FORBIDDEN
    assert act(alice, "reopen", image, note="really?").status == Outcome.FORBIDDEN
    assert act(chen, "reopen", image, note="look again").status == Outcome.APPLIED


def test_a_reopened_case_is_not_offered_to_the_person_who_decided(alice, bob):
    image = make_image()
    act(alice, "approve", image)
    assert act(bob, "reopen", image, note="look at the hands").status == Outcome.APPLIED
    assert claim(user=alice, queue="images", limit=5) == []
    assert [case.subject_id for case in claim(user=bob, queue="images", limit=5)] == [image.pk]


def test_a_purge_needs_a_lead_a_rejection_and_a_reason_and_leaves_a_tombstone(alice, chen):
    image = make_image()
    assert act(chen, "purge", image, reason="spam").status == Outcome.INVALID
    act(alice, "reject", image, reason="spam")
    assert act(alice, "purge", image, reason="spam").status == Outcome.FORBIDDEN
    assert act(chen, "purge", image).status == Outcome.INVALID
    assert act(chen, "purge", image, reason="spam").status == Outcome.APPLIED
    assert Tombstone.objects.get(subject_id=image.pk).reason == "spam"


def test_a_purge_is_undone_within_the_grace_and_not_after_the_bytes_are_erased(alice, chen):
    image = make_image()
    act(alice, "reject", image, reason="spam")
    first = decide(
        requests=[Request("purge", subject=image.subject_key, reason="spam")],
        actor=Actor.person(chen),
    )
    assert undo(batch=first.batch, actor=Actor.person(chen)).results[0].status == Outcome.APPLIED
    image.refresh_from_db()
    assert image.review_status == "rejected"
    assert not Tombstone.objects.filter(subject_id=image.pk).exists()
    again = decide(
        requests=[Request("purge", subject=image.subject_key, reason="spam")],
        actor=Actor.person(chen),
    )
    Tombstone.objects.filter(subject_id=image.pk).update(erased_at="2026-01-01T00:00:00Z")
    assert undo(batch=again.batch, actor=Actor.person(chen)).results[0].status == Outcome.CONFLICT


def test_a_viewer_decides_nothing():
    image = make_image()
    assert act(make_person("vera", role="viewer"), "approve", image).status == Outcome.FORBIDDEN
    assert image.review_status == "pending"


def test_the_same_subject_twice_in_one_request_is_a_conflict_for_the_second(alice):
    image = make_image()
    requests = [Request("approve", subject=image.subject_key) for _ in range(2)]
    made = decide(requests=requests, actor=Actor.person(alice))
    assert [result.status for result in made.results] == [Outcome.APPLIED, Outcome.CONFLICT]
    assert Decision.objects.count() == 1


def test_one_bad_row_never_fails_the_others(alice):
    good, bad = make_image(), make_image()
    made = decide(
        requests=[
            Request("reject", subject=bad.subject_key),
            Request("approve", subject=("gallery.imagelog", uuid.uuid4())),
            Request("approve", subject=("no.such", uuid.uuid4())),
            Request("approve", subject=good.subject_key),
            Request("dance", subject=make_image().subject_key),
            Request("approve", subject=bad.subject_key, note="\0"),
        ],
        actor=Actor.person(alice),
    )
    assert [result.status for result in made.results] == [
        "invalid", "invalid", "invalid", "applied", "invalid", "conflict",
    ]  # fmt: skip


def test_a_stale_token_never_decides(alice, bob):
    image = make_image()
    (mine,) = claim(user=alice, queue="images", limit=1)
    Case.objects.filter(pk=mine.pk).update(claimed_until="2026-01-01T00:00:00Z")
    (theirs,) = claim(user=bob, queue="images", limit=1)
    stale = decide(
        requests=[Request("approve", case=mine.pk, claim_token=mine.claim_token)],
        actor=Actor.person(alice),
    )
    assert stale.results[0].status == Outcome.CONFLICT
    good = decide(
        requests=[Request("approve", case=mine.pk, claim_token=theirs.claim_token)],
        actor=Actor.person(bob),
    )
    assert good.results[0].status == Outcome.APPLIED
    image.refresh_from_db()
    assert image.reviewed_by == bob


def test_an_expired_lease_decides_as_long_as_nobody_else_claimed(alice):
    make_image()
    (mine,) = claim(user=alice, queue="images", limit=1)
    Case.objects.filter(pk=mine.pk).update(claimed_until="2026-01-01T00:00:00Z")
    made = decide(
        requests=[Request("approve", case=mine.pk, claim_token=mine.claim_token)],
        actor=Actor.person(alice),
    )
    assert made.results[0].status == Outcome.APPLIED


def test_what_somebody_else_holds_cannot_be_decided_around_the_claim(alice, bob, chen):
    image = make_image()
    claim(user=alice, queue="images", limit=1)
    assert act(bob, "approve", image).status == Outcome.CONFLICT
    assert act(chen, "approve", image).status == Outcome.APPLIED


def test_undo_brings_back_subject_and_case_as_they_were(alice):
    image = make_image()
    case = case_of(image)
    (mine,) = claim(user=alice, queue="images", limit=1)
    made = decide(
        requests=[Request("reject", case=mine.pk, claim_token=mine.claim_token, reason="spam")],
        actor=Actor.person(alice),
    )
    undone = undo(batch=made.batch, actor=Actor.person(alice))
    assert undone.results[0].status == Outcome.APPLIED
    image.refresh_from_db()
    assert (image.review_status, image.reviewed_at, image.reviewed_by) == ("pending", None, None)
    back = case_of(image)
    assert (back.pk, back.queue, back.priority, back.why, back.due_at, back.opened_at) == (
        case.pk, case.queue, case.priority, case.why, case.due_at, case.opened_at,
    )  # fmt: skip
    assert undo(batch=made.batch, actor=Actor.person(alice)).results[0].status == Outcome.CONFLICT


def test_undo_is_for_the_own_batch_within_its_time_and_for_leads(alice, bob, chen, settings):
    image = make_image()
    result = act(alice, "approve", image)
    batch = Decision.objects.get(pk=result.decision).batch
    assert undo(batch=batch, actor=Actor.person(bob)).results[0].status == Outcome.FORBIDDEN
    settings.UNDO_MINUTES = 0
    assert undo(batch=batch, actor=Actor.person(alice)).results[0].status == Outcome.FORBIDDEN
    assert undo(batch=batch, actor=Actor.person(chen)).results[0].status == Outcome.APPLIED


def test_undo_is_refused_once_somebody_acted_since(alice, bob):
    image = make_image()
    first = act(alice, "approve", image)
    act(bob, "reject", image, reason="spam")
    batch = Decision.objects.get(pk=first.decision).batch
    assert undo(batch=batch, actor=Actor.person(alice)).results[0].status == Outcome.CONFLICT


def test_undoing_an_escalation_moves_the_case_back(alice):
    image = make_image()
    before = Case.objects.values("id", "queue", "kind", "priority", "why", "due_at").get()
    result = act(alice, "escalate", image, note="hm")
    undo(batch=Decision.objects.get(pk=result.decision).batch, actor=Actor.person(alice))
    image.refresh_from_db()
    assert (image.review_status, image.hidden) == ("pending", False)
    assert Case.objects.values("id", "queue", "kind", "priority", "why", "due_at").get() == before


def test_undoing_a_reopen_closes_the_case_that_it_opened(alice, bob):
    image = make_image(review_status="approved")
    result = act(bob, "reopen", image, note="hm")
    assert Case.objects.count() == 1
    undo(batch=Decision.objects.get(pk=result.decision).batch, actor=Actor.person(bob))
    assert Case.objects.count() == 0
    image.refresh_from_db()
    assert image.review_status == "approved"


def test_a_sync_follows_upstream_only_while_nobody_decided_here(alice):
    image = make_image()
    sync = Actor.sync(image.source)
    request = Request(Action.FOLLOW, subject=image.subject_key, follow="approved")
    made = decide(requests=[request], actor=sync)
    assert made.results[0].status == Outcome.APPLIED
    image.refresh_from_db()
    assert (image.review_status, image.reviewed_at) == ("approved", None)
    row = Decision.objects.get()
    assert (row.actor_kind, row.actor_name, row.actor_id) == ("sync", image.source.name, None)
