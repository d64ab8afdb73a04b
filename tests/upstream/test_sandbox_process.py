"""The sandbox as a command: help, mistakes, and clean endings."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from upstream.sandbox.faults import FAULTS
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.server import free_port

ROOT = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, "manage.py", "sandbox"]
PLAIN = [sys.executable, "-m", "upstream.sandbox"]  # the same without Django's start-up


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_sandbox/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def wait_for(port: int, *, up: bool, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answers(port) is up:
            return True
        time.sleep(0.05)
    return False


def test_help_names_every_fault_and_an_example() -> None:
    done = subprocess.run([*MANAGE, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in FAULTS)
    assert "Example: manage.py sandbox --port" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "is not a port"),
        (["--port", "0", "--images", "-1"], "is not a number"),
        (["--port", "0", "--faults", "500,unheard"], "unknown fault unheard"),
    ],
)
def test_a_mistake_is_one_sentence_without_a_traceback(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [*PLAIN, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("start", "ending"), [(MANAGE, signal.SIGINT), (PLAIN, signal.SIGINT), (PLAIN, signal.SIGTERM)]
)
def test_the_command_serves_and_ends_cleanly(start: list[str], ending: signal.Signals) -> None:
    port = free_port()
    command = [*start, "--port", str(port), "--images", "10", "--faults", "500"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert wait_for(port, up=True)
        process.send_signal(ending)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in output
    if start is MANAGE:
        assert f"http://127.0.0.1:{port}" in output
    assert wait_for(port, up=False)


def test_a_taken_port_is_an_error_and_not_a_hang() -> None:
    with SandboxProcess(images=10) as first:
        command = [*MANAGE, "--port", str(first.port)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )
    assert done.returncode != 0
    assert "is taken" in done.stderr and "Traceback" not in done.stderr


def test_a_hundred_thousand_images_start_at_once() -> None:
    started = time.monotonic()
    with SandboxProcess(images=100_000, characters=300) as sandbox:
        assert time.monotonic() - started < 10
        assert sandbox.stats()["totals"]["images"]["records"] == 100_000


def test_the_sandbox_ends_with_the_process_that_started_it() -> None:
    script = (
        "from upstream.sandbox.process import SandboxProcess; import time\n"
        "sandbox = SandboxProcess(images=10).start(); print(sandbox.port, flush=True)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert answers(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_for(port, up=False)
