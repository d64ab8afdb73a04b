"""Background work of media. Messages carry no ids: what is due is read from the database."""

import time

from celery import shared_task
from django.utils import timezone

from media import erasing, fingerprinting, services
from media.enums import AttachmentState
from media.models import Attachment

BATCH = 32
# Batches asked for at once; each runs where a worker is free.
MOST_BATCHES = 4
# A batch goes on while something is due, then makes room for other tasks.
BATCH_SECONDS = 60.0
SOON = 10  # seconds; a batch that no worker took by then is asked for again


@shared_task
def mirror_due() -> None:
    """Asks for as many batches as there is work for."""
    due = Attachment.objects.filter(
        state=AttachmentState.WANTED, next_try_at__lte=timezone.now()
    ).values("pk")[: BATCH * MOST_BATCHES]
    for _ in range(-(-len(due) // BATCH)):
        mirror_batch.apply_async(expires=SOON)


@shared_task
def mirror_batch() -> None:
    """Mirrors what is due until nothing is, or a minute has passed.

    Each batch leases its own attachments, so that two of them never take the same one.
    """
    end = time.monotonic() + BATCH_SECONDS
    while services.mirror_due(limit=BATCH) and time.monotonic() < end:
        pass


@shared_task
def sweep() -> None:
    """Removes what interrupted work left in the storage."""
    erasing.sweep()


@shared_task
def fingerprint_missing() -> None:
    """Hashes files from before there were fingerprints, for a minute at a time."""
    end = time.monotonic() + BATCH_SECONDS
    for _ in fingerprinting.fingerprint_missing():
        if time.monotonic() > end:
            break
