"""What a list shows for its filters and search: for its exports and its bulk decisions."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import User
from core.keyset import PARAMETERS
from moderation.errors import BadFilter
from moderation.filters import SubjectFilterSet
from moderation.registry import queue_for
from moderation.search import Search
from moderation.visibility import visible_to


def filters_of(query: Mapping[str, str]) -> dict[str, str]:
    """What narrows a list, out of the parameters of its address."""
    return {name: value for name, value in query.items() if value and name not in PARAMETERS}


def subjects_listed(subject_type: str, query: Mapping[str, str], user: User) -> QuerySet[Any]:
    """What the list of that type shows to this person, in no order; needs no request.

    Raises BadFilter where a filter is unknown or makes no sense: never more rows than were meant.
    """
    queue = queue_for(subject_type)
    assert queue.model is not None
    rows = visible_to(queue.model._default_manager.order_by(), user)
    filters = filters_of(query)
    text = filters.pop("q", "")
    return Search(text).narrow(_filtered(rows, queue.model, filters), queue)


def rows_listed(
    request: HttpRequest, model: type[Model], query: Mapping[str, str]
) -> QuerySet[Any]:
    """What a model's list shows to who asks, in no order. Raises BadFilter."""
    model_admin = admin.site.get_model_admin(model)
    filters = filters_of(query)
    text = filters.pop("q", "")
    rows = _filtered(model_admin.get_queryset(request).order_by(), model, filters)
    if not text:
        return rows
    found: QuerySet[Any] = model_admin.get_search_results(request, rows, text)[0]
    return found


def _filtered(rows: QuerySet[Any], model: type[Model], filters: Mapping[str, str]) -> QuerySet[Any]:
    filterset = _filterset_of(model)(filters, queryset=rows)
    if unknown := sorted(set(filters) - set(filterset.form.fields)):
        raise BadFilter(", ".join(unknown))
    if not filterset.form.is_valid():
        raise BadFilter(", ".join(filterset.form.errors))
    found: QuerySet[Any] = filterset.qs
    return found


def _filterset_of(model: type[Model]) -> type[Any]:
    """The FilterSet of the model's list, which REST and changelist share."""
    model_admin = admin.site.get_model_admin(model) if admin.site.is_registered(model) else None
    return getattr(model_admin, "filterset_class", None) or SubjectFilterSet


def filters_in_words(model: type[Model], query: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label, value) of each filter, for people to check what they confirm."""
    fields = _filterset_of(model)({}, queryset=model._default_manager.none()).form.fields
    told = []
    for name, value in filters_of(query).items():
        field = fields.get(name)
        choices = dict(getattr(field, "choices", ()) or ())
        told.append((str(field.label) if field else name, str(choices.get(value, value))))
    return told


def newest_id(rows: QuerySet[Any]) -> uuid.UUID | None:
    """What arrives later is not part of what somebody looked at and confirmed."""
    found: uuid.UUID | None = rows.order_by("-pk").values_list("pk", flat=True).first()
    return found
