"""Conditions as ranges of what an ordinary index holds: beginnings of texts, times of ids."""

import uuid
from datetime import datetime

from django.db.models import Q

# Sorts behind every continuation of a prefix in a UTF-8 database.
_LAST_CHARACTER = "\U0010ffff"


def prefixed(column: str, prefix: str) -> Q:
    """Rows whose column begins with `prefix`, as a range that an ordinary index serves."""
    return Q(
        **{f"{column}__gte": prefix, f"{column}__lt": prefix + _LAST_CHARACTER},
        **{f"{column}__startswith": prefix},
    )


def first_id_at(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of that moment: ids are in order of arrival, so time needs no index."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))
