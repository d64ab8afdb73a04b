"""The queue of private avatar assets: pictures, videos and sounds that people uploaded."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from assets.enums import AssetStatus, GroupType
from assets.models import Asset, AssetDetail
from assets.sync import fresh_urls
from moderation.registry import ReviewQueue, newest_raw


class AssetQueue(ReviewQueue):
    """Assets that upstream calls Active."""

    slug = "assets"
    title: ClassVar[str | Promise] = _("Private avatar assets")
    model = Asset
    sla = timedelta(hours=4)
    card_template = "assets/card.html"
    icon = "folder_special"

    def queryset(self) -> QuerySet[Any]:
        return Asset.objects.select_related("source", "group")

    def title_of(self, subject: Any) -> str:
        return str(subject)

    def text_of(self, subject: Any) -> str:
        return str(subject.name)

    def sensitive(self, subject: Any) -> bool:
        """A real person's face, or a group whose type nobody told."""
        return bool(subject.group.group_type != GroupType.AIGC)

    def due_for_review(self, pending: QuerySet[Any]) -> QuerySet[Any]:
        return pending.filter(status=AssetStatus.ACTIVE)

    def fresh_urls(self, subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        return fresh_urls(subject_ids)

    def versions_at(self, subject: Any) -> list[datetime]:
        rows = AssetDetail.objects.filter(asset=subject).order_by()
        return list(rows.values_list("at", flat=True))

    def raw_of(self, subject: Any) -> Any:
        return newest_raw(AssetDetail.objects.filter(asset=subject))

    def contexts(self, subjects: Sequence[Any], *, user: Any) -> dict[uuid.UUID, dict[str, Any]]:
        return {
            subject.pk: {
                "asset_type": subject.asset_type,
                "facts": [
                    [_now("Type"), subject.get_asset_type_display()],
                    [_now("Group"), subject.group.upstream_id],
                    [_now("Group type"), subject.group.get_group_type_display() or _now("Unknown")],
                    [_now("Upstream state"), subject.get_status_display()],
                    [_now("Created at"), subject.created_at.isoformat()],
                ],
            }
            for subject in subjects
        }
