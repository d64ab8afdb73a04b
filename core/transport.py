"""Guarded connections: the address check at connect time and the deadline of a request."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from core.addresses import is_private, is_public


class TransferError(Exception):
    """A request that did not end in a complete, acceptable response.

    `permanent` says that the same request will fail again; `code` is one short word for programs;
    the message holds no query string, credential or body.
    """

    def __init__(self, code: str, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where connections may go besides the public internet.

    `allow_private` opens loopback and the private blocks, nothing else odd. `allow_hosts`, when
    not empty, narrows that to these (host as written in the URL, port) pairs.
    """

    allow_private: bool = False
    allow_hosts: frozenset[tuple[str, int]] = frozenset()

    def permits(self, host: str, port: int, address: str) -> bool:
        """Whether a connection for `host:port` may go to the numeric `address`."""
        try:
            number = ipaddress.ip_address(address)
        except ValueError:  # an IPv6 address with a zone
            return False
        if is_public(number):
            return True
        if not self.allow_private or not is_private(number):
            return False
        return not self.allow_hosts or (host.lower(), port) in self.allow_hosts


deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def remaining(timeout: float | None) -> float | None:
    """`timeout`, cut to what is left of the request's total time."""
    end = deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise TransferError("deadline", "the whole request took too long")
    return left if timeout is None else min(timeout, left)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which no single byte can push a request past its deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname, remaining(timeout))
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name once and connects to the very address that was checked.

    Host header, SNI and certificate check keep the name: httpcore takes them from the URL.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, remaining(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream)
        assert failure is not None
        raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        raise TransferError("address", "Unix sockets are not reachable", permanent=True)

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TransferError("dns", f"cannot resolve {host[:255]}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [one for one in addresses if self._reach.permits(host, port, one)]
        if not allowed:
            raise TransferError(
                "address", f"{host[:255]} has no address that may be reached", permanent=True
            )
        return allowed


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport on a pool whose every connection passes the address check."""

    def __init__(self, reach: Reach, *, tls: ssl.SSLContext | None = None) -> None:
        context = tls or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        # httpx offers no argument for the network backend, so its pool is exchanged.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=5.0,
            network_backend=_GuardedBackend(reach),
        )
