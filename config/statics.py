"""Collected static files, made anew only when a source file has changed."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from core.launcher.home import folder


def collect() -> None:
    """Fills STATIC_ROOT with compressed, fingerprinted copies, unless it already holds these."""
    root = Path(settings.STATIC_ROOT)
    note = root / ".sources"
    wanted = _fingerprint()
    if note.exists() and note.read_text() == wanted:
        return
    folder(root)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    note.write_text(wanted)


def _fingerprint() -> str:
    """A digest over path, size and time of every source file."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path))
            state = source.stat()
            digest.update(f"{source}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
