"""Keeping a set of processes alive, and ending them in order with everything they started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from core.launcher.home import private_log
from core.launcher.processes import tied_to_us, wait_until

PAUSE = 0.1
SHORTEST_DELAY, LONGEST_DELAY = 1.0, 30.0
# Whoever ran this long did not fail at its start: its next failure waits the shortest delay again.
SETTLED_SECONDS = 60.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping(Exception):
    """Somebody asked us to end."""


@dataclass
class Service:
    """One child process: how to start it, and how long it may take to end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    # Services of a lower stage end first; the ones they rely on come after.
    stage: int = 0
    grace: float = 10.0
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    start_again_at: float = field(default=0.0, init=False)
    delay: float = field(default=SHORTEST_DELAY, init=False)

    def start(self) -> None:
        """In a session of its own: a Ctrl-C reaches us alone, and we end it in order."""
        with contextlib.ExitStack() as files:
            output = files.enter_context(private_log(self.log)) if self.log else None
            self.process = subprocess.Popen(
                [*tied_to_us(signal.SIGTERM), *self.command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )
        self.started_at = time.monotonic()
        self.start_again_at = 0.0

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def schedule_restart(self) -> float:
        """Seconds until the next attempt, doubling while it keeps failing."""
        if time.monotonic() - self.started_at > SETTLED_SECONDS:
            self.delay = SHORTEST_DELAY
        delay, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY)
        self.start_again_at = time.monotonic() + delay
        return delay

    def ask_to_end(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()

    def end(self) -> None:
        """Waits for the grace period, then kills it; its own children never outlive it."""
        asked_at = time.monotonic()
        while self.is_running() and time.monotonic() - asked_at < self.grace:
            time.sleep(PAUSE / 2)
        self.kill_group()

    def kill_group(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Supervisor:
    """Starts services, starts them again when they crash, and ends all of them."""

    services: Sequence[Service]
    say: Callable[[str], None]
    # Looked at about once a second; true when it has repaired something worth a word.
    repair: Callable[[], bool] = field(default=lambda: False)
    _asked: int = field(default=0, init=False)
    _repair_at: float = field(default=0.0, init=False)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """All services run inside; leaving it, in whatever way, ends them."""
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in ENDING_SIGNALS
            # nohup: a closed terminal is no reason to end.
            if (number, signal.getsignal(number)) != (signal.SIGHUP, signal.SIG_IGN)
        }
        try:
            for service in self.services:
                service.start()
            yield
        except Stopping:
            self.say("Stopping…")
        finally:
            self._end_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def watch(self) -> None:
        """Blocks until somebody asks to end (Stopping), starting crashed services again."""
        while True:
            self.look_after()
            time.sleep(PAUSE)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Looks after the services until `condition()`; False when it took longer."""

        def met() -> bool:
            self.look_after()
            return condition()

        return wait_until(met, seconds=seconds, pause=PAUSE)

    def look_after(self) -> None:
        """One round. Raises Stopping when somebody asked to end."""
        if self._asked:
            raise Stopping
        if time.monotonic() >= self._repair_at:
            self._repair_at = time.monotonic() + 1.0
            if self.repair():
                self.say("A database or broker server had died and was started again")
        for service in self.services:
            if service.is_running():
                continue
            if not service.start_again_at:
                self._note_crash(service)
            elif time.monotonic() >= service.start_again_at:
                service.start()

    def _note_crash(self, service: Service) -> None:
        assert service.process is not None
        code = service.process.returncode
        service.kill_group()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        where = f"; see {service.log}" if service.log else ""
        delay = service.schedule_restart()
        self.say(f"{service.name} ended ({how}), starting it again in {delay:.0f} s{where}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if self._asked > 1:  # an impatient second Ctrl-C
            for service in self.services:
                service.grace = 0.0

    def _end_all(self) -> None:
        for stage in sorted({service.stage for service in self.services}):
            ending = [service for service in self.services if service.stage == stage]
            for service in ending:
                service.ask_to_end()
            for service in ending:
                service.end()


def python(*arguments: str) -> list[str]:
    """A command line of this very interpreter."""
    return [sys.executable, *arguments]
