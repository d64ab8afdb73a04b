"""What became of wanted attachments, written down and told to the observer in one transaction."""

import logging
import random
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, cast

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from core.keys import uuid7
from media.enums import AttachmentState
from media.errors import MediaError, StorageFailed
from media.models import Attachment, File
from media.naming import path_of
from media.pdq import Hashed
from media.preparing import Prepared
from media.storage import storage

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 30.0, 7200.0  # seconds
MAX_ATTEMPTS = 12  # about nine hours: longer than a night's outage
# Below PostgreSQL's deadlock_timeout (1 s): whoever decides on a subject meanwhile is never the one
# that a deadlock ends.
LOCK_TIMEOUT = "500ms"
LOCK_TRIES = 3

_UPSERT_FILES = """
INSERT INTO media_file AS f (id, sha256, size, mime, width, height, seconds, animated, thumb,
    view_mime, clean_mime, fingerprinted, created_at)
SELECT v.*, now() FROM unnest(%s::uuid[], %s::bytea[], %s::bigint[], %s::text[], %s::int[],
    %s::int[], %s::float8[], %s::bool[], %s::bool[], %s::text[], %s::text[], %s::bool[]) AS v
ORDER BY 2
ON CONFLICT (sha256) DO UPDATE SET erased_at = NULL, thumb = excluded.thumb,
    view_mime = excluded.view_mime, clean_mime = excluded.clean_mime,
    fingerprinted = f.fingerprinted OR excluded.fingerprinted
RETURNING f.sha256, f.id
"""

_KEEP_FINGERPRINTS = """
WITH given AS (
    SELECT * FROM unnest(%s::uuid[], %s::bytea[], %s::int[]) AS v(file_id, pdq, quality)
), flagged AS (
    UPDATE media_file f SET fingerprinted = true FROM given
    WHERE f.id = given.file_id AND NOT f.fingerprinted
)
INSERT INTO media_fingerprint (file_id, pdq, quality) SELECT * FROM given ORDER BY file_id
ON CONFLICT (file_id) DO NOTHING
"""


class Observer(Protocol):
    """Who is told (settings.MEDIA_OBSERVER, a dotted path). All but `fresh_urls` is called inside
    the transaction that changes the attachments, and undone with it."""

    def stored(self, attachment_ids: list[uuid.UUID]) -> None: ...

    def failed(self, attachment_ids: list[uuid.UUID]) -> None: ...

    def changing(self, attachment_ids: list[uuid.UUID]) -> None:
        """These are about to hold other bytes than before, or their first."""

    def replaced(self, attachment_ids: list[uuid.UUID]) -> None: ...

    def hashed(self, attachment_ids: list[uuid.UUID]) -> None:
        """Files that were stored before are fingerprinted now."""

    def fresh_urls(self, attachment_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A wanted attachment as it was when the mirror took it."""

    attachment_id: uuid.UUID
    url: str
    origin_key: bytes | None
    attempts: int
    refreshed: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: with bytes in the storage, or with an error."""

    job: Job
    prepared: Prepared | None = None
    error: MediaError | None = None


def observer() -> Observer:
    return cast(Observer, import_string(settings.MEDIA_OBSERVER)())


def record(results: Sequence[Result]) -> None:
    """Writes results down. One that cannot be written never keeps another from it.

    An attachment whose link moved meanwhile, or that is not wanted any more, is left alone.
    """
    if not results:
        return
    try:
        _record_all(results)
    except (DatabaseError, StorageFailed):
        if len(results) == 1:
            logger.warning("an attachment could not be recorded and is tried again", exc_info=True)
            return
        for result in results:
            record([result])
    except Exception:  # the observer's own
        logger.exception("what became of an attachment could not be told")
        if len(results) > 1:
            for result in results:
                record([result])
        else:
            _put_off(results[0].job)


def _record_all(results: Sequence[Result]) -> None:
    """One transaction, begun anew when somebody else holds a row too long."""
    for attempt in range(1, LOCK_TRIES + 1):
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
                _record_once(results)
        except DatabaseError as error:
            if attempt == LOCK_TRIES or getattr(error.__cause__, "sqlstate", "") != "55P03":
                raise
        else:
            return


def _record_once(results: Sequence[Result]) -> None:
    files = upsert_files([each.prepared for each in results if each.prepared is not None])
    by_id = {each.job.attachment_id: each for each in results}
    told: dict[str, list[uuid.UUID]] = {"stored": [], "replaced": [], "failed": []}
    changing: list[uuid.UUID] = []
    rows = (
        Attachment.objects.select_for_update(no_key=True)
        .filter(pk__in=by_id, state=AttachmentState.WANTED)
        .order_by("pk")
    )
    changed = []
    for row in rows:
        result = by_id[row.pk]
        if _bytes(row.origin_key) != result.job.origin_key:
            continue
        if result.prepared is not None:
            before = row.file_id
            what = _take(row, files[result.prepared.sha256])
            if row.file_id != before:
                changing.append(row.pk)
        else:
            assert result.error is not None
            what = _fail(row, result)
        changed.append(row)
        if what:
            told[what].append(row.pk)
    if changing:
        observer().changing(changing)
    _save(changed)
    for what, ids in told.items():
        if ids:
            getattr(observer(), what)(ids)


def upsert_files(prepared: Collection[Prepared]) -> dict[bytes, uuid.UUID]:
    """Row ids by hash, the rows locked until the transaction's end.

    Raises StorageFailed when bytes are gone: erased between their writing and this.
    """
    unique = {each.sha256: each for each in prepared}
    if not unique:
        return {}
    columns = (
        "sha256", "size", "mime", "width", "height", "seconds", "animated", "thumb", "view_mime",
        "clean_mime", "fingerprinted",
    )  # fmt: skip
    arrays = [[getattr(each, name) for each in unique.values()] for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_FILES, [[uuid7() for _ in unique], *arrays])
        found = {bytes(sha256): file_id for sha256, file_id in cursor.fetchall()}
    keep_fingerprints(
        {found[each.sha256]: each.hashed for each in unique.values() if each.hashed is not None}
    )
    for sha256 in found:
        if not storage().exists(path_of(sha256)):
            raise StorageFailed("gone", "the bytes were erased while they were being recorded")
    return found


def keep_fingerprints(hashed: Mapping[uuid.UUID, Hashed]) -> None:
    """Writes down what files look like, by file id; what is known already is left alone."""
    if not hashed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP_FINGERPRINTS,
            [
                list(hashed),
                [None if each.is_flat else each.pdq for each in hashed.values()],
                [each.quality for each in hashed.values()],
            ],
        )


def _take(row: Attachment, file_id: uuid.UUID) -> str:
    """Gives the attachment its file; what the observer is told."""
    other = row.file_id is not None and row.file_id != file_id
    row.state, row.error = AttachmentState.STORED, ""
    if row.file_id != file_id:
        row.stored_at = timezone.now()
    row.origin_url, row.attempts, row.next_try_at = "", 0, None
    if other and row.held:
        # Evidence is not exchanged; the next change upstream is looked at after the hold.
        row.error = "held: other bytes upstream were not taken"
        return "stored"
    row.file_id = file_id
    if other:
        row.epoch += 1
    return "replaced" if other else "stored"


def _fail(row: Attachment, result: Result) -> str:
    """Puts the attachment off, or gives it up; what the observer is told, "" for nothing."""
    error = result.error
    assert error is not None
    row.error = error.message[:300]
    own_fault = not isinstance(error, StorageFailed)
    row.attempts += own_fault
    if error.permanent or row.attempts >= MAX_ATTEMPTS:
        # What is held from before stays in use.
        row.state = AttachmentState.STORED if row.file_id else AttachmentState.FAILED
        row.next_try_at = None
        row.origin_url = "" if row.file_id else row.origin_url
        return "failed"
    wait = max(waiting_time(row.attempts), getattr(error, "retry_after", 0))
    row.next_try_at = timezone.now() + timedelta(seconds=wait)
    row.origin_url = result.job.url
    return ""


def waiting_time(attempts: int) -> float:
    """Seconds until the next try: doubling, and spread so that failures do not come together."""
    wait: float = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** max(0, attempts - 1))
    return wait * random.uniform(0.75, 1.25)


def _put_off(job: Job) -> None:
    wait = timedelta(seconds=waiting_time(job.attempts + 1))
    Attachment.objects.filter(pk=job.attachment_id, state=AttachmentState.WANTED).update(
        attempts=job.attempts + 1, next_try_at=timezone.now() + wait
    )


_SAVE = """
UPDATE media_attachment a SET file_id = v.file_id, epoch = v.epoch, state = v.state,
    origin_url = v.origin_url, attempts = v.attempts, next_try_at = v.next_try_at, error = v.error,
    stored_at = v.stored_at
FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::int[],
        %s::timestamptz[], %s::text[], %s::timestamptz[])
    AS v(id, file_id, epoch, state, origin_url, attempts, next_try_at, error, stored_at)
WHERE a.id = v.id
"""
_SAVED = (
    "id", "file_id", "epoch", "state", "origin_url", "attempts", "next_try_at", "error",
    "stored_at",
)  # fmt: skip


def _save(rows: Sequence[Attachment]) -> None:
    """One statement for all rows, which are locked."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, [[getattr(row, name) for row in rows] for name in _SAVED])


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def known_files(digests: Collection[bytes]) -> dict[bytes, File]:
    """Contents that are held already, by hash."""
    rows = File.objects.filter(sha256__in=list(digests), erased_at__isnull=True)
    return {bytes(row.sha256): row for row in rows}
