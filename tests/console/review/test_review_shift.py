"""My decisions of this shift: what the review page's history is made of."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from moderation import cases, services
from moderation.actors import Actor
from moderation.models import Decision
from moderation.services import Request
from tests.factories import make_image


@pytest.fixture
def decide(people):
    def act(image, action, who="moderator", **words):
        request = Request(action=action, subject=image.subject_key, **words)
        made = services.decide(requests=[request], actor=Actor.person(people[who]))
        assert made.results[0].status == "applied", made
        return made

    return act


def shift(browser) -> list[dict[str, object]]:
    return browser.get("/admin/shift/").json()["items"]


def test_the_newest_comes_first_with_what_it_was(as_, decide):
    first, second = make_image(), make_image()
    decide(first, "approve")
    decide(second, "reject", reason="violence")
    items = shift(as_("moderator"))
    assert [item["title"] for item in items] == [second.message_id, first.message_id]
    newest = items[0]
    assert (newest["action"], newest["reason"], newest["to"]) == ("reject", "violence", "rejected")
    assert all(item["undo"] and item["standing"] for item in items)


def test_only_my_own_decisions_are_listed(as_, decide):
    decide(make_image(), "approve", who="lead")
    assert shift(as_("moderator")) == []


def test_what_somebody_acted_on_since_no_longer_stands(as_, decide):
    image = make_image()
    decide(image, "approve")
    decide(image, "reject", who="lead", reason="violence")
    assert not shift(as_("moderator"))[0]["standing"]


def test_past_the_undo_time_a_decision_can_be_turned_or_reopened(as_, decide, settings):
    settings.UNDO_MINUTES = 10
    decide(make_image(), "approve")
    decide(make_image(), "reject", reason="violence")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        items = shift(as_("moderator"))
    assert [(item["undo"], item["reverse"], item["reopen"]) for item in items] == [
        (False, "approve", True),
        (False, "reject", True),
    ]


def test_leads_too_turn_or_reopen_past_the_undo_time_and_undo_what_is_left_to_undo(
    as_, decide, settings
):
    settings.UNDO_MINUTES = 10
    rejected, purged = make_image(), make_image()
    decide(make_image(), "approve", who="lead")
    decide(rejected, "reject", who="lead", reason="violence")
    decide(make_image(), "reject", who="lead", reason="minor-safety")
    decide(make_image(), "escalate", who="lead", note="ours?")
    decide(purged, "reject", reason="violence")
    decide(purged, "purge", who="lead", reason="violence")
    lead = as_("lead")
    assert all(item["undo"] for item in shift(lead))
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        items = shift(lead)
    assert [(item["action"], item["undo"], item["reverse"], item["reopen"]) for item in items] == [
        ("purge", True, "", False),
        ("escalate", True, "", False),
        ("reject", True, "approve", True),
        ("reject", False, "approve", True),
        ("approve", False, "reject", True),
    ]


def test_evidence_is_left_out_for_everybody_but_leads(as_, decide):
    image = make_image()
    decide(image, "reject", reason="minor-safety")
    assert shift(as_("moderator")) == []
    evidence = make_image()
    decide(evidence, "reject", who="lead", reason="minor-safety")
    assert [item["title"] for item in shift(as_("lead"))] == [evidence.message_id]


def test_a_shift_begins_with_the_first_claim_after_four_hours(as_, people, decide):
    decide(make_image(), "approve")
    make_image()
    cases.claim(user=people["moderator"], queue="images", limit=1)
    # Decided before this shift's first claim: it belongs to the one before.
    assert shift(as_("moderator")) == []


def test_its_cost_does_not_grow_with_the_decisions(as_, decide, django_assert_num_queries):
    browser = as_("moderator")
    for _ in range(12):
        decide(make_image(), "approve")
    assert Decision.objects.count() == 12
    with django_assert_num_queries(14):
        assert len(shift(browser)) == 12


@pytest.mark.parametrize("role", ["viewer", "operator", "nobody"])
def test_others_have_no_shift(as_, role):
    assert as_(role).get("/admin/shift/").status_code == 403
