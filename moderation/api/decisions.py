"""Deciding, undoing and reading decisions over REST."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import CanModerate, CanView
from core.paging import limit_of, page_of
from moderation import services
from moderation.actors import Actor
from moderation.api import schemas
from moderation.api.base import ModerationView, user_of
from moderation.api.deciding import MAX_KEY, decide_once, present_batch
from moderation.api.presenting import present_decision
from moderation.models import Decision
from moderation.timeline import actor_names
from moderation.visibility import without_held

MAX_ROWS = 1_000


class Decisions(ModerationView):
    def get_permissions(self) -> list[Any]:
        return [CanView() if self.request.method in {"GET", "HEAD", "OPTIONS"} else CanModerate()]

    @extend_schema(
        request=schemas.DecisionsRequest,
        responses=schemas.BatchSchema,
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        summary="Decide up to 1,000 cases or subjects",
    )
    def post(self, request: Request) -> Response:
        body = request._request.body
        data = request.data
        rows = data.get("decisions") if isinstance(data, dict) else None
        if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ROWS:
            raise ValidationError({"decisions": [f"A list of 1 to {MAX_ROWS} decisions."]})
        key = request.headers.get("Idempotency-Key")
        if key is not None and not 1 <= len(key) <= MAX_KEY:
            raise ValidationError({"Idempotency-Key": [f"1 to {MAX_KEY} characters."]})
        return Response(decide_once(rows=rows, user=user_of(request), key=key, body=body))

    @extend_schema(
        responses=schemas.DecisionsPage,
        parameters=[
            OpenApiParameter(name, str)
            for name in (
                "subject_type", "subject_id", "actor", "action", "queue", "batch",
                "since", "until", "cursor", "limit",
            )
        ],
        summary="The decision log, newest first",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = without_held(_filtered(request), user_of(request))
        page, cursor = page_of(
            rows,
            cursor=request.query_params.get("cursor"),
            limit=limit_of(request.query_params.get("limit")),
        )
        names = actor_names(page)
        return Response(
            {"items": [present_decision(each, names) for each in page], "next_cursor": cursor}
        )


def _filtered(request: Request) -> QuerySet[Decision]:
    given = request.query_params
    rows = Decision.objects.all()
    for name, field in (
        ("subject_type", "subject_type"),
        ("action", "action"),
        ("queue", "case_queue"),
    ):
        if given.get(name):
            rows = rows.filter(**{field: given[name]})
    for name in ("subject_id", "batch"):
        if given.get(name):
            rows = rows.filter(**{name: uuid_of(given[name], name)})
    if actor := given.get("actor"):
        rows = rows.filter(actor_id=_actor_id(actor, request))
    if since := given.get("since"):
        rows = rows.filter(at__gte=time_of(since, "since"))
    if until := given.get("until"):
        rows = rows.filter(at__lt=time_of(until, "until"))
    return rows


def _actor_id(raw: str, request: Request) -> int:
    """An id, a user name, or `me`; a name nobody has matches nothing."""
    user = user_of(request)
    if raw == "me":
        return int(user.pk)
    if raw.isascii() and raw.isdigit() and len(raw) < 19:
        return int(raw)
    found = type(user)._default_manager.filter(username=raw).values_list("pk", flat=True).first()
    return int(found) if found is not None else -1


def uuid_of(raw: str, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError:
        raise ValidationError({name: ["This is not an id."]}) from None


def time_of(raw: str, name: str) -> datetime:
    """ISO 8601, a date alone is its midnight in UTC."""
    try:
        moment = parse_datetime(raw)
        if moment is None and (day := parse_date(raw)) is not None:
            moment = datetime(day.year, day.month, day.day)
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError({name: ["A time in ISO 8601 is needed."]})
    return make_aware(moment) if is_naive(moment) else moment


class Undo(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(request=None, responses=schemas.BatchSchema, summary="Undo a batch")
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        made = services.undo(batch=pk, actor=Actor.person(user_of(request)))
        return Response(present_batch(made))
