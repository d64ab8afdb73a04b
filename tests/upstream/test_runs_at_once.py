"""Runs and who works on them: one at a time, taken over, cancelled."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from assets.models import Asset
from tests.syncing import sync
from tests.upstream.test_runs import records, running, sandbox, sources
from upstream.errors import LeaseLost, RunAlreadyActive, RunTaken
from upstream.leases import STALE, Lease
from upstream.models import SyncRun
from upstream.runs import cancel_run, run_sync, start_run

__all__ = ["running", "sandbox", "sources"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_source_has_one_running_run_however_many_start_at_once(sources):
    started: list[SyncRun] = []
    refused: list[RunAlreadyActive] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        try:
            barrier.wait()
            started.append(start_run(source=sources["assets"]))
        except RunAlreadyActive as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(started), len(refused)) == (1, 7)
    assert {error.run.pk for error in refused} == {started[0].pk}


def test_two_workers_of_one_run_make_one_run(sandbox, sources):
    run_id = start_run(source=sources["gallery"]).pk
    sync(sources["characters"])
    taken: list[str] = []

    def work() -> None:
        try:
            run_sync(run_id=run_id)
        except RunTaken:
            taken.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run = SyncRun.objects.get(pk=run_id)
    assert (run.status, run.created) == ("succeeded", records(sandbox, "gallery"))
    assert len(taken) == 2


def test_a_zombie_writes_nothing_once_its_run_was_taken_over(sources):
    run = start_run(source=sources["assets"])
    zombie = Lease.take(run.pk)
    successor: list[Lease] = []

    def take_over() -> None:
        successor.append(Lease.take(run.pk))
        successor[0].give_back()
        connection.close()

    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - STALE * 2)
    thread = threading.Thread(target=take_over)
    thread.start()
    thread.join()
    with pytest.raises(LeaseLost), zombie.page() as row:
        row.seen = 99
        row.save(update_fields=["seen"])
    zombie.give_back()
    assert SyncRun.objects.get(pk=run.pk).seen == 0
    assert len(successor) == 1


def test_a_run_with_a_live_worker_is_not_taken_over(sources):
    run = start_run(source=sources["assets"])
    lease = Lease.take(run.pk)
    outcome: list[type[Exception]] = []

    def take_over() -> None:
        try:
            Lease.take(run.pk)
        except RunTaken:
            outcome.append(RunTaken)
        finally:
            connection.close()

    thread = threading.Thread(target=take_over)
    thread.start()
    thread.join()
    lease.give_back()
    assert outcome == [RunTaken]


def test_a_cancelled_run_stops_after_its_page_and_keeps_what_it_wrote(sandbox, sources):
    run_id = start_run(source=sources["assets"]).pk
    pages: list[int] = []

    def cancel_after_two(run: SyncRun) -> None:
        pages.append(run.seen)
        if len(pages) == 2:
            assert cancel_run(run_id=run_id)

    run = run_sync(run_id=run_id, on_progress=cancel_after_two)
    assert run.status == "cancelled"
    assert 0 < run.created < records(sandbox, "assets")
    assert Asset.objects.count() == run.created == run.seen
    assert cancel_run(run_id=run_id) is False


def test_a_run_that_nobody_works_on_is_cancelled_at_once(sources):
    run = start_run(source=sources["assets"])
    assert cancel_run(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert run.finished_at is not None
