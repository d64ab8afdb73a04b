"""Fetching bytes by a link: streamed to a file, hashed on the way, bounded in size and time."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.http import GuardedClient, Reply, Timeouts, TransferError
from media.errors import DownloadFailed, Refused
from media.folder import failures

TIMEOUTS = Timeouts(connect=10.0, read=20.0, total=120.0)
# The link itself is at fault, and another may work; see https://www.rfc-editor.org/rfc/rfc9110.
EXPIRED = frozenset({401, 403, 404, 410})
TRANSIENT = frozenset({408, 423, 425, 429})
LONGEST_WAIT = 3600


@dataclass(frozen=True, slots=True)
class Downloaded:
    """Bytes in a file, as they came."""

    path: Path
    sha256: bytes
    size: int


def client() -> GuardedClient:
    """The process's client for media, under the settings of the moment. Do not close it."""
    hosts = frozenset(_host(entry) for entry in settings.MEDIA_ALLOWED_PRIVATE_HOSTS)
    return _client(bool(settings.MEDIA_ALLOW_PRIVATE_NETWORKS), hosts)


@lru_cache(maxsize=4)
def _client(allow_private: bool, hosts: frozenset[tuple[str, int]]) -> GuardedClient:
    return GuardedClient(allow_private=allow_private, allow_hosts=hosts, timeouts=TIMEOUTS)


def _host(entry: str) -> tuple[str, int]:
    host, _, port = entry.rpartition(":")
    if not host or not port.isdecimal():
        raise ImproperlyConfigured(f"MEDIA_ALLOWED_PRIVATE_HOSTS: {entry!r} is not host:port")
    return host.strip("[]").lower(), int(port)


def download(url: str, *, into: Path) -> Downloaded:
    """Fetches `url` into the file. Raises DownloadFailed, Refused (too large) or StorageFailed."""
    digest, size = hashlib.sha256(), 0
    try:
        with client().stream("GET", url, max_bytes=settings.MEDIA_MAX_BYTES) as reply:
            _check_status(reply)
            with failures(into.parent):
                file = into.open("wb")
            with file:
                for piece in reply.chunks():
                    digest.update(piece)
                    size += len(piece)
                    _write(file.write, piece, into)
                _write(lambda _: file.flush(), b"", into)
    except TransferError as error:
        if error.code == "too_large":
            raise Refused("too_large", error.message) from error
        raise DownloadFailed(error.code, error.message, permanent=error.permanent) from error
    return Downloaded(into, digest.digest(), size)


def _write(write: Callable[[bytes], object], piece: bytes, into: Path) -> None:
    """Only the disk's errors are the storage's; the network's pass through unchanged."""
    with failures(into.parent):
        write(piece)


def _check_status(reply: Reply) -> None:
    if reply.status == 200:
        return
    after = reply.headers.get("retry-after", "")
    raise DownloadFailed(
        f"status_{reply.status}",
        f"the link answered with status {reply.status}",
        permanent=not (reply.status in TRANSIENT or reply.status >= 500),
        status=reply.status,
        retry_after=min(int(after), LONGEST_WAIT) if after.isdecimal() else 0,
    )
