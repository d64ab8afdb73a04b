"""Contract 1 as the vendor serves it: `POST /api/list-character-images`."""

import secrets
from typing import Any

from upstream.sandbox.album import decode_cursor, encode_cursor
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.world import World

PREVIEWS = 6


def failure(status: int, message: str) -> Response:
    return reply({"success": False, "error": message}, status)


def list_images(world: World, request: Request) -> Response:
    if request.refused:
        return failure(401, "Invalid or expired token")
    body = request.json()
    character_id = body.get("characterId")
    if not isinstance(character_id, str) or not character_id:
        return failure(400, "characterId is required")
    user = request.user
    known = world.cast.visible(character_id, user)
    if user is None or not user.member:
        rows = world.album.page(character_id, None)[0][:PREVIEWS] if known else []
        return reply(
            {"items": _items(rows, request), "nextCursor": None, "membershipRequired": True}
        )
    text = body.get("cursor")
    try:
        cursor = decode_cursor(str(text)) if text else None
    except ValueError:
        return failure(400, "Invalid cursor")
    after = body.get("createdAfter")
    since = after if isinstance(after, int) and not isinstance(after, bool) else 0
    rows, following = world.album.page(character_id, cursor, since) if known else ([], None)
    if cursor and following and "cursorloop" in world.faults:
        following = cursor
    world.shift("images", character=character_id)
    return reply({"items": _items(rows, request), "nextCursor": encode_cursor(following)})


def _items(rows: list[Any], request: Request) -> list[Any]:
    """The rows with absolute links, signed anew for every answer."""
    items = []
    for _, row in rows:
        if isinstance(row, dict) and isinstance(row.get("url"), str) and row["url"][:1] == "/":
            link = f"{request.origin}{row['url']}?sig={secrets.token_hex(8)}"
            items.append({**row, "url": link})
        else:
            items.append(row)
    return items


ROUTES: list[Route] = [route("POST", "/api/list-character-images", list_images)]
