"""What a whole pass did not meet is marked as gone upstream, never deleted."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, UUIDField
from django.db.models.functions import MD5, Cast
from django.utils import timezone

from upstream.models import SeenRecord, SyncRun


def mark_missing(subjects: QuerySet[Any], *, run: SyncRun, since: datetime | None = None) -> int:
    """Marks those of `subjects` that the run has not met; returns how many.

    What arrived after `since` (the run's start) was not there to be met.
    """
    met = SeenRecord.objects.filter(
        run=run, record_id=Cast(MD5(OuterRef("upstream_id")), UUIDField())
    )
    return (
        subjects.filter(
            source_id=run.source_id,
            missing_at__isnull=True,
            first_seen_at__lt=since or run.started_at,
        )
        .exclude(upstream_id="")
        .filter(~Exists(met))
        .update(missing_at=timezone.now())
    )
