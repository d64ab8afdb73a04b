"""Filters of the lists of runs, failed records and generations."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from upstream.enums import GenerationKind, GenerationState, RunStatus
from upstream.models import Fault, GenerationRequest, Source, SyncRun


def source_names() -> list[tuple[str, str]]:
    """Choices of a filter; names alone, so that no secret is decrypted for a list."""
    return [(name, name) for name in Source.objects.order_by("name").values_list("name", flat=True)]


class SyncRunFilterSet(django_filters.FilterSet):
    source = django_filters.ChoiceFilter(
        field_name="source__name",
        choices=source_names,
        label=_("Source"),
        empty_label=_("Any source"),
    )
    status = django_filters.ChoiceFilter(
        choices=RunStatus.choices, label=_("Status"), empty_label=_("Any status")
    )

    class Meta:
        model = SyncRun
        fields: ClassVar[list[str]] = []


class FaultFilterSet(django_filters.FilterSet):
    source = django_filters.ChoiceFilter(
        field_name="source__name",
        choices=source_names,
        label=_("Source"),
        empty_label=_("Any source"),
    )
    state = django_filters.ChoiceFilter(
        method="filter_state",
        label=_("State"),
        empty_label=_("Any state"),
        choices=[("open", _("Not taken yet")), ("taken", _("Taken"))],
    )

    class Meta:
        model = Fault
        fields: ClassVar[list[str]] = []

    def filter_state(self, queryset: QuerySet[Fault], name: str, value: str) -> QuerySet[Fault]:
        return queryset.filter(resolved_at__isnull=value == "open")


class GenerationFilterSet(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        choices=GenerationKind.choices, label=_("Kind"), empty_label=_("Any kind")
    )
    state = django_filters.ChoiceFilter(
        choices=GenerationState.choices, label=_("State"), empty_label=_("Any state")
    )
    user = django_filters.CharFilter(field_name="user_id", label=_("User"))
    request_id = django_filters.CharFilter(label=_("Request id"))

    class Meta:
        model = GenerationRequest
        fields: ClassVar[list[str]] = []
