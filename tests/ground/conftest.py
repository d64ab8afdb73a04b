"""Fixtures of processes: attached ones, and whole machines."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ground.machines import Machine
from tests.ground.processes import Process


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def join() -> Iterator[Callable[..., Process]]:
    """Starts attached processes, which all leave at the end."""
    started: list[Process] = []

    def start(home: Path, **options: Any) -> Process:
        started.append(Process(home, **options))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.leave()


@pytest.fixture
def redis_url() -> str:
    """The broker that runs beside the suite's cluster."""
    if url := os.environ.get("TEST_BROKER_URL"):
        return url
    pytest.skip("no Valkey or Redis")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def machine(tmp_path, port):
    """Starts `up` or `demo` on one home, again if asked; ends what a failed test left."""
    started: list[Machine] = []

    def start(command: str = "up", *arguments: str) -> Machine:
        started.append(Machine(tmp_path / "home", port, command, *arguments))
        return started[-1]

    yield start
    for running in started:
        if running.popen.poll() is None:
            running.popen.terminate()
            running.popen.communicate(timeout=60)
