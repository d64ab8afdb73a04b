"""Where bytes are kept: a private folder or a private S3 bucket, named by STORAGE_URL.

A file is named by the SHA-256 of what arrived: `ab/cd/<sha256>`, and what was made of it
`ab/cd/<sha256>.thumb.webp` and so on. No file has a public URL; `media.views` gives bytes out.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from media.folder import Folder

FORMS = "STORAGE_URL must read file:/folder or s3://bucket?endpoint=https://host&region=name"


class Backend(Protocol):
    """What a place to keep bytes does; everything raises StorageFailed when it cannot."""

    def workplace(self) -> AbstractContextManager[Path]:
        """A new empty file for bytes that are on their way in; gone at the end unless adopted."""

    def put(self, files: Sequence[tuple[str, bytes | Path]]) -> None:
        """Stores files whole or not at all, each by itself, in the order given.

        A Path is taken over (it comes from `workplace`). A file that is there already is only
        dated anew, so that the sweep takes it for a new one.
        """

    def open(self, name: str) -> IO[bytes]: ...

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Part of a file in pieces. FileNotFoundError before the first when it is not there."""

    def exists(self, name: str) -> bool: ...

    def size(self, name: str) -> int:
        """Bytes. FileNotFoundError when it is not there."""

    def delete(self, name: str) -> bool:
        """Whether it was there."""

    def delete_starting(self, prefix: str) -> int:
        """Deletes a content and all that was made of it; how many files."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every stored file with the time it was last put."""

    def delete_unfinished(self, *, before: datetime) -> int:
        """Removes what interrupted work left behind; how many files."""


def connect(url: str) -> Backend:
    """The place that a STORAGE_URL names. Raises ImproperlyConfigured."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return Folder(_outside_of_what_is_public(Path(unquote(parts.path))))
    if parts.scheme == "s3" and parts.netloc:
        options = dict(parse_qsl(parts.query))
        if unknown := sorted(set(options) - {"endpoint", "region", "prefix"}):
            raise ImproperlyConfigured(f"STORAGE_URL: unknown option {unknown[0]}. {FORMS}.")
        # Loaded only where it is used: the packages behind it are large.
        bucket: Backend = import_module("media.bucket").Bucket(
            name=parts.netloc,
            endpoint=options.get("endpoint", ""),
            region=options.get("region", ""),
            prefix=(options.get("prefix") or parts.path).strip("/"),
        )
        return bucket
    raise ImproperlyConfigured(f"{FORMS}.")


def _outside_of_what_is_public(folder: Path) -> Path:
    if not folder.is_absolute():
        raise ImproperlyConfigured(f"STORAGE_URL: the folder must be absolute. {FORMS}.")
    folder = folder.resolve()
    for public in (settings.STATIC_ROOT, settings.MEDIA_ROOT):
        if not public:
            continue
        root = Path(str(public)).resolve()
        if folder == root or root in folder.parents or folder in root.parents:
            raise ImproperlyConfigured(
                f"STORAGE_URL: {folder} and the public folder {root} must lie apart."
            )
    return folder


@lru_cache(maxsize=8)
def _connected(url: str) -> Backend:
    return connect(url)


@deconstructible
class PrivateStorage(Storage):
    """Django's storage interface over the place that STORAGE_URL names."""

    @property
    def backend(self) -> Backend:
        return _connected(settings.STORAGE_URL)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("stored files are only read")
        return File(self.backend.open(name), name=name)

    def _save(self, name: str, content: IO[Any]) -> str:
        self.backend.put([(name, content.read())])
        return name

    def delete(self, name: str) -> None:
        self.backend.delete(name)

    def exists(self, name: str) -> bool:
        return self.backend.exists(name)

    def size(self, name: str) -> int:
        return self.backend.size(name)

    def url(self, name: str | None) -> str:
        raise ValueError("stored files have no URL of their own; see media.services.pictures")


def storage() -> Backend:
    """The configured place, connected once in each process."""
    return _connected(settings.STORAGE_URL)
