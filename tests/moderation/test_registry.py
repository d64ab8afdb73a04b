"""The contract of every queue: a new content type is tested by being registered."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation import cases, consistency, counts
from moderation.actors import Actor
from moderation.api.presenting import present_cases
from moderation.enums import Outcome, ReviewStatus
from moderation.errors import UnknownQueue, UnknownSubjectType
from moderation.models import Case
from moderation.registry import get_queue, model_for, queue_for, subject_types
from moderation.services import Request, decide, undo
from tests import factories

pytestmark = pytest.mark.django_db

MAKERS = {
    "gallery.imagelog": factories.make_image,
    "assets.asset": factories.make_asset,
    "characters.character": factories.make_character,
    "characters.cover": factories.make_cover,
}


@pytest.fixture(params=subject_types())
def kind(request):
    """Each registered subject type in turn; a type without a factory fails here."""
    return request.param


@pytest.fixture
def alice():
    return factories.make_person("alice", role="moderator")


def test_a_type_knows_its_queue_and_the_queue_its_type(kind):
    queue = queue_for(kind)
    assert get_queue(queue.slug) is queue
    assert model_for(kind).subject_type() == kind
    assert str(queue.title) and queue.sla.total_seconds() > 0


def test_a_subject_goes_from_case_to_decision_and_back(kind, alice):
    subject = MAKERS[kind]()
    (case,) = cases.claim(user=alice, queue=queue_for(kind).slug, limit=5)
    shown = present_cases([case], user=alice, purpose="claim")[0]["subject"]
    assert (shown["type"], shown["id"]) == (kind, subject.pk)
    assert isinstance(shown["title"], str) and isinstance(shown["text"], str)
    made = decide(
        requests=[Request("approve", case=case.pk, claim_token=case.claim_token)],
        actor=Actor.person(alice),
    )
    assert made.results[0].status == Outcome.APPLIED
    assert not Case.objects.exists()
    undo(batch=made.batch, actor=Actor.person(alice))
    subject.refresh_from_db()
    assert subject.review_status == ReviewStatus.PENDING
    assert Case.objects.get().subject_id == subject.pk


def test_showing_many_cases_takes_no_more_queries_than_showing_two(kind, alice):
    for _ in range(12):
        MAKERS[kind]()
    claimed = cases.claim(user=alice, queue=queue_for(kind).slug, limit=12)
    used = []
    for some in (claimed[:2], claimed):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            present_cases(some, user=alice, purpose="claim")
        used.append(len(queries))
    assert used[0] == used[1] <= 10


def test_counts_follow_every_change(kind, alice):
    one, two = MAKERS[kind](), MAKERS[kind]()
    slug = queue_for(kind).slug
    assert counts.open_count(slug) == 2
    decide(requests=[Request("approve", subject=one.subject_key)], actor=Actor.person(alice))
    request = Request("reject", subject=two.subject_key, reason="minor-safety")
    decide(requests=[request], actor=Actor.person(alice))
    assert counts.open_count(slug) == 0 and counts.open_count("escalations") == 1
    assert counts.status_totals(kind) == {"pending": 0, "approved": 1, "rejected": 1, "purged": 0}
    counts.fold_tallies()
    assert counts.open_count("escalations") == 1
    assert counts.status_totals(kind)["approved"] == 1
    one.delete()
    assert counts.status_totals(kind)["approved"] == 0


def test_what_got_lost_between_subjects_and_cases_is_found_and_mended(kind):
    lonely, stray = MAKERS[kind](case=False), MAKERS[kind](review_status="approved", case=True)
    found = consistency.inspect()
    assert found.without_case == [(kind, lonely.pk)]
    assert found.without_subject == [factories.case_of(stray).pk]
    consistency.repair(found)
    assert not consistency.inspect()
    assert Case.objects.get().subject_id == lonely.pk


def test_unknown_names_are_told():
    with pytest.raises(UnknownQueue):
        get_queue("nothing")
    with pytest.raises(UnknownSubjectType):
        queue_for("nothing.here")


def test_escalations_hold_any_type_and_come_last_in_nobody_elses_queue(kind, alice):
    subject = MAKERS[kind]()
    lead = factories.make_person("chen", role="lead")
    request = Request("escalate", subject=subject.subject_key, note="unsure")
    decide(requests=[request], actor=Actor.person(alice))
    assert cases.claim(user=alice, queue=queue_for(kind).slug, limit=5) == []
    (case,) = cases.claim(user=lead, queue="escalations", limit=5)
    assert present_cases([case], user=lead, purpose="claim")[0]["subject"]["id"] == subject.pk
    assert isinstance(case.pk, uuid.UUID)
