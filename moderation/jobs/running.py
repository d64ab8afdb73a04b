"""Working on a long task: chunk by chunk, each committed with the task's own row."""

import logging
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import shared_task
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from moderation.enums import JobKind, JobState
from moderation.errors import JobRefused, ModerationError
from moderation.models import Job
from moderation.services import retrying
from upstream.errors import SyncError

logger = logging.getLogger(__name__)

# Does one chunk in the caller's transaction, for who asked; True when there is nothing left.
Step = Callable[[Job, Any], bool]
STEPS: dict[str, str] = {
    JobKind.DECIDE: "moderation.jobs.deciding.decide_chunk",
    JobKind.UNDO: "moderation.jobs.deciding.undo_chunk",
    JobKind.REPLAY: "moderation.jobs.replaying.replay_chunk",
    JobKind.REREAD: "moderation.jobs.rereading.reread_chunk",
}
# What the policy asks for: it goes on when the account that edited it is closed.
OF_THE_POLICY = frozenset({JobKind.REREAD})


@shared_task(name="moderation.tasks.run_job")
def run_job(job_id: str) -> None:
    """Works on a long task for a while; what is left is sent again, behind other work."""
    if work(uuid.UUID(job_id)):
        run_job.delay(job_id)


def enqueue(job_id: uuid.UUID) -> None:
    """Tells a worker once the transaction commits; beat does if that message is lost."""
    transaction.on_commit(partial(run_job.delay, str(job_id)))


def work(job_id: uuid.UUID, *, seconds: float = 20.0) -> bool:
    """Works on a task for about so long; True when chunks are left.

    Safe to run twice: whoever does not get the row's lock leaves it to the other.
    """
    deadline = time.monotonic() + seconds
    while retrying(lambda: _chunk(job_id)):
        if time.monotonic() > deadline:
            return True
    return False


def _chunk(job_id: uuid.UUID) -> bool:
    job = (
        Job.objects.select_for_update(skip_locked=True).filter(pk=job_id, finished_at=None).first()
    )
    if job is None:
        return False
    if job.cancel_requested:
        return _finish(job, JobState.CANCELLED)
    if job.started_at is None:
        job.state, job.started_at = JobState.RUNNING, timezone.now()
    try:
        user = _asked_by(job)
        step: Step = import_string(STEPS[job.kind])
        with transaction.atomic(), translation.override((user and user.language) or None):
            is_last = step(job, user)
    except OperationalError:
        raise  # the database's own trouble: tried again
    except (ModerationError, SyncError) as error:
        return _finish(job, JobState.FAILED, str(error))
    except Exception as error:
        logger.exception("long task %s failed", job.pk)
        return _finish(job, JobState.FAILED, type(error).__name__)
    if is_last:
        return _finish(job, JobState.SUCCEEDED)
    job.save()
    return True


def _asked_by(job: Job) -> User | None:
    # Read again: rights may have changed since the last chunk.
    user = User.objects.filter(pk=job.user_id, is_active=True).first() if job.user_id else None
    if user is None and job.kind not in OF_THE_POLICY:
        raise JobRefused(_("The account that asked for this is closed."))
    return user


def _finish(job: Job, state: JobState, error: str = "") -> bool:
    job.state, job.error, job.finished_at = state, error[:300], timezone.now()
    job.save()
    return False
