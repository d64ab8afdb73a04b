"""The temporary table that a batch is copied into, and its comparison with the subjects."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

from django.db import connection
from django.db.models import DateTimeField

from core.keys import uuid7_text
from media.models import Attachment
from moderation.enums import ReviewStatus
from moderation.ingest.spec import IngestSpec, R, Row, first_status
from upstream.ledger import array_text
from upstream.models import Source

_FIXED = (
    ("ord", "integer"),
    ("upstream_id", "varchar(255)"),
    ("review_status", "varchar(10)"),
    ("told", "varchar(10)"),
    ("digest", "bytea"),
    ("origin_key", "bytea"),
)


@dataclass(slots=True)
class Met(Generic[R]):
    """A row that is new (`id` None) or not plainly the same as its subject.

    `decided`: a local decision exists; `reserved`: hidden or held, so only leads decide.
    `changed`: content differs; `touched`: the subject's row has to be written. `attachment` None:
    there is none yet.
    """

    row: Row[R]
    ordinal: int
    id: uuid.UUID | None
    review_status: str
    decided: bool
    reserved: bool
    held: bool
    upstream_status: str | None
    changed: bool
    tracked: bool
    touched: bool
    attachment: uuid.UUID | None
    state: str | None
    origin_url: str | None
    same_origin: bool
    new_id: str = ""

    @property
    def key(self) -> str:
        """The subject's id as COPY takes it; a new subject has one once it is inserted."""
        return self.new_id or str(self.id)

    @property
    def concerns_review(self) -> bool:
        """The subject's row is to be written, or decided on."""
        purged = ReviewStatus.PURGED
        return self.touched or (self.row.told == purged and self.review_status != purged)

    @property
    def stepped(self) -> bool:
        """Upstream tells another review status than last time."""
        return self.row.told is not None and self.row.told != self.upstream_status


class Stage(Generic[R]):
    """One batch in the temporary table `ingest_<table>` of this connection."""

    def __init__(self, spec: IngestSpec[R], source: Source) -> None:
        self.spec = spec
        self.source = source
        self.target = spec.model._meta.db_table
        self.name = f"ingest_{self.target}"

    def fill(self, rows: Sequence[Row[R]]) -> None:
        """Raises django.db.DataError when a value does not fit its column."""
        trust = self.source.trust_approvals
        names = [name for name, _ in _FIXED] + list(self.spec.columns)
        with connection.cursor() as cursor:
            cursor.execute(self._create)
            with cursor.copy(f'COPY "{self.name}" ({_quoted(names)}) FROM STDIN') as copy:
                for ordinal, row in enumerate(rows):
                    copy.write_row(
                        (
                            ordinal,
                            row.upstream_id,
                            first_status(row.told, trust_approvals=trust),
                            row.told,
                            row.digest,
                            row.origin_key,
                            *self.spec.values(row.record),
                        )
                    )

    @cached_property
    def _create(self) -> str:
        types = {field.column: field.db_type(connection) for field in self._fields}
        columns = [*_FIXED, *((name, types[name]) for name in self.spec.columns)]
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        # Emptied here too: several batches may share one transaction.
        return (
            f'CREATE TEMP TABLE IF NOT EXISTS "{self.name}" ({listed}) ON COMMIT DELETE ROWS;'
            f' TRUNCATE "{self.name}"'
        )

    @cached_property
    def _times(self) -> set[str]:
        return {field.column for field in self._fields if isinstance(field, DateTimeField)}

    @property
    def _fields(self) -> Sequence[Any]:
        return self.spec.model._meta.concrete_fields

    def compare(self, rows: Sequence[Row[R]]) -> list[Met[R]]:
        """What is new or differs, in the batch's order; rows that are left out are unchanged."""
        with connection.cursor() as cursor:
            cursor.execute(self._compare, [self.source.pk, self.spec.role])
            return [Met(rows[values[0]], *values) for values in sorted(cursor.fetchall())]

    @cached_property
    def _compare(self) -> str:
        tracked = self._differs(self.spec.tracked)
        touched = (
            f"(t.content_digest IS DISTINCT FROM s.digest OR {tracked} OR t.missing_at IS NOT NULL"
            " OR (s.told IS NOT NULL AND t.upstream_status IS DISTINCT FROM s.told))"
        )
        theirs = f'NOT t."{self.spec.taken_over}"' if self.spec.taken_over else "true"
        # Stored bytes without an origin were uploaded here; they stay.
        same_origin = (
            "(a.origin_key IS NOT DISTINCT FROM s.origin_key"
            " OR (a.state = 'stored' AND a.origin_key IS NULL))"
        )
        return f"""
            SELECT s.ord, t.id, COALESCE(t.review_status, s.review_status),
                t.reviewed_at IS NOT NULL, COALESCE(t.hidden OR t.held, false),
                COALESCE(t.held, false),
                t.upstream_status,
                t.content_digest IS DISTINCT FROM s.digest, {tracked}, {touched},
                a.id, a.state, a.origin_url, {same_origin}
            FROM "{self.name}" s
            LEFT JOIN "{self.target}" t ON t.source_id = %s AND t.upstream_id = s.upstream_id
            LEFT JOIN "{Attachment._meta.db_table}" a ON a.subject_id = t.id AND a.role = %s
            WHERE t.id IS NULL
                OR (s.told = 'purged' AND t.review_status <> 'purged' AND NOT t.held)
                OR ({theirs} AND ({touched} OR (
                    s.origin_key IS NOT NULL AND t.review_status <> 'purged'
                    AND (a.id IS NULL OR a.state IN ('wanted', 'failed')
                         OR (a.state = 'stored' AND NOT {same_origin})))))
        """

    def _differs(self, columns: Sequence[str]) -> str:
        if not columns:
            return "false"
        ours, theirs = (", ".join(f'{side}."{name}"' for name in columns) for side in "ts")
        return f"(({ours}) IS DISTINCT FROM ({theirs}))"

    def lock(self, met: Sequence[Met[R]]) -> None:
        """Locks the subjects in id order, as decide() does, and reads their review again."""
        known = {one.id: one for one in met}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, review_status, reviewed_at IS NOT NULL, hidden OR held, held"
                f' FROM "{self.target}" WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE',
                [array_text(known)],
            )
            for subject_id, status, decided, reserved, held in cursor.fetchall():
                one = known[subject_id]
                one.review_status, one.decided = status, decided
                one.reserved, one.held = reserved, held

    def insert(self, met: Sequence[Met[R]]) -> None:
        """New subjects. The source's row is locked: nobody else adds its records meanwhile."""
        for one in met:
            one.new_id = uuid7_text()
        own = _quoted(self.spec.columns)
        values = ", ".join(
            f'COALESCE("{name}", now())' if name in self._times else f'"{name}"'
            for name in self.spec.columns
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{self.target}" (id, source_id, upstream_id, review_status, seed,'
                f" upstream_status, content_digest, first_seen_at, hidden, held, {own})"
                " SELECT v.id, %s, upstream_id, review_status, COALESCE(told, 'pending'), told,"
                f" digest, now(), false, false, {values}"
                f' FROM "{self.name}" s JOIN unnest(%s::int[], %s::uuid[]) AS v(ord, id)'
                " ON v.ord = s.ord ORDER BY s.ord",
                [
                    self.source.pk,
                    array_text(one.ordinal for one in met),
                    array_text(one.new_id for one in met),
                ],
            )

    def update(self, met: Sequence[Met[R]]) -> None:
        """Everything but the review columns, which are decide()'s alone."""
        own = "".join(
            f', "{name}" = COALESCE(s."{name}", t."{name}")' for name in self.spec.columns
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{self.target}" t SET content_digest = s.digest, missing_at = NULL,'
                f" upstream_status = COALESCE(s.told, t.upstream_status){own}"
                f' FROM "{self.name}" s WHERE s.ord = ANY(%s::int[])'
                " AND t.source_id = %s AND t.upstream_id = s.upstream_id",
                [array_text(one.ordinal for one in met), self.source.pk],
            )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
