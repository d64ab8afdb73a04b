"""The product's web server on a benchmark database, and requests a second against it."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bench import cluster

THREADS = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One request, sent again and again; `check` looks at every answer's body."""

    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[bytes], object] = len

    def send(self, connection: http.client.HTTPConnection) -> bytes:
        method = "GET" if self.body is None else "POST"
        connection.request(method, self.path, self.body, dict(self.headers))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{self.path}: {answer.status} {body[:300]!r}"
        return body


@contextmanager
def server(database: str) -> Iterator[int]:
    """granian as `up` starts it, one process; gives its port."""
    port = _free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--blocking-threads", str(THREADS), "--no-access-log", "--log-level", "error",
        "config.wsgi:application",
    ]  # fmt: skip
    environment = {**os.environ, "DATABASE_URL": cluster.url_of(database), "PORT": str(port)}
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def rate(port: int, call: Call, *, seconds: float, threads: int = THREADS) -> float:
    """Requests a second over `threads` kept connections; every answer is checked."""
    counts = [0] * threads
    deadline = time.monotonic() + seconds

    def work(number: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            while time.monotonic() < deadline:
                call.check(call.send(connection))
                counts[number] += 1

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began = time.monotonic()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, "the web server ended at once"
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return
        except OSError:
            assert time.monotonic() < deadline, "the web server did not start"
            time.sleep(0.1)
