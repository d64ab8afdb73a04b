"""Fingerprints of files that were stored before there were any: found by an index, made once."""

import logging
import uuid
from collections.abc import Iterator

from django.db import transaction

from media.enums import AttachmentState, Variant
from media.errors import Refused, StorageFailed
from media.models import Attachment, File
from media.pdq import NOTHING, Hashed
from media.preparing import look_at
from media.recording import keep_fingerprints, observer
from media.storage import storage

logger = logging.getLogger(__name__)

TOGETHER = 32


def missing() -> int:
    """How many files are still to be hashed."""
    return File.objects.filter(fingerprinted=False, erased_at__isnull=True).count()


def fingerprint_missing() -> Iterator[int]:
    """Hashes what is missing, a few files at a time, and yields how many it looked at.

    Safe to stop anywhere and to run twice: a file is done when its row says so.
    """
    after = uuid.UUID(int=0)
    while files := list(
        File.objects.filter(fingerprinted=False, erased_at__isnull=True, pk__gt=after).order_by(
            "pk"
        )[:TOGETHER]
    ):
        after = files[-1].pk
        found = {file.pk: hashed for file in files if (hashed := _hashed(file)) is not None}
        _record(found)
        yield len(files)


def _hashed(file: File) -> Hashed | None:
    """None when the bytes cannot be read at this time."""
    rendition = file.rendition(Variant.VIEW)
    if rendition is None:
        return NOTHING
    try:
        name = rendition[0]
        return look_at(b"".join(storage().read(name, 0, storage().size(name))))
    except Refused:
        return NOTHING
    except (FileNotFoundError, StorageFailed):
        logger.warning("file %s: its bytes cannot be read and are hashed later", file.pk)
        return None


@transaction.atomic
def _record(found: dict[uuid.UUID, Hashed]) -> None:
    keep_fingerprints(found)
    live = Attachment.objects.filter(
        file__in=found, state__in=[AttachmentState.STORED, AttachmentState.WANTED]
    )
    if ids := list(live.order_by("subject_id").values_list("pk", flat=True)):
        observer().hashed(ids)
