"""Whole machines: `manage.py up` or `demo` with every process that belongs to it."""

import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from tests.ground.processes import ROOT, clean_environment, eventually


class Machine:
    """One `manage.py up` (or `demo`) and all that it has started."""

    def __init__(self, home: Path, port: int, command: str = "up", *arguments: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.popen = subprocess.Popen(
            [sys.executable, "manage.py", command, *arguments],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=clean_environment(GATEHOUSE_HOME=str(home), PORT=str(port), WORKER_PROCESSES="1"),
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        assert eventually(self.is_ready, seconds=90), self.popen.poll()

    def is_ready(self) -> bool:
        if self.popen.poll() is not None:
            raise AssertionError(self.popen.communicate()[0])
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def family(self) -> list[psutil.Process]:
        """All that it has started, servers and their own children included; not the ended."""
        started = psutil.Process(self.popen.pid).children(recursive=True)
        return [process for process in started if _runs(process)]

    def member(self, word: str) -> psutil.Process:
        """The direct child whose command line has `word`."""
        children = psutil.Process(self.popen.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))


def _runs(process: psutil.Process) -> bool:
    """A short-lived helper of a server may end, or wait to be reaped, while we look."""
    try:
        return bool(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def nothing_left(family: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        for process in family
    )  # fmt: skip
