"""Everything the sandbox knows: its data, its faults, its clock, and what a full sync must find."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from upstream.sandbox.album import VISIBLE_MS, Album
from upstream.sandbox.badrows import DUPLICATE
from upstream.sandbox.cast import Cast
from upstream.sandbox.clock import Clock, anchor_of
from upstream.sandbox.credentials import MEMBER
from upstream.sandbox.engine import Engine
from upstream.sandbox.faults import PICTURE_DIGIT, SHIFTED_ROWS, FaultPlan
from upstream.sandbox.stock import Stock


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a sandbox is started with."""

    characters: int = 40
    images: int = 1000
    assets: int = 120
    faults: tuple[str, ...] = ()
    seed: int = 1


@dataclass
class Tunables:
    """What the control endpoint sets besides data and faults; times in seconds."""

    latency: float = 0.0
    slow_seconds: float = 3.0
    generation_seconds: float = 0.0
    link_seconds: float = 12 * 3600.0
    dialect: str = "page"
    shifts_left: dict[str, int] = field(default_factory=dict)


class World:
    """The state of one sandbox process; hold `lock` while reading or changing data."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock = Clock()
        self.faults = FaultPlan(options.faults)
        self.tunables = Tunables()
        self.engine = Engine()
        anchor_ms = int(anchor_of(datetime.now(UTC)).timestamp() * 1000)
        seed = options.seed
        self.cast = Cast(
            self.faults, self.clock, size=options.characters, seed=seed, anchor_ms=anchor_ms
        )
        self.album = Album(self.cast, self.faults, self.clock, options.images, seed, anchor_ms)
        self.stock = Stock(
            self.faults, self.clock, size=options.assets, seed=seed, anchor_ms=anchor_ms
        )

    def shift(self, kind: str, **where: str) -> None:
        """Under the `shifting` fault: a new row after a page was read, six of each kind."""
        if "shifting" not in self.faults:
            return
        left = self.tunables.shifts_left
        if left.setdefault(kind, SHIFTED_ROWS) > 0:
            left[kind] -= 1
            self.add(kind, 1, **where)

    def add(self, kind: str, count: int, **where: Any) -> list[str]:
        """New rows of now; their ids. ValueError for an unknown kind."""
        fields = where.pop("fields", {})
        if kind == "characters":
            return [self.cast.add(**fields) for _ in range(count)]
        if kind == "assets":
            group_type = where.get("group_type", "")
            return [self.stock.add(group_type, **fields) for _ in range(count)]
        if kind == "images":
            character = where.get("character") or self.cast.album_ids()[0]
            return [self.album.add(character, **fields) for _ in range(count)]
        raise ValueError(f"unknown kind {kind!r}")

    def change(self, kind: str, ids: Iterable[str], fields: dict[str, Any]) -> None:
        """Other content, or these fields; KeyError for an unknown id."""
        targets: dict[str, Cast | Album | Stock] = {
            "characters": self.cast,
            "images": self.album,
            "assets": self.stock,
        }
        for name in ids:
            targets[kind].change(name, **fields)

    def remove(self, kind: str, ids: Iterable[str]) -> None:
        """Makes rows disappear; KeyError for an unknown id."""
        for name in ids:
            if kind == "characters":
                self.cast.remove(name)
            elif kind == "assets":
                self.stock.remove(name)
            elif kind == "images":
                self.album.removed.add(self.album.index_of(name))
            else:
                raise KeyError(kind)

    def totals(self) -> dict[str, Any]:
        """What a complete sync with the member's token must end with, by kind.

        `listed` rows are sent in all; `bad` ones cannot be parsed, `duplicates` repeat an id, and
        `records` distinct good ones remain.
        """
        cast, album, stock = self.cast, self.album, self.stock
        public, own = cast.listing(None, own=False), cast.listing(MEMBER, own=True)
        characters = dict.fromkeys([*public, *own])
        oldest = self.clock.now_ms() - VISIBLE_MS
        shots = [
            shot
            for name in characters
            for _, shot in album.shots(name)
            if album.listed(name, shot) and shot.created_ms >= oldest
        ]
        assets = [asset for asset in stock.rows.values() if stock.listed(asset)]
        by_type = {
            group: sum(asset.group_type == group for asset in assets)
            for group in ("AIGC", "LivenessFace")
        }
        return {
            "characters": _sums(cast.form(name) for name in characters)
            | {"public": len(public), "own": len(own)},
            "images": _sums(album.form(shot) for shot in shots) | self._pictures(shots),
            "assets": _sums(stock.form(asset) for asset in assets) | by_type,
        }

    def _pictures(self, shots: Iterable[Any]) -> dict[str, int]:
        """How many listed images meet each fault of pictures."""
        met = [self.faults.picture(shot.index) for shot in shots]
        return {name: met.count(name) for name in PICTURE_DIGIT if name in self.faults}


def _sums(forms: Iterable[Any]) -> dict[str, int]:
    found = list(forms)
    duplicates = sum(form == DUPLICATE for form in found)
    bad = sum(form is not None for form in found) - duplicates
    return {
        "listed": len(found),
        "records": len(found) - bad - duplicates,
        "bad": bad,
        "duplicates": duplicates,
    }
