"""Strict readers of environment variables: a wrong value stops the start with a sentence."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable `name`, or the contents of the file that `name`_FILE points to."""
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE: cannot read {file}: {error.strerror}"
            ) from error
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off and the empty string."""
    raw = text(name, "1" if default else "0").strip().lower()
    if raw in TRUE:
        return True
    if raw in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is neither on nor off")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31 - 1) -> int:
    """A whole number between `low` and `high`, both included."""
    raw = text(name, str(default)).strip()
    try:
        value = int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name}={value} is outside {low} to {high}")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`."""
    raw = text(name, default).strip()
    if raw not in allowed:
        raise ImproperlyConfigured(f"{name}={raw!r} is not one of {', '.join(allowed)}")
    return raw


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
