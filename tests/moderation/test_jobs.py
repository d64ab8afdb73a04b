"""Long tasks: chunks, one batch, and what a kill, a cancel or a lost right does to them."""

import json
import threading
import uuid

import pytest
from django.db import connection, transaction

from accounts.roles import give_role
from core.keys import uuid7
from moderation import jobs
from moderation.enums import JobKind, JobState
from moderation.errors import BadFilter
from moderation.jobs import deciding, replaying
from moderation.listing import subjects_listed
from moderation.models import Decision, Job
from tests.factories import make_fault, make_image, make_person, make_run, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(deciding, "CHUNK", 3)
    monkeypatch.setattr(replaying, "CHUNK", 2)


def ask(user, query=None, action="approve", **words):
    upto = str(subjects_listed("gallery.imagelog", {}, user).order_by("-pk")[0].pk)
    given = {"type": "gallery.imagelog", "query": query or {}, "upto": upto, "action": action}
    return jobs.ask(kind=JobKind.DECIDE, user=user, batch=uuid7(), parameters=given | words)


def work(job):
    assert jobs.work(job.pk) is False
    job.refresh_from_db()
    return job


def test_all_that_a_filter_shows_is_decided_in_one_batch(alice):
    mine = [make_image(user_id="u-1") for _ in range(8)]
    other = make_image(user_id="u-2")
    job = ask(alice, {"user": "u-1", "status": "pending"})
    late = make_image(user_id="u-1")
    work(job)
    assert (job.state, job.done, job.expected) == (JobState.SUCCEEDED, 8, 8)
    assert job.outcomes == {"applied": 8}
    decided = Decision.objects.filter(batch=job.batch)
    assert {row.subject_id for row in decided} == {image.pk for image in mine}
    for image in (other, late):
        image.refresh_from_db()
        assert image.review_status == "pending"


def test_what_cannot_be_decided_is_counted_with_its_cause(alice):
    images = [make_image() for _ in range(4)]
    type(images[0]).objects.filter(pk=images[0].pk).update(review_status="purged")
    job = work(ask(alice, action="reject", reason="violence"))
    assert job.outcomes["applied"] == 3 and sum(job.outcomes.values()) == 4
    assert sum(job.errors.values()) == 1


def test_held_subjects_are_no_part_of_a_moderators_bulk(alice):
    make_image()
    held = make_image(held=True)
    assert work(ask(alice)).done == 1
    held.refresh_from_db()
    assert held.review_status == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_task_that_was_killed_goes_on_behind_its_last_chunk(alice, monkeypatch):
    for _ in range(7):
        make_image()
    job = ask(alice)
    real, calls = deciding.decide, []

    def dies_in_the_second_chunk(**given):
        made = real(**given)
        calls.append(made)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(deciding, "decide", dies_in_the_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        jobs.work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.RUNNING, 3)
    assert Decision.objects.count() == 3, "the chunk that was cut off left nothing"
    assert jobs.unfinished() == [job.pk]
    assert work(job).done == 7
    assert Decision.objects.count() == Decision.objects.values("subject_id").distinct().count() == 7


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_work_on_one_task(alice):
    make_image()
    job = ask(alice)
    done = []

    def other():
        done.append(jobs.work(job.pk))
        connection.close()

    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=30)
    assert done == [False] and not Decision.objects.exists()
    assert work(job).done == 1


def test_a_cancelled_task_ends_and_keeps_what_is_done(alice):
    for _ in range(7):
        make_image()
    job = ask(alice)
    jobs.work(job.pk, seconds=-1)
    assert jobs.cancel(job_id=job.pk)
    work(job)
    assert (job.state, job.done) == (JobState.CANCELLED, 3)
    assert not jobs.cancel(job_id=job.pk)
    assert Decision.objects.count() == 3


def test_a_role_that_is_lost_meanwhile_ends_the_task(alice):
    for _ in range(7):
        make_image()
    job = ask(alice)
    jobs.work(job.pk, seconds=-1)
    give_role(user=alice, role="viewer")
    work(job)
    assert job.state == JobState.FAILED and "role" in job.error
    assert Decision.objects.count() == 3


def test_the_account_of_a_closed_person_decides_no_more(alice):
    make_image()
    job = ask(alice)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    assert work(job).state == JobState.FAILED
    assert not Decision.objects.exists()


def test_a_large_batch_is_undone_in_chunks_as_one(alice):
    for _ in range(8):
        make_image()
    made = work(ask(alice))
    given = {"batch": str(made.batch)}
    undo = work(jobs.ask(kind=JobKind.UNDO, user=alice, batch=uuid7(), parameters=given))
    assert undo.outcomes == {"applied": 8}
    assert (undo.done, undo.expected) == (8, 8)
    undone = Decision.objects.filter(batch=undo.batch)
    assert undone.count() == 8 and set(undone.values_list("action", flat=True)) == {"undo"}
    again = work(jobs.ask(kind=JobKind.UNDO, user=alice, batch=uuid7(), parameters=given))
    assert again.outcomes == {"conflict": 8}


def test_all_failed_records_of_a_run_are_replayed(db):
    operator = make_person("olga", role="operator")
    run = make_run(source=make_source("cast", kind="characters"), failed=5)
    for number in range(5):
        good = {"id": f"c-{number}", "name": "Mira", "isPublic": True}
        good |= {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
        payload = json.dumps(good) if number % 2 else "{}"
        make_fault(run, upstream_id=f"c-{number}", payload=payload)
    given = {"run": str(run.pk)}
    job = work(jobs.ask(kind=JobKind.REPLAY, user=operator, parameters=given))
    assert (job.done, job.expected) == (5, 5)
    assert job.outcomes == {"taken": 2, "failed": 3}
    assert run.faults.filter(resolved_at__isnull=False).count() == 2


def test_a_filter_that_makes_no_sense_decides_nothing(alice):
    make_image()
    for query in ({"status": "nonsense"}, {"no_such_filter": "1"}, {"since": "yesterday"}):
        with pytest.raises(BadFilter):
            subjects_listed("gallery.imagelog", query, alice)
        assert work(ask(alice, query)).state == JobState.FAILED
    assert not Decision.objects.exists()


def test_people_see_their_own_tasks_and_leads_all(alice):
    make_image()
    job = ask(alice)
    assert list(jobs.visible_jobs(alice)) == [job]
    assert list(jobs.visible_jobs(make_person("bob", role="moderator"))) == []
    assert list(jobs.visible_jobs(make_person("carol", role="lead"))) == [job]


def test_an_unknown_task_is_nothing_to_do(db):
    assert jobs.work(uuid.uuid4()) is False
