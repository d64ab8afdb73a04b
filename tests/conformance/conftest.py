"""The same suite against the sandbox and against Gatehouse, which was filled from that sandbox.

The rows are made once for the whole suite, committed, and gone before any other test: no test here
may be a transactional one, whose end would empty the tables.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.targets import Target, at_gatehouse, at_sandbox, known_ids
from tests.flushing import empty_tables
from tests.generation.conftest import broker, generation_worker, web
from tests.generation.workers import Worker
from tests.servers import WebServer
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.world import Options

__all__ = ["broker", "generation_worker", "web"]

SIZE: dict[str, Any] = {"characters": 20, "images": 700, "assets": 30}


@pytest.fixture(scope="session")
def vendor() -> Iterator[SandboxProcess]:
    with SandboxProcess(**SIZE) as running:
        yield running


@pytest.fixture(scope="package")
def gatehouse(
    web: WebServer, generation_worker: Worker, vendor: SandboxProcess, django_db_blocker
) -> Iterator[Target]:
    with django_db_blocker.unblock():
        yield at_gatehouse(web.url, vendor, known_ids(Options(**SIZE)))
        empty_tables()


@pytest.fixture(scope="package", params=["sandbox", "gatehouse"])
def target(request: pytest.FixtureRequest, vendor: SandboxProcess) -> Target:
    if request.param == "sandbox":
        return at_sandbox(vendor, **known_ids(Options(**SIZE)))
    found: Target = request.getfixturevalue("gatehouse")
    return found
