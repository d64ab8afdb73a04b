"""Keyset paging on descending primary keys, and counts that never read a whole table."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Model, QuerySet

AFTER, BEFORE, LAST = "after", "before", "last"
PARAMETERS = (AFTER, BEFORE, LAST)
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are, as far as it is cheap to know."""

    rows: int
    # `estimated` comes from the planner's statistics; `capped`: there are more than `rows`.
    estimated: bool = False
    capped: bool = False


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """One page, newest first; a cursor is None where there is nothing further."""

    rows: list[Any]
    newer: str | None
    older: str | None


def encode(key: object) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def decode(model: type[Model], cursor: str) -> Any:
    """The primary key in a cursor; None when it is not one of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return model._meta.pk.to_python(text)
    except (binascii.Error, UnicodeError, ValueError, ValidationError):
        return None


def read_page(queryset: QuerySet[Any], parameters: Mapping[str, str], *, size: int) -> KeysetPage:
    """The page that `after`, `before` or `last` name, else the first; one query.

    A malformed cursor gives the first page. The last page is read from the other end of the index,
    so that it costs what the first does.
    """
    model = queryset.model
    if parameters.get(LAST):
        rows = list(queryset.order_by("pk")[: size + 1])
        return _backwards(rows, size, is_last=True)
    if (key := decode(model, parameters.get(BEFORE, ""))) is not None:
        rows = list(queryset.filter(pk__gt=key).order_by("pk")[: size + 1])
        return _backwards(rows, size, is_last=False)
    key = decode(model, parameters.get(AFTER, ""))
    if key is not None:
        queryset = queryset.filter(pk__lt=key)
    rows = list(queryset.order_by("-pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    newer = encode(rows[0].pk) if key is not None and rows else None
    return KeysetPage(rows, newer, encode(rows[-1].pk) if more else None)


def _backwards(rows: list[Any], size: int, *, is_last: bool) -> KeysetPage:
    more, rows = len(rows) > size, rows[:size][::-1]
    newer = encode(rows[0].pk) if more else None
    older = encode(rows[-1].pk) if rows and not is_last else None
    return KeysetPage(rows, newer, older)


def count_rows(queryset: QuerySet[Any], *, filtered: bool) -> Count:
    """At most COUNT_LIMIT rows are counted; beyond, a whole table is estimated by the planner."""
    if not filtered:
        estimate = _estimate(queryset)
        if estimate > COUNT_LIMIT:
            return Count(estimate, estimated=True)
    rows = queryset.order_by().values("pk")[: COUNT_LIMIT + 1].count()
    return Count(min(rows, COUNT_LIMIT), capped=rows > COUNT_LIMIT)


def _estimate(queryset: QuerySet[Any]) -> int:
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
            [f'"{queryset.model._meta.db_table}"'],
        )
        return int(cursor.fetchone()[0])
