"""Fixtures of the gallery tests; the lists are pages of the console."""

import pytest

from tests.console.conftest import as_, fresh, people
from tests.gallery.albums import Gallery, World

__all__ = ["as_", "fresh", "people"]


@pytest.fixture
def gallery(server) -> Gallery:
    """The endpoint at the session's web server."""
    return Gallery(server.url)


@pytest.fixture
def world(transactional_db) -> World:
    return World()
