"""Celery tasks of sources and generations: safe to run twice; beat sends again what got lost."""

import uuid
from functools import partial

from celery import shared_task
from django.db import transaction

from accounts.signed import forget_signatures
from upstream import runs, schedule
from upstream.errors import RunTaken
from upstream.generation import work


@shared_task(name="upstream.tasks.run_sync")
def run_sync(run_id: str) -> None:
    """Works on a run unless another worker has it or it has ended."""
    try:
        runs.run_sync(run_id=uuid.UUID(run_id))
    except RunTaken:
        return


def enqueue_run(run_id: uuid.UUID) -> None:
    """Tells a worker about a started run once the transaction commits; beat does if that fails."""
    transaction.on_commit(partial(run_sync.delay, str(run_id)))


@shared_task(name="upstream.tasks.start_due_runs")
def start_due_runs() -> None:
    for run_id in schedule.start_due_runs():
        enqueue_run(run_id)


@shared_task(name="upstream.tasks.revive_runs")
def revive_runs() -> None:
    for run_id in schedule.revive_runs():
        enqueue_run(run_id)


@shared_task(name="upstream.tasks.generate")
def generate(request_id: str) -> None:
    """Makes the picture of a stored request; takes as long as its backend."""
    work.run(uuid.UUID(request_id))


@shared_task(name="upstream.tasks.revive_generations")
def revive_generations() -> None:
    for request_id in work.revive():
        generate.delay(str(request_id))


@shared_task(name="upstream.tasks.tidy_generations")
def tidy_generations() -> None:
    """Drops what no retry and no replay can ask for any more."""
    work.forget()
    forget_signatures()
