"""What every client does alike: one guarded request, retries for reads, the rate limit."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import stamina

from core.http import GuardedClient, Timeouts, TransferError
from core.signing import compact_json
from upstream.clients.answers import payload
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import UpstreamError
from upstream.clients.limits import limit_of

T = TypeVar("T")
JSON_MAX_BYTES = 16 * 1024 * 1024
MAX_WAIT = 60.0  # a longer Retry-After is the caller's to schedule, not ours to sleep through


class UpstreamClient:
    """One upstream, over connections kept alive until `close()`; share it between threads."""

    max_bytes = JSON_MAX_BYTES

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._token = endpoint.token
        self._limit = limit_of(endpoint.base_url, endpoint.rate)
        self._http = GuardedClient(
            allow_private=endpoint.allow_private,
            allow_hosts=endpoint.allow_hosts,
            timeouts=self.timeouts(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def timeouts(self) -> Timeouts:
        seconds = self.endpoint.timeout
        return Timeouts(connect=min(10.0, seconds), read=seconds, total=seconds)

    def close(self) -> None:
        self._http.close()

    def _read(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The payload of a call that changes nothing upstream, repeated on transient errors."""
        return self._repeating(lambda: self._call(method, path, query=query, body=body))

    def _repeating(self, call: Callable[[], T]) -> T:
        wait = self.endpoint.retry_wait
        for attempt in stamina.retry_context(
            on=_worth_retrying,
            attempts=self.endpoint.attempts,
            timeout=None,
            wait_initial=wait,
            wait_max=30.0,
            wait_jitter=wait,
        ):
            with attempt:
                return call()
        raise AssertionError("the last attempt returns or raises")

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        total: float | None = None,
    ) -> Any:
        """The payload of exactly one request."""
        if self._limit is not None:
            self._limit.wait()
        content = None if body is None else compact_json(body).encode("utf-8", "replace")
        url = self.endpoint.url(path) + (f"?{urlencode(query)}" if query else "")
        try:
            reply, answer = self._http.fetch(
                method,
                url,
                max_bytes=self.max_bytes,
                headers=self._headers(content, headers),
                content=content,
                total=total,
            )
        except TransferError as error:
            raise UpstreamError.from_transfer(error) from error
        try:
            return payload(reply.status, answer, reply.headers)
        except UpstreamError as error:
            error.message = self._without_secrets(error.message)
            error.args = (error.message,)
            raise

    def _headers(self, content: bytes | None, headers: Mapping[str, str] | None) -> dict[str, str]:
        sent = {"Accept": "application/json"}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        return {name: value for name, value in (sent | dict(headers or {})).items() if value}

    def _without_secrets(self, message: str) -> str:
        """An upstream may echo what it was sent; a message must not."""
        endpoint = self.endpoint
        for secret in (self._token, endpoint.key, endpoint.secret, endpoint.refresh_token):
            if secret:
                message = message.replace(secret, "***")
        return message


def records(value: Any, *names: str) -> list[Any]:
    """The list of records in a payload: under one of `names`, or the payload itself."""
    for name in names:
        if isinstance(value, dict) and isinstance(value.get(name), list):
            return list(value[name])
    if isinstance(value, list):
        return value
    raise UpstreamError("malformed", "the answer holds no list of records", permanent=False)


def count(value: Any, *names: str) -> int | None:
    """A non-negative whole number under one of `names`, numbers in text accepted."""
    for name in names:
        found = value.get(name) if isinstance(value, dict) else None
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
            found = int(found)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None


def opaque_cursor(value: Any) -> str | None:
    """An opaque cursor; None for the end."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _worth_retrying(error: Exception) -> bool | float:
    if not isinstance(error, UpstreamError) or error.permanent:
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= MAX_WAIT else False
