"""Fixtures of the upstream tests; the model admins are pages of the console."""

from tests.console.conftest import as_, fresh, people

__all__ = ["as_", "fresh", "people"]
