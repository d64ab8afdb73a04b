"""Long tasks: asked for on a page, done in chunks by workers, told by one row each."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from moderation.enums import JobKind
from moderation.jobs.running import enqueue, run_job, work
from moderation.models import Job

__all__ = ["ask", "cancel", "enqueue", "run_job", "unfinished", "visible_jobs", "work"]


def ask(
    *,
    kind: JobKind,
    user: User | None,
    parameters: dict[str, Any],
    expected: int | None = None,
    batch: uuid.UUID | None = None,
) -> Job:
    """Writes down what is to be done, and tells a worker once that is committed."""
    job = Job.objects.create(
        kind=kind, user=user, parameters=parameters, expected=expected, batch=batch
    )
    enqueue(job.pk)
    return job


def cancel(*, job_id: uuid.UUID) -> bool:
    """Ends a task after its present chunk; False when it had ended."""
    asked = Job.objects.filter(pk=job_id, finished_at=None).update(cancel_requested=True)
    if asked:
        with transaction.atomic():
            enqueue(job_id)
    return bool(asked)


def unfinished() -> list[uuid.UUID]:
    """Those that a worker has, or that a lost message left waiting."""
    return list(Job.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True))


def visible_jobs(user: User) -> QuerySet[Job]:
    """One's own; leads and operators see everybody's."""
    rows = Job.objects.select_related("user")
    sees_all = user.has_perm("accounts.lead") or user.has_perm("accounts.operate")
    return rows if sees_all else rows.filter(user=user)
