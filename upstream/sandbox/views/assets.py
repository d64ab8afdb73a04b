"""Contract 4 as the vendor serves it: `POST /v1/private-avatar/assets/list`."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from upstream.sandbox.credentials import ASSETS_TOKEN, MEMBER_TOKEN, MEMBER_TOKEN_REFRESHED
from upstream.sandbox.stock import Asset
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.world import World

MODELS = ("doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128")
GROUP_TYPES = ("AIGC", "LivenessFace")
STATUSES = ("Processing", "Active", "Failed")
SORTS = ("CreateTime", "UpdateTime", "GroupId")
LINK_KEY = b"sandbox-links"


class Refusal(Exception):
    """A request that the vendor refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = failure(status, code, message)


@dataclass(frozen=True)
class Query:
    """A checked request."""

    number: int
    size: int
    sort: str
    descending: bool
    group_ids: list[str]
    group_type: str
    statuses: list[str]
    name: str


def metadata(**more: Any) -> dict[str, Any]:
    return {
        "RequestId": secrets.token_hex(16).upper(),
        "Action": "ListAssets",
        "Version": "2024-01-01",
        "Service": "ark",
        "Region": "cn-beijing",
        **more,
    }


def failure(status: int, code: str, message: str) -> Response:
    return reply({"ResponseMetadata": metadata(Error={"Code": code, "Message": message})}, status)


def list_assets(world: World, request: Request) -> Response:
    if request.bearer not in {ASSETS_TOKEN, MEMBER_TOKEN, MEMBER_TOKEN_REFRESHED}:
        if not request.bearer or request.user is None:
            return failure(401, "AuthenticationError", "The API key is missing or invalid.")
        return failure(403, "AccessDenied", "The API key may not list private avatars.")
    try:
        query = _query(world, request.json())
    except Refusal as refusal:
        return refusal.response
    found = world.stock.find(
        group_ids=query.group_ids,
        group_type=query.group_type,
        statuses=query.statuses,
        name=query.name,
    )
    found.sort(key=lambda asset: _key(asset, query.sort), reverse=query.descending)
    start = (query.number - 1) * query.size
    items = [_item(world, request, asset) for asset in found[start : start + query.size]]
    total = "TotalCount" if world.tunables.dialect == "live" else "Total"
    result = {
        total: len(found),
        "PageNumber": query.number,
        "PageSize": query.size,
        "Items": items,
    }
    world.shift("assets", group_type=query.group_type)
    return reply({"ResponseMetadata": metadata(), "Result": result})


def link_signature(path: str, expires: int) -> str:
    """What a link to `path` must carry until `expires` (Unix seconds)."""
    return hmac.new(LINK_KEY, f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def _query(world: World, body: dict[str, Any]) -> Query:
    model = body.get("model")
    if not model:
        raise Refusal(400, "MissingParameter.model", "The parameter model is required.")
    if model not in MODELS:
        raise _invalid("model")
    filters = body.get("Filter") or {}
    if not isinstance(filters, dict):
        raise _invalid("Filter")
    sort = body.get("SortBy") or "CreateTime"
    order = body.get("SortOrder") or "Desc"
    if sort not in SORTS:
        raise _invalid("SortBy")
    if order not in {"Asc", "Desc"}:
        raise _invalid("SortOrder")
    group_ids = _strings(filters, "GroupIds")
    if unknown := set(group_ids) - world.stock.groups():
        raise Refusal(404, "NotFound.group_id", f"The group {min(unknown)[:80]} does not exist.")
    return Query(
        number=_number(body, "PageNumber", 1, 1_000_000),
        size=_number(body, "PageSize", 10, 100),
        sort=sort,
        descending=order == "Desc",
        group_ids=group_ids,
        group_type=_one(filters, "GroupType", GROUP_TYPES),
        statuses=_strings(filters, "Statuses", STATUSES),
        name=_one(filters, "Name"),
    )


def _invalid(name: str) -> Refusal:
    return Refusal(400, f"InvalidParameter.{name}", f"The parameter {name} is not valid.")


def _number(body: dict[str, Any], name: str, default: int, high: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise _invalid(name)
    return value


def _one(filters: dict[str, Any], name: str, allowed: tuple[str, ...] = ()) -> str:
    value = filters.get(name) or ""
    if not isinstance(value, str) or (value and allowed and value not in allowed):
        raise _invalid(f"Filter.{name}")
    return value


def _strings(filters: dict[str, Any], name: str, allowed: tuple[str, ...] = ()) -> list[str]:
    value = filters.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(f"Filter.{name}")
    if allowed and set(value) - set(allowed):
        raise _invalid(f"Filter.{name}")
    return value


def _key(asset: Asset, sort: str) -> tuple[Any, ...]:
    first: Any = {
        "CreateTime": asset.created_ms,
        "UpdateTime": asset.updated_ms,
        "GroupId": asset.group_id,
    }[sort]
    return first, asset.created_ms, asset.index


def _item(world: World, request: Request, asset: Asset) -> Any:
    row = world.stock.render(asset)
    if not isinstance(row, dict) or not str(row.get("URL", "")).startswith("/"):
        return row
    lifetime = -1 if "expired" in world.faults else world.tunables.link_seconds
    expires = int(world.clock.now().timestamp() + lifetime)
    path = row["URL"]
    query = f"Expires={expires}&Signature={link_signature(path, expires)}&n={secrets.token_hex(4)}"
    return {**row, "URL": f"{request.origin}{path}?{query}"}


ROUTES: list[Route] = [route("POST", "/v1/private-avatar/assets/list", list_assets)]
