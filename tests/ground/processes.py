"""Separate processes that use the launcher, as manage.py's commands do, and how they end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.launcher.processes import is_running

ROOT = Path(__file__).resolve().parents[2]
GENERATED = (
    "AUDIT_KEY",
    "CELERY_BROKER_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "ENCRYPTION_KEYS",
    "GATEHOUSE_EMBEDDED",
    "GATEHOUSE_TEST_CLUSTER",
    "SECRET_KEY",
)

# Attaches, says how, and stays until its standard input closes.
USER_OF_SERVERS = """
import json, sys
from pathlib import Path
from core.launcher import LauncherError, attach
try:
    used = attach(Path(sys.argv[1]), tied=sys.argv[2] == "tied", settings={"fsync": "off"})
except LauncherError as error:
    sys.exit(str(error))
broker = json.loads((used.home.root / "valkey.json").read_text())
print(json.dumps({**used.environment, "pid": used.server.pid, "broker": int(broker["pid"])}))
sys.stdout.flush()
sys.stdin.read()
"""


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what the suite's own cluster put there."""
    # The browser tests of this process set the second.
    dropped = {*GENERATED, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | more


class Process:
    """One process that is attached to the servers of a home."""

    def __init__(self, home: Path, *, tied: bool = False, **environment: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", USER_OF_SERVERS, str(home), "tied" if tied else "free"],
            cwd=ROOT, env=clean_environment(**environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.told: dict[str, Any] = {}

    def attached(self) -> dict[str, Any]:
        """The environment it was given, and the pids `pid` and `broker` of the servers."""
        if not self.told:
            assert self.popen.stdout is not None
            line = self.popen.stdout.readline()
            if not line:
                assert self.popen.stderr is not None
                raise RuntimeError(self.popen.stderr.read())
            self.told = json.loads(line)
        return self.told

    def leave(self) -> None:
        self.popen.communicate(timeout=60)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


def eventually(condition: Callable[[], bool], *, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def all_gone(*pids: int) -> bool:
    return not any(is_running(pid) for pid in pids)
