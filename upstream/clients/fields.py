"""Reading one raw record: typed fields, and checks so that a bad row fails alone."""

import math
import re
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any, Never

from core.ages import is_young_in_words
from upstream.clients.errors import RecordError

MAX_ID = 255
MAX_URL = 4096
MAX_DEPTH = 40
MAX_NUMBER = 2**64
ADULT = 18
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
NEWEST = datetime(2100, 1, 1, tzinfo=UTC)
# Sizes in pixels and counts of sampling steps: beyond these a number is a defect, not a picture.
BOUNDED = {"width": 100_000, "height": 100_000, "steps": 100_000}


class Fields:
    """One raw record under reading; every failure is a RecordError that carries the record."""

    def __init__(self, raw: Any, *id_names: str) -> None:
        self.raw = raw
        self._values = raw
        self.upstream_id = _readable_id(raw, id_names)
        if not isinstance(raw, dict):
            self.fail("the record is not an object")
        if problem := storage_problem(raw):
            self.fail(problem)
        self._check_numbers(raw)

    def fail(self, message: str) -> Never:
        raise RecordError(message, upstream_id=self.upstream_id, raw=self.raw)

    def first(self, *names: str) -> Any:
        """The first value that is present and not null."""
        values = self._values
        return next((values[name] for name in names if values.get(name) is not None), None)

    def inner(self, name: str) -> "Fields":
        """The object under `name`, empty when absent; its failures are the whole record's."""
        value = self.first(name)
        if value is not None and not isinstance(value, dict):
            self.fail(f"{name} is not an object")
        found = copy(self)
        found._values = value or {}
        return found

    def identifier(self, *names: str, required: bool = True) -> str:
        """An opaque id of at most 255 characters; numbers are taken as their text."""
        value = self.first(*names)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            if required:
                self.fail(f"{names[0]} is missing")
            return ""
        if not isinstance(value, str):
            self.fail(f"{names[0]} is not a string")
        if len(value) > MAX_ID:
            self.fail(f"{names[0]} is longer than {MAX_ID} characters")
        return value

    def text(self, *names: str, limit: int, required: bool = False) -> str:
        value = self.first(*names)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.fail(f"{names[0]} is not a string")
        if len(value) > limit:
            self.fail(f"{names[0]} is longer than {limit} characters")
        if required and not value.strip():
            self.fail(f"{names[0]} is missing")
        return value

    def url(self, *names: str) -> str | None:
        return self.text(*names, limit=MAX_URL).strip() or None

    def flag(self, *names: str, default: bool) -> bool:
        value = self.first(*names)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(f"{names[0]} is not true or false")
        return value

    def one_of(self, *names: str, allowed: tuple[str, ...]) -> str:
        value = self.text(*names, limit=MAX_ID)
        match = next((one for one in allowed if one.lower() == value.strip().lower()), None)
        if match is None:
            self.fail(f"{names[0]} is none of {', '.join(allowed)}")
        return match

    def moment(self, *names: str) -> datetime | None:
        """A time in UTC from ISO 8601 (no offset: UTC) or from milliseconds; None when absent."""
        value = self.first(*names)
        if value is None or value == "":
            return None
        try:
            found = _moment(value)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{names[0]} is not a time")
        if not OLDEST <= found < NEWEST:
            self.fail(f"{names[0]} is outside 2000 to 2100")
        return found

    def _check_numbers(self, raw: Mapping[str, Any]) -> None:
        for name, value in raw.items():
            limit = BOUNDED.get(name)
            if limit is None or value is None:
                continue
            if isinstance(value, int | float) and not 0 <= value <= limit:
                self.fail(f"{name} is outside 0 to {limit}")
        if not all(is_adult(age) for age in _ages(raw)):
            self.fail("an age below 18 or beyond sense")


def is_adult(age: Any) -> bool:
    """False for an age, number or text such as `18-25`, whose first number is below 18 or absurd.

    No age says nothing and passes, like words that name no young one.
    """
    if age is None or isinstance(age, bool):
        return age is None
    text = str(age)[:100]
    found = re.search(r"-?\d+", text)
    if found is None:
        return not is_young_in_words(text)
    return ADULT <= int(found.group()) <= 10_000


def _ages(raw: Mapping[str, Any]) -> Iterator[Any]:
    """What any object of the record calls its age; its depth is within bounds already."""
    stack: list[Any] = [raw]
    while stack:
        item = stack.pop()
        values = item
        if isinstance(item, Mapping):
            yield from (value for name, value in item.items() if name.lower() == "age")
            values = item.values()
        stack.extend(value for value in values if isinstance(value, dict | list))


def storage_problem(value: Any) -> str:
    """Why PostgreSQL could not store this JSON value, "" when it can."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} deep"
        if isinstance(item, dict):
            stack.extend((child, depth + 1) for child in (*item.keys(), *item.values()))
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
        elif problem := _scalar_problem(item):
            return problem
    return ""


def _scalar_problem(item: Any) -> str:
    if isinstance(item, str):
        if "\0" in item:
            return "a text holds the character \\u0000"
        if not item.isascii() and any("\ud800" <= mark <= "\udfff" for mark in item):
            return "a text holds half of a surrogate pair"
    elif isinstance(item, int | float) and (not math.isfinite(item) or abs(item) > MAX_NUMBER):
        return "a number is beyond 64 bits"
    return ""


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a time")
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"\d{10,15}", text, re.ASCII):
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        value = int(text)
    return datetime.fromtimestamp(value / 1000, UTC)


def _readable_id(raw: Any, names: tuple[str, ...]) -> str:
    """The id for an error report: what of it can be stored, "" when nothing can."""
    if not isinstance(raw, dict):
        return ""
    value = next((raw[name] for name in names if isinstance(raw.get(name), str | int)), "")
    return "".join(mark for mark in str(value)[:MAX_ID] if mark.isprintable())
