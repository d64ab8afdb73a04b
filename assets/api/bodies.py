"""Reads the body of a list request; the first thing that is wrong is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from assets.api.base import Declined
from assets.enums import AssetStatus, GroupType
from assets.listing import SORTS, Query
from core.contracts import NUL

MODELS = ("doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128")
ORDERS = ("Asc", "Desc")
PAGE_SIZE, LARGEST_PAGE = 10, 100
# Beyond it there is certainly no page.
LAST_PAGE = 10**9
MOST_GROUPS, MAX_TEXT = 1_000, 255


def read_query(body: Mapping[str, Any]) -> Query:
    """Parameters that are null count as left out. Raises Declined.

    `model` only routes between the vendor's models, and is checked like there.
    """
    if not body.get("model"):
        raise Declined(400, "MissingParameter.model", "The parameter model is required.")
    _one(body, "model", MODELS)
    filters = body.get("Filter")
    filters = {} if filters is None else filters
    if not isinstance(filters, dict):
        raise invalid("Filter")
    return Query(
        page=_number(body, "PageNumber", 1, LAST_PAGE),
        size=_number(body, "PageSize", PAGE_SIZE, LARGEST_PAGE),
        sort=_one(body, "SortBy", tuple(SORTS)) or "CreateTime",
        descending=_one(body, "SortOrder", ORDERS) != "Asc",
        group_ids=_several(filters, "GroupIds"),
        group_type=_one(filters, "GroupType", GroupType.values, inside="Filter."),
        statuses=_several(filters, "Statuses", AssetStatus.values),
        name=_one(filters, "Name", inside="Filter."),
    )


def invalid(name: str) -> Declined:
    return Declined(400, f"InvalidParameter.{name}", f"The parameter {name} is not valid.")


def _number(body: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise invalid(name)
    return value


def _one(
    body: Mapping[str, Any], name: str, allowed: Sequence[str] = (), *, inside: str = ""
) -> str:
    """A text, one of `allowed` if there are any; "" for none."""
    value = body.get(name)
    if value is None or value == "":
        return ""
    if not _is_text(value) or (allowed and value not in allowed):
        raise invalid(f"{inside}{name}")
    return str(value)


def _several(filters: Mapping[str, Any], name: str, allowed: Sequence[str] = ()) -> list[str]:
    value = filters.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_GROUPS or not all(map(_is_text, value)):
        raise invalid(f"Filter.{name}")
    if allowed and not set(value) <= set(allowed):
        raise invalid(f"Filter.{name}")
    return sorted(set(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and NUL not in value
