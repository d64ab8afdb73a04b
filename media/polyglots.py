"""Files that are two things at once: a picture to us, an archive or a page to somebody else."""

from media.errors import Refused

# What may stand behind a picture and would be acted on by a browser, an unpacker or a shell.
ACTIVE = (b"<!doctype", b"<html", b"<script", b"<svg", b"<?php", b"<body", b"<iframe")
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"%PDF-")
PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
PDF_REACH = 1024  # readers look for the header this far into a file
ZIP_REACH = 65_557  # the end record and its longest comment
ZIP_END, ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"


def check_tail(data: bytes, at: int) -> None:
    """Raises Refused when what follows a picture's end at `at` would be acted on."""
    tail = data[at:]
    if tail.startswith(PROGRAMS) or any(mark in tail for mark in ARCHIVES):
        raise _refused()
    lowered = tail.lower()
    if any(mark in lowered for mark in ACTIVE):
        raise _refused()


def check_whole(data: bytes) -> None:
    """Raises Refused when readers of PDF or ZIP files would open this file too."""
    if b"%PDF-" in data[:PDF_REACH] or _is_zip(data):
        raise _refused()


def _is_zip(data: bytes) -> bool:
    """Whether an end record points to a directory that is there, as unpackers look for it.

    The four letters alone also occur in compressed pixels.
    """
    at = data.rfind(ZIP_END, max(0, len(data) - ZIP_REACH))
    if at < 0 or at + 22 > len(data):
        return False
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    directory = max(0, at - size)
    return not size or data[directory : directory + 4] == ZIP_ENTRY


def _refused() -> Refused:
    return Refused("polyglot", "the file is also something else than it seems")
