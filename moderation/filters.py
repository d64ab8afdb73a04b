"""Filters of lists: of subjects, shared by changelists and REST, and of the log and open cases."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from moderation.enums import (
    Action,
    CaseKind,
    ReviewStatus,
    Severity,
    TermAction,
    TermKind,
    TermLanguage,
)
from moderation.models import (
    Case,
    Decision,
    ReasonVersion,
    Reviewable,
    Term,
    TermVersion,
    Tombstone,
)
from moderation.ranges import first_id_at
from moderation.registry import queue_for, queues
from moderation.search import Search
from upstream.filters import source_names

M = TypeVar("M", bound=Model)


class SubjectFilterSet(django_filters.FilterSet):
    """`q`, `status`, `source`, `state`, `since`, `until` of any subject.

    `q` is the search (moderation.search); `since` and `until` are about arrival here.
    """

    q = django_filters.CharFilter(method="filter_q", label=_("Search"))
    status = django_filters.ChoiceFilter(
        field_name="review_status",
        choices=ReviewStatus.choices,
        label=_("Status"),
        empty_label=_("Any status"),
    )
    source = django_filters.ChoiceFilter(
        field_name="source__name",
        choices=source_names,
        label=_("Source"),
        empty_label=_("Any source"),
    )
    state = django_filters.ChoiceFilter(
        method="filter_state",
        label=_("Marked"),
        empty_label=_("Any mark"),
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

    def filter_q(
        self, queryset: QuerySet[Reviewable], name: str, value: str
    ) -> QuerySet[Reviewable]:
        return Search(value).narrow(queryset, queue_for(queryset.model.subject_type()))

    def filter_state(
        self, queryset: QuerySet[Reviewable], name: str, value: str
    ) -> QuerySet[Reviewable]:
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


class DecisionFilterSet(django_filters.FilterSet):
    """The log by action, actor and time."""

    action = django_filters.ChoiceFilter(
        choices=Action.choices, label=_("Action"), empty_label=_("Any action")
    )
    actor = django_filters.CharFilter(method="filter_actor", label=_("Who"))
    since = django_filters.IsoDateTimeFilter(
        field_name="at",
        lookup_expr="gte",
        label=_("Since"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = django_filters.IsoDateTimeFilter(
        field_name="at",
        lookup_expr="lt",
        label=_("Before"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta:
        model = Decision
        fields: ClassVar[list[str]] = []

    @staticmethod
    def search(queryset: QuerySet[Decision], term: str) -> QuerySet[Decision]:
        """By the row's number, the subject's id or the batch."""
        term = term.strip()
        if not term:
            return queryset
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term))
        try:
            key = uuid.UUID(term)
        except ValueError:
            return queryset.none()
        return queryset.filter(Q(subject_id=key) | Q(batch=key))

    def filter_actor(
        self, queryset: QuerySet[Decision], name: str, value: str
    ) -> QuerySet[Decision]:
        people = User.objects.filter(username__iexact=value.strip()).values_list("pk", flat=True)
        return queryset.filter(actor_id__in=list(people))


class ReasonVersionFilterSet(django_filters.FilterSet):
    slug = django_filters.CharFilter(label=_("Slug"))

    class Meta:
        model = ReasonVersion
        fields: ClassVar[list[str]] = []


class TermFilterSet(django_filters.FilterSet):
    language = django_filters.ChoiceFilter(
        choices=TermLanguage.choices, label=_("Language"), empty_label=_("Any language")
    )
    kind = django_filters.ChoiceFilter(
        choices=TermKind.choices, label=_("Kind"), empty_label=_("Any kind")
    )
    severity = django_filters.ChoiceFilter(
        choices=Severity.choices, label=_("Severity"), empty_label=_("Any severity")
    )
    action = django_filters.ChoiceFilter(
        choices=TermAction.choices, label=_("Action"), empty_label=_("Any action")
    )
    active = django_filters.BooleanFilter(label=_("Active"))

    class Meta:
        model = Term
        fields: ClassVar[list[str]] = []


class TermVersionFilterSet(django_filters.FilterSet):
    term = django_filters.NumberFilter(label=_("Number of the term"))

    class Meta:
        model = TermVersion
        fields: ClassVar[list[str]] = []


class TombstoneFilterSet(django_filters.FilterSet):
    erased = django_filters.BooleanFilter(
        field_name="erased_at", lookup_expr="isnull", exclude=True, label=_("Erased")
    )

    class Meta:
        model = Tombstone
        fields: ClassVar[list[str]] = []


class CaseFilterSet(django_filters.FilterSet):
    queue = django_filters.ChoiceFilter(
        choices=lambda: [(queue.slug, queue.title) for queue in queues().values()],
        label=_("Queue"),
        empty_label=_("Any queue"),
    )
    kind = django_filters.ChoiceFilter(
        choices=CaseKind.choices, label=_("Kind"), empty_label=_("Any kind")
    )
    state = django_filters.ChoiceFilter(
        method="filter_state",
        label=_("State"),
        empty_label=_("Any state"),
        choices=[("overdue", _("Overdue")), ("claimed", _("Claimed")), ("free", _("Not claimed"))],
    )

    class Meta:
        model = Case
        fields: ClassVar[list[str]] = []

    def filter_state(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        if value == "overdue":
            return queryset.filter(due_at__lt=timezone.now())
        return queryset.filter(claimed_by__isnull=value == "free")
