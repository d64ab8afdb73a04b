"""Compiled translations, made from `locale/` without the gettext programs."""

import os
from pathlib import Path

import polib
from django.conf import settings


def compile_stale() -> None:
    """Writes each .mo file that is missing or older than its .po file."""
    for folder in map(Path, settings.LOCALE_PATHS):
        for source in folder.glob("*/LC_MESSAGES/*.po"):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            draft = target.with_suffix(f".{os.getpid()}")
            polib.pofile(str(source)).save_as_mofile(str(draft))
            draft.replace(target)
