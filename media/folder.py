"""A private folder as storage: every file whole or absent, readable by its owner alone."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from media.errors import StorageFailed

INCOMING = "incoming"
CHUNK = 256 * 1024
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Folder:
    """See `media.storage.Backend`. Files are 0600 and folders 0700 whatever the umask says.

    Bytes are written to `incoming/`, synced, and renamed to their name: after a crash or on a full
    disk a file is there with all its bytes or not at all.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        path = self._temporary()
        try:
            with failures(path.parent):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put(self, files: Sequence[tuple[str, bytes | Path]]) -> None:
        touched = set()
        for name, content in files:
            target = self._path(name)
            with failures(self._root):
                if self._has(target, content):
                    os.utime(target)
                    continue
                self._place(content, target)
                touched.add(target.parent)
        for folder in touched:
            with failures(folder):
                _sync(folder)

    def open(self, name: str) -> IO[bytes]:
        return self._path(name).open("rb")

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        file = self._path(name).open("rb")
        return _pieces(file, start, length)

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def delete(self, name: str) -> bool:
        path = self._path(name)
        with failures(self._root):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            _sync(path.parent)
        return True

    def delete_starting(self, prefix: str) -> int:
        path = self._path(prefix)
        found = [str(each.relative_to(self._root)) for each in path.parent.glob(f"{path.name}*")]
        return sum(self.delete(name) for name in found)

    def names(self) -> Iterator[tuple[str, datetime]]:
        for path in self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                yield str(path.relative_to(self._root)), _modified(path)

    def delete_unfinished(self, *, before: datetime) -> int:
        count = 0
        for path in (self._root / INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if _modified(path) < before:
                    path.unlink()
                    count += 1
        return count

    def _path(self, name: str) -> Path:
        path = self._root / name
        if ".." in path.parts or not path.is_relative_to(self._root):
            raise ValueError(f"{name!r} is no name of a stored file")
        return path

    def _temporary(self) -> Path:
        with failures(self._root):
            return self._folder(self._root / INCOMING) / uuid.uuid4().hex

    def _folder(self, folder: Path) -> Path:
        if not folder.is_dir():
            for step in (*reversed(folder.parents), folder):
                if step.is_relative_to(self._root):
                    with suppress(FileExistsError):
                        step.mkdir(mode=0o700, parents=step == self._root)
                        _sync(step.parent)
        return folder

    def _has(self, target: Path, content: bytes | Path) -> bool:
        """A file of another size was damaged from outside, and is written again."""
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        try:
            return target.stat().st_size == size
        except FileNotFoundError:
            return False

    def _place(self, content: bytes | Path, target: Path) -> None:
        self._folder(target.parent)
        temporary = content if isinstance(content, Path) else self._temporary()
        try:
            if isinstance(content, Path):
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            else:
                _write(temporary, content)
            temporary.rename(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Makes renames and removals in a folder outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _pieces(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(CHUNK, length))):
            length -= len(piece)
            yield piece


@contextmanager
def failures(place: Path) -> Iterator[None]:
    """Operating system errors as StorageFailed, a full disk by its name."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFailed("storage_full", _full(place)) from error
        reason = error.strerror or type(error).__name__
        raise StorageFailed("storage", f"the storage cannot be written: {reason}") from error


def _full(place: Path) -> str:
    try:
        free = shutil.disk_usage(place).free // 2**20
    except OSError:
        return "the storage is full"
    return f"the storage is full ({free} MB left)"
