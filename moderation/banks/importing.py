"""Hashes from a CSV file into a bank: in pieces, each a transaction, the same file twice the same.

A bad row is reported with its line and left out; the others come in.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TextIO

from django.db import connection, transaction
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from media import pdq
from moderation.banks.counting import entries_changed
from moderation.banks.digests import digest_of
from moderation.errors import BadImport
from moderation.models import Bank

COLUMNS = ("pdq", "sha256", "quality", "label", "source", "expires_at")
PIECE = 20_000
# So many bad rows are told one by one.
TOLD = 50
# As the model has them.
_MOST = {"label": 60, "source": 100}
_CLEAR = pdq.MIN_QUALITY
_UNSEEN = dict.fromkeys([*range(32), 127])

_STAGE = """
CREATE TEMPORARY TABLE banks_staged (pdq bytea, sha256 bytea, quality smallint, label text,
    source text, expires_at timestamptz, key uuid GENERATED ALWAYS AS (md5(COALESCE(
        encode(pdq, 'hex'), '') || ':' || COALESCE(encode(sha256, 'hex'), ''))::uuid) STORED
) ON COMMIT DROP
"""
# What a lead took out stays out, however often the list comes. What did not match before, because
# it was expired or of too low a quality, counts as new.
_TAKE = """
INSERT INTO moderation_bankentry AS e (bank_id, key, pdq, sha256, quality, label, source,
    subject_type, expires_at, added_by, added_at, note)
SELECT DISTINCT ON (key) %(bank)s, key, pdq, sha256, quality, label, source, '', expires_at,
    %(by)s, now(), %(note)s
FROM banks_staged ORDER BY key
ON CONFLICT (bank_id, key) DO UPDATE SET quality = excluded.quality, label = excluded.label,
    source = excluded.source, expires_at = excluded.expires_at, note = excluded.note,
    added_by = excluded.added_by, added_at = now(),
    scan_id = CASE WHEN {revived} THEN NULL ELSE e.scan_id END,
    changed = CASE WHEN {revived} THEN pg_current_xact_id()::text::bigint ELSE e.changed END
WHERE e.removed_at IS NULL AND (e.quality, e.label, e.source, e.expires_at) IS DISTINCT FROM
    (excluded.quality, excluded.label, excluded.source, excluded.expires_at)
RETURNING (xmax = 0)
""".format(
    revived=f"(COALESCE(e.expires_at < now(), false) OR COALESCE(e.quality, 100) < {_CLEAR}"
    f" AND COALESCE(excluded.quality, 100) >= {_CLEAR})"
)


@dataclass(slots=True)
class Imported:
    """`read` rows in all: added, changed, unchanged, and bad ones with (line, what is wrong)."""

    read: int = 0
    added: int = 0
    changed: int = 0
    bad: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        return self.read - self.added - self.changed - self.bad


def import_hashes(*, bank: Bank, file: TextIO, by: int | None, note: str) -> Iterator[Imported]:
    """Yields the sums after each piece. Raises BadImport for a file that is none of these.

    Entries are effective with their piece; what is held is compared in the background afterwards.
    """
    rows = csv.reader(file)
    names = _names(rows)
    sums = Imported()
    while piece := list(islice(_numbered(rows), PIECE)):
        _take(bank, names, piece, sums, by=by, note=note)
        yield sums


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with their line in the file."""
    while True:
        try:
            row = next(rows, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadImport(f"line {rows.line_num + 1}: {error}") from error
        if row is None:
            return
        if row:
            yield rows.line_num, row


def _names(rows: Any) -> list[str]:
    try:
        names = [name.strip().lower().removeprefix("\ufeff") for name in next(rows, [])]
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadImport(f"line 1: {error}") from error
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not {"pdq", "sha256"} & set(names) or len(set(names)) != len(names):
        raise BadImport(
            f"The first line names the columns: pdq or sha256, and of {', '.join(COLUMNS)} what "
            f"there is{f'; not {unknown[0][:30]!r}' if unknown else ''}."
        )
    return names


def _take(
    bank: Bank,
    names: Sequence[str],
    piece: Sequence[tuple[int, list[str]]],
    sums: Imported,
    *,
    by: int | None,
    note: str,
) -> None:
    good = []
    for line, row in piece:
        try:
            good.append(_read(names, row))
        except ValueError as error:
            sums.bad += 1
            if len(sums.told) < TOLD:
                sums.told.append((line, str(error)))
    sums.read += len(piece)
    added, changed = _store(bank, good, by=by, note=note)
    sums.added += added
    sums.changed += changed


@transaction.atomic
def _store(bank: Bank, rows: Sequence[tuple[Any, ...]], *, by: int | None, note: str) -> Any:
    """How many were added and changed."""
    with connection.cursor() as cursor:
        # Of an earlier piece, when the caller's transaction goes on.
        cursor.execute("DROP TABLE IF EXISTS pg_temp.banks_staged")
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY banks_staged ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_TAKE, {"bank": bank.pk, "by": by, "note": note})
        new = [row[0] for row in cursor.fetchall()]
    added = sum(new)
    entries_changed([bank.pk] * added, 1)
    return added, len(new) - added


def _read(names: Sequence[str], row: Sequence[str]) -> tuple[Any, ...]:
    """A row's values in the order of COLUMNS. Raises ValueError with what is wrong."""
    if len(row) != len(names):
        raise ValueError(f"{len(row)} values for {len(names)} columns")
    given = dict(zip(names, row, strict=True))
    pdq, sha256 = _digest(given, "pdq"), _digest(given, "sha256")
    if pdq is None and sha256 is None:
        raise ValueError("neither pdq nor sha256")
    return (
        pdq, sha256, _quality(given.get("quality", "")), _text(given, "label"),
        _text(given, "source"), _time(given.get("expires_at", "")),
    )  # fmt: skip


def _digest(given: dict[str, str], name: str) -> bytes | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        return digest_of(text)
    except ValueError as error:
        raise ValueError(f"{name} is {error}") from None


def _quality(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) <= 100:
        return int(text)
    raise ValueError("quality is not a number from 0 to 100")


def _text(given: dict[str, str], name: str) -> str:
    text = given.get(name, "").translate(_UNSEEN).strip()
    if len(text) > _MOST[name]:
        raise ValueError(f"{name} is longer than {_MOST[name]} characters")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"{name} holds characters that cannot be stored")
    return text


def _time(text: str) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)) is not None:
            moment = datetime(day.year, day.month, day.day)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("expires_at is not a time in ISO 8601")
    return make_aware(moment) if is_naive(moment) else moment
