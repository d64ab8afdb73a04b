"""Fixtures of the signed contracts: a web server and a worker on a broker, keys and clients."""

import os
from collections.abc import Iterator

import pytest

from tests.generation.signing import Signing
from tests.generation.workers import Worker
from tests.servers import WebServer


@pytest.fixture(scope="session")
def broker() -> str:
    """A database of its own on the broker beside the suite's cluster: one for each process of the
    suite, because a worker would take what the other's server sends."""
    if url := os.environ.get("TEST_BROKER_URL"):
        process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        return f"{url.rpartition('/')[0]}/{4 + process % 6}"
    pytest.skip("no Valkey or Redis")


@pytest.fixture(scope="session")
def web(django_db_setup: None, broker: str) -> Iterator[WebServer]:
    """A web server that sends tasks; tests that use it must commit."""
    with WebServer(threads=40, CELERY_BROKER_URL=broker) as running:
        yield running


@pytest.fixture(scope="session")
def generation_worker(django_db_setup: None, broker: str) -> Iterator[Worker]:
    """The worker of the queue `generation` for the whole session."""
    with Worker(broker) as running:
        yield running


@pytest.fixture
def platform(web: WebServer, generation_worker: Worker, transactional_db: None) -> str:
    """The URL of a server whose generations a worker makes."""
    return web.url


@pytest.fixture
def ada(web: WebServer, transactional_db: None) -> Signing:
    """A client with a signing key of her own."""
    return Signing.of("ada", web.url)


@pytest.fixture
def ben(web: WebServer, transactional_db: None) -> Signing:
    return Signing.of("ben", web.url)
