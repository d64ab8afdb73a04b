"""Fixtures of the characters tests: the lists as pages of the console, contract 5 over HTTP."""

from collections.abc import Iterator

import pytest

from tests.characters.clients import Client, key
from tests.console.conftest import as_, fresh, people
from tests.factories import make_source
from tests.servers import WebServer

__all__ = ["as_", "fresh", "people"]


@pytest.fixture
def client5(server) -> Client:
    """The endpoints where what waits for its review is shown."""
    return Client(server.url)


@pytest.fixture(scope="session")
def strict_server(django_db_setup: None) -> Iterator[WebServer]:
    with WebServer(CHARACTER_MODERATION="pre", threads=4) as running:
        yield running


@pytest.fixture
def strict(strict_server) -> Client:
    """The endpoints where only approved versions are shown."""
    return Client(strict_server.url)


@pytest.fixture
def alice(transactional_db) -> str:
    """A key of somebody without any upstream identity."""
    return key("alice")


@pytest.fixture
def bob(transactional_db) -> str:
    return key("bob")


@pytest.fixture
def source(transactional_db):
    return make_source("characters", kind="characters")
