"""Processes killed with -9 amid a long task or an export: nothing twice, nothing lost."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from core.keys import uuid7
from gallery.models import ImageLog
from moderation import jobs
from moderation.enums import JobKind, JobState
from moderation.jobs.deciding import CHUNK
from moderation.listing import newest_id, subjects_listed
from moderation.models import Decision, Export, Job
from tests.factories import make_person
from tests.generation.workers import Worker
from tests.ground.processes import eventually
from tests.servers import WebServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

IMAGES = 2 * CHUNK + CHUNK // 2
WAITS_FOR_A_LOCK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
"""
OTHERS_IN_A_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


@pytest.fixture
def carol(transactional_db):
    return make_person("carol", role="lead")


@pytest.fixture
def worker() -> Iterator[Worker]:
    """The product's worker of the queue `default`, with processes as in production."""
    url = os.environ.get("TEST_BROKER_URL")
    if not url:
        pytest.skip("no Valkey or Redis")
    # Another database than that of the tests of generations: theirs has messages of other tasks.
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    broker = f"{url.rpartition('/')[0]}/{10 + process % 6}"
    with Worker(broker, queues="default", pool="prefork", threads=2) as running:
        yield running


def whole_worker(worker: Worker) -> None:
    """The machine's power fails."""
    worker.kill()
    worker.start()


def its_process(worker: Worker) -> None:
    """The kernel kills what takes too much memory; Celery starts another process."""
    assert worker.process is not None
    done = subprocess.run(
        ["pgrep", "--parent", str(worker.process.pid)], capture_output=True, text=True, check=True
    )
    for child in done.stdout.split():
        os.kill(int(child), signal.SIGKILL)


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        # A transaction sees the activity as it was at its first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITS_FOR_A_LOCK)
        return bool(cursor.fetchone()[0])


def is_left_alone() -> bool:
    """Also what a dead process had begun is over in the database."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS_IN_A_TRANSACTION)
        return not cursor.fetchone()[0]


def state(user, job: Job) -> dict[str, Any]:
    """What the task's page shows."""
    client = Client()
    client.force_login(user)
    return client.get(f"/admin/tasks/{job.pk}/state/").json()


def kill_in_the_second_chunk(kill, worker: Worker, job: Job, subject_id) -> None:
    """A subject of that chunk is locked, so that its transaction stands in the middle."""
    with transaction.atomic():
        ImageLog.objects.select_for_update().get(pk=subject_id)
        worker.ask("moderation.tasks.run_job", str(job.pk))
        assert eventually(is_waiting_for_a_lock, seconds=120)
        assert Job.objects.get(pk=job.pk).done == CHUNK
        kill(worker)
        # While the database still has the dead one's transaction, beat comes by.
        worker.ask("moderation.tasks.run_jobs")
    assert eventually(is_left_alone, seconds=60)


def finish(worker: Worker, job: Job) -> Job:
    """As beat sees to it, every ten seconds."""

    def is_over() -> bool:
        worker.ask("moderation.tasks.run_jobs")
        time.sleep(1)
        job.refresh_from_db()
        return job.finished_at is not None

    assert eventually(is_over, seconds=180)
    return job


@pytest.mark.parametrize("kill", [whole_worker, its_process])
def test_a_bulk_decision_and_its_undo_outlive_their_worker_and_decide_each_subject_once(
    worker, carol, kill
):
    call_command("populate", images=IMAGES, pending=IMAGES)
    subject_type = ImageLog.subject_type()
    upto = newest_id(subjects_listed(subject_type, {}, carol))
    given = {"type": subject_type, "query": {}, "upto": str(upto), "action": "approve"}
    newest_first = list(ImageLog.objects.order_by("-pk").values_list("pk", flat=True))

    job = jobs.ask(kind=JobKind.DECIDE, user=carol, batch=uuid7(), parameters=given)
    kill_in_the_second_chunk(kill, worker, job, newest_first[CHUNK + CHUNK // 2])
    assert Decision.objects.filter(batch=job.batch).count() == state(carol, job)["seen"]
    finish(worker, job)
    assert_each_once(carol, job, newest_first, "approved")

    order = Decision.objects.filter(batch=job.batch).order_by("pk")
    given = {"batch": str(job.batch)}
    undo = jobs.ask(kind=JobKind.UNDO, user=carol, batch=uuid7(), parameters=given)
    victim = order.values_list("subject_id", flat=True)[CHUNK + CHUNK // 2]
    kill_in_the_second_chunk(kill, worker, undo, victim)
    assert Decision.objects.filter(batch=undo.batch).count() == state(carol, undo)["seen"]
    finish(worker, undo)
    assert_each_once(carol, undo, newest_first, "pending")


def assert_each_once(user, job: Job, subject_ids, status: str) -> None:
    assert job.batch is not None
    decided = Decision.objects.filter(batch=job.batch)
    assert sorted(decided.values_list("subject_id", flat=True)) == sorted(subject_ids)
    assert set(ImageLog.objects.values_list("review_status", flat=True)) == {status}
    shown = state(user, job)
    assert (shown["status"], shown["seen"], shown["expected"]) == (
        JobState.SUCCEEDED, IMAGES, IMAGES,
    )  # fmt: skip
    assert shown["outcomes"] == [["Applied", IMAGES]]


def test_an_export_whose_server_is_killed_is_seen_to_be_cut_off_and_another_is_whole(carol):
    call_command("populate", images=20_000, pending=1)
    client = Client()
    client.force_login(carol)
    page = begin(client)
    cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
    with WebServer() as server:
        path = f"{server.url}{page}file/"
        with (
            pytest.raises(httpx.TransportError),
            httpx.stream("GET", path, cookies=cookies, timeout=60) as answer,
        ):
            pieces = answer.iter_bytes(4096)
            next(pieces)
            assert eventually(lambda: Export.objects.get().rows > 0)
            server.kill()
            for _ in pieces:
                pass
        export = Export.objects.get()
        assert (export.state, export.rows < 20_000) == ("running", True)
        Export.objects.update(touched_at=timezone.now() - timedelta(minutes=3))
        assert client.get(f"{page}state/").json()["status"] == "cut_off"
        assert client.get(f"{page}file/")["Location"] == page, "a file is sent once"
        server.start()
        whole = httpx.get(f"{server.url}{begin(client)}file/", cookies=cookies, timeout=300)
    assert len(whole.json()) == 20_000
    states = Export.objects.order_by("started_at").values_list("state", flat=True)
    assert list(states) == ["running", "complete"]


def begin(client: Client) -> str:
    answer = client.post("/admin/exports/new/gallery.imagelog/", {"format": "json"})
    return urlsplit(answer["Location"]).path
