"""Which bytes the mirror is to fetch: of new subjects, and of those whose link changed."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from core.keys import uuid7_text
from media.enums import AttachmentState
from media.models import Attachment
from media.services import Wanted, want
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
    want(
        rows=[
            Wanted(
                subject_type=spec.model.subject_type(),
                subject_id=one.id,
                role=spec.role,
                url=one.row.url,
                sensitive=spec.sensitive(one.row.record),
            )
            for one in met
            if one.id and one.row.url and _another_link(one)
        ]
    )


def _another_link(one: Met[R]) -> bool:
    if one.attachment is None:
        return False
    waits = one.state in {AttachmentState.WANTED, AttachmentState.FAILED}
    return not one.same_origin or (waits and one.origin_url != one.row.url)
