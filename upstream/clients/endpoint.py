"""Where an upstream is and how it wants to be called: all that a client needs to know."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One upstream.

    `timeout`: seconds for a read call in total. `rate`: requests a second, shared by all clients
    of the same base URL in this process; 0 means unlimited. `attempts`: of a read call, the first
    included. `retry_wait`: seconds before the first retry, doubled for each further one.
    `on_token_refreshed` receives the new token.
    """

    base_url: str
    token: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    timeout: float = 30.0
    rate: float = 10.0
    attempts: int = 5
    retry_wait: float = 0.5
    allow_private: bool = False
    allow_hosts: frozenset[tuple[str, int]] = frozenset()
    on_token_refreshed: Callable[[str], None] | None = None

    def url(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of raw records, not yet parsed; an item may be of any JSON type.

    `total` and `page` where the upstream counts, `next_cursor` where it hands out cursors (None:
    the end). `membership_required`: the token sees previews only.
    """

    items: list[Any]
    total: int | None = None
    page: int | None = None
    has_next: bool = False
    next_cursor: str | None = None
    membership_required: bool = False
