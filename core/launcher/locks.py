"""File locks between the processes of one installation; the kernel drops them with their holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.launcher.home import PRIVATE_FILE


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Waits until this process is the only one inside."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_now(path: Path) -> Iterator[bool]:
    """True while this process is the only one inside; False at once when another one is."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


class SharedHold:
    """Says "I use the servers" while the process lives. Made and asked under `exclusive`."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_alone(self) -> bool:
        """True when no other process holds. Converting a lock may let go of it for a moment, which
        is harmless because everybody who takes one is inside `exclusive`."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        return True

    def release(self) -> None:
        os.close(self._descriptor)
