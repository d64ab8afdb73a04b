"""Which bytes the mirror is to fetch: of new subjects, and of those whose link changed."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from core.keys import uuid7_text
from media.enums import AttachmentState
from media.models import Attachment
from moderation.ingest.spec import IngestSpec, R
from moderation.ingest.staging import Met

WANTED = AttachmentState.WANTED.value
_COLUMNS = (
    "id", "subject_type", "subject_id", "role", "epoch", "state", "origin_url", "origin_key",
    "sensitive", "held", "attempts", "next_try_at", "error", "created_at",
)  # fmt: skip


def add(met: Sequence[Met[R]], spec: IngestSpec[R]) -> None:
    """One wanted attachment for each subject; none of them has one yet."""
    if not met:
        return
    table = Attachment._meta.db_table
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({", ".join(_COLUMNS)}) FROM STDIN') as copy,
    ):
        for row in _rows(met, spec):
            copy.write_row(row)


def _rows(met: Sequence[Met[R]], spec: IngestSpec[R]) -> list[tuple[Any, ...]]:
    # Ids, times and enumerations as text: psycopg takes much longer to adapt the objects.
    now, kind, state = timezone.now().isoformat(), spec.model.subject_type(), WANTED
    return [
        (
            uuid7_text(), kind, one.key, spec.role, 0, state, one.row.url, one.row.origin_key,
            spec.sensitive(one.row.record), one.held, 0, now, "", now,
        )
        for one in met
    ]  # fmt: skip


def refresh(met: Sequence[Met[R]], spec: IngestSpec[R]) -> None:
    """Known subjects: bytes under another link are fetched again, waiting ones get a fresh link."""
    add([one for one in met if one.attachment is None], spec)
    again = [one for one in met if _moved(one)]
    if again:
        _relink(again, "state = 'wanted', attempts = 0, next_try_at = now(), error = '',")
    waiting = [one for one in met if _waits(one) and not _moved(one)]
    if waiting:
        _relink(waiting, "")


def _moved(one: Met[R]) -> bool:
    known = one.state in {AttachmentState.STORED, AttachmentState.FAILED, AttachmentState.WANTED}
    return one.attachment is not None and known and not one.same_origin


def _waits(one: Met[R]) -> bool:
    waits = one.state in {AttachmentState.WANTED, AttachmentState.FAILED}
    return one.attachment is not None and waits and one.origin_url != one.row.url


def _relink(met: Sequence[Met[R]], more: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE media_attachment a SET {more} origin_url = v.url, origin_key = v.key"
            " FROM unnest(%s::uuid[], %s::text[], %s::bytea[]) AS v(id, url, key)"
            " WHERE a.id = v.id",
            [
                [one.attachment for one in met],
                [one.row.url for one in met],
                [one.row.origin_key for one in met],
            ],
        )
