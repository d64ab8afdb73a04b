"""Filters of private avatar assets."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assets.enums import AssetStatus, AssetType, GroupType
from assets.models import Asset, AssetGroup
from moderation.filters import SubjectFilterSet
from moderation.ranges import prefixed


class AssetFilterSet(SubjectFilterSet):
    """Adds the group, its type, the asset's type and the upstream's processing state."""

    group = django_filters.CharFilter(field_name="group__upstream_id", label=_("Group"))
    group_type = django_filters.ChoiceFilter(
        field_name="group__group_type",
        choices=GroupType.choices,
        label=_("Group type"),
        empty_label=_("Any group type"),
    )
    asset_type = django_filters.ChoiceFilter(
        choices=AssetType.choices, label=_("Type"), empty_label=_("Any type")
    )
    upstream_state = django_filters.ChoiceFilter(
        field_name="status",
        choices=AssetStatus.choices,
        label=_("Upstream state"),
        empty_label=_("Any state"),
    )

    class Meta:
        model = Asset
        fields: ClassVar[list[str]] = []


class AssetGroupFilterSet(django_filters.FilterSet):
    upstream_id = django_filters.CharFilter(method="filter_upstream_id", label=_("Upstream id"))
    group_type = django_filters.ChoiceFilter(
        choices=GroupType.choices, label=_("Type"), empty_label=_("Any type")
    )

    class Meta:
        model = AssetGroup
        fields: ClassVar[list[str]] = []

    def filter_upstream_id(
        self, queryset: QuerySet[AssetGroup], name: str, value: str
    ) -> QuerySet[AssetGroup]:
        return queryset.filter(prefixed("upstream_id", value))
