"""From bytes to finished files: sniffed, rendered, written. No database here; safe in threads."""

import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from media.naming import path_of, variant_path
from media.pdq import Hashed
from media.pictures import Encoded, look, reencoded, render
from media.sniff import sniff
from media.storage import storage

# Decoding takes up to 256 MB for the largest picture: at most two at a time in one process.
_decoders = threading.BoundedSemaphore(min(2, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Bytes that are in the storage with all their variants, and what their row will say."""

    sha256: bytes
    size: int
    mime: str
    width: int | None
    height: int | None
    seconds: float | None
    animated: bool
    thumb: bool
    view_mime: str
    clean_mime: str
    # None: known before, and hashed then or to be hashed later.
    hashed: Hashed | None

    @property
    def fingerprinted(self) -> bool:
        return self.hashed is not None


def prepare(content: bytes | Path, *, sha256: bytes) -> Prepared:
    """Stores the content and its variants, the content last. Raises Refused or StorageFailed.

    A Path is one of the storage's `workplace`, and is taken over.
    """
    with _decoders:
        data = content.read_bytes() if isinstance(content, Path) else content
        sniffed = sniff(data)
        rendered = render(data, sniffed)
        size = len(data)
        del data
    files: list[tuple[str, bytes | Path]] = [
        (variant_path(sha256, variant, encoded.mime), encoded.data)
        for variant, encoded in (
            ("thumb", rendered.thumb), ("view", rendered.view), ("clean", rendered.clean)
        )
        if encoded is not None
    ]  # fmt: skip
    files.append((path_of(sha256), content))
    storage().put(files)
    return Prepared(
        sha256=sha256,
        size=size,
        mime=sniffed.mime,
        width=rendered.width,
        height=rendered.height,
        seconds=sniffed.seconds,
        animated=sniffed.animated,
        thumb=rendered.thumb is not None,
        view_mime=_mime(rendered.view),
        clean_mime=_mime(rendered.clean),
        hashed=rendered.hashed,
    )


def encode_anew(data: bytes, *, still: bool = False) -> bytes:
    """A stranger's picture in our own encoding; with `still` the first one of an animation. Raises
    Refused, also when it is no picture."""
    with _decoders:
        sniffed = sniff(data)
        return reencoded(data, replace(sniffed, animated=False) if still else sniffed).data


def look_at(data: bytes) -> Hashed:
    """What bytes look like; nothing is kept. Raises Refused."""
    with _decoders:
        return look(data, sniff(data))


def _mime(encoded: Encoded | None) -> str:
    return encoded.mime if encoded else ""
