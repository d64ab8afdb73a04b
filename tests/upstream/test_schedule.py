"""What beat does for sources: due runs, full passes, circuits, and runs without a worker."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import make_source
from tests.syncing import source_at
from upstream import schedule, tasks
from upstream.leases import STALE, Lease
from upstream.models import Source, SyncRun
from upstream.runs import start_run
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def hourly() -> Source:
    return make_source("hourly", kind="assets", every_minutes=60)


def ended(source: Source, *, ago: timedelta, full: bool = False) -> None:
    run = SyncRun.objects.create(source=source, status="succeeded", full=full)
    SyncRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - ago)
    if full:
        Source.objects.filter(pk=source.pk).update(last_full_at=timezone.now() - ago)


def test_a_source_that_never_ran_is_due_with_a_full_pass(hourly):
    [run_id] = schedule.start_due_runs()
    run = SyncRun.objects.get(pk=run_id)
    assert (run.source, run.full, run.status) == (hourly, True, "running")


def test_a_running_source_is_not_started_again(hourly):
    schedule.start_due_runs()
    assert schedule.start_due_runs() == []


@pytest.mark.parametrize(("minutes", "due"), [(59, 0), (61, 1)])
def test_a_source_is_due_when_its_minutes_have_passed(hourly, minutes, due):
    ended(hourly, ago=timedelta(minutes=minutes))
    assert len(schedule.start_due_runs()) == due


@pytest.mark.parametrize(("hours", "full"), [(23, False), (25, True)])
def test_one_pass_a_day_is_full(hourly, hours, full):
    ended(hourly, ago=timedelta(hours=hours), full=True)
    [run_id] = schedule.start_due_runs()
    assert SyncRun.objects.get(pk=run_id).full is full


@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"every_minutes": None},
        {"kind": "generation"},
        {"circuit_open_until": timezone.now() + timedelta(hours=1)},
    ],
)
def test_a_source_is_left_alone(hourly, fields):
    Source.objects.filter(pk=hourly.pk).update(**fields)
    assert schedule.start_due_runs() == []


def test_a_silent_run_is_revived_and_a_beating_one_is_not(hourly):
    run = start_run(source=hourly)
    assert schedule.revive_runs() == []
    SyncRun.objects.update(heartbeat_at=timezone.now() - STALE * 1.1)
    assert schedule.revive_runs() == [run.pk]
    SyncRun.objects.update(status="failed")
    assert schedule.revive_runs() == []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=0, characters=1, assets=20) as sandbox:
        yield sandbox


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_worker_fell_silent_is_finished_by_the_next(sandbox):
    source = source_at(sandbox, "assets", every_minutes=5)
    [run_id] = schedule.start_due_runs()
    dead = Lease.take(run_id)
    dead._stop.set()
    dead._thread.join()
    SyncRun.objects.update(heartbeat_at=timezone.now() - STALE * 1.1)
    assert schedule.revive_runs() == [run_id]
    tasks.run_sync(str(run_id))
    run = SyncRun.objects.get()
    assert (run.status, run.seen) == ("succeeded", 20)
    source.refresh_from_db()
    assert source.last_full_at == run.started_at


@pytest.mark.django_db(transaction=True)
def test_the_task_of_an_ended_run_does_nothing(sandbox):
    source = source_at(sandbox, "assets")
    run_id = str(start_run(source=source).pk)
    tasks.run_sync(run_id)
    finished = SyncRun.objects.get().finished_at
    tasks.run_sync(run_id)
    assert SyncRun.objects.get().finished_at == finished


@pytest.mark.django_db(transaction=True)
def test_beat_sends_a_message_for_every_run_that_needs_a_worker(hourly, monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(tasks.run_sync, "delay", sent.append)
    tasks.start_due_runs()
    [run] = SyncRun.objects.all()
    assert sent == [str(run.pk)]
    tasks.revive_runs()
    assert len(sent) == 1
    SyncRun.objects.update(heartbeat_at=timezone.now() - STALE * 1.1)
    tasks.revive_runs()
    assert sent == [str(run.pk)] * 2
    connection.close()
