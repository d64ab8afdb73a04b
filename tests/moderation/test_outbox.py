"""The outbox: at least once, in order, and one bad event never blocks the others."""

from datetime import timedelta

import pytest
from django.utils import timezone

from moderation import outbox, tasks
from moderation.models import IdempotencyRecord, OutboxEvent, Skip
from tests.factories import make_image, make_person

pytestmark = pytest.mark.django_db


def test_a_failing_event_is_kept_with_its_error_and_the_others_are_delivered():
    outbox.enqueue("same_bytes", {"nonsense": True})
    outbox.enqueue("same_bytes", {"subjects": []})
    assert outbox.deliver(limit=3) == 1
    bad, good = OutboxEvent.objects.order_by("id")
    assert (bad.delivered_at, bad.error) == (None, "KeyError") and bad.attempts >= 1
    assert good.delivered_at is not None


def test_an_event_that_fails_again_and_again_is_left_for_people():
    outbox.enqueue("same_bytes", {"nonsense": True})
    assert outbox.deliver(limit=outbox.MAX_ATTEMPTS + 5) == 0
    assert OutboxEvent.objects.get().attempts == outbox.MAX_ATTEMPTS


def test_tidying_drops_only_what_is_old():
    alice, image = make_person("alice"), make_image()
    old = timezone.now() - timedelta(days=31)
    for key, moment in (("old", old), ("new", timezone.now())):
        IdempotencyRecord.objects.create(user=alice, key=key, body_sha256=b"", created_at=moment)
    Skip.objects.create(user=alice, subject_id=image.pk, at=old)
    OutboxEvent.objects.create(topic="same_bytes", payload={}, delivered_at=old)
    OutboxEvent.objects.create(topic="same_bytes", payload={})
    tasks.tidy()
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]
    assert not Skip.objects.exists()
    assert OutboxEvent.objects.get().delivered_at is None
