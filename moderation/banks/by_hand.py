"""Entries that a lead adds or takes out one by one: what may be added, and how it is written."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from media import services as media
from media.enums import AttachmentState
from media.models import Attachment
from media.pdq import Hashed
from moderation.banks.counting import entries_changed
from moderation.banks.matching import Print
from moderation.errors import BadEntry
from moderation.models import BankEntry
from moderation.registry import queue_for, subject_types
from moderation.store import SubjectKey
from moderation.visibility import visible_to

# One that was removed, or is expired, comes back with what is said about it now.
_ADD = """
INSERT INTO moderation_bankentry AS e (bank_id, key, pdq, sha256, quality, label, source,
    subject_type, subject_id, expires_at, added_by, added_at, note, removed_why)
VALUES (%(bank)s, %(key)s, %(pdq)s, %(sha256)s, %(quality)s, %(label)s, %(source)s,
    %(subject_type)s, %(subject_id)s, %(expires_at)s, %(by)s, now(), %(note)s, '')
ON CONFLICT (bank_id, key) DO UPDATE SET quality = excluded.quality, label = excluded.label,
    source = excluded.source, subject_type = excluded.subject_type,
    subject_id = excluded.subject_id, expires_at = excluded.expires_at,
    added_by = excluded.added_by, added_at = now(), note = excluded.note, scan_id = NULL,
    removed_at = NULL, removed_by = NULL, removed_why = '',
    changed = pg_current_xact_id()::text::bigint
WHERE e.removed_at IS NOT NULL OR e.expires_at <= now()
RETURNING id
"""


def key_of(known: Print) -> uuid.UUID:
    """The key of an entry, the same for the same hashes, also when they are imported."""
    parts = ((each or b"").hex() for each in (known.pdq, known.sha256))
    return uuid.UUID(hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest())


def present(*, bank_id: int, known: Print) -> int | None:
    """The id of an entry of the bank that says the same already: both hashes, or the PDQ alone."""
    keys = {key_of(known)} | ({key_of(Print(known.pdq))} if known.pdq else set())
    rows = BankEntry.objects.in_force().filter(bank_id=bank_id, key__in=keys)
    return rows.values_list("pk", flat=True).first()


@transaction.atomic
def add(*, entry: BankEntry, by: User) -> BankEntry:
    """Writes an unsaved entry: it is in force with the commit, and compared with what is held
    within seconds. Raises BadEntry when the bank has it already."""
    pdq, sha256 = (bytes(each) if each else None for each in (entry.pdq, entry.sha256))
    known = Print(pdq, sha256)
    same = BankEntry.objects.filter(bank_id=entry.bank_id, key=key_of(known))
    before = same.select_for_update().first()
    values: dict[str, Any] = {
        "bank": entry.bank_id, "key": key_of(known), "pdq": pdq, "sha256": sha256,
        "quality": entry.quality, "label": entry.label, "source": entry.source,
        "subject_type": entry.subject_type, "subject_id": entry.subject_id,
        "expires_at": entry.expires_at, "by": by.pk, "note": entry.note,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
        row = cursor.fetchone()
    if row is None:
        raise BadEntry(_("The bank has this picture already."))
    if before is None or before.removed_at is not None:
        entries_changed([entry.bank_id], 1)
    return BankEntry.objects.get(pk=row[0])


def remove(*, entry_ids: Sequence[int], by: int, why: str = "") -> list[int]:
    """Takes entries out of their banks; they stay as removed. The ids of those that were in."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE moderation_bankentry SET removed_at = statement_timestamp(), removed_by = %s,"
            " removed_why = %s"
            " WHERE id = ANY(%s) AND removed_at IS NULL RETURNING id, bank_id",
            [by, why, list(entry_ids)],
        )
        gone = cursor.fetchall()
        entries_changed([row[1] for row in gone], -1)
    return [row[0] for row in gone]


def read_picture(data: bytes) -> tuple[Print, Hashed]:
    """What an uploaded picture or video is known by; nothing of it is kept. Raises BadEntry."""
    if len(data) > settings.MEDIA_MAX_BYTES:
        most = settings.MEDIA_MAX_BYTES // (1024 * 1024)
        raise BadEntry(_("The file is larger than %(most)s MB.") % {"most": most})
    try:
        hashed = media.look_at(data)
    except media.Refused as error:
        raise BadEntry(
            _("This is no picture that can be read: %(why)s.") % {"why": error.message}
        ) from error
    return _print(hashed.pdq, hashed.is_flat, hashlib.sha256(data).digest()), hashed


def read_subject(key: SubjectKey, *, viewer: User) -> tuple[Print, int | None]:
    """What the picture of a subject is known by, and its quality; raises BadEntry."""
    subject_type, subject_id = key
    row = None
    if subject_type in set(subject_types()):
        queue = queue_for(subject_type)
        assert queue.model is not None
        seen = visible_to(queue.model._default_manager.filter(pk=subject_id), viewer)
        rows = Attachment.objects.filter(
            subject_id__in=seen.values("pk"), role=queue.picture_role, file__isnull=False
        )
        row = rows.exclude(state=AttachmentState.FAILED).select_related("file__fingerprint").first()
    if row is None or row.file is None:
        raise BadEntry(_("This subject has no picture here."))
    known = getattr(row.file, "fingerprint", None)
    if known is None:
        raise BadEntry(_("The picture is not hashed yet; try again in a minute."))
    pdq = bytes(known.pdq) if known.pdq is not None else None
    return Print(pdq, bytes(row.file.sha256)), known.quality


def _print(pdq: bytes, is_flat: bool, sha256: bytes) -> Print:
    return Print(None if is_flat else pdq, sha256)
