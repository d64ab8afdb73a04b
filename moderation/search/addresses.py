"""What a pasted id or address of ours leads to: the ids of subjects, whatever it named."""

import re
import uuid
from collections.abc import Collection
from urllib.parse import unquote, urlsplit

from django.db.models import QuerySet

from media.models import Attachment, File
from media.tokens import read_signed
from moderation.models import Case

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_MEDIA = re.compile(r"/media/([\w~-]+)")


def is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "/"))


def named_ids(text: str) -> set[uuid.UUID]:
    """Ids that a subject, its attachment, its case or its bytes may have; nothing is looked up.

    `text` is an id or an address: of a subject's page, of its bytes (expired or not), of
    a list's row, of the REST API.
    """
    if is_address(text):
        path = unquote(urlsplit(text).path)
        found = {uuid.UUID(each) for each in _UUID.findall(path)}
        if media := _MEDIA.search(path):
            signed = read_signed(media[1])
            found |= {signed.attachment_id} if signed else set()
        return found
    return {uuid.UUID(text)} if _UUID.fullmatch(text) else set()


def subjects_named(text: str) -> set[uuid.UUID]:
    """The ids of subjects that an id or address leads to; some may not exist. At most 3 queries."""
    text = text.strip()
    if _SHA256.fullmatch(text):
        files = File.objects.filter(sha256=bytes.fromhex(text)).values("pk")
        return _subjects_of(Attachment.objects.filter(file__in=files))
    ids = named_ids(text)
    if not ids:
        return set()
    return ids | _through(ids)


def _through(ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    found = _subjects_of(Attachment.objects.filter(pk__in=ids))
    return found | _subjects_of(Case.objects.filter(pk__in=ids))


def _subjects_of(rows: QuerySet[Attachment] | QuerySet[Case]) -> set[uuid.UUID]:
    return set(rows.values_list("subject_id", flat=True)[:1_000])
