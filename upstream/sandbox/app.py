"""The sandbox as a WSGI application: routes, the transient faults, plain error answers."""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from upstream.sandbox.views import (
    assets,
    characters,
    comfyui,
    control,
    gallery,
    generation,
    media,
)
from upstream.sandbox.wire import Request, Response, Route, Router, read_request, reply
from upstream.sandbox.world import Options, World

HTML_ERROR = b"<!doctype html><html><title>502</title><body><h1>Bad gateway</h1></body></html>"
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Sandbox:
    """One world behind one WSGI callable."""

    def __init__(self, options: Options) -> None:
        self.world = World(options)
        modules = (characters, gallery, assets, generation, comfyui, media, control)
        self._router = Router([one for module in modules for one in module.ROUTES])

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        response = self._respond(read_request(environ))
        headers = [("Content-Type", response.content_type), *response.headers.items()]
        if response.status != 204:
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [response.body] if response.cut is None else response.parts()

    def _respond(self, request: Request) -> Response:
        found = self._router.find(request)
        if isinstance(found, int):
            return _refused(request, found)
        route, arguments = found
        world = self.world
        fault = world.faults.count(route.name, exempt=route.name.startswith(_OURS))
        time.sleep(world.tunables.latency)
        if fault is None:
            return self._router.answer(world, request, route, arguments)
        if fault == "slow":
            time.sleep(world.tunables.slow_seconds)
            return self._router.answer(world, request, route, arguments)
        if fault in {"truncated", "reset"}:
            answer = self._router.answer(world, request, route, arguments)
            return _halved(answer, fault)
        return _broken(fault, request, route)


_OURS = ("GET /_sandbox", "POST /_sandbox")


def _halved(answer: Response, fault: str) -> Response:
    half = len(answer.body) // 2
    if fault == "reset":
        answer.cut = half
    else:
        answer.body = answer.body[:half]
    return answer


def _broken(fault: str, request: Request, route: Route) -> Response:
    """The answer of a failing upstream instead of the real one."""
    match fault:
        case "500":
            return _error(request, 500, "Internal error")
        case "429":
            answer = _error(request, 429, "Too many requests")
            answer.headers["Retry-After"] = "1"
            return answer
        case "html200":
            return Response(200, HTML_ERROR, "text/html")
    if "/media/" in route.name:
        return Response(200, HTML_ERROR, "text/html")
    return _error(request, 200, "Internal error")


def _error(request: Request, status: int, message: str) -> Response:
    """An error in the form of the contract that the path belongs to."""
    path = request.path
    if path.startswith("/api/"):
        return gallery.failure(status, message)
    if "/private-avatar/" in path:
        codes = {404: "NotFound", 405: "InvalidAction", 429: "RateLimitExceeded"}
        return assets.failure(status, codes.get(status, "InternalError"), message)
    if path.startswith(("/v1/agent", "/v1/chat", "/v1/config")):
        code = {404: 10404, 405: 10400}.get(status, 10500)
        return reply(generation.envelope(code, message, None), status)
    words = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 429: "TOO_MANY_REQUESTS"}
    word = words.get(status, "INTERNAL_ERROR")
    return reply({"success": False, "code": word, "message": message, "data": None}, status)


def _refused(request: Request, status: int) -> Response:
    return _error(request, status, HTTPStatus(status).phrase)
