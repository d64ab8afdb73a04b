"""Keyset paging with opaque cursors: `{"items": […], "next_cursor": str | null}`."""

import base64
import binascii
from typing import Any

import orjson
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError


def encode_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """Raises ValidationError for what is not one of ours."""
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, orjson.JSONDecodeError) as error:
        raise ValidationError({"cursor": ["This cursor is not one of ours."]}) from error


def page_of(
    rows: QuerySet[Any], *, cursor: str | None, limit: int = 50, newest_first: bool = True
) -> tuple[list[Any], str | None]:
    """A page by primary key, and the cursor of the next one (None at the end).

    Never counts: one row more than the page is read to know whether there is another page.
    """
    if cursor:
        after = decode_cursor(cursor)
        field = rows.model._meta.pk
        try:
            after = field.to_python(after)
        except Exception as error:
            raise ValidationError({"cursor": ["This cursor is not one of ours."]}) from error
        rows = rows.filter(pk__lt=after) if newest_first else rows.filter(pk__gt=after)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return found, encode_cursor(_key(found[-1])) if more else None


def _key(row: Any) -> Any:
    pk = row["id"] if isinstance(row, dict) else row.pk
    return pk if isinstance(pk, int) else str(pk)


def limit_of(raw: str | None, *, default: int = 50, most: int = 200) -> int:
    """The page size asked for. Raises ValidationError outside 1 to `most`."""
    if raw is None or raw == "":
        return default
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:9]) <= most:
        raise ValidationError({"limit": [f"A whole number from 1 to {most}."]})
    return int(raw)
