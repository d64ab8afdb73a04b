"""Reasons: an edit is a new version, and decisions name the version they were made under."""

import pytest

from moderation.actors import Actor
from moderation.models import Decision, Reason, ReasonVersion
from moderation.policy import save_reason
from moderation.services import Request, decide
from tests.factories import make_image, make_person

pytestmark = pytest.mark.django_db


def test_an_edit_becomes_the_next_version_and_the_old_one_stays_readable():
    reason = Reason.objects.get(slug="spam")
    reason.notice_en = "No advertising, please."
    lead = make_person("chen", role="lead")
    save_reason(reason=reason, by=lead)
    assert Reason.objects.get(slug="spam").version == 2
    versions = list(ReasonVersion.objects.filter(slug="spam").order_by("version"))
    assert [each.version for each in versions] == [1, 2]
    assert versions[0].content["notice_en"] != versions[1].content["notice_en"]
    assert versions[1].created_by == lead.pk


def test_saving_without_a_change_makes_no_version():
    save_reason(reason=Reason.objects.get(slug="spam"), by=None)
    assert ReasonVersion.objects.filter(slug="spam").count() == 1


def test_a_new_reason_is_version_one_and_can_be_used_at_once():
    save_reason(
        reason=Reason(slug="off-topic", severity="low", label_en="Off topic", label_zh="跑题"),
        by=None,
    )
    image = make_image()
    actor = Actor.person(make_person(role="moderator"))
    decide(requests=[Request("reject", subject=image.subject_key, reason="off-topic")], actor=actor)
    assert Decision.objects.get().reason_version == 1


def test_a_reason_switched_off_is_refused():
    Reason.objects.filter(slug="spam").update(active=False)
    image = make_image()
    actor = Actor.person(make_person(role="moderator"))
    made = decide(
        requests=[Request("reject", subject=image.subject_key, reason="spam")], actor=actor
    )
    assert made.results[0].status == "invalid"
