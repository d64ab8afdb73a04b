"""Requests, responses and routes of the sandbox: the little of a web framework that it needs."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from upstream.sandbox.credentials import TOKENS, User
from upstream.sandbox.world import World

MAX_BODY = 12 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def origin(self) -> str:
        """Scheme, host and port as the caller wrote them."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def user(self) -> User | None:
        """Whose token this is; None for a guest and for a token that is not valid."""
        return TOKENS.get(self.bearer)

    @property
    def refused(self) -> bool:
        """Whether a token was sent and is not valid."""
        return "authorization" in self.headers and self.user is None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} when it is something else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def file(self, name: str) -> bytes | None:
        """A file of a multipart/form-data body."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        for part in BytesParser(policy=HTTP).parsebytes(head + self.body).iter_parts():
            if part.get_param("name", header="content-disposition") == name:
                content = part.get_payload(decode=True)
                return content if isinstance(content, bytes) else None
        return None


@dataclass
class Response:
    """`cut` ends the connection after that many bytes of the body."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    def parts(self) -> Iterator[bytes]:
        if self.cut is None:
            yield self.body
        else:
            yield self.body[: self.cut]
            raise ConnectionAbortedError("the reset fault")


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON response; ASCII, so that half surrogate pairs survive the wire."""
    return Response(status, json.dumps(value).encode(), headers=headers)


View = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """One path of the API. `name` is what stats count by, `alone` takes the world's lock."""

    method: str
    pattern: re.Pattern[str]
    name: str
    view: View
    alone: bool = True


def route(method: str, path: str, view: View, *, alone: bool = True) -> Route:
    """`path` with `{name}` for one segment each, handed to the view as keyword arguments."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return Route(method, re.compile(pattern), f"{method} {path}", view, alone)


class Router:
    """Finds the route of a request; paths below `/v1` fall back to the same without it."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = routes

    def find(self, request: Request) -> tuple[Route, dict[str, str]] | int:
        """The route and its arguments, or the status of the refusal."""
        known = False
        for path in (request.path, request.path.removeprefix("/v1")):
            for candidate in self._routes:
                if found := candidate.pattern.fullmatch(path):
                    known = True
                    if candidate.method == request.method:
                        return candidate, found.groupdict()
        return 405 if known else 404

    def answer(
        self, world: World, request: Request, found: Route, args: dict[str, str]
    ) -> Response:
        if not found.alone:
            return found.view(world, request, **args)
        with world.lock:
            return found.view(world, request, **args)


def read_request(environ: Mapping[str, Any]) -> Request:
    """The request of a WSGI environment."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): _utf8(str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }
    length = headers.get("content-length", "")
    size = min(int(length), MAX_BODY) if length.isdigit() else MAX_BODY
    body = environ["wsgi.input"].read(size) if length or "transfer-encoding" in headers else b""
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_utf8(environ["PATH_INFO"]),
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def _utf8(text: str) -> str:
    """WSGI hands bytes over as Latin-1; what callers send is UTF-8."""
    return text.encode("latin-1").decode("utf-8", "replace")
