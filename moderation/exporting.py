"""Exports of lists: streamed row by row in constant memory, audited, safe in a spreadsheet."""

import csv
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
from django.db.models import QuerySet
from django.utils import timezone

from moderation.enums import ExportFormat, ExportState
from moderation.models import Export

CHUNK = 1_000
# Spreadsheets take a cell that begins so for a formula; the full-width ones too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# So that spreadsheets read UTF-8 as such.
_MARK = "\ufeff"

# The rows of a chunk as objects of the columns, in order.
Described = Callable[[Sequence[Any]], Iterable[dict[str, Any]]]


def stream(
    export: Export, rows: QuerySet[Any], columns: Sequence[str], describe: Described
) -> Iterator[bytes]:
    """The file piece by piece, newest row first; the audit row counts along.

    A reader that goes away, or a failure, leaves the row *cut off* with what had been sent.
    """
    write = _csv if export.format == ExportFormat.CSV else _json
    try:
        yield from write(columns, _chunks(export, rows, describe))
        export.state = ExportState.COMPLETE
    finally:
        if export.state != ExportState.COMPLETE:
            export.state = ExportState.CUT_OFF
        _touch(export)


def _chunks(
    export: Export, rows: QuerySet[Any], describe: Described
) -> Iterator[list[dict[str, Any]]]:
    """A keyset walk: the millionth row costs what the first does."""
    after: Any = None
    while True:
        part = rows if after is None else rows.filter(pk__lt=after)
        found = list(part.order_by("-pk")[:CHUNK])
        if not found:
            return
        after = found[-1].pk
        described = list(describe(found))
        export.rows += len(described)
        _touch(export)
        yield described
        if len(found) < CHUNK:
            return


def _touch(export: Export) -> None:
    export.touched_at = timezone.now()
    export.save(update_fields=["rows", "state", "touched_at"])


class _Line:
    """A file for csv.writer that keeps nothing but the last line."""

    def write(self, text: str) -> str:
        return text


def _csv(columns: Sequence[str], chunks: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
    writer = csv.writer(_Line(), quoting=csv.QUOTE_MINIMAL)
    yield (_MARK + str(writer.writerow(columns))).encode()
    for chunk in chunks:
        lines = [str(writer.writerow([_cell(row.get(name)) for name in columns])) for row in chunk]
        yield "".join(lines).encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, list | dict):
        value = orjson.dumps(value, default=str).decode()
    text = str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _json(columns: Sequence[str], chunks: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
    yield b"["
    separator = b"\n"
    for chunk in chunks:
        parts = []
        for row in chunk:
            parts.append(separator + orjson.dumps({n: row.get(n) for n in columns}, default=str))
            separator = b",\n"
        yield b"".join(parts)
    yield b"\n]\n"


def begin(export_id: uuid.UUID) -> bool:
    """Whether the file may be sent now: each export is sent once."""
    waiting = Export.objects.filter(pk=export_id, state=ExportState.WAITING)
    return bool(waiting.update(state=ExportState.RUNNING, touched_at=timezone.now()))
