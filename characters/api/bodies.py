"""Reads queries and JSON bodies of contract 5; what is wrong is told by field."""

import re
from collections.abc import Mapping
from typing import Any

from characters.errors import InvalidField
from characters.services import Fields
from core.contracts import NUL
from core.http import TransferError, check_url

NAME, BIO, PROMPT, URL = 100, 2_000, 20_000, 4_096
LIMITS = {"name": NAME, "bio": BIO, "originPrompt": PROMPT, "avatar": URL}
PAGE_SIZE, LARGEST_PAGE = 20, 100
# Python reads hardly more as a number.
MOST_DIGITS = 4_000
MOST_PRIORITY = 1000
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def read_page(query: Mapping[str, str]) -> tuple[int, int]:
    """(page from 1, limit). Raises InvalidField."""
    errors: dict[str, str] = {}
    page = _whole(query, "page", default=1, errors=errors)
    limit = _whole(query, "limit", default=PAGE_SIZE, most=LARGEST_PAGE, errors=errors)
    if errors:
        raise InvalidField(**errors)
    return page, limit


def _whole(
    query: Mapping[str, str],
    name: str,
    *,
    default: int,
    most: int | None = None,
    errors: dict[str, str],
) -> int:
    """From 1 on, up to `most` if there is a last one: pages beyond the last are empty."""
    text = query.get(name, str(default))
    read = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    number = int(text) if read else 0
    if number >= 1 and (most is None or number <= most):
        return number
    errors[name] = f"A whole number from 1 {'on' if most is None else f'to {most}'}."
    return default


def read_words(query: Mapping[str, str]) -> str:
    """`q` of a search, "" without one. Raises InvalidField."""
    words = query.get("q", "")
    if NUL in words:
        raise InvalidField(q="It holds a character that no name has.")
    return words


def read_fields(body: Mapping[str, Any]) -> Fields:
    """Fields that are null count as left out. Raises InvalidField with all that is wrong."""
    errors = {
        name: problem
        for name in LIMITS
        if body.get(name) is not None and (problem := _text_problem(name, body[name]))
    }
    name = body.get("name")
    if name is None or (isinstance(name, str) and not name.strip()):
        errors["name"] = "It is required."
    if not isinstance(body.get("isPublic"), bool | None):
        errors["isPublic"] = "true or false."
    if errors:
        raise InvalidField(**errors)
    return Fields(
        name=str(name),
        avatar=body.get("avatar") or None,
        bio=body.get("bio"),
        origin_prompt=body.get("originPrompt"),
        is_public=body.get("isPublic"),
    )


def _text_problem(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return "A text."
    if len(value) > LIMITS[name]:
        return f"At most {LIMITS[name]} characters."
    if NUL in value:
        return "It holds a character that cannot be stored."
    if name == "avatar" and value:
        try:
            check_url(value)
        except TransferError:
            return "An http or https address."
    return ""


def read_cover(body: Mapping[str, Any]) -> str | None:
    """`coverId`, None without one. Raises InvalidField."""
    cover_id = body.get("coverId")
    if cover_id is not None and (not isinstance(cover_id, str) or not cover_id):
        raise InvalidField(coverId="The id of a cover.")
    return cover_id


def read_link(body: Mapping[str, Any]) -> tuple[str, int]:
    """(knowledge base id in its usual form, priority). Raises InvalidField."""
    errors: dict[str, str] = {}
    base, priority = body.get("knowledgeBaseId"), body.get("priority")
    if base is None:
        errors["knowledgeBaseId"] = "It is required."
    elif not isinstance(base, str) or not UUID.fullmatch(base):
        errors["knowledgeBaseId"] = "A UUID."
    priority = 0 if priority is None else priority
    whole = isinstance(priority, int) and not isinstance(priority, bool)
    if not whole or not 0 <= priority <= MOST_PRIORITY:
        errors["priority"] = f"A whole number from 0 to {MOST_PRIORITY}."
    if errors:
        raise InvalidField(**errors)
    return str(base).lower(), int(priority)


def base_in_path(text: str) -> str:
    """UUIDs in whatever case; ids that a sync brought can be anything."""
    return text.lower() if UUID.fullmatch(text) else text
