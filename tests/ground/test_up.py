"""`manage.py up` as its operator knows it: it comes up, repairs itself, leaves nothing behind."""

import os
import signal
import socket

import psutil
import pytest

from tests.ground.machines import nothing_left
from tests.ground.processes import eventually
from tests.ground.test_launcher import LINUX_TIES

pytestmark = pytest.mark.slow


@LINUX_TIES
@pytest.mark.timeout(400)
def test_it_repairs_itself_ends_at_ctrl_c_and_goes_on_with_the_same_data(machine, tmp_path):
    first = machine("up")
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

    second = machine("up")
    second.wait_until_ready()
    assert (tmp_path / "home" / "secrets.json").read_bytes() == secrets
    family = second.family()
    second.popen.kill()
    second.popen.wait()
    assert eventually(lambda: nothing_left(family), seconds=30)


def test_a_port_that_is_taken_is_said_in_one_sentence(machine, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        refused = machine("up")
        output = refused.popen.communicate(timeout=90)[0]
    assert refused.popen.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in output
    assert f"PORT={port + 1}" in output
    assert "Traceback" not in output


def test_one_part_alone_wants_a_migrated_database(machine):
    refused = machine("up", "--only", "web")
    output = refused.popen.communicate(timeout=90)[0]
    assert refused.popen.returncode == 1
    assert "Run: manage.py migrate" in output
    assert "Traceback" not in output
