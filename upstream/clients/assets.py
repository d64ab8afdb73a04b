"""Contract 4 as a client: private avatar assets (`POST /v1/private-avatar/assets/list`).

A gateway's form of Volcengine Ark's ListAssets, version 2024-01-01.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from upstream.clients.base import UpstreamClient, count, records
from upstream.clients.endpoint import Page
from upstream.clients.errors import UpstreamError
from upstream.clients.fields import Fields

MODEL = "doubao-seedance-2-0-260128"
GROUP_TYPES = ("AIGC", "LivenessFace")
STATUSES = ("Processing", "Active", "Failed")
ASSET_TYPES = ("Image", "Video", "Audio")
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class AssetRecord:
    """One asset; `url` is pre-signed and good for 12 hours, `group_type` is the one listed by."""

    upstream_id: str
    group_id: str
    group_type: str
    status: str
    asset_type: str
    name: str
    url: str | None
    created_at: datetime | None
    updated_at: datetime | None
    error_code: str
    error_message: str
    raw: dict[str, Any] = field(repr=False)


class AssetsClient(UpstreamClient):
    def list_assets(
        self,
        group_type: str = "",
        page_number: int = 1,
        page_size: int = MAX_PAGE_SIZE,
        *,
        sort_by: str = "CreateTime",
        sort_order: str = "Desc",
        group_ids: Sequence[str] | None = None,
        statuses: Sequence[str] | None = None,
        name: str = "",
    ) -> Page:
        """`POST /v1/private-avatar/assets/list`: one page; empty filters are not sent."""
        filters: dict[str, Any] = {
            "GroupType": group_type,
            "GroupIds": list(group_ids or ()),
            "Statuses": list(statuses or ()),
            "Name": name,
        }
        body = {
            "model": MODEL,
            "Filter": {key: value for key, value in filters.items() if value},
            "PageNumber": page_number,
            "PageSize": page_size,
            "SortBy": sort_by,
            "SortOrder": sort_order,
        }
        value = self._read("POST", "/v1/private-avatar/assets/list", body=body)
        result = value.get("Result", value) if isinstance(value, dict) else value
        if result is None:
            raise UpstreamError("malformed", "the answer holds no Result", permanent=False)
        # An empty page may leave Items out or send null.
        empty = isinstance(result, dict) and result.get("Items") is None and "Items" in result
        items = [] if empty else records(result, "Items", "items")
        total = count(result, "Total", "TotalCount")
        seen = page_number * page_size
        has_next = len(items) >= page_size if total is None else seen < total
        return Page(items=items, total=total, page=page_number, has_next=has_next)


def parse_asset(raw: Any, *, group_type: str = "") -> AssetRecord:
    """The record of one raw asset listed by `group_type`, or RecordError.

    Unknown types of group count as LivenessFace, a real person's face.
    """
    fields = Fields(raw, "Id")
    listed_as = fields.text("GroupType", limit=255) or group_type
    error = fields.inner("Error")
    return AssetRecord(
        upstream_id=fields.identifier("Id"),
        group_id=fields.identifier("GroupId", required=False),
        group_type=listed_as if listed_as in GROUP_TYPES else "LivenessFace",
        status=fields.one_of("Status", allowed=STATUSES),
        asset_type=fields.one_of("AssetType", allowed=ASSET_TYPES),
        name=fields.text("Name", limit=1000),
        url=fields.url("URL"),
        created_at=fields.moment("CreateTime"),
        updated_at=fields.moment("UpdateTime"),
        error_code=error.text("Code", limit=255)[:100],
        error_message=error.text("Message", limit=20_000)[:1000],
        raw=raw,
    )
