"""What a card shows beside a picture: its conversation, and what was decided of its character."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from gallery.neighbours import ASIDE, DECIDED, neighbours
from media.services import store_bytes
from moderation.enums import ReviewStatus
from tests.factories import make_image, make_person, make_source
from tests.media.samples import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_person("alice", role="moderator")


def at(minutes, **fields):
    """A picture of one conversation, so many minutes after its beginning."""
    moment = timezone.now() - timedelta(hours=5) + timedelta(minutes=minutes)
    return make_image(created_at=moment, **{"archive_id": "talk", "character_id": "ida"} | fields)


def ids(rows):
    return [row["id"] for row in rows]


def test_the_nearest_on_both_sides_of_the_conversation_come_in_order(user):
    talk = [at(minute) for minute in range(9)]
    at(4, archive_id="another")
    at(4, source=make_source("elsewhere"))
    beside = neighbours([talk[4]], user=user)[talk[4].pk]["conversation"]
    assert ids(beside) == [str(image.pk) for image in talk[1:4] + talk[5:8]]
    assert len(beside) == 2 * ASIDE
    assert {row["status"] for row in beside} == {"pending"}


def test_decided_pictures_of_the_character_come_newest_first(user):
    image = at(0)
    decided = [at(n, archive_id=f"talk-{n}", review_status="approved") for n in range(1, 9)]
    at(20, archive_id="other", review_status="approved", character_id="bo")
    with translation.override("en"):
        shown = neighbours([image], user=user)[image.pk]["decided"]
    assert ids(shown) == [str(each.pk) for each in decided[::-1][:DECIDED]]
    assert shown[0]["label"] == "Approved"


@pytest.mark.parametrize(
    "secret", [{"held": True}, {"hidden": True}, {"review_status": ReviewStatus.PURGED}]
)
def test_what_is_held_hidden_or_purged_stands_beside_nothing(user, secret):
    image = at(0)
    at(1, **{"review_status": "rejected"} | secret)
    beside = neighbours([image], user=user)[image.pk]
    assert beside == {"conversation": [], "decided": []}


def test_pictures_without_a_conversation_have_no_neighbours(user):
    image = at(0, archive_id="")
    at(1, archive_id="")
    assert neighbours([image], user=user)[image.pk]["conversation"] == []


def test_any_number_of_pictures_costs_three_queries(user, django_assert_num_queries):
    images = [at(minute) for minute in range(12)]
    store_bytes(data=jpeg(60, 80), subject_type=images[1].subject_type(), subject_id=images[1].pk)
    with django_assert_num_queries(3):
        found = neighbours(images, user=user)
    first = found[images[0].pk]["conversation"]
    assert first[0]["thumb_url"].endswith(".webp")
    assert first[1]["thumb_url"] is None
