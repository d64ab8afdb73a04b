"""Contract 4's data: private avatar assets in groups."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from upstream.sandbox.badrows import ASSETS, DUPLICATE, form_of
from upstream.sandbox.clock import Clock, iso_ms
from upstream.sandbox.faults import FaultPlan
from upstream.sandbox.words import ASSET_NAMES, choose, pick

GROUP_SIZE = 8
STEP_MS = 13 * 60_000
SUFFIX = {"Image": "jpg", "Video": "mp4", "Audio": "wav"}
TYPES = ("Image",) * 10 + ("Video",) + ("Audio",)
STATUSES = ("Active",) * 8 + ("Processing", "Failed")
FAILURES = (
    ("FaceMismatch", "The face does not match the liveness record."),
    ("InvalidParameter.Format", "The file format is not supported."),
)


@dataclass
class Asset:
    """One asset; `index` decides everything that was not changed later."""

    index: int
    id: str
    group_id: str
    group_type: str
    created_ms: int
    updated_ms: int
    status: str
    kind: str
    name: str
    version: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


class Stock:
    """All assets, in the order they were made."""

    def __init__(
        self, faults: FaultPlan, clock: Clock, *, size: int, seed: int, anchor_ms: int
    ) -> None:
        self.faults = faults
        self.clock = clock
        self.seed = seed
        self.size = size
        self._anchor_ms = anchor_ms
        self.rows: dict[str, Asset] = {}
        self._ids: list[str] = []
        for _ in range(size):
            self._generate()

    def listed(self, asset: Asset) -> bool:
        return asset.index >= self.size or not self.faults.gone(asset.index)

    def find(
        self,
        *,
        group_ids: list[str],
        group_type: str,
        statuses: list[str],
        name: str,
    ) -> list[Asset]:
        """The assets that pass the filter; empty values filter nothing."""
        return [
            asset
            for asset in self.rows.values()
            if self.listed(asset)
            and (not group_ids or asset.group_id in group_ids)
            and (not group_type or asset.group_type == group_type)
            and (not statuses or asset.status in statuses)
            and name.casefold() in asset.name.casefold()
        ]

    def groups(self) -> set[str]:
        return {asset.group_id for asset in self.rows.values()}

    def form(self, asset: Asset) -> Any:
        """How the row is spoiled, None for a good row."""
        number = self.faults.bad(asset.index) if asset.index < self.size else None
        if number is None:
            return None
        form = form_of(ASSETS, number)
        neighbour = self._ids[asset.index - 1]
        return None if form == DUPLICATE and neighbour not in self.rows else form

    def render(self, asset: Asset) -> Any:
        """The row as it is sent, but for the host and signature of its URL."""
        form = self.form(asset)
        if form == DUPLICATE:
            return self.render(self.rows[self._ids[asset.index - 1]])
        row = self._row(asset)
        return row if form is None else form(row)

    def version(self, asset: Asset) -> int:
        changed = asset.index < self.size and self.faults.changed(asset.index)
        return asset.version + changed

    def add(self, group_type: str = "", **fields: Any) -> str:
        """A new active asset of now; its id."""
        asset = self._generate(self.clock.now_ms())
        asset.group_type = group_type or asset.group_type
        asset.group_id = f"group-20260701000000-{asset.group_type.lower()[:5]}"
        asset.status = "Active"
        self._set(asset, fields)
        return asset.id

    def change(self, asset_id: str, **fields: Any) -> None:
        """Sets fields of the wire form; without any, gives it other bytes and another name."""
        asset = self.rows[asset_id]
        if fields:
            self._set(asset, fields)
        else:
            asset.version += 1
        asset.updated_ms = self.clock.now_ms()

    def remove(self, asset_id: str) -> None:
        """Deletes it; KeyError for an unknown id."""
        del self.rows[asset_id]

    def _set(self, asset: Asset, fields: dict[str, Any]) -> None:
        names = {"Status": "status", "Name": "name", "AssetType": "kind", "GroupId": "group_id"}
        for name, value in fields.items():
            if name in names:
                setattr(asset, names[name], value)
            else:
                asset.extra[name] = value

    def _row(self, asset: Asset) -> dict[str, Any]:
        version = self.version(asset)
        row: dict[str, Any] = {
            "Id": asset.id,
            "GroupId": asset.group_id,
            "Status": asset.status,
            "AssetType": asset.kind,
            "Name": f"{asset.name} (take {version + 1})" if version else asset.name,
            "CreateTime": iso_ms(asset.created_ms),
            "UpdateTime": iso_ms(asset.updated_ms),
        }
        if asset.status == "Active":
            row["URL"] = f"/media/assets/{asset.id}/{version}.{SUFFIX[asset.kind]}"
        elif asset.status == "Failed":
            code, message = FAILURES[asset.index % len(FAILURES)]
            row["Error"] = {"Code": code, "Message": message}
        return row | asset.extra

    def _generate(self, created_ms: int | None = None) -> Asset:
        index, seed = len(self._ids), self.seed
        group = index // GROUP_SIZE
        if created_ms is None:
            created_ms = self._anchor_ms - (index + 1) * STEP_MS
        dice = pick(seed, "asset", index)
        asset = Asset(
            index=index,
            id=f"asset-{_stamp(created_ms)}-{_tail(seed, 'asset', index)}",
            group_id=f"group-{_stamp(self._anchor_ms - group * STEP_MS * GROUP_SIZE)}"
            f"-{_tail(seed, 'group', group)}",
            group_type="LivenessFace" if group % 3 == 2 else "AIGC",
            created_ms=created_ms,
            updated_ms=created_ms + dice % 600_000,
            status=STATUSES[dice // 11 % len(STATUSES)],
            kind=TYPES[dice // 131 % len(TYPES)],
            name=choose(ASSET_NAMES, seed, "asset name", index),
        )
        self.rows[asset.id] = asset
        self._ids.append(asset.id)
        return asset


def _stamp(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y%m%d%H%M%S")


def _tail(seed: int, *parts: object) -> str:
    """Five characters as the vendor's ids end."""
    return base64.b32encode(pick(seed, *parts).to_bytes(8, "big")).decode().lower()[:5]
