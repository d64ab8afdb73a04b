"""The supervisor: crashed services come back, stubborn ones go, and nothing of theirs stays."""

import os
import signal
import time

import psutil
import pytest

from config.supervisor import SETTLED_SECONDS, Service, Supervisor
from tests.ground.processes import eventually

# Records its end in the file $1, after $2 seconds.
ORDERLY = ["sh", "-c", 'trap "sleep $2; date +%s%N > $1; exit 0" TERM; sleep 600 & wait', "sh"]
# Refuses to end, and has a child that refuses too.
STUBBORN = ["sh", "-c", "trap '' TERM; sh -c \"trap '' TERM; sleep 600\" & echo $! > $1; "
            "while true; do sleep 1; done", "sh"]  # fmt: skip


def service(name: str, command: list[str], **options) -> Service:
    return Service(name=name, command=command, environment=dict(os.environ), **options)


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_service_that_crashes_is_started_again(said, tmp_path):
    log = tmp_path / "flaky.log"
    flaky = service("flaky", ["sh", "-c", "echo started; exec sleep 600"], log=log)
    supervisor = Supervisor([flaky], said.append)
    with supervisor.running():
        first = flaky.process.pid
        assert supervisor.wait_for(lambda: "started" in log.read_text(), seconds=10)
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_for(
            lambda: flaky.is_running() and flaky.process.pid != first, seconds=10
        )
        assert supervisor.wait_for(lambda: log.read_text().count("started") == 2, seconds=5)
    assert said == [f"flaky ended (signal 9), starting it again in 1 s; see {log}"]
    assert log.stat().st_mode & 0o077 == 0


def test_each_failure_doubles_the_pause(said):
    failing = service("failing", ["false"])
    failing.started_at = time.monotonic()
    assert [failing.schedule_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    failing.started_at = time.monotonic() - SETTLED_SECONDS - 1
    assert failing.schedule_restart() == 1  # it had run for a while: a new story


def test_services_end_stage_by_stage(said, tmp_path):
    ends = {name: tmp_path / name for name in ("asks", "answers")}
    services = [
        service("answers", [*ORDERLY, str(ends["answers"]), "0"], stage=1),
        service("asks", [*ORDERLY, str(ends["asks"]), "0.5"], stage=0),
    ]
    with Supervisor(services, said.append).running():
        time.sleep(0.3)
    assert int(ends["asks"].read_text()) < int(ends["answers"].read_text())


def test_what_does_not_end_is_killed_with_its_children(said, tmp_path):
    note = tmp_path / "child"
    stubborn = service("stubborn", [*STUBBORN, str(note)], grace=0.5)
    with Supervisor([stubborn], said.append).running():
        assert eventually(lambda: note.exists() and bool(note.read_text()))
        child = psutil.Process(int(note.read_text()))
    assert not stubborn.is_running()
    assert eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_signal_ends_everything_and_handlers_are_given_back(said):
    before = signal.getsignal(signal.SIGTERM)
    sleeper = service("sleeper", ["sleep", "600"])
    supervisor = Supervisor([sleeper], said.append)
    with supervisor.running():
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.watch()
    assert said == ["Stopping…"]
    assert not sleeper.is_running()
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_error_inside_ends_everything_too(said):
    sleeper = service("sleeper", ["sleep", "600"])
    with pytest.raises(ZeroDivisionError), Supervisor([sleeper], said.append).running():
        raise ZeroDivisionError
    assert not sleeper.is_running()


def test_repairs_are_said(said):
    outcomes = [False, True]
    sleeper = service("sleeper", ["sleep", "600"])
    supervisor = Supervisor([sleeper], said.append, lambda: bool(outcomes and outcomes.pop()))
    with supervisor.running():
        supervisor.look_after()
    assert said == ["A database or broker server had died and was started again"]
