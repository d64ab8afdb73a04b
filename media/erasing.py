"""Erasing bytes for good, and the sweep of what interrupted work left in the storage."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from media.enums import AttachmentState
from media.models import Attachment, File
from media.naming import digest_in, path_of
from media.storage import storage

# Work in progress is never this old.
STALE = timedelta(days=1)
SWEPT_TOGETHER = 500

Outcome = Literal["erased", "shared", "absent"]


@dataclass(frozen=True, slots=True)
class Erased:
    """A receipt. `erased`: the bytes are gone. `shared`: another live attachment still uses them.
    `absent`: there were none. `sha256` and `path` are empty when there never was a file."""

    attachment_id: uuid.UUID
    sha256: bytes
    path: str
    outcome: Outcome


def erase(*, attachment_ids: Collection[uuid.UUID]) -> list[Erased]:
    """Takes the attachments out of use and erases the bytes that no other live attachment uses.

    Every link dies. The rows keep their file, so that the content is recognised; whether it may go
    (holds, grace) was decided before. Safe to repeat after a crash: each file is one transaction,
    its bytes go before its row says so.
    """
    rows = Attachment.objects.filter(pk__in=list(attachment_ids)).select_related("file")
    by_file: dict[uuid.UUID | None, list[Attachment]] = {}
    for row in rows.order_by("file_id", "pk"):
        by_file.setdefault(row.file_id, []).append(row)
    receipts = []
    for file_id, group in by_file.items():
        receipts += _erase_group(file_id, group)
    return receipts


@transaction.atomic
def _erase_group(file_id: uuid.UUID | None, group: list[Attachment]) -> list[Erased]:
    """Attachments of one file, or (None) of none. The file's lock keeps new arrivals out."""
    ids = [row.pk for row in group]
    file = None
    if file_id is not None:
        file = File.objects.select_for_update().get(pk=file_id)
    Attachment.objects.filter(pk__in=ids).exclude(state=AttachmentState.ERASED).update(
        state=AttachmentState.ERASED, epoch=F("epoch") + 1, origin_url="", next_try_at=None
    )
    if file is None:
        return [Erased(pk, b"", "", "absent") for pk in ids]
    sha256 = bytes(file.sha256)
    if _in_use(file):
        outcome: Outcome = "shared"
    else:
        outcome = "erased" if _erase_bytes(file) else "absent"
    return [Erased(pk, sha256, path_of(sha256), outcome) for pk in ids]


def _in_use(file: File) -> bool:
    live = [AttachmentState.STORED, AttachmentState.WANTED]
    return Attachment.objects.filter(file=file, state__in=live).exists()


def _erase_bytes(file: File) -> bool:
    """Whether anything was there; the file's row is locked."""
    there = storage().delete_starting(path_of(bytes(file.sha256))) or file.erased_at is None
    if file.erased_at is None:
        file.erased_at = timezone.now()
        file.save(update_fields=["erased_at"])
    return bool(there)


def sweep() -> int:
    """Removes unfinished files, bytes without a row, and files that no attachment names, all older
    than a day; how many were removed."""
    before = timezone.now() - STALE
    count = storage().delete_unfinished(before=before)
    for names in _chunks(_stale_names(before)):
        count += _sweep_names(names)
    return count + _sweep_files(before)


def _stale_names(before: datetime) -> Iterator[str]:
    return (name for name, modified in storage().names() if modified < before)


def _sweep_names(names: list[str]) -> int:
    """Bytes written by a process that died before it could write the row, or erased meanwhile."""
    digests = {name: digest_in(name) for name in names}
    wanted = [digest for digest in digests.values() if digest is not None]
    live = File.objects.filter(sha256__in=wanted, erased_at__isnull=True)
    kept = {bytes(sha256) for sha256 in live.values_list("sha256", flat=True)}
    orphans = [name for name, digest in digests.items() if digest and digest not in kept]
    return sum(storage().delete(name) for name in orphans)


def _sweep_files(before: datetime) -> int:
    """Files whose subjects are gone, or whose attachments took other bytes since."""
    named = Exists(Attachment.objects.filter(file=OuterRef("pk")))
    unused = File.objects.filter(~named, erased_at__isnull=True, created_at__lt=before)
    count = 0
    for pk in list(unused.values_list("pk", flat=True)[:10_000]):
        with transaction.atomic():
            file = File.objects.select_for_update().filter(pk=pk, erased_at__isnull=True).first()
            if file and not Attachment.objects.filter(file=file).exists():
                count += _erase_bytes(file)
    return count


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    names = iter(names)
    while chunk := list(islice(names, SWEPT_TOGETHER)):
        yield chunk
