"""What was decided about pictures that look like the one in view, for whom, and over REST."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media.models import Attachment
from moderation import precedents
from moderation.actors import Actor
from moderation.services import Request, decide, undo
from tests.factories import make_character, make_image, make_look, make_person, make_reason
from tests.moderation.looks import a_hash, altered
from tests.moderation.test_rest import api

__all__ = ["api"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch):
    precedents.forget()
    monkeypatch.setattr(precedents, "CATCH_UP", timedelta(0))


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def pdq():
    return a_hash()


def looking(pdq):
    image = make_image()
    make_look(image, pdq)
    return image


def decided(who, action, pdq, **words):
    image = looking(pdq)
    decide(requests=[Request(action, subject=image.subject_key, **words)], actor=Actor.person(who))
    return image


def found(viewer, image):
    rows = precedents.precedents_of([image.subject_key], viewer=viewer).get(image.pk, [])
    return [(row.subject.pk, row.distance, row.decision.to_status) for row in rows]


def test_the_nearest_decided_pictures_come_with_their_decisions(alice, pdq):
    make_reason("violence")
    near = decided(alice, "reject", altered(pdq, 3), reason="violence")
    far = decided(alice, "approve", altered(pdq, 31))
    decided(alice, "approve", altered(pdq, 32))
    looking(altered(pdq, 1))  # not decided
    image = looking(pdq)
    assert found(alice, image) == [(near.pk, 3, "rejected"), (far.pk, 31, "approved")]
    assert found(alice, looking(a_hash())) == []


def test_a_burst_that_nobody_has_decided_on_hides_no_decision(alice, pdq, monkeypatch):
    make_reason("violence")
    near = decided(alice, "reject", altered(pdq, 9), reason="violence")
    burst = [looking(altered(pdq, place % 4)) for place in range(precedents.LOOKED_AT + 16)]
    assert found(alice, burst[0]) == [(near.pk, 9, "rejected")]
    keys = [image.subject_key for image in burst]
    assert set(precedents.precedents_of(keys, viewer=alice)) == {image.pk for image in burst}
    monkeypatch.setattr(precedents, "FURTHER", precedents.LOOKED_AT + 2)
    assert found(alice, burst[0]) == [], "not without an end"


def test_what_a_subject_keeps_beside_its_picture_is_no_precedent(alice, pdq):
    make_reason("violence")
    approved, rejected = make_character(), make_character()
    for character, role in ((approved, "avatar-refused"), (rejected, "avatar-approved")):
        make_look(character, a_hash())
        make_look(character, pdq, role=role)
    for subject, action in ((approved, "approve"), (rejected, "reject")):
        request = Request(action, subject=subject.subject_key, reason="violence")
        decide(requests=[request], actor=Actor.person(alice))
    assert found(alice, looking(pdq)) == []


def test_a_picture_that_came_after_the_decision_is_no_precedent(alice, pdq):
    other = decided(alice, "approve", pdq)
    image, rows = looking(pdq), Attachment.objects.filter(subject_id=other.pk)
    rows.update(stored_at=timezone.now() - timedelta(days=1))
    assert len(found(alice, image)) == 1
    rows.update(stored_at=timezone.now())
    assert found(alice, image) == []


def test_what_arrived_since_is_known_too(alice, pdq):
    image = looking(pdq)
    assert found(alice, image) == []
    later = decided(alice, "approve", pdq)
    assert found(alice, image) == [(later.pk, 0, "approved")]


def test_the_decision_in_force_counts(alice, pdq):
    image = looking(pdq)
    other = looking(pdq)
    request = Request("approve", subject=other.subject_key)
    made = decide(requests=[request], actor=Actor.person(alice))
    undo(batch=made.batch, actor=Actor.person(alice))
    assert found(alice, image) == []


def test_held_hidden_sensitive_and_purged_pictures_are_no_precedents(alice, pdq):
    chen = make_person("chen", role="lead")
    make_reason("violence")
    make_reason("minor-safety", severity="critical")
    decided(alice, "reject", pdq, reason="minor-safety")
    purged = decided(alice, "reject", pdq, reason="violence")
    request = Request("purge", subject=purged.subject_key, reason="violence")
    decide(requests=[request], actor=Actor.person(chen))
    face = decided(alice, "approve", pdq)
    Attachment.objects.filter(subject_id=face.pk).update(sensitive=True)
    decided(alice, "escalate", pdq, note="look")
    image = looking(pdq)
    assert found(chen, image) == found(alice, image) == []


def test_a_held_picture_tells_nothing_to_who_may_not_see_it(alice, pdq):
    chen = make_person("chen", role="lead")
    decided(alice, "approve", pdq)
    image = looking(pdq)
    request = Request("hold", subject=image.subject_key, note="evidence")
    decide(requests=[request], actor=Actor.person(chen))
    assert found(alice, image) == []
    assert len(found(chen, image)) == 1


def test_many_subjects_cost_as_many_queries_as_one(alice, pdq):
    decided(alice, "approve", pdq)
    images = [looking(altered(pdq, bits)) for bits in range(6)]
    precedents.precedents_of([images[0].subject_key], viewer=alice)
    counts = []
    for some in (images[:1], images):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            precedents.precedents_of([image.subject_key for image in some], viewer=alice)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


@pytest.mark.django_db(transaction=True)
def test_a_client_asks_for_the_precedents_of_several(api, pdq):
    alice = make_person("alice", role="moderator")
    make_reason("violence")
    near = decided(alice, "reject", altered(pdq, 2), reason="violence")
    image, other = looking(pdq), looking(a_hash())
    client = api("moderator")
    subjects = [{"type": "gallery.imagelog", "id": str(each.pk)} for each in (image, other)]
    (item,) = client.post("precedents/", json={"subjects": subjects}).json()["items"]
    assert item["subject"] == subjects[0]
    (row,) = item["precedents"]
    assert row["at"]
    assert row | {"at": "", "thumb_url": None} == {
        "subject": {"type": "gallery.imagelog", "id": str(near.pk)}, "distance": 2,
        "review_status": "rejected", "reason": "violence", "by": "alice", "actor_kind": "person",
        "at": "", "thumb_url": None,
    }  # fmt: skip
    assert client.post("precedents/", json={"subjects": []}).status_code == 400
    unknown = [{"type": "gallery.poem", "id": str(image.pk)}]
    assert client.post("precedents/", json={"subjects": unknown}).status_code == 404
    assert api("viewer").post("precedents/", json={"subjects": subjects}).status_code == 403
