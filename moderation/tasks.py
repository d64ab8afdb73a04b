"""Beat's tasks of the engine; each is safe to run twice and loses nothing when it does not run."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from moderation import audit, comparing, counts, exposure, jobs, outbox, purging, search
from moderation.banks import scans
from moderation.cases import SHIFT_GAP
from moderation.models import IdempotencyRecord, OutboxEvent, Skip

KEEP_KEYS = timedelta(days=30)
KEEP_DELIVERED = timedelta(days=7)
# A shift lasts as long as claims follow each other; nobody works longer than this.
KEEP_SKIPS = timedelta(hours=24) + SHIFT_GAP

# A scan makes room for other tasks after this time.
SCAN_SECONDS = 20.0


@shared_task
def seal_decisions() -> None:
    """Seals what was decided up to now, and folds the tallies while at it."""
    audit.seal()
    counts.fold_tallies()


@shared_task
def deliver_outbox() -> None:
    outbox.deliver()


@shared_task
def erase_due() -> None:
    purging.erase_due()


@shared_task
def fill_search() -> None:
    """Takes new and changed texts into the search; what is due waits in the database."""
    search.fill()


@shared_task
def compare_open_cases() -> None:
    """Families of what was passed over, reopened or undone."""
    comparing.compare_open()


@shared_task
def scan_banks() -> None:
    """New bank entries against what is held, for a while; a scan goes on where one ended."""
    scans.work(seconds=SCAN_SECONDS)


@shared_task
def run_jobs() -> None:
    """Long tasks whose message was lost or whose worker died."""
    for job_id in jobs.unfinished():
        jobs.run_job.delay(str(job_id))


@shared_task
def tidy() -> None:
    """Drops what is kept for a time only: idempotency keys, delivered events, old skips,
    representatives of closed cases.
    """
    now = timezone.now()
    IdempotencyRecord.objects.filter(created_at__lt=now - KEEP_KEYS).delete()
    OutboxEvent.objects.filter(delivered_at__lt=now - KEEP_DELIVERED).delete()
    Skip.objects.filter(at__lt=now - KEEP_SKIPS).delete()
    comparing.prune()
    exposure.tidy()
