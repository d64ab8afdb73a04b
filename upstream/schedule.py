"""What beat does for sources: starting runs that are due, and finding those whose worker died."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from upstream import circuit
from upstream.enums import RunStatus
from upstream.errors import RunAlreadyActive
from upstream.leases import STALE
from upstream.models import Source, SyncRun
from upstream.runs import start_run

FULL_EVERY = timedelta(days=1)


def start_due_runs() -> list[uuid.UUID]:
    """Starts a run for every source whose time has come; their ids. One pass a day is a full one.

    Of two beats at once one starts the run: the database refuses the second.
    """
    now = timezone.now()
    sources = Source.objects.filter(
        enabled=True, every_minutes__isnull=False, kind__in=settings.SYNCS
    )
    started = []
    for source in sources:
        if circuit.is_open(source) or not _is_due(source, now):
            continue
        full = source.last_full_at is None or source.last_full_at <= now - FULL_EVERY
        try:
            started.append(start_run(source=source, full=full).pk)
        except RunAlreadyActive:
            continue
    return started


def _is_due(source: Source, now: datetime) -> bool:
    latest = SyncRun.objects.filter(source=source).first()
    if latest is None:
        return True
    assert source.every_minutes is not None
    pause = timedelta(minutes=source.every_minutes)
    return latest.status != RunStatus.RUNNING and latest.started_at + pause <= now


def revive_runs() -> list[uuid.UUID]:
    """Running runs without a live worker: given back, never begun, or silent for 90 seconds."""
    silent = Q(heartbeat_at__lt=timezone.now() - STALE)
    runs = SyncRun.objects.filter(silent, status=RunStatus.RUNNING)
    return list(runs.order_by("pk").values_list("pk", flat=True))
