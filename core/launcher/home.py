"""The private folder of one installation (GATEHOUSE_HOME): secrets, locks, logs and data."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from cryptography.fernet import Fernet

from core.launcher.errors import LauncherError

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
LOG_BYTES = 10 * 1024 * 1024

# What an installation generates once and keeps.
GENERATED: Mapping[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(48),
    "encryption_keys": lambda: Fernet.generate_key().decode(),
    "audit_key": lambda: secrets.token_urlsafe(48),
    "superuser_password": lambda: secrets.token_urlsafe(24),
    "owner_password": lambda: secrets.token_urlsafe(24),
    "runtime_password": lambda: secrets.token_urlsafe(24),
    "broker_password": lambda: secrets.token_urlsafe(24),
}


class Home:
    """Paths below the folder, which is made 0700 when missing, as is everything inside."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        folder(self.root)

    @property
    def database(self) -> Path:
        return self.root / "postgres"

    @property
    def broker(self) -> Path:
        return self.root / "valkey"

    def lock(self, name: str) -> Path:
        return self.root / f"{name}.lock"

    def log(self, name: str) -> Path:
        """The file `logs/<name>.log`; a file past 10 MB moves to `<name>.log.1` first."""
        path = folder(self.root / "logs") / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def secrets(self) -> dict[str, str]:
        """The generated secrets, made at the first call. Callers hold the start lock."""
        path = self.root / "secrets.json"
        if not path.exists() and self.database.exists():
            raise LauncherError(
                f"{path} is missing, and {self.database} cannot be opened without it. "
                "Put it back from your backup, or move the folder away to start anew."
            )
        known = read_json(path)
        if missing := {name: make() for name, make in GENERATED.items() if name not in known}:
            known |= missing
            write_json(path, known)
        return known


def folder(path: Path) -> Path:
    """`path` as an existing folder; what has to be made is 0700."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return path


def private_log(path: Path) -> BinaryIO:
    """`path` opened for appending, readable by nobody else."""
    file = path.open("ab")
    os.fchmod(file.fileno(), PRIVATE_FILE)
    return file


def read_json(path: Path) -> dict[str, str]:
    """The object in `path`, empty when there is none."""
    try:
        content: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LauncherError(f"{path} is damaged: {error}") from error
    return content


def write_json(path: Path, content: Mapping[str, str]) -> None:
    """Replaces `path` in one step by a 0600 file; a crash leaves the old or the new one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
