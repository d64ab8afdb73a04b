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
    free_port,
    is_running,
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
        noted = read_json(self._note)
        if not noted or not is_running(int(noted["pid"])) or not self._answers(int(noted["port"])):
            return None
        return int(noted["port"])

    def start(self, *, tied: bool) -> int | None:
        """Starts a server and gives its port; None when no program is found or it fails."""
        if (program := find_valkey()) is None:
            return None
        server_identity().own(folder(self.home.broker))
        for _attempt in range(5):  # a free port may be taken before we listen on it
            port = free_port()
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
        self._note.unlink(missing_ok=True)

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
