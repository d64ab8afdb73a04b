"""Contract 5 as the vendor serves it: `/characters…`, bare or wrapped, and the token refresh."""

import io
import uuid
from typing import Any

from PIL import Image, UnidentifiedImageError

from upstream.sandbox.clock import iso
from upstream.sandbox.credentials import (
    MEMBER_TOKEN_REFRESHED,
    REFRESH_TOKEN,
    USERS,
    User,
)
from upstream.sandbox.pictures import encode
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.world import World

VENDOR_TYPE = "application/vnd.momohub+json"
LIMITS = {"name": 100, "bio": 2000, "originPrompt": 20_000, "avatar": 4096}
MAX_AVATAR = 5 * 1024 * 1024
CODES = {400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}


class Refusal(Exception):
    """A request that ends in the contract's error form."""

    def __init__(self, status: int, message: str, **errors: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


def failure(world: World, status: int, message: str, errors: dict[str, str]) -> Response:
    body = {
        "success": False,
        "code": CODES.get(status, "ERROR"),
        "message": message,
        "data": None,
        "errors": errors,
        "timestamp": iso(world.clock.now()),
    }
    return reply(body, status)


def list_public(world: World, request: Request) -> Response:
    return _listed(world, request, world.cast.listing(request.user, own=False), "public")


def list_own(world: World, request: Request) -> Response:
    return _listed(world, request, world.cast.listing(_signed_in(request), own=True), "own")


def search(world: World, request: Request) -> Response:
    found = world.cast.search(_signed_in(request), request.query.get("q", ""))
    return _listed(world, request, found, "search")


def detail(world: World, request: Request, character_id: str) -> Response:
    _readable(world, request, character_id)
    return _success(world, request, _out(world, request, character_id, spoil=False))


def create(world: World, request: Request) -> Response:
    user = _signed_in(request)
    fields = _fields(request.json())
    blank = {"avatar": None, "bio": "", "originPrompt": "", "isPublic": False}
    name = world.cast.add(**(blank | fields), authorId=user.id)
    for generated in ("reviewStatus", "age"):
        world.cast.rows[name].pop(generated, None)
    world.cast.links[name] = {}
    return _success(world, request, _out(world, request, name, spoil=False), 201)


def update(world: World, request: Request, character_id: str) -> Response:
    _owned(world, request, character_id)
    world.cast.change(character_id, **_fields(request.json()))
    return _success(world, request, _out(world, request, character_id, spoil=False))


def delete(world: World, request: Request, character_id: str) -> Response:
    _owned(world, request, character_id)
    world.cast.remove(character_id)
    return Response(204)


def upload_avatar(world: World, request: Request, character_id: str) -> Response:
    _owned(world, request, character_id)
    data = request.file("file")
    if data is None:
        raise Refusal(400, "file is required", file="required")
    if len(data) > MAX_AVATAR:
        raise Refusal(413, "file is too large", file="at most 5 MB")
    world.cast.uploads[character_id] = _reencoded(data)
    path = f"/media/avatars/{character_id}.png"
    world.cast.change(character_id, avatar=path)
    return _success(world, request, {"avatar": f"{request.origin}{path}"})


def link(world: World, request: Request, character_id: str) -> Response:
    _owned(world, request, character_id)
    body = request.json()
    name, priority = body.get("knowledgeBaseId"), body.get("priority", 0)
    try:
        name = str(uuid.UUID(name))
    except (ValueError, TypeError, AttributeError) as error:
        raise Refusal(400, "knowledgeBaseId is not a UUID", knowledgeBaseId="UUID") from error
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= 1000:
        raise Refusal(400, "priority is not valid", priority="0 to 1000")
    world.cast.links.setdefault(character_id, {})[name] = priority
    return _success(world, request, {"knowledgeBaseId": name, "priority": priority})


def list_links(world: World, request: Request, character_id: str) -> Response:
    _readable(world, request, character_id)
    links = world.cast.links.get(character_id, {})
    ordered = sorted(links.items(), key=lambda pair: (pair[1], pair[0]))
    found = [{"knowledgeBaseId": name, "priority": priority} for name, priority in ordered]
    return _success(world, request, found)


def unlink(world: World, request: Request, character_id: str, base_id: str) -> Response:
    _owned(world, request, character_id)
    if world.cast.links.get(character_id, {}).pop(base_id, None) is None:
        raise Refusal(404, "The knowledge base is not linked")
    return Response(204)


def refresh(world: World, request: Request) -> Response:
    if request.json().get("refreshToken") != REFRESH_TOKEN:
        raise Refusal(401, "The refresh token is not valid")
    return _success(world, request, {"accessToken": MEMBER_TOKEN_REFRESHED})


def guarded(view: Any) -> Any:
    """The view with refusals in the contract's form; an invalid token is refused everywhere."""

    def run(world: World, request: Request, **arguments: str) -> Response:
        try:
            if request.refused and view is not refresh:
                raise Refusal(401, "The token is not valid")
            return view(world, request, **arguments)  # type: ignore[no-any-return]
        except Refusal as refusal:
            return failure(world, refusal.status, refusal.message, refusal.errors)

    return run


def _signed_in(request: Request) -> User:
    if request.user is None:
        raise Refusal(401, "Sign in first")
    return request.user


def _existing(world: World, character_id: str) -> dict[str, Any]:
    if not world.cast.shows(character_id):
        raise Refusal(404, "The character does not exist")
    return world.cast.rows[character_id]


def _readable(world: World, request: Request, character_id: str) -> None:
    _existing(world, character_id)
    if not world.cast.visible(character_id, request.user):
        raise Refusal(403, "The character is private")


def _owned(world: World, request: Request, character_id: str) -> None:
    user = _signed_in(request)
    if _existing(world, character_id)["authorId"] != user.id:
        raise Refusal(403, "The character is another author's")


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The checked fields of a create or update; fields left out are kept as they are."""
    errors: dict[str, str] = {}
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        errors["name"] = "required"
    for field, limit in LIMITS.items():
        value = body.get(field)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            errors[field] = f"a text of at most {limit} characters"
    if not isinstance(body.get("isPublic", False), bool):
        errors["isPublic"] = "true or false"
    if errors:
        raise Refusal(400, "The input is not valid", **errors)
    known = (*LIMITS, "isPublic")
    return {field: body[field] for field in known if body.get(field) is not None}


def _reencoded(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return encode(image.convert("RGB"), "PNG")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Refusal(415, "file is not an image", file="PNG, JPEG, WebP or GIF") from error


def _listed(world: World, request: Request, names: list[str], kind: str) -> Response:
    page, limit = _bounded(request, "page", 1, 10**9), _bounded(request, "limit", 20, 100)
    total = len(names)
    start = (page - 1) * limit
    items = [_out(world, request, name, spoil=True) for name in names[start : start + limit]]
    pages = -(-total // limit)
    body = {
        "items": items,
        "total": total,
        "page": page,
        "limit": limit,
        "totalPages": pages,
        "hasNext": page < pages,
        "hasPrevious": page > 1,
    }
    if kind == "public":
        world.shift("characters")
    return _success(world, request, body)


def _bounded(request: Request, name: str, default: int, high: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= high):
        raise Refusal(400, f"{name} is not valid", **{name: f"1 to {high}"})
    return int(text)


def _out(world: World, request: Request, character_id: str, *, spoil: bool) -> Any:
    row = world.cast.render(character_id, spoil=spoil)
    if not isinstance(row, dict):
        return row
    avatar = row.get("avatar")
    if isinstance(avatar, str) and avatar.startswith("/"):
        row = {**row, "avatar": f"{request.origin}{avatar}"}
    if request.user is None or row.get("authorId") != request.user.id:
        row = {**row, "originPrompt": ""}
    if _wrapped(world, request):
        author = next((user for user in USERS if user.id == row.get("authorId")), None)
        row = {key: value for key, value in row.items() if key != "authorId"} | {
            "author": {
                "id": row.get("authorId"),
                "name": author.name if author else "",
                "avatar": None,
            }
        }
    return row


def _success(world: World, request: Request, data: Any, status: int = 200) -> Response:
    if not _wrapped(world, request):
        return reply(data, status)
    body = {
        "success": True,
        "code": "OK",
        "message": "",
        "data": data,
        "errors": None,
        "timestamp": iso(world.clock.now()),
    }
    return reply(body, status)


def _wrapped(world: World, request: Request) -> bool:
    return world.tunables.dialect == "live" or VENDOR_TYPE in request.headers.get("accept", "")


ONE = "/characters/{character_id}"
ROUTES: list[Route] = [
    route("GET", "/characters/public", guarded(list_public)),
    route("GET", "/characters/search", guarded(search)),
    route("GET", "/characters", guarded(list_own)),
    route("POST", "/characters", guarded(create)),
    route("GET", ONE, guarded(detail)),
    route("PUT", ONE, guarded(update)),
    route("DELETE", ONE, guarded(delete)),
    route("PUT", f"{ONE}/avatar", guarded(upload_avatar)),
    route("POST", f"{ONE}/avatar", guarded(upload_avatar)),
    route("POST", f"{ONE}/knowledge-bases", guarded(link)),
    route("GET", f"{ONE}/knowledge-bases", guarded(list_links)),
    route("DELETE", f"{ONE}/knowledge-bases/{{base_id}}", guarded(unlink)),
    route("POST", "/auth/refresh", guarded(refresh)),
]
