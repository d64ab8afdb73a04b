"""What `manage.py` does before Django starts: decide whether the embedded servers are needed."""

import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet

from core import env
from core.launcher.attachment import Attachment, attach

# Commands that read or write files and code only.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "sandbox",
    "spectacular",
    "startapp",
    "startproject",
    "version",
}
# Commands that stay in the foreground and whose servers must die with them.
LONG_RUNNING = {"up", "demo"}

_attached: list[Attachment] = []


def prepare(arguments: Sequence[str]) -> Attachment | None:
    """Completes the environment for `manage.py`'s `arguments` when DATABASE_URL is unset.

    With DATABASE_URL nothing is generated or started: that is production, and whatever is missing
    there has to be said by the settings.
    """
    if env.text("DATABASE_URL"):
        return None
    if not needs_database(arguments):
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
        os.environ.setdefault("ENCRYPTION_KEYS", Fernet.generate_key().decode())
        return None
    # Without this a terminated command would skip the exit hooks and leave its servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    attachment = attach(home_folder(), tied=arguments[1] in LONG_RUNNING)
    _attached.append(attachment)
    for name, value in attachment.environment.items():
        if name.startswith("DATABASE"):
            os.environ[name] = value
        else:
            os.environ.setdefault(name, value)
    return attachment


def attached() -> Attachment | None:
    """This process's use of the embedded servers; None where it has none."""
    return _attached[0] if _attached else None


def needs_database(arguments: Sequence[str]) -> bool:
    """Whether the command talks to the database; asking for help never does."""
    if len(arguments) < 2 or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[1] not in WITHOUT_DATABASE or "--database" in arguments


def home_folder() -> Path:
    """GATEHOUSE_HOME, by default `var/` in the project."""
    return Path(env.text("GATEHOUSE_HOME") or Path(__file__).resolve().parents[2] / "var")
