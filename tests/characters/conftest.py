"""Fixtures of the characters tests; the lists are pages of the console."""

from tests.console.conftest import as_, fresh, people

__all__ = ["as_", "fresh", "people"]
