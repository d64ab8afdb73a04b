"""The product's own web server as a subprocess on the test database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
import pytest
from django.conf import settings
from django.db import connection

from config import machine

ROOT = Path(__file__).resolve().parent.parent


class WebServer:
    """granian on a free loopback port; `environment` adds to or overrides variables."""

    def __init__(self, *, port: int = 0, threads: int = 16, **environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.threads = threads
        self.environment = environment
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.port), "--blocking-threads", str(self.threads),
            "--no-access-log", "--log-level", "error", "config.wsgi:application",
        ]  # fmt: skip
        # A group of its own: a crash takes the workers too.
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment(), process_group=0)
        deadline = time.monotonic() + 180
        while True:
            try:
                httpx.get(f"{self.url}/healthz", timeout=2)
                self._stack.enter_context(machine.knocking(f"{self.url}/healthz"))
                return
            except httpx.TransportError:
                assert self.process.poll() is None, "the web server ended at once"
                assert time.monotonic() < deadline, (
                    "the web server did not start within three minutes"
                )
                time.sleep(0.1)

    def stop(self) -> None:
        self._stack.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """As a crash would end it."""
        self._stack.close()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "DATABASE_POOL": "8",
            "SECRET_KEY": settings.SECRET_KEY,
            "ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
            "GATEHOUSE_HOME": str(settings.GATEHOUSE_HOME),
            "STORAGE_URL": settings.STORAGE_URL,
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            **self.environment,
        }


def database_url() -> str:
    """The URL of the database that this test process uses."""
    made = connection.settings_dict
    who = f"{quote(made['USER'])}:{quote(made['PASSWORD'])}"
    return f"postgresql://{who}@{made['HOST']}:{made['PORT']}/{made['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[WebServer]:
    """One web server for the whole session; tests that use it must commit (transaction=True)."""
    with WebServer() as running:
        yield running
