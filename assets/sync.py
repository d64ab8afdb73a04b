"""The sync of private avatar assets: one list for each group type, read until it stands still."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from assets.enums import AssetStatus, GroupType
from assets.models import Asset, AssetDetail, AssetGroup
from media.models import Attachment
from media.services import without_query
from moderation.ingest import IngestSpec, json_text, mark_missing, store
from upstream.adapters import State
from upstream.clients.assets import AssetRecord, AssetsClient, parse_asset
from upstream.clients.endpoint import Page
from upstream.clients.errors import RecordError
from upstream.ledger import Counts, Pass, Refused
from upstream.models import Source
from upstream.paging import PagedAdapter, Place
from upstream.sources import endpoint_of

MAX_PAGE = 100
NAME = 255

Item = AssetRecord | Refused


def _raw(record: AssetRecord) -> dict[str, Any]:
    """The upstream object without its link's signature, which is not for keeping."""
    return {**record.raw, "URL": without_query(record.url)} if record.url else record.raw


SPEC: IngestSpec[AssetRecord] = IngestSpec(
    model=Asset,
    columns=(
        "group_id",
        "name",
        "asset_type",
        "status",
        "error_code",
        "error_message",
        "created_at",
        "updated_at",
    ),
    values=lambda record: (
        None,
        record.name[:NAME],
        record.asset_type,
        record.status,
        record.error_code,
        record.error_message,
        record.created_at,
        record.updated_at or record.created_at,
    ),
    tracked=("group_id", "status", "error_code", "error_message"),
    content=lambda record: (record.name, record.asset_type),
    complete=lambda record: record.status == AssetStatus.ACTIVE,
    detail_model=AssetDetail,
    detail_link="asset_id",
    detail_columns=("raw",),
    details=lambda record: (json_text(_raw(record)),),
    url=lambda record: record.url if record.status == AssetStatus.ACTIVE else None,
    # A real person's face, and what may be one.
    sensitive=lambda record: record.group_type != GroupType.AIGC,
    context=lambda record: {"group_type": record.group_type},
)


class AssetSync(PagedAdapter):
    """Lists are read oldest first: what arrives meanwhile comes last and shifts nothing."""

    client_class = AssetsClient
    needs_token = True

    def scopes(self) -> Sequence[str]:
        return GroupType.values

    def fetch(self, scope: str, page_number: int) -> Page:
        size = self.option("page_size", MAX_PAGE, low=1, high=MAX_PAGE)
        page: Page = self.client.list_assets(scope, page_number, size, sort_order="Asc")
        return page

    def take(self, items: list[Any], scope: str, place: Place) -> Counts:
        parsed = _parsed(items, scope, place=f"{scope}:{place.page}")
        return self._store(parsed, place.as_pass)

    def mark_missing(self, state: State) -> int:
        return 0 if state.get("unsettled") else mark_missing(Asset.objects.all(), run=self.run)

    def take_again(self, raw: Any, context: dict[str, Any]) -> None:
        self._store(_parsed([raw], str(context.get("group_type", "")), place=""), Pass())

    def _store(self, items: list[Item], reading: Pass) -> Counts:
        groups = self._groups([item for item in items if isinstance(item, AssetRecord)])

        def values(record: AssetRecord) -> tuple[Any, ...]:
            return (groups.get(record.group_id, 0), *SPEC.values(record)[1:])

        return store(
            items,
            source=self.source,
            ledger=self.ledger,
            spec=replace(SPEC, values=values),
            reading=reading,
        )

    def _groups(self, records: Sequence[AssetRecord]) -> dict[str, int]:
        """Group ids by upstream id, made or given their type where needed."""
        types = {record.group_id: record.group_type for record in records}
        groups = AssetGroup.objects.filter(source=self.source, upstream_id__in=types)
        known = dict(groups.values_list("upstream_id", "group_type"))
        new = sorted(name for name, kind in types.items() if known.get(name) != kind)
        retyped = [name for name in new if name in known]
        if new and not self.ledger.dry:
            AssetGroup.objects.bulk_create(
                [
                    AssetGroup(source=self.source, upstream_id=name, group_type=types[name])
                    for name in new
                ],
                update_conflicts=True,
                unique_fields=["source", "upstream_id"],
                update_fields=["group_type"],
            )
            self._note_sensitivity(retyped, types)
        return dict(groups.values_list("upstream_id", "pk"))

    def _note_sensitivity(self, names: Sequence[str], types: dict[str, str]) -> None:
        """Views of the bytes of groups that turned out to be of another type."""
        for name in names:
            assets = Asset.objects.filter(source=self.source, group__upstream_id=name)
            Attachment.objects.filter(subject_id__in=assets.values("pk")).update(
                sensitive=types[name] != GroupType.AIGC
            )


def fresh_urls(subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """New signed links of assets, asked for group by group; what upstream no longer lists is left
    out. Raises UpstreamError."""
    wanted: dict[tuple[int, str], dict[str, uuid.UUID]] = {}
    rows = Asset.objects.filter(pk__in=list(subject_ids)).values_list(
        "source_id", "group__upstream_id", "upstream_id", "pk"
    )
    for source_id, group_id, upstream_id, subject_id in rows:
        wanted.setdefault((source_id, group_id), {})[upstream_id] = subject_id
    sources = Source.objects.in_bulk({source_id for source_id, _ in wanted})
    fresh: dict[uuid.UUID, str] = {}
    for (source_id, group_id), assets in wanted.items():
        with AssetsClient(endpoint_of(sources[source_id])) as client:
            fresh |= _links(client, group_id, assets)
    return fresh


def _links(
    client: AssetsClient, group_id: str, assets: dict[str, uuid.UUID]
) -> dict[uuid.UUID, str]:
    found: dict[uuid.UUID, str] = {}
    groups = [group_id] if group_id else None
    page_number, more = 1, True
    while more and len(found) < len(assets):
        page = client.list_assets("", page_number, group_ids=groups, statuses=["Active"])
        for item in _parsed(page.items, "", place=""):
            if isinstance(item, AssetRecord) and item.url and item.upstream_id in assets:
                found[assets[item.upstream_id]] = item.url
        page_number, more = page_number + 1, page.has_next and bool(page.items)
    return found


def _parsed(items: Iterable[Any], group_type: str, *, place: str) -> list[Item]:
    parsed: list[Item] = []
    for number, raw in enumerate(items):
        try:
            parsed.append(parse_asset(raw, group_type=group_type))
        except RecordError as error:
            parsed.append(Refused(error, {"group_type": group_type}, place=f"{place}:{number}"))
    return parsed
