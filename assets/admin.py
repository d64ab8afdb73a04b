"""The lists of private avatar assets and their groups."""

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assets.enums import GroupType
from assets.filters import AssetFilterSet, AssetGroupFilterSet
from assets.models import Asset, AssetGroup
from core.admin_base import ConsoleAdmin
from core.badges import badge
from moderation.admin_base import SubjectAdmin
from moderation.filters import SubjectFilterSet


def group_type_cell(group: AssetGroup) -> SafeString | str:
    """Everything but generated groups is treated as a real person's face."""
    if group.group_type == GroupType.AIGC:
        return str(group.get_group_type_display())
    word = group.get_group_type_display() or _("Unknown: as a real face")
    return badge(word, tone="pending", icon="face")


@admin.register(Asset)
class AssetAdmin(SubjectAdmin):
    filterset_class: ClassVar[type[SubjectFilterSet]] = AssetFilterSet
    list_display = (
        "thumbnail", "label", "badges", "asset_type", "group_type", "status", "source",
        "created_at",
    )  # fmt: skip
    list_display_links = ("label",)
    list_select_related: ClassVar[tuple[str, ...]] = ("source", "group")

    @admin.display(description=_("Name"))
    def label(self, asset: Asset) -> str:
        return asset.name or asset.upstream_id

    @admin.display(description=_("Group type"))
    def group_type(self, asset: Asset) -> SafeString | str:
        return group_type_cell(asset.group)


@admin.register(AssetGroup)
class AssetGroupAdmin(ConsoleAdmin):
    filterset_class = AssetGroupFilterSet
    list_display = ("upstream_id", "type_column", "source", "first_seen_at", "members")
    list_select_related = ("source",)

    @admin.display(description=_("Type"))
    def type_column(self, group: AssetGroup) -> SafeString | str:
        return group_type_cell(group)

    @admin.display(description=_("Assets"))
    def members(self, group: AssetGroup) -> SafeString:
        return format_html(
            '<a class="gh-link" href="../asset/?group={}">{}</a>', group.upstream_id, _("Show")
        )
