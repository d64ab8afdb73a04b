"""The guarded HTTP client behind every outbound request: redirects, sizes, time, safe errors."""

import re
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from core.transport import GuardedTransport, Reach, TransferError, deadline, remaining

__all__ = ["GuardedClient", "Reply", "Timeouts", "TransferError", "check_url", "safe_url"]

MAX_REDIRECTS = 5
MAX_URL = 8192
HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+")  # a name in ASCII form or an IPv6 address
USER_AGENT = "Gatehouse/1"
CHUNK = 65536
# Sent on after a redirect to another origin; everything else of the caller's may be a credential.
HARMLESS_HEADERS = {"accept", "accept-encoding", "accept-language", "range", "user-agent"}


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, between two reads, and for everything including redirects."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0


class Reply:
    """A response whose body is read under the size caps, once, by `chunks()` or `read()`."""

    def __init__(self, response: httpx.Response, *, max_bytes: int) -> None:
        self._response = response
        self._max_bytes = max_bytes
        self.status = response.status_code
        self.headers = response.headers
        self.url = str(response.url)

    def chunks(self) -> Iterator[bytes]:
        """The decoded body in pieces of at most 64 KiB.

        `max_bytes` bounds what is read and what comes out of decompression; neither is ever
        exceeded by more than one piece, so that a decompression bomb ends early.
        """
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise self._too_large()
        decoder = _decoder(self.headers.get("content-encoding", ""))
        raw = decoded = 0
        with _mapped(self.url):
            for piece in self._response.iter_raw(CHUNK):
                remaining(None)
                raw += len(piece)
                if raw > self._max_bytes:
                    raise self._too_large()
                for part in decoder.feed(piece):
                    decoded += len(part)
                    if decoded > self._max_bytes:
                        raise self._too_large()
                    yield part
        decoder.finish()

    def read(self) -> bytes:
        """The whole decoded body."""
        return b"".join(self.chunks())

    def _too_large(self) -> TransferError:
        return TransferError(
            "too_large", f"the response is larger than {self._max_bytes} bytes", permanent=True
        )


class _Identity:
    def feed(self, piece: bytes) -> Iterator[bytes]:
        yield piece

    def finish(self) -> None:
        """Nothing can be left over: the connection itself knows a truncated body."""


class _Inflate:
    """Gzip or zlib, decoded in bounded steps; httpx would inflate a whole read at once."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        pending = True
        while pending and not self._stream.eof:
            try:
                part = self._stream.decompress(piece, CHUNK)
            except zlib.error as error:
                raise TransferError("encoding", "the compressed body is broken") from error
            piece = self._stream.unconsumed_tail
            # A full piece may leave output behind inside zlib although all input is consumed.
            pending = bool(piece) or len(part) == CHUNK
            if part:
                yield part

    def finish(self) -> None:
        if not self._stream.eof:
            raise TransferError("truncated", "the compressed body ends early")


def _decoder(encoding: str) -> _Identity | _Inflate:
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip" | "deflate":
            return _Inflate()
    raise TransferError(
        "encoding", "the response uses a content encoding that was not asked for", permanent=True
    )


class GuardedClient:
    """Requests under the guard: every address checked, redirects followed here, sizes and time
    bounded. Safe to share between threads; close it or use it as a context manager."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        allow_hosts: frozenset[tuple[str, int]] = frozenset(),
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        reach = Reach(allow_private=allow_private, allow_hosts=allow_hosts)
        self._client = httpx.Client(
            transport=GuardedTransport(reach, tls=tls),
            trust_env=False,  # a proxy from the environment would connect in our place
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect),
        )
        self._client.headers = httpx.Headers({"User-Agent": USER_AGENT})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def fetch(
        self,
        method: str,
        url: str,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        encoding: str = "gzip",
        total: float | None = None,
    ) -> tuple[Reply, bytes]:
        """The final response and its whole decoded body; see `stream` for the arguments."""
        with self.stream(
            method,
            url,
            max_bytes=max_bytes,
            headers=headers,
            content=content,
            encoding=encoding,
            total=total,
        ) as reply:
            return reply, reply.read()

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        encoding: str = "identity",
        total: float | None = None,
    ) -> Iterator[Reply]:
        """The final response, its body still to be read; any status is a response.

        `encoding` is what `Accept-Encoding` asks for: `identity` for media, `gzip` for text.
        `total` replaces the client's total seconds. GET and HEAD follow redirects; a redirect of
        any other method is a TransferError, since its body must not be sent twice.
        """
        before = deadline.get()
        deadline.set(time.monotonic() + (total or self._timeouts.total))
        try:
            sent = {"Accept-Encoding": encoding, **(headers or {})}
            response = self._follow(method, url, sent, content)
            try:
                yield Reply(response, max_bytes=max_bytes)
            finally:
                response.close()
        finally:
            deadline.set(before)

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        target = check_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(method, target, headers, content)
            if not response.has_redirect_location:
                return response
            response.close()
            if method not in {"GET", "HEAD"}:
                raise TransferError("redirect", f"a {method} was redirected", permanent=True)
            following = _next_url(target, response.headers["location"])
            if _origin(following) != _origin(target):
                headers = {k: v for k, v in headers.items() if k.lower() in HARMLESS_HEADERS}
            target = following
        raise TransferError("redirect", f"more than {MAX_REDIRECTS} redirects", permanent=True)

    def _send(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        with _mapped(str(url)):
            try:
                encoded = {name.encode(): value.encode() for name, value in headers.items()}
                request = self._client.build_request(method, url, headers=encoded, content=content)
            except (UnicodeError, ValueError, TypeError) as error:
                raise TransferError("header", "a header cannot be sent", permanent=True) from error
            return self._client.send(request, stream=True)


def check_url(url: str) -> httpx.URL:
    """The URL, parsed; a TransferError unless it is an absolute http(s) URL without userinfo."""
    if len(url) > MAX_URL:
        raise TransferError("url", "the URL is too long", permanent=True)
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise TransferError("url", "the URL cannot be parsed", permanent=True) from error
    if parsed.scheme not in {"http", "https"}:
        raise TransferError("url", "only http and https URLs are fetched", permanent=True)
    if not HOST.fullmatch(parsed.raw_host) or not 0 < (80 if port is None else port) < 65536:
        raise TransferError("url", "the URL names no host", permanent=True)
    if parsed.userinfo:
        raise TransferError("url", "the URL carries a user name", permanent=True)
    return parsed.copy_with(fragment=None)


def safe_url(url: str) -> str:
    """The URL without user, query and fragment, short enough for a message or a log."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]
    except ValueError:
        return "an unreadable URL"


def _next_url(current: httpx.URL, location: str) -> httpx.URL:
    try:
        following = check_url(str(current.join(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise TransferError("redirect", "a redirect leads nowhere", permanent=True) from error
    if current.scheme == "https" and following.scheme == "http":
        raise TransferError("redirect", "a redirect leaves https", permanent=True)
    return following


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}[url.scheme]


@contextmanager
def _mapped(url: str) -> Iterator[None]:
    """httpx's and the TLS library's errors as TransferErrors with a safe message."""
    place = safe_url(url)
    try:
        yield
    except httpx.TimeoutException as error:
        end = deadline.get()
        if end is not None and time.monotonic() >= end - 0.01:
            raise TransferError("deadline", f"{place} took too long") from error
        raise TransferError("timeout", f"{place} does not answer") from error
    except httpx.ConnectError as error:
        if isinstance(_root(error), ssl.SSLError):
            raise TransferError("tls", f"{place} has no valid certificate") from error
        raise TransferError("connect", f"cannot connect to {place}") from error
    except httpx.LocalProtocolError as error:
        raise TransferError("header", "a header cannot be sent", permanent=True) from error
    except httpx.RemoteProtocolError as error:
        raise TransferError("truncated", f"{place} broke off its answer") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise TransferError("network", f"the connection to {place} failed") from error


def _root(error: BaseException) -> BaseException:
    """The first exception of the chain."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
