"""What other apps do with bytes: want them, show them, keep their own, erase them."""

import hashlib
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from core.keys import uuid7
from media import mirroring
from media.enums import AttachmentState, Purpose, Variant
from media.erasing import Erased, erase
from media.errors import DownloadFailed, MediaError, Refused, StorageFailed
from media.models import Attachment, File
from media.naming import EXTENSIONS
from media.preparing import Prepared, encode_anew, look_at, prepare
from media.recording import observer, upsert_files
from media.storage import storage
from media.tokens import Pass, read_signed, read_token, write_tokens

__all__ = [
    "DownloadFailed",
    "Erased",
    "MediaError",
    "Picture",
    "Prepared",
    "Refused",
    "StorageFailed",
    "Wanted",
    "attachment_behind",
    "end_links",
    "erase",
    "file_of_link",
    "keep_aside",
    "let_go",
    "look_at",
    "mirror",
    "mirror_all",
    "mirror_due",
    "origin_key",
    "picture_of",
    "pictures",
    "prepare_bytes",
    "read_bytes",
    "reencoded_picture",
    "retry",
    "store_bytes",
    "store_prepared",
    "want",
    "without_query",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Bytes to be fetched for a subject. `sensitive` True logs every view of them."""

    subject_type: str
    subject_id: uuid.UUID
    url: str
    role: str = "picture"
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Links to a subject's bytes, absolute; all None while there are none to show.

    `url`: for people (console, lead) a picture at most 1280 px, else all of it; of a clip, the
    clip. `thumb_url`: a still of at most 320 px (None for sounds). `poster_url`: a clip's still of
    at most 1280 px. `original_url`: all pixels, without metadata. `width` and `height` in pixels.
    """

    url: str | None
    thumb_url: str | None
    poster_url: str | None
    original_url: str | None
    width: int | None
    height: int | None
    mime: str
    state: str
    seconds: float | None
    animated: bool


def origin_key(url: str) -> bytes:
    """SHA-256 of a link without its query: links that are signed anew each time keep theirs."""
    return hashlib.sha256(without_query(url).encode()).digest()


def without_query(url: str) -> str:
    """The link without its query and fragment."""
    return url.partition("#")[0].partition("?")[0]


_WANT = """
INSERT INTO media_attachment AS a (id, subject_type, subject_id, role, epoch, state, origin_url,
    origin_key, sensitive, held, attempts, next_try_at, error, created_at)
SELECT v.id, v.type, v.subject, v.role, 0, 'wanted', v.url, v.key, v.sensitive, false, 0, now(), '',
    now()
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::bool[])
    AS v(id, type, subject, role, url, key, sensitive)
ORDER BY v.subject, v.role
ON CONFLICT (subject_id, role) DO UPDATE SET
    sensitive = excluded.sensitive,
    origin_url = CASE WHEN a.state = 'stored' AND a.origin_key = excluded.origin_key
        THEN '' ELSE excluded.origin_url END,
    origin_key = excluded.origin_key,
    state = CASE WHEN a.origin_key IS DISTINCT FROM excluded.origin_key THEN 'wanted'
        ELSE a.state END,
    attempts = CASE WHEN a.origin_key IS DISTINCT FROM excluded.origin_key THEN 0
        ELSE a.attempts END,
    next_try_at = CASE WHEN a.origin_key IS DISTINCT FROM excluded.origin_key THEN now()
        ELSE a.next_try_at END,
    error = CASE WHEN a.origin_key IS DISTINCT FROM excluded.origin_key THEN '' ELSE a.error END
WHERE a.state <> 'erased' AND NOT (a.held AND a.file_id IS NOT NULL)
    AND (a.state IN ('wanted', 'failed') OR a.sensitive <> excluded.sensitive
         OR a.origin_key IS DISTINCT FROM excluded.origin_key)
"""


def want(*, rows: Sequence[Wanted]) -> None:
    """Makes or updates attachments in one statement; at most one row for each subject and role.

    Another link (its query aside) means other bytes, and they are fetched again while the old ones
    stay in use. Erased attachments, and what is held, are left alone.
    """
    unique = {(row.subject_id, row.role): row for row in rows}
    wanted = list(unique.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _WANT,
            [
                [uuid7() for _ in wanted],
                [row.subject_type for row in wanted],
                [row.subject_id for row in wanted],
                [row.role for row in wanted],
                [row.url for row in wanted],
                [origin_key(row.url) for row in wanted],
                [row.sensitive for row in wanted],
            ],
        )


def pictures(
    *,
    subject_ids: Collection[uuid.UUID],
    role: str = "picture",
    purpose: str,
    user_id: int | None,
    ttl: int,
) -> dict[uuid.UUID, Picture]:
    """By subject, for those that have an attachment; links live `ttl` seconds. One query.

    Links for `console` and `lead` need `user_id`, and work for that person only. What is held has
    links for `lead` alone.
    """
    why = Purpose(purpose)
    if why.is_personal and user_id is None:
        raise ValueError(f"links for {why} are made for somebody")
    if not subject_ids:
        return {}
    rows = Attachment.objects.filter(subject_id__in=list(subject_ids), role=role)
    return {
        row.subject_id: picture_of(row, purpose=why, user_id=user_id, ttl=ttl)
        for row in rows.select_related("file")
    }


def subject_behind(path: str) -> tuple[str, uuid.UUID] | None:
    """(type, id) of what a link of ours shows, by its path; also by one that is expired or dead."""
    prefix, _, name = path.rpartition("/")
    link = read_signed(name.partition(".")[0]) if prefix == "/media" else None
    row = Attachment.objects.filter(pk=link.attachment_id).first() if link else None
    return (row.subject_type, row.subject_id) if row else None


def picture_of(row: Attachment, *, purpose: Purpose, user_id: int | None, ttl: int) -> Picture:
    """One attachment's links, see `pictures`; its file has to be loaded."""
    links: dict[str, str] = {}
    file = row.file
    if file is not None and row.is_served and (purpose == Purpose.LEAD or not row.held):
        links = _links(row, file, purpose, user_id, int(time.time()) + ttl)
    is_clip = file is not None and not file.is_image
    main = Variant.VIEW if purpose.shows_view and not is_clip else Variant.ORIGINAL
    return Picture(
        url=links.get(main),
        thumb_url=links.get(Variant.THUMB),
        poster_url=links.get(Variant.VIEW) if is_clip else None,
        original_url=links.get(Variant.ORIGINAL),
        width=file.width if file else None,
        height=file.height if file else None,
        mime=file.mime if file else "",
        state=row.state,
        seconds=file.seconds if file else None,
        animated=file.animated if file else False,
    )


def _links(
    row: Attachment, file: File, purpose: Purpose, user_id: int | None, expires: int
) -> dict[str, str]:
    found = {variant: file.rendition(variant) for variant in Variant}
    passes = [
        Pass(row.pk, row.epoch, variant, purpose, user_id, expires)
        for variant, rendition in found.items()
        if rendition is not None
    ]
    return {
        each.variant: f"{settings.PUBLIC_URL}/media/{token}.{_ending(found[each.variant])}"
        for each, token in zip(passes, write_tokens(passes), strict=True)
    }


def _ending(rendition: tuple[str, str] | None) -> str:
    assert rendition is not None
    return EXTENSIONS[rendition[1]]


def mirror(attachment_id: uuid.UUID) -> None:
    """Fetches one wanted attachment now; see `mirror_all`."""
    mirror_all([attachment_id])


def mirror_all(attachment_ids: Collection[uuid.UUID]) -> None:
    """Fetches the wanted ones among these now, due or not. What came of it stands in their rows and
    was told to the observer; nothing is raised for a link that fails."""
    mirroring.run(mirroring.jobs_for(attachment_ids))


def mirror_due(*, limit: int) -> int:
    """Fetches up to `limit` attachments that are due and nobody else's; how many it took."""
    jobs = mirroring.lease(limit)
    mirroring.run(jobs)
    return len(jobs)


def retry(*, attachment_ids: Collection[uuid.UUID]) -> int:
    """Wants failed attachments again, from now; how many."""
    failed = Attachment.objects.filter(
        pk__in=list(attachment_ids), state=AttachmentState.FAILED
    ).exclude(origin_url="")
    return failed.update(state=AttachmentState.WANTED, attempts=0, next_try_at=timezone.now())


def store_bytes(
    *,
    data: bytes,
    subject_type: str,
    subject_id: uuid.UUID,
    role: str = "picture",
    sensitive: bool = False,
    reencode: bool = False,
) -> Attachment:
    """Keeps bytes made or received here, in place of the subject's older ones in that role.

    `reencode` decodes a stranger's upload and keeps our own encoding of it only. Raises Refused
    (not a whole picture, video or sound) or StorageFailed. The observer is told in the transaction.
    """
    return store_prepared(
        prepared=prepare_bytes(data=data, reencode=reencode),
        subject_type=subject_type,
        subject_id=subject_id,
        role=role,
        sensitive=sensitive,
    )


def prepare_bytes(*, data: bytes, reencode: bool = False, still: bool = False) -> Prepared:
    """The first half of `store_bytes`: decodes and writes the bytes, without the database.

    `still` makes a re-encoded animation its first picture. Raises Refused or StorageFailed.
    """
    if len(data) > settings.MEDIA_MAX_BYTES:
        raise Refused("too_large", f"the file is larger than {settings.MEDIA_MAX_BYTES} bytes")
    if reencode:
        data = encode_anew(data, still=still)
    return prepare(data, sha256=hashlib.sha256(data).digest())


def store_prepared(
    *,
    prepared: Prepared,
    subject_type: str,
    subject_id: uuid.UUID,
    role: str = "picture",
    sensitive: bool = False,
) -> Attachment:
    """The second half: within a day of the first, or its bytes are swept away."""
    with transaction.atomic():
        file_id = upsert_files([prepared])[prepared.sha256]
        row, made = Attachment.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
            subject_id=subject_id,
            role=role,
            defaults={
                "subject_type": subject_type,
                "state": AttachmentState.STORED,
                "file_id": file_id,
                "sensitive": sensitive,
                "stored_at": timezone.now(),
                "next_try_at": None,
            },
        )
        if not made:
            _give(row, file_id, sensitive=sensitive)
        observer().stored([row.pk])
    return row


def _give(row: Attachment, file_id: uuid.UUID, *, sensitive: bool) -> None:
    if row.file_id != file_id:
        row.epoch += 1
        row.stored_at = timezone.now()
    row.file_id, row.sensitive, row.state = file_id, sensitive, AttachmentState.STORED
    row.origin_url, row.origin_key, row.error = "", None, ""
    row.attempts, row.next_try_at = 0, None
    row.save()


def reencoded_picture(data: bytes) -> bytes:
    """A stranger's picture decoded and encoded anew, without metadata. Raises Refused."""
    return encode_anew(data)


def keep_aside(
    *, subject_type: str, subject_id: uuid.UUID, role: str, file_id: uuid.UUID | None
) -> None:
    """Has the subject hold on to a file in a role of its own; None: notes that there was none."""
    # Nothing is to be fetched, and nothing went wrong.
    state = AttachmentState.STORED if file_id else AttachmentState.ERASED
    kept = {"file_id": file_id, "state": state, "stored_at": timezone.now(), "next_try_at": None}
    row, made = Attachment.objects.get_or_create(
        subject_id=subject_id, role=role, defaults={"subject_type": subject_type, **kept}
    )
    if not made:
        Attachment.objects.filter(pk=row.pk).update(**kept, epoch=F("epoch") + 1)


def let_go(*, subject_id: uuid.UUID, role: str) -> None:
    """The bytes held are not the subject's in this role any more; what is wanted stays so."""
    Attachment.objects.filter(
        subject_id=subject_id, role=role, state=AttachmentState.WANTED
    ).update(file=None, epoch=F("epoch") + 1)


def attachment_behind(url: str) -> uuid.UUID | None:
    """The attachment that a link of ours leads to, or led to; None for any other link."""
    start = f"{settings.PUBLIC_URL}/media/"
    if not url.startswith(start):
        return None
    found = read_signed(url.removeprefix(start).partition(".")[0])
    return found.attachment_id if found else None


def end_links(*, subject_ids: Collection[uuid.UUID] | QuerySet[Any]) -> None:
    """Every link to the subjects' bytes that was handed out is dead; new ones can be made. Of a
    query of ids it is one statement."""
    Attachment.objects.filter(subject_id__in=subject_ids).update(epoch=F("epoch") + 1)


def file_of_link(*, url: str, user_id: int, is_lead: bool) -> File | None:
    """The file behind one of our own links, with its fingerprint; None when the link is not one
    that works for this person now."""
    link = read_token(url.rpartition("/")[2].partition(".")[0])
    if link is None or (link.purpose.is_personal and link.user_id != user_id):
        return None
    if link.purpose == Purpose.LEAD and not is_lead:
        return None
    rows = Attachment.objects.select_related("file__fingerprint")
    row = rows.filter(pk=link.attachment_id).first()
    if row is None or row.epoch != link.epoch or not row.is_served:
        return None
    return None if row.held and not is_lead else row.file


def read_bytes(*, attachment_id: uuid.UUID, variant: str = Variant.VIEW) -> bytes:
    """A variant's bytes for work inside (hashing, handing to a backend), never for an answer.

    Raises FileNotFoundError when there are none.
    """
    row = Attachment.objects.select_related("file").filter(pk=attachment_id).first()
    rendition = row.file.rendition(variant) if row and row.is_served and row.file else None
    if rendition is None:
        raise FileNotFoundError(f"attachment {attachment_id} has no {variant}")
    return b"".join(_whole(rendition[0]))


def _whole(name: str) -> Iterator[bytes]:
    return storage().read(name, 0, storage().size(name))
