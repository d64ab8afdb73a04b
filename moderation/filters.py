"""Filters of subjects that changelists and REST lists share; content apps add their own columns."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from moderation.enums import ReviewStatus
from moderation.models import Reviewable
from upstream.models import Source

M = TypeVar("M", bound=Model)
# Sorts behind every continuation of a prefix in a UTF-8 database.
_LAST_CHARACTER = "\U0010ffff"


def prefixed(column: str, prefix: str) -> Q:
    """Rows whose column begins with `prefix`, as a range that an ordinary index serves."""
    return Q(
        **{f"{column}__gte": prefix, f"{column}__lt": prefix + _LAST_CHARACTER},
        **{f"{column}__startswith": prefix},
    )


def first_id_at(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of that moment: ids are in order of arrival, so no index on time is needed."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))


class SubjectFilterSet(django_filters.FilterSet):
    """`q`, `status`, `source`, `hidden`, `held`, `decided`, `since`, `until` of any subject.

    `since` and `until` are about arrival here. A content app names in `searched` its columns that have
    an index beginning with them.
    """

    searched: ClassVar[tuple[str, ...]] = ()

    q = django_filters.CharFilter(method="filter_q", label=_("Id"))
    status = django_filters.ChoiceFilter(
        field_name="review_status", choices=ReviewStatus.choices, label=_("Status"), empty_label=_("Any status")
    )
    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(), to_field_name="name", label=_("Source"), empty_label=_("Any source")
    )
    state = django_filters.ChoiceFilter(
        method="filter_state",
        label=_("State"),
        empty_label=_("Any state"),
        choices=[
            ("escalated", _("Escalated")),
            ("held", _("Held")),
            ("decided", _("Decided here")),
            ("undecided", _("Not decided here")),
            ("missing", _("Gone upstream")),
        ],
    )
    since = django_filters.IsoDateTimeFilter(
        method="filter_since",
        label=_("Arrived since"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = django_filters.IsoDateTimeFilter(
        method="filter_until",
        label=_("Arrived before"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    @classmethod
    def search(cls, queryset: QuerySet[M], term: str) -> QuerySet[M]:
        """Rows by id, by upstream id, or by the beginning of a searched column; indexes only."""
        term = term.strip()
        if not term or "\0" in term:
            return queryset if not term else queryset.none()
        # The unique index begins with the source, so every source is named.
        sources = list(Source.objects.values_list("pk", flat=True))
        found = Q(source__in=sources) & prefixed("upstream_id", term)
        for column in cls.searched:
            found |= prefixed(column, term)
        try:
            found |= Q(pk=uuid.UUID(term))
        except ValueError:
            pass
        return queryset.filter(found)

    def filter_q(self, queryset: QuerySet[Reviewable], name: str, value: str) -> QuerySet[Reviewable]:
        return self.search(queryset, value)

    def filter_state(self, queryset: QuerySet[Reviewable], name: str, value: str) -> QuerySet[Reviewable]:
        wanted: dict[str, Any] = {
            "escalated": {"hidden": True},
            "held": {"held": True},
            "decided": {"reviewed_at__isnull": False},
            "undecided": {"reviewed_at__isnull": True},
            "missing": {"missing_at__isnull": False},
        }
        return queryset.filter(**wanted[value])

    def filter_since(
        self, queryset: QuerySet[Reviewable], name: str, value: datetime
    ) -> QuerySet[Reviewable]:
        return queryset.filter(pk__gte=first_id_at(value))

    def filter_until(
        self, queryset: QuerySet[Reviewable], name: str, value: datetime
    ) -> QuerySet[Reviewable]:
        return queryset.filter(pk__lt=first_id_at(value))
