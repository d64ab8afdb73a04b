"""Purges: tombstones at once, bytes after the grace, a receipt for every copy."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from media import services as media
from media.models import Attachment
from moderation.models import Receipt, Tombstone
from moderation.registry import model_for

# What a purged subject leaves behind, in one statement per type; the hashes outlive the bytes.
_BURY = """
INSERT INTO moderation_tombstone (subject_type, subject_id, source_id, upstream_id, hashes,
    decision_id, actor_id, reason, purged_at, erase_after)
SELECT %s, s.id, s.source_id, s.upstream_id,
    ARRAY(SELECT f.sha256 FROM media_attachment a JOIN media_file f ON f.id = a.file_id
          WHERE a.subject_id = s.id),
    v.decision_id, v.actor_id, v.reason, v.at, v.at + %s::interval
FROM "{table}" s JOIN unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
    AS v(id, decision_id, actor_id, reason, at) ON s.id = v.id
ON CONFLICT (subject_id) DO NOTHING
"""


def bury(rows: Sequence[dict[str, Any]]) -> None:
    """Tombstones for decision rows that purge; in the decision's transaction."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_type.setdefault(row["subject_type"], []).append(row)
    with connection.cursor() as cursor:
        for subject_type, group in by_type.items():
            cursor.execute(
                _BURY.format(table=model_for(subject_type)._meta.db_table),
                [
                    subject_type,
                    f"{settings.PURGE_GRACE_HOURS} hours",
                    [row["subject_id"] for row in group],
                    [row["id"] for row in group],
                    [row["actor_id"] for row in group],
                    [row["reason"] for row in group],
                    [row["at"] for row in group],
                ],
            )


def unbury(subject_ids: Collection[uuid.UUID]) -> None:
    """A purge undone within the grace leaves no tombstone."""
    if subject_ids:
        Tombstone.objects.filter(subject_id__in=subject_ids, erased_at__isnull=True).delete()


def erased_among(subject_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those whose bytes are gone or going; locks the tombstones against the eraser."""
    rows = Tombstone.objects.select_for_update().filter(subject_id__in=subject_ids)
    return {row.subject_id for row in rows if row.erased_at is not None}


def due(*, at: Any = None) -> "list[Tombstone]":
    """Tombstones to be erased by now, and those whose erasing was cut off."""
    at = at or timezone.now()
    wanted = Q(erased_at__isnull=True, erase_after__lte=at) | Q(
        erased_at__isnull=False, finished_at__isnull=True
    )
    return list(Tombstone.objects.filter(wanted).order_by("erase_after")[:1000])


def erase_due(*, at: Any = None) -> list[Receipt]:
    """Erases what is due; each tombstone by itself, so that a kill in between loses nothing."""
    receipts: list[Receipt] = []
    for tombstone in due(at=at):
        receipts += _erase(tombstone)
    return receipts


def _erase(tombstone: Tombstone) -> list[Receipt]:
    """First the point of no return is committed, then bytes go, then receipts; a redo is
    harmless.
    """
    if not _mark(tombstone):
        return []
    attachments = Attachment.objects.filter(subject_id=tombstone.subject_id)
    erased = media.erase(attachment_ids=[each.pk for each in attachments])
    receipts = [
        Receipt(tombstone_id=tombstone.pk, sha256=each.sha256, path=each.path, outcome=each.outcome)
        for each in erased
    ]
    with transaction.atomic():
        Receipt.objects.bulk_create(receipts)
        Tombstone.objects.filter(pk=tombstone.pk).update(finished_at=timezone.now())
    return receipts


@transaction.atomic
def _mark(tombstone: Tombstone) -> bool:
    """False when a hold stands in the way, or an undo came first."""
    row = Tombstone.objects.select_for_update(skip_locked=True).filter(pk=tombstone.pk).first()
    if row is None:
        return False
    model = model_for(row.subject_type)
    subject = model.objects.select_for_update().filter(pk=row.subject_id).first()
    if subject is not None and subject.held:
        return False
    if row.erased_at is None:
        row.erased_at = timezone.now()
        row.save(update_fields=["erased_at"])
    return True
