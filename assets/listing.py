"""Private avatar assets as a client may list them: what is shown of each, filters, pages."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from assets.enums import AssetStatus, GroupType
from assets.models import Asset, AssetGroup
from core.grams import named
from core.totals import total_of
from media import services as media
from moderation.enums import ReviewStatus
from upstream.enums import SourceKind
from upstream.models import Source

LINK_SECONDS = 12 * 3600
REJECTED = "ContentRejected"
# By the contract's words; rows that share a value follow each other by creation.
SORTS = {"CreateTime": "created_at", "UpdateTime": "updated_at", "GroupId": "group_name"}


class UnknownGroup(Exception):
    """A group that is not at any source the key reaches."""

    def __init__(self, group_id: str) -> None:
        super().__init__(group_id)
        self.group_id = group_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A checked request; empty filters filter nothing. `statuses` are those that are shown."""

    page: int
    size: int
    sort: str
    descending: bool
    group_ids: list[str] = field(default_factory=list)
    group_type: str = ""
    statuses: list[str] = field(default_factory=list)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An asset as it is listed. `url` only of an active one whose bytes are here."""

    asset: Asset
    status: str
    url: str | None
    error_code: str
    error_message: str


def list_assets(query: Query, *, user_id: int, source: str) -> tuple[list[Shown], int]:
    """A page, and how many assets pass the filter. Links are made for `user_id`: views of real
    faces are logged under that name. `source` narrows ("": every one). Raises UnknownGroup.

    At most seven queries, however deep the page, beside a count in large lists.
    """
    sources = _reached(source)
    rows = _filtered(listed(sources), query, sources)
    total = total_of(rows, "assets", sources, query.group_ids, query.group_type, query.statuses,
                     query.name)  # fmt: skip
    start = (query.page - 1) * query.size
    if start >= total:
        return [], total
    ordered = rows.order_by(*_order(query)).values_list("pk", flat=True)
    return _shown(list(ordered[start : start + query.size]), rows, user_id), total


def _reached(only: str) -> list[int]:
    """The assets sources that a key narrowed to `only` reaches, the one added first first."""
    sources = Source.objects.filter(kind=SourceKind.ASSETS).order_by("id")
    return list((sources.filter(name=only) if only else sources).values_list("pk", flat=True))


def listed(sources: Sequence[int]) -> QuerySet[Any]:
    """What exists for clients, each with the state `shown`: neither purged nor held ones. Of an id
    that two sources have, the asset of the source added first."""
    rows: QuerySet[Any] = Asset.objects.unpurged().filter(held=False, source__in=sources)
    for position, source in enumerate(sources[1:], start=1):
        earlier = Asset.objects.filter(
            upstream_id=OuterRef("upstream_id"), source__in=sources[:position]
        )
        rows = rows.exclude(Q(Exists(earlier), source=source))
    shown: QuerySet[Any] = rows.annotate(shown=_SHOWN)
    return shown


# What upstream itself gave up has nothing to review, and stays failed.
_SHOWN = Case(
    When(Q(review_status=ReviewStatus.REJECTED) | Q(status=AssetStatus.FAILED),
         then=Value(AssetStatus.FAILED)),
    When(Q(review_status=ReviewStatus.APPROVED, hidden=False), then=F("status")),
    default=Value(AssetStatus.PROCESSING),
    output_field=CharField(),
)  # fmt: skip


def _filtered(rows: QuerySet[Any], query: Query, sources: Sequence[int]) -> QuerySet[Any]:
    if query.group_ids:
        rows = rows.filter(group__in=_groups(query.group_ids, sources))
    if query.group_type == GroupType.AIGC:
        rows = rows.filter(group__group_type=GroupType.AIGC)
    elif query.group_type:
        # A group whose type nobody told is treated as a real face everywhere.
        rows = rows.exclude(group__group_type=GroupType.AIGC)
    if query.statuses:
        rows = rows.filter(shown__in=query.statuses)
    if query.name:
        rows = rows.filter(
            named(Asset.objects.all(), "name", query.name), name__icontains=query.name
        )
    return rows


def _groups(names: Sequence[str], sources: Sequence[int]) -> list[int]:
    groups = AssetGroup.objects.filter(upstream_id__in=names, source__in=sources)
    known = dict(groups.values_list("pk", "upstream_id"))
    if unknown := set(names) - set(known.values()):
        raise UnknownGroup(min(unknown))
    return list(known)


def _order(query: Query) -> list[str]:
    names = dict.fromkeys([SORTS[query.sort], "created_at", "id"])
    return [f"-{name}" if query.descending else name for name in names]


def _shown(ids: Sequence[uuid.UUID], rows: QuerySet[Any], user_id: int) -> list[Shown]:
    """Links come first: a decision changes the status and ends all links in one transaction, so a
    status that is read afterwards is never older than its link."""
    pictures = media.pictures(subject_ids=ids, purpose="client", user_id=user_id, ttl=LINK_SECONDS)
    found = {row.pk: row for row in rows.filter(pk__in=ids).select_related("group")}
    return [_one(found[pk], pictures.get(pk)) for pk in ids if pk in found]


def _one(asset: Any, picture: media.Picture | None) -> Shown:
    status: str = asset.shown
    rejected = asset.review_status == ReviewStatus.REJECTED
    active = status == AssetStatus.ACTIVE
    return Shown(
        asset=asset,
        status=status,
        url=picture.url if picture and active else None,
        error_code=REJECTED if rejected else asset.error_code,
        error_message="The content was rejected." if rejected else asset.error_message,
    )
