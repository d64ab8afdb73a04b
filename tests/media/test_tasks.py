"""What beat asks for: as many batches as there is work, and the daily sweep."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.celery import app
from media import tasks
from media.models import Attachment
from tests.media import samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch) -> list[dict[str, object]]:
    """The options of the batches that were asked for; there is no broker in tests."""
    found: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.mirror_batch, "apply_async", lambda **options: found.append(options))
    return found


def test_nothing_is_asked_for_when_nothing_is_due(asked, wanted):
    row = wanted("http://example.org/a.png")
    Attachment.objects.filter(pk=row.pk).update(next_try_at=timezone.now() + timedelta(minutes=1))

    tasks.mirror_due()

    assert asked == []


@pytest.mark.parametrize(("due", "batches"), [(1, 1), (33, 2), (200, 4)])
def test_batches_are_asked_for_as_work_is_due_but_never_many(asked, wanted, due, batches):
    for at in range(due):
        wanted(f"http://example.org/{at}.png")

    tasks.mirror_due()

    assert len(asked) == batches
    assert all(options["expires"] for options in asked)


def test_a_batch_goes_on_until_nothing_is_due(links, wanted, monkeypatch, notes):
    monkeypatch.setattr(tasks, "BATCH", 2)
    for at in range(5):
        wanted(links.serve(f"/{at}.png", samples.png(80, 60, seed=at)))

    tasks.mirror_batch()

    assert Attachment.objects.filter(state="stored").count() == 5
    assert len(notes.told) == 5


def test_a_batch_makes_room_for_others_after_its_time(links, wanted, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(tasks, "BATCH_SECONDS", 0)
    for at in range(3):
        wanted(links.serve(f"/{at}.png", samples.png(80, 60, seed=at)))

    tasks.mirror_batch()

    assert Attachment.objects.filter(state="stored").count() == 1


def test_beat_knows_the_tasks_and_their_queue():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    for task in (tasks.mirror_due, tasks.sweep):
        assert task.name in scheduled
        assert task.name in app.tasks
    route = app.amqp.router.route({}, tasks.mirror_batch.name)
    assert route["queue"].name == "mirror"


def test_taking_what_is_due_reads_the_small_index():
    with connection.cursor() as cursor:
        # Of an empty table anything may seem cheapest, as its statistics happen to be.
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            "EXPLAIN SELECT ctid FROM media_attachment WHERE state = 'wanted'"
            " AND next_try_at <= now() ORDER BY next_try_at LIMIT 32"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "attachment_wanted" in plan
    assert "Sort" not in plan
