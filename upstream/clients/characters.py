"""Contract 5 as a client: the vendor's characters and their knowledge bases (`/characters…`)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from upstream.clients.base import UpstreamClient, count, records
from upstream.clients.endpoint import Page
from upstream.clients.errors import UpstreamError
from upstream.clients.fields import Fields

REVIEW_STATUSES = ("pending", "approved", "rejected", "purged")


@dataclass(frozen=True, kw_only=True)
class CharacterRecord:
    """One character; `author_id` may be "", times may be absent, `avatar_url` is foreign."""

    upstream_id: str
    author_id: str
    name: str
    avatar_url: str | None
    bio: str
    origin_prompt: str = field(repr=False)
    is_public: bool
    created_at: datetime | None
    updated_at: datetime | None
    review_status: str | None
    raw: dict[str, Any] = field(repr=False)


class CharactersClient(UpstreamClient):
    """`base_url` is the vendor's host, with `/v1` where the vendor serves the paths below it."""

    def list_public(self, page: int = 1, limit: int = 100) -> Page:
        """`GET /characters/public`: all public characters; `limit` 1 to 100."""
        return self._page("/characters/public", page, limit)

    def list_own(self, page: int = 1, limit: int = 100) -> Page:
        """`GET /characters`: the token's own characters, private ones too; 401 without a token."""
        return self._page("/characters", page, limit)

    def get(self, character_id: str) -> dict[str, Any]:
        """`GET /characters/{characterId}`: one raw record."""
        value = self._authorised("GET", f"/characters/{quote(character_id, safe='')}")
        if not isinstance(value, dict):
            raise UpstreamError("malformed", "the answer is not a character", permanent=False)
        return value

    def list_knowledge_bases(self, character_id: str) -> list[tuple[str, int]]:
        """`GET /characters/{characterId}/knowledge-bases`: (knowledgeBaseId, priority) pairs.

        Pairs that cannot be read are left out: a link has no record of its own to fail.
        """
        path = f"/characters/{quote(character_id, safe='')}/knowledge-bases"
        found = []
        for item in records(self._authorised("GET", path), "items"):
            name = item.get("knowledgeBaseId") if isinstance(item, dict) else None
            if isinstance(name, str) and 0 < len(name) <= 255 and name.isprintable():
                found.append((name, min(count(item, "priority") or 0, 1000)))
        return found

    def _page(self, path: str, page: int, limit: int) -> Page:
        value = self._authorised("GET", path, query={"page": page, "limit": limit})
        items = records(value, "items", "list", "records")
        total = count(value, "total", "Total", "TotalCount")
        has_next = value.get("hasNext") if isinstance(value, dict) else None
        if not isinstance(has_next, bool):
            has_next = len(items) >= limit if total is None else page * limit < total
        return Page(items=items, total=total, page=count(value, "page") or page, has_next=has_next)

    def _authorised(self, method: str, path: str, **arguments: Any) -> Any:
        """A read that refreshes the token once when it is refused."""
        try:
            return self._read(method, path, **arguments)
        except UpstreamError as error:
            if error.code != "unauthorized" or not self.endpoint.refresh_token:
                raise
        self._refresh()
        return self._read(method, path, **arguments)

    def _refresh(self) -> None:
        """`POST /auth/refresh {"refreshToken"}` → `{"accessToken"}`.

        The vendor's page names no such endpoint: path and body are our assumption.
        """
        body = {"refreshToken": self.endpoint.refresh_token}
        value = self._call("POST", "/auth/refresh", body=body, headers={"Authorization": ""})
        token = value.get("accessToken") if isinstance(value, dict) else None
        if not isinstance(token, str) or not token:
            raise UpstreamError("unauthorized", "the token cannot be refreshed", permanent=True)
        self._token = token
        if self.endpoint.on_token_refreshed is not None:
            self.endpoint.on_token_refreshed(token)


def parse_character(raw: Any, *, public_by_default: bool = True) -> CharacterRecord:
    """The record of one raw character, or RecordError.

    `public_by_default` is what a missing `isPublic` means: true for the public list.
    """
    fields = Fields(raw, "id")
    if isinstance(fields.first("author"), dict):
        author_id = fields.inner("author").identifier("id", required=False)
    else:
        author_id = fields.identifier("authorId", "author", required=False)
    status = fields.first("reviewStatus")
    return CharacterRecord(
        upstream_id=fields.identifier("id"),
        author_id=author_id,
        name=fields.text("name", limit=500, required=True),
        avatar_url=fields.url("avatar"),
        bio=fields.text("bio", limit=20_000),
        origin_prompt=fields.text("originPrompt", limit=100_000),
        is_public=fields.flag("isPublic", default=public_by_default),
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("updatedAt"),
        review_status=status if status in REVIEW_STATUSES else None,
        raw=raw,
    )
