"""Hashes as people and clients write them: the one reading of 64 hexadecimal digits."""

import re
from typing import Any

# bytes.fromhex() alone would pass over blanks, and give fewer bytes.
_DIGEST = re.compile("[0-9A-Fa-f]{64}")


def digest_of(text: Any) -> bytes:
    """The 32 bytes of a PDQ or SHA-256. Raises ValueError for anything but 64 such digits."""
    if not isinstance(text, str) or _DIGEST.fullmatch(text) is None:
        raise ValueError("not 64 hexadecimal digits")
    return bytes.fromhex(text)
