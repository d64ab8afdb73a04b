"""The embedded Valkey that carries task messages; the database alone knows what is due."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from core.launcher.binaries import find_valkey
from core.launcher.home import Home, folder, read_json, write_json
from core.launcher.processes import (
    LOOPBACK,
    end_process,
    is_running,
    ports_to_try,
    server_identity,
    start_server,
    wait_until,
)

START_SECONDS = 20.0
STOP_SECONDS = 10.0


@dataclass
class Broker:
    """The broker of one home. Callers hold the start lock."""

    home: Home
    secrets: Mapping[str, str]

    def url(self, port: int) -> str:
        return f"redis://:{self.secrets['broker_password']}@{LOOPBACK}:{port}/0"

    def running(self) -> int | None:
        """The port of the live server, recognised by its password; None when there is none."""
        if not self.is_alive():
            return None
        port = int(read_json(self._note)["port"])
        return port if self._answers(port) else None

    def is_alive(self) -> bool:
        """Whether the process that we noted exists; cheap, and no proof that it is ours."""
        noted = read_json(self._note)
        return bool(noted) and is_running(int(noted["pid"]))

    def start(self, *, tied: bool) -> int | None:
        """Starts a server and gives its port; None when no program is found or it fails."""
        if (program := find_valkey()) is None:
            return None
        server_identity().own(folder(self.home.broker))
        last = read_json(self._note).get("port")
        for port in ports_to_try(int(last) if last else None):
            process = start_server(
                [program, "-"], log=self.home.log("valkey"), tied=tied, feed=self._config(port)
            )
            wait_until(
                lambda p=process, at=port: p.poll() is not None or self._answers(at),  # type: ignore[misc]
                seconds=START_SECONDS,
            )
            if process.poll() is None and self._answers(port):
                write_json(self._note, {"pid": str(process.pid), "port": str(port)})
                return port
        return None

    def stop(self) -> None:
        if self.running() is not None:
            pid = int(read_json(self._note)["pid"])
            end_process(pid, sent=signal.SIGTERM, seconds=STOP_SECONDS)

    @property
    def _note(self) -> Path:
        return self.home.root / "valkey.json"

    def _config(self, port: int) -> str:
        lines = {
            "bind": LOOPBACK,
            "port": port,
            "requirepass": self.secrets["broker_password"],
            "dir": f'"{self.home.broker}"',
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _answers(self, port: int) -> bool:
        client = redis.Redis.from_url(self.url(port), socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
