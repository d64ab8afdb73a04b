"""Starting, watching and ending server processes, also as root (which PostgreSQL refuses)."""

import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.launcher.errors import LauncherError
from core.launcher.home import private_log

LOOPBACK = "127.0.0.1"
# Inside the namespace the server believes to be this user; outside its files stay ours.
MAPPED = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


@dataclass(frozen=True)
class Identity:
    """Who the servers run as: a command prefix, and the owner their folder must have (None: us)."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def own(self, path: Path) -> None:
        """Hands `path` and all in it over, and lets the owner pass through the folder above."""
        if self.owner is None:
            return
        for place in (path.parent, path, *path.rglob("*")):
            os.chown(place, *self.owner)


@functools.cache
def server_identity() -> Identity:
    """Ourselves; as root a mapped user without rights, or another user where that is barred."""
    if os.geteuid() != 0:
        return Identity()
    if _runs([*MAPPED, "true"]):
        return Identity(prefix=tuple(MAPPED))
    if shutil.which("setpriv") is None:
        raise LauncherError(
            "PostgreSQL refuses to run as root, and neither unshare nor setpriv (package "
            "util-linux) works here. Run this command as an ordinary user, or set DATABASE_URL."
        )
    uid, gid = _other_user()
    prefix = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    return Identity(prefix=prefix, owner=(uid, gid))


def _other_user() -> tuple[int, int]:
    """The system's postgres user, else nobody."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _runs(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


@functools.cache
def tied_to_us(sent: signal.Signals) -> tuple[str, ...]:
    """A command prefix by which the kernel sends `sent` when this process dies, however it dies.

    Linux only; elsewhere empty. The tie is to the thread that starts the child: use the main one.
    """
    prefix = ("setpriv", "--pdeathsig", sent.name.removeprefix("SIG"))
    return prefix if _runs([*prefix, "true"]) else ()


def start_server(
    command: Sequence[str], *, log: Path, tied: bool, feed: str | None = None
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own, its output appended to `log` (0600).

    `tied` ends it with us. `feed` goes to its standard input: configuration that `ps` must not
    show.
    """
    prefix = [*server_identity().prefix, *(tied_to_us(signal.SIGINT) if tied else ())]
    with private_log(log) as output:
        process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            cwd="/",
            env=server_environment(),
        )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write((feed or "").encode())
    # A server that dies must not stay a zombie: its successor would take it for alive.
    threading.Thread(target=process.wait, daemon=True, name=f"reaper of {process.pid}").start()
    return process


def server_environment() -> Mapping[str, str]:
    """Nothing of ours: PG… variables would redirect a server, and secrets are not its business."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"TZ": "UTC"}


def ports_to_try(last: int | None) -> Iterator[int]:
    """The `last` one, which running processes still know, then five free ones: each may be taken
    before a server listens on it."""
    for wanted in (last or 0, 0, 0, 0, 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, wanted))
                port: int = probe.getsockname()[1]
                probe.close()
                yield port


def is_running(pid: int) -> bool:
    """False also for a zombie, whose parent has merely not looked yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    with contextlib.suppress(OSError, IndexError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in {"Z", "X"}
    return True


def wait_until(condition: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> bool:
    """True as soon as `condition()` is; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def end_process(pid: int, *, sent: signal.Signals, seconds: float) -> None:
    """Asks by `sent`, waits, and kills what is still there after `seconds`."""
    for step, wait in ((sent, seconds), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, step)
        if wait_until(lambda: not is_running(pid), seconds=wait):
            break
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def tail(log: Path, *, lines: int = 8) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
