"""Replaying all failed records of a run, each in a savepoint of its own."""

import logging
import uuid
from collections import Counter

from django.db import DatabaseError, OperationalError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from moderation.enums import ReplayOutcome
from moderation.errors import JobRefused
from moderation.models import Job
from upstream.errors import SyncError
from upstream.models import Fault
from upstream.replays import replay_fault

logger = logging.getLogger(__name__)

CHUNK = 50


def replay_chunk(job: Job, user: User) -> bool:
    """Parameters: `run`. Records that fail again stay with the error of this time."""
    if not user.has_perm("accounts.operate"):
        raise JobRefused(_("Your role does not allow this any more."))
    waiting = Fault.objects.filter(run_id=job.parameters["run"], resolved_at=None)
    if job.expected is None:
        job.expected = waiting.count()
    if job.cursor:
        waiting = waiting.filter(pk__gt=job.cursor)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    outcomes, errors = Counter(job.outcomes), Counter(job.errors)
    for pk in ids:
        outcome, error = _replay(pk, user)
        outcomes[outcome] += 1
        if error:
            errors[error] += 1
    job.outcomes, job.errors = dict(outcomes), dict(errors.most_common(20))
    job.done += len(ids)
    if ids:
        job.cursor = str(ids[-1])
    return len(ids) < CHUNK


def _replay(pk: uuid.UUID, user: User) -> tuple[str, str]:
    """What became of it, and the error; one strange record stops no other."""
    try:
        with transaction.atomic():
            fault = replay_fault(fault_id=pk, by=user)
    except OperationalError:
        raise
    except (SyncError, Fault.DoesNotExist) as error:
        return ReplayOutcome.REFUSED, str(error)
    except (DatabaseError, ValueError, TypeError, LookupError) as error:
        logger.exception("fault %s could not be replayed", pk)
        return ReplayOutcome.FAILED, type(error).__name__
    if fault.resolved_at:
        return ReplayOutcome.TAKEN, ""
    return ReplayOutcome.FAILED, fault.error[:200]
