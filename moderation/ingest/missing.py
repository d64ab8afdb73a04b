"""What a whole pass did not meet is marked as gone upstream, never deleted."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, UUIDField
from django.db.models.functions import MD5, Cast
from django.utils import timezone

from upstream.ledger import MAX_ID
from upstream.models import Fault, SeenRecord, SyncRun


def mark_missing(subjects: QuerySet[Any], *, run: SyncRun) -> int:
    """Marks those of `subjects` that the run has not met; returns how many.

    What was added here since the run began was not there to be met. After bad records without a
    readable id nothing is marked: each may have been any of the subjects.
    """
    nameless = Q(upstream_id="") | Q(upstream_id__regex=rf"^.{{{MAX_ID}}}$")
    if Fault.objects.filter(nameless, run=run).exists():
        return 0
    met = SeenRecord.objects.filter(
        run=run, record_id=Cast(MD5(OuterRef("upstream_id")), UUIDField())
    )
    return (
        subjects.filter(
            source_id=run.source_id,
            missing_at__isnull=True,
            first_seen_at__lt=run.started_at,
        )
        .exclude(upstream_id="")
        .filter(~Exists(met))
        .update(missing_at=timezone.now())
    )
