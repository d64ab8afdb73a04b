"""The sandbox as a child process: for tests and for whoever starts a demo."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from upstream.sandbox.server import HOST, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class SandboxProcess:
    """A running sandbox: `with SandboxProcess(images=50) as sandbox: sandbox.url`.

    Port 0 finds a free one. Entering waits until it answers; leaving ends it and its worker. It
    ends by itself when this process does.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        images: int = 200,
        characters: int = 20,
        assets: int = 40,
        faults: tuple[str, ...] = (),
        seed: int = 1,
    ) -> None:
        self.port = port or free_port()
        self._arguments = [
            f"--port={self.port}",
            f"--images={images}",
            f"--characters={characters}",
            f"--assets={assets}",
            f"--faults={','.join(faults)}",
            f"--seed={seed}",
            f"--parent={os.getpid()}",
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def host(self) -> tuple[str, int]:
        """What goes into `allow_hosts`."""
        return HOST, self.port

    def start(self) -> Self:
        """Starts it and waits until it answers; RuntimeError when it does not."""
        command = [sys.executable, "-m", "upstream.sandbox", *self._arguments]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
        )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if self._http.get("/_sandbox/health").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.03)
        self.stop()
        raise RuntimeError(f"the sandbox did not start on port {self.port}")

    def stop(self) -> None:
        self._http.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def control(self, **changes: Any) -> list[str]:
        """Steers it, see `views.control`; the ids of new rows."""
        answer = self._http.post("/_sandbox/control", json=changes)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])
        ids: list[str] = answer.json()["ids"]
        return ids

    def stats(self) -> dict[str, Any]:
        """Requests by route, faults fired, and the totals of a complete sync."""
        found: dict[str, Any] = self._http.get("/_sandbox/stats").json()
        return found
