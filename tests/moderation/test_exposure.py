"""What people were shown: told twice counted once, one's own to oneself, sums to leads."""

import uuid

import pytest
from django.utils import timezone

from moderation import cases, exposure
from moderation.actors import Actor
from moderation.enums import Seen
from moderation.models import Sight
from moderation.services import Request, decide
from tests.factories import make_image, make_person, make_reason
from tests.moderation.test_rest import api

__all__ = ["api"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


def test_the_most_that_was_seen_of_a_picture_counts_once(alice):
    picture, other = uuid.uuid4(), uuid.uuid4()
    exposure.record(user=alice, seen=[(picture, Seen.FULL), (other, Seen.THUMBNAIL)])
    exposure.record(user=alice, seen=[(picture, Seen.BLURRED), (other, Seen.THUMBNAIL)])
    exposure.record(user=alice, seen=[(uuid.uuid4(), Seen.NONE)])
    found = exposure.of_shift(alice)
    assert (found.shown, found.revealed, found.by_severity) == (2, 1, {})
    exposure.record(user=alice, seen=[(other, Seen.FULL), (other, Seen.BLURRED)])
    assert exposure.of_shift(alice).revealed == 2
    assert Sight.objects.count() == 2


def test_decisions_count_by_what_was_seen_and_give_the_severity(alice):
    make_reason("violence", severity="high")
    images = [make_image() for _ in range(3)]
    cases.claim(user=alice, queue="images", limit=1)
    exposure.record(user=alice, seen=[(images[0].pk, Seen.BLURRED)])
    for image, seen in zip(images, ["full", "blurred", "none"], strict=True):
        request = Request("reject", subject=image.subject_key, reason="violence", seen=seen)
        decide(requests=[request], actor=Actor.person(alice))
    found = exposure.of_shift(alice)
    assert (found.shown, found.revealed, found.by_severity) == (2, 1, {"high": 2})
    assert found.severities == [("High", 2, 1)]


def test_the_gravest_of_several_rejections_of_a_picture_counts():
    image, lead = make_image(), make_person("lea", role="lead")
    for severity in ("low", "high", "medium", "critical"):
        make_reason(f"a-{severity}", severity=severity)
        for action, words in (("reject", {"reason": f"a-{severity}"}), ("reopen", {"note": "x"})):
            request = Request(action, subject=image.subject_key, seen="full", **words)
            decide(requests=[request], actor=Actor.person(lead))
        found = exposure.of_shift(lead)
        gravest = severity if severity != "medium" else "high"
        assert found.by_severity == found.revealed_by_severity == {gravest: 1}


def test_sums_by_day_need_enough_people_to_hide_each_of_them(alice):
    picture = uuid.uuid4()
    people = [alice, *(make_person(role="moderator") for _ in range(exposure.FEWEST - 1))]
    for user in people[:-1]:
        exposure.record(user=user, seen=[(picture, Seen.FULL)])
    today = timezone.localdate()
    assert exposure.by_day() == {today: None}
    exposure.record(user=people[-1], seen=[(picture, Seen.THUMBNAIL)])
    found = exposure.by_day()[today]
    assert found is not None
    assert (found.shown, found.revealed) == (3, 2)


def test_what_is_old_goes(alice):
    exposure.record(user=alice, seen=[(uuid.uuid4(), Seen.FULL), (uuid.uuid4(), Seen.FULL)])
    old = Sight.objects.first()
    assert old is not None
    Sight.objects.filter(pk=old.pk).update(at=timezone.now() - exposure.KEEP * 2)
    exposure.tidy()
    assert Sight.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_tells_what_it_painted_and_reads_its_own_figures(api):
    client, other = api("moderator"), api("lead")
    pictures = [{"subject": str(uuid.uuid4()), "seen": seen} for seen in ("thumb", "full")]
    for _ in range(2):
        assert client.post("exposure/", json={"pictures": pictures}).status_code == 204
    assert client.get("exposure/").json() == {"shown": 2, "revealed": 1, "by_severity": {}}
    assert other.get("exposure/").json()["shown"] == 0
    bad = [{"subject": "x", "seen": "often"}]
    assert client.post("exposure/", json={"pictures": bad}).status_code == 400
    assert api("viewer").get("exposure/").status_code == 403
