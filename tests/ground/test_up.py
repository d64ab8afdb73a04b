"""`manage.py up` as its operator knows it: it comes up, repairs itself, leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.ground.conftest import ROOT, clean_environment, eventually
from tests.ground.test_launcher import LINUX_TIES

pytestmark = pytest.mark.slow


class Up:
    """One `manage.py up` and all that it has started."""

    def __init__(self, home: Path, port: int, *arguments: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.popen = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments],
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
        """All that it has started, servers and their own children included."""
        return psutil.Process(self.popen.pid).children(recursive=True)

    def member(self, word: str) -> psutil.Process:
        """The direct child whose command line has `word`."""
        children = psutil.Process(self.popen.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))


def nothing_left(family: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        for process in family
    )  # fmt: skip


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def up(tmp_path, port):
    """Starts `up` on one home, again and again if asked; ends what a failed test left."""
    started: list[Up] = []

    def start(*arguments: str) -> Up:
        started.append(Up(tmp_path / "home", port, *arguments))
        return started[-1]

    yield start
    for running in started:
        if running.popen.poll() is None:
            running.popen.terminate()
            running.popen.communicate(timeout=60)


@LINUX_TIES
@pytest.mark.timeout(400)
def test_it_repairs_itself_ends_at_ctrl_c_and_goes_on_with_the_same_data(up, tmp_path):
    first = up()
    first.wait_until_ready()
    family = first.family()
    commands = [" ".join(process.cmdline()) for process in family]
    for word in ("granian", "worker", "beat", "postgres", "valkey"):
        assert any(word in command for command in commands), commands
    # The web, worker and beat processes cannot migrate: they do not know the owner's login.
    assert "DATABASE_OWNER_URL" not in first.member("granian").environ()

    web = first.member("granian")
    os.kill(web.pid, signal.SIGKILL)
    os.kill(first.member("postgres").pid, signal.SIGKILL)
    assert eventually(lambda: not web.is_running() or web.status() == psutil.STATUS_ZOMBIE)
    first.wait_until_ready()
    family += first.family()

    secrets = (tmp_path / "home" / "secrets.json").read_bytes()
    first.popen.send_signal(signal.SIGINT)
    output = first.popen.communicate(timeout=60)[0]
    assert first.popen.returncode == 0, output
    assert "web ended (signal 9), starting it again" in output
    assert nothing_left(family)

    second = up()
    second.wait_until_ready()
    assert (tmp_path / "home" / "secrets.json").read_bytes() == secrets
    family = second.family()
    second.popen.kill()
    second.popen.wait()
    assert eventually(lambda: nothing_left(family), seconds=30)


def test_a_port_that_is_taken_is_said_in_one_sentence(up, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        refused = up()
        output = refused.popen.communicate(timeout=90)[0]
    assert refused.popen.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in output
    assert f"PORT={port + 1}" in output
    assert "Traceback" not in output


def test_one_part_alone_wants_a_migrated_database(up):
    refused = up("--only", "web")
    output = refused.popen.communicate(timeout=90)[0]
    assert refused.popen.returncode == 1
    assert "Run: manage.py migrate" in output
    assert "Traceback" not in output
