"""Contracts 2 and 3 as the vendor serves them: covers, chat images, options, all signed."""

import base64
import secrets
import string
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.signing import WINDOW_SECONDS, base_string, canonical_body, is_fresh, parse_body, verify
from upstream.sandbox.credentials import DISABLED_KEY, LIMITED_KEY, SIGNED_SECRETS, SPENT_KEY
from upstream.sandbox.pictures import placeholder
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.words import pick
from upstream.sandbox.world import World

HEADERS = ("x-timestamp", "x-signature", "x-request-id", "x-user-id")
REQUIRED = ("gender", "age", "ethnicity", "bodyType", "hairColor", "hairStyle")
FEMALE_ONLY = ("breastSize", "buttSize")
BUSINESS_KEYS = {
    LIMITED_KEY: "Too many requests, please try again later",
    SPENT_KEY: "API key usage limit reached",
    DISABLED_KEY: "Invalid API key",
}
# category → (code, label in English, label in Chinese, the gender it is offered for or "")
CATALOGUE: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Age": (
        ("18-25", "18 to 25", "18-25岁", ""),
        ("26-35", "26 to 35", "26-35岁", ""),
        ("36-50", "36 to 50", "36-50岁", ""),
        ("51-70", "51 to 70", "51-70岁", ""),
    ),
    "Ethnicity": (
        ("Asian", "Asian", "亚洲", ""),
        ("African", "African", "非洲", ""),
        ("European", "European", "欧洲", ""),
        ("Latina", "Latin American", "拉丁美洲", ""),
        ("Arab", "Arab", "阿拉伯", ""),
    ),
    "BodyType": (
        ("Slim", "Slim", "苗条", ""),
        ("Athletic", "Athletic", "健美", ""),
        ("Curvy", "Curvy", "丰满", "female"),
        ("Stocky", "Stocky", "魁梧", "male"),
    ),
    "BreastSize": (
        ("Small", "Small", "小", ""),
        ("Medium", "Medium", "中", ""),
        ("Large", "Large", "大", ""),
    ),
    "ButtSize": (
        ("Small", "Small", "小", ""),
        ("Medium", "Medium", "中", ""),
        ("Large", "Large", "大", ""),
    ),
    "HairColor": (
        ("black", "Black", "黑色", ""),
        ("brown", "Brown", "棕色", ""),
        ("blonde", "Blonde", "金色", ""),
        ("silver", "Silver", "银色", ""),
    ),
    "HairStyle": (
        ("Long", "Long", "长发", ""),
        ("Short", "Short", "短发", ""),
        ("Bun", "Bun", "发髻", "female"),
        ("Undercut", "Undercut", "削边", "male"),
    ),
}
_ALPHABET = string.ascii_letters + string.digits


class Refusal(Exception):
    """A request that ends in the envelope with `success: false`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Memory:
    """What was signed and answered: signatures bind to one request id, answers are kept."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    signatures: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], tuple[str, Any]] = field(default_factory=dict)


_memory = Memory()


def cover(world: World, request: Request) -> Response:
    return _answer(request, lambda body: _once(world, request, body, _cover))


def chat_image(world: World, request: Request) -> Response:
    return _answer(request, lambda body: _once(world, request, body, _chat_image))


def options(world: World, request: Request) -> Response:
    def listed(body: dict[str, Any]) -> dict[str, Any]:
        _fresh(world, request)
        if body.get("namespace") != "custom_agent":
            raise Refusal(10400, "namespace is required")
        return _catalogue(body)

    return _answer(request, listed)


def envelope(code: int, message: str, data: Any) -> dict[str, Any]:
    return {
        "code": code,
        "success": code == 10200,
        "message": message,
        "data": data,
        "traceId": "".join(secrets.choice(_ALPHABET) for _ in range(32)),
        "timestamp": str(int(time.time() * 1000)),
    }


def _answer(request: Request, work: Callable[[dict[str, Any]], Any]) -> Response:
    try:
        body = _verified(request)
        return reply(envelope(10200, "OK", work(body)))
    except Refusal as refusal:
        status = 401 if refusal.code == 10401 else 200
        return reply(envelope(refusal.code, refusal.message, None), status)


def _verified(request: Request) -> dict[str, Any]:
    """The body of a correctly signed request, whatever its age."""
    if missing := next((name for name in HEADERS if not request.headers.get(name)), None):
        raise Refusal(10401, f"Missing header {missing}")
    secret = SIGNED_SECRETS.get(request.bearer)
    if secret is None:
        raise Refusal(10401, "Invalid API key")
    body = parse_body(request.body)
    base = base_string(
        method=request.method,
        path=request.path,
        timestamp=request.headers["x-timestamp"],
        user_id=request.headers["x-user-id"],
        query=request.query.items(),
        body=body,
    )
    if not verify(secret, base, request.headers["x-signature"]):
        raise Refusal(10401, "Invalid signature")
    if body is None:
        raise Refusal(10400, "The body is not a JSON object")
    if message := BUSINESS_KEYS.get(request.bearer):
        raise Refusal(10400, message)
    return body


def _fresh(world: World, request: Request) -> None:
    if not is_fresh(request.headers["x-timestamp"], now=world.clock.now().timestamp()):
        raise Refusal(10401, "Timestamp expired")


def _once(
    world: World,
    request: Request,
    body: dict[str, Any],
    make: Callable[[World, Request, Mapping[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """The answer to this request id: stored, or made now for a signature not seen before."""
    headers = request.headers
    name = (request.bearer, headers["x-user-id"], headers["x-request-id"])
    text = f"{request.path}\n{canonical_body(body)}"
    with _memory.lock:
        if name in _memory.answers:
            stored_text, stored = _memory.answers[name]
            if stored_text != text:
                raise Refusal(10400, "X-Request-ID was used for another request")
            return dict(stored)
        _fresh(world, request)
        _bind(request.bearer, headers["x-signature"], headers["x-request-id"], world)
    time.sleep(world.tunables.generation_seconds)
    made = make(world, request, body)
    with _memory.lock:
        _memory.answers[name] = (text, made)
    return made


def _bind(key: str, signature: str, request_id: str, world: World) -> None:
    """Ties a signature to its first request id for as long as its timestamp can be valid."""
    now = world.clock.now().timestamp()
    for name, (_, until) in list(_memory.signatures.items()):
        if until < now:
            del _memory.signatures[name]
    fresh = (request_id, now + 2 * WINDOW_SECONDS)
    if _memory.signatures.setdefault((key, signature), fresh)[0] != request_id:
        raise Refusal(10401, "The signature was used before")


def _cover(world: World, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    for name in REQUIRED:
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise Refusal(10400, f"{name} is required")
    gender = body["gender"]
    if gender not in {"male", "female"}:
        raise Refusal(10400, "gender is invalid")
    names = (*REQUIRED[1:], *(FEMALE_ONLY if gender == "female" else ()))
    for name in names:
        if not body.get(name):
            raise Refusal(10400, f"{name} is required for female")
        offered = CATALOGUE[name[0].upper() + name[1:]]
        if not any(item[0] == body[name] and item[3] in {"", gender} for item in offered):
            raise Refusal(10400, f"{name} is invalid")
    if body.get("refImageId"):
        raise Refusal(10400, "refImageId not found")
    number = pick(0, canonical_body(body))
    data = placeholder(number, 512, 768, ("cover", f"{gender}, {body['age']}", "sandbox"))
    return {"coverId": str(uuid.uuid4()), "imageData": _data_uri(data)}


def _chat_image(world: World, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    for name, limit in (("agentId", 255), ("conversationId", 255), ("text", 4000)):
        value = body.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Refusal(10400, f"{name} is required")
        if len(value) > limit:
            raise Refusal(10400, f"{name} is too long")
    agent = body["agentId"]
    with world.lock:
        if not world.cast.shows(agent):
            raise Refusal(10404, "Agent not found")
        if not world.cast.configured(agent):
            raise Refusal(10400, "Agent missing image generation config")
    number = pick(0, agent, body["text"])
    data = placeholder(number, 512, 768, ("chat image", "sandbox"))
    return {"base64Image": _data_uri(data), "metadata": body.get("metadata") or {}}


def _data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _catalogue(body: Mapping[str, Any]) -> dict[str, Any]:
    chinese, gender = str(body.get("language", "en")).startswith("zh"), body.get("gender")
    return {
        category: [
            {"code": code, "label": zh if chinese else en, "previewUrl": None}
            for code, en, zh, only in items
            if not gender or only in {"", gender}
        ]
        for category, items in CATALOGUE.items()
    }


ROUTES: list[Route] = [
    route("POST", "/v1/agent/cover", cover, alone=False),
    route("POST", "/v1/chat/image", chat_image, alone=False),
    route("POST", "/v1/config/options", options, alone=False),
]
