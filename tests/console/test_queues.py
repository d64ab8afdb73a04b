"""The page of all queues."""

from datetime import timedelta

from django.utils import timezone

from moderation import cases
from moderation.registry import queues
from tests.factories import make_case, make_image


def test_every_registered_queue_is_listed_with_its_numbers(as_, people):
    for minutes in (1, 90):
        make_case(make_image(case=False), opened_at=timezone.now() - timedelta(minutes=minutes))
    cases.claim(user=people["moderator"], queue="images", limit=1)
    page = as_("viewer").get("/admin/queues/")
    rows = {row.slug: row for row in page.context["queues"]}
    assert list(rows) == list(queues())
    assert (rows["images"].open, rows["images"].claimed) == (2, 1)
    text = page.content.decode()
    assert "1 h 30 min" in text
    for queue in queues().values():
        assert str(queue.title) in text


def test_an_empty_queue_is_listed_too(as_):
    page = as_("moderator").get("/admin/queues/")
    assert {row.open for row in page.context["queues"]} == {0}
    assert all(row.oldest_opened_at is None for row in page.context["queues"])
