"""Contract 1 as a client: the image log of a character (`POST /api/list-character-images`)."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from upstream.clients.base import UpstreamClient, opaque_cursor, records
from upstream.clients.endpoint import Page
from upstream.clients.fields import Fields

REVIEW_STATUSES = ("pending", "approved", "rejected", "purged")
KNOWN_KEYS = {
    "id",
    "userId",
    "archiveId",
    "messageId",
    "characterId",
    "url",
    "prompt",
    "createdAt",
    "reviewStatus",
}


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """One image log; `url` is foreign and short-lived, `params` are the generation parameters."""

    upstream_id: str
    user_id: str
    archive_id: str
    message_id: str
    character_id: str
    url: str | None
    prompt: str = field(repr=False)
    created_at: datetime
    review_status: str
    params: dict[str, Any] = field(repr=False)
    raw: dict[str, Any] = field(repr=False)


class GalleryClient(UpstreamClient):
    def list_images(self, character_id: str, cursor: str | None = None) -> Page:
        """`POST /api/list-character-images`: one page, newest first, of the last 90 days.

        `cursor` is the previous page's `next_cursor`, opaque.
        """
        body = {"characterId": character_id}
        if cursor:
            body["cursor"] = cursor
        value = self._read("POST", "/api/list-character-images", body=body)
        following = opaque_cursor(value.get("nextCursor")) if isinstance(value, dict) else None
        return Page(
            items=records(value, "items"),
            has_next=following is not None,
            next_cursor=following,
            membership_required=isinstance(value, dict) and value.get("membershipRequired") is True,
        )


def parse_image(raw: Any, *, character_id: str = "") -> ImageRecord:
    """The record of one raw image log, or RecordError.

    `character_id`, the one asked for, stands in where the row names none. A review status that is
    absent or unknown counts as pending.
    """
    fields = Fields(raw, "id")
    created_at = fields.moment("createdAt")
    if created_at is None:
        fields.fail("createdAt is missing")
    status = fields.text("reviewStatus", limit=255).lower()
    return ImageRecord(
        upstream_id=fields.identifier("id", required=False) or _derived_id(fields, created_at),
        user_id=fields.identifier("userId", required=False),
        archive_id=fields.identifier("archiveId", required=False),
        message_id=fields.identifier("messageId", required=False),
        character_id=fields.identifier("characterId", required=not character_id) or character_id,
        url=fields.url("url"),
        prompt=fields.text("prompt", limit=100_000),
        created_at=created_at,
        review_status=status if status in REVIEW_STATUSES else "pending",
        params={name: value for name, value in raw.items() if name not in KNOWN_KEYS},
        raw=raw,
    )


def _derived_id(fields: Fields, created_at: datetime) -> str:
    """A stable identity for a row without one: the same four fields always give the same id."""
    parts = [
        fields.identifier(name, required=False) for name in ("userId", "archiveId", "messageId")
    ]
    if not any(parts):
        fields.fail("no id, and nothing to derive one from")
    key = json.dumps([*parts, round(created_at.timestamp() * 1000)])
    return f"derived:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
