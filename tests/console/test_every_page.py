"""Every page, light and dark and on a phone: accessible, within the policy, within the screen."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from moderation import cases, handover
from moderation.actors import Actor
from moderation.models import Note
from moderation.services import Request, decide
from tests.console.conftest import with_bytes
from tests.console.walking import SIGN_IN, Visitor, violations
from tests.factories import (
    make_asset,
    make_case,
    make_character,
    make_fault,
    make_image,
    make_person,
    make_reason,
    make_run,
    make_source,
)
from upstream.enums import RunStatus

# What sticks out of a page that can be scrolled sideways.
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.body.querySelectorAll("*")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 9).map(each => `${each.tagName}.${each.className}#${each.id}`)"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(admin, image):
    """Something on every page: each state of a subject, a case, a run, and people at work."""
    actor = Actor.person(admin)
    make_reason("violence", severity="high")
    make_reason("minor-safety", severity="critical")
    batch = None
    for number, action in enumerate(("approve", "reject", "escalate", "hold")):
        subject = with_bytes(make_image(), seed=number + 2)
        wanted = Request(action=action, subject=subject.subject_key, reason="violence", note="why")
        batch = batch or decide(requests=[wanted], actor=actor)
        decide(requests=[wanted], actor=actor)
    partial = make_run(status=RunStatus.PARTIAL, failed=1, notes=["Previews only."], error="503")
    make_fault(partial)
    make_run(source=make_source("running"), status=RunStatus.RUNNING, expected=100, seen=20)
    make_run(source=make_source("broken"), status=RunStatus.FAILED)
    make_source("shut", circuit_open_until=timezone.now() + timedelta(minutes=9))
    late = make_asset(case=False)
    make_case(late, due_at=timezone.now() - timedelta(minutes=5))
    for _ in range(3):
        with_bytes(make_image(), seed=9)
    moderator = make_person("moderator", role="moderator")
    cases.claim(user=moderator, queue="images", limit=2)
    handover.write(user=admin, text="Watch the gallery source.")
    Note.objects.create(
        subject_type=image.subject_type(), subject_id=image.pk, user=moderator, text="Look."
    )
    return {
        "run": partial.pk,
        "image": image.pk,
        "asset": late.pk,
        "character": make_character().pk,
        "batch": batch.batch,
        "decision": batch.results[0].decision,
        "reason": make_reason("violence").pk,
        "source": make_source("edited", token="tok").pk,
        "user": moderator.pk,
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_the_policy_holds(visit, admin, world, theme):
    visitor = visit(admin, color_scheme=theme)
    found = {
        path: problems for path, page in visitor.walk(**world) if (problems := violations(page))
    }
    assert not found, json.dumps(found, indent=1)
    assert visitor.wrong == []
    assert_policy(visitor)
    stranger = visit(None, color_scheme=theme)
    assert violations(stranger.open(SIGN_IN)) == []
    assert stranger.wrong == []
    assert_policy(stranger)


def assert_policy(visitor: Visitor) -> None:
    assert visitor.policies
    for path, policy in visitor.policies.items():
        assert "default-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        scripts = policy.partition("script-src ")[2]
        assert "unsafe-inline" not in scripts, path
        assert "http" not in policy, path


@pytest.mark.timeout(600)
def test_no_page_is_wider_than_a_phone(visit, admin, world):
    visitor = visit(admin, viewport={"width": 390, "height": 844}, has_touch=True)
    wide = {path: found for path, page in visitor.walk(**world) if (found := page.evaluate(WIDE))}
    assert not wide, json.dumps(wide, indent=1)
    assert visitor.wrong == []
