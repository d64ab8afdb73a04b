"""Bulk decisions and their undo: chunks of a list, one batch, the service that decides one."""

import uuid
from collections import Counter

from django.utils.translation import gettext as _

from accounts.models import User
from moderation.actors import Actor
from moderation.errors import JobRefused, UnknownBatch
from moderation.listing import subjects_listed
from moderation.models import Decision, Job
from moderation.services import BatchResult, Request, decide, undo
from moderation.undoing import Portion

CHUNK = 1_000
# So many are counted for the progress bar; beyond, nobody is told how many are left.
COUNTED = 5_000_000
ERRORS_KEPT = 20


def decide_chunk(job: Job, user: User) -> bool:
    """Parameters: `type`, `query` (the list's filters), `upto` (the newest id that was looked at),
    `action`, `reason`, `note`.
    """
    given = job.parameters
    actor = Actor.person(user)
    if not actor.can_moderate:
        raise JobRefused(_("Your role does not allow this any more."))
    rows = subjects_listed(given["type"], given["query"], user).filter(pk__lte=given["upto"])
    if job.expected is None:
        job.expected = rows.values("pk")[:COUNTED].count()
    if job.cursor:
        rows = rows.filter(pk__lt=uuid.UUID(job.cursor))
    ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return True
    words = {name: given.get(name, "") for name in ("reason", "note")}
    requests = [Request(given["action"], subject=(given["type"], pk), **words) for pk in ids]
    _note(job, decide(requests=requests, actor=actor, batch=job.batch))
    job.cursor = str(ids[-1])
    return len(ids) < CHUNK


def undo_chunk(job: Job, user: User) -> bool:
    """Parameters: `batch`, the one to be undone; the undo's own decisions form `job.batch`."""
    batch = uuid.UUID(job.parameters["batch"])
    after = int(job.cursor or 0)
    rows = Decision.objects.filter(batch=batch, pk__gt=after)
    if job.expected is None:
        job.expected = rows.values("pk")[:COUNTED].count()
    rows = rows.order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return True
    assert job.batch is not None
    portion = Portion(after, len(ids), job.batch, job.created_at)
    try:
        _note(job, undo(batch=batch, actor=Actor.person(user), portion=portion))
    except UnknownBatch:
        return True
    job.cursor = str(ids[-1])
    return len(ids) < CHUNK


def _note(job: Job, made: BatchResult) -> None:
    """Adds a chunk's results to what the task tells."""
    outcomes = Counter(job.outcomes) + Counter(str(one.status) for one in made.results)
    errors = Counter(job.errors) + Counter(str(one.error) for one in made.results if one.error)
    job.outcomes, job.errors = dict(outcomes), dict(errors.most_common(ERRORS_KEPT))
    job.done += len(made.results)
