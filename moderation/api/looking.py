"""What helps whoever looks at pictures: precedents, and the record of their own exposure."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import CanModerate
from moderation import exposure
from moderation.api import schemas
from moderation.api.base import ModerationView, purpose_of, user_of
from moderation.api.presenting import pictures_of
from moderation.enums import Seen
from moderation.precedents import Precedent, precedents_of, subjects_of
from moderation.registry import queue_for
from moderation.timeline import actor_names


class Precedents(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=schemas.PrecedentsRequest,
        responses=schemas.PrecedentsAnswer,
        summary="The nearest decided pictures of up to 50 subjects",
    )
    def post(self, request: Request) -> Response:
        asked = schemas.PrecedentsRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        keys = [(each["type"], each["id"]) for each in asked.validated_data["subjects"]]
        user = user_of(request)
        found = precedents_of(keys, viewer=user)
        rows = _present(found, user, purpose_of(request))
        return Response({
            "items": [
                {"subject": {"type": subject_type, "id": pk}, "precedents": rows[pk]}
                for subject_type, pk in dict.fromkeys(keys) if pk in rows
            ]
        })  # fmt: skip


def _present(
    found: dict[uuid.UUID, list[Precedent]], user: User, purpose: str
) -> dict[uuid.UUID, list[dict[str, Any]]]:
    names = actor_names([row.decision for rows in found.values() for row in rows])
    thumbs: dict[uuid.UUID, str | None] = {}
    for subject_type, subjects in subjects_of(found).items():
        pictures = pictures_of(queue_for(subject_type), subjects, user=user, purpose=purpose)
        thumbs |= {pk: picture["thumb_url"] for pk, picture in pictures.items()}
    return {
        subject_id: [_one(row, names, thumbs.get(row.subject.pk)) for row in rows]
        for subject_id, rows in found.items()
    }


def _one(row: Precedent, names: dict[int, str], thumb_url: str | None) -> dict[str, Any]:
    decision = row.decision
    return {
        "subject": {"type": row.subject.subject_type(), "id": row.subject.pk},
        "distance": row.distance,
        "review_status": row.subject.review_status,
        "reason": decision.reason or None,
        "at": decision.at,
        "by": decision.actor_name or names.get(decision.actor_id or 0, ""),
        "actor_kind": decision.actor_kind,
        "thumb_url": thumb_url,
    }


class OwnExposure(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(responses=schemas.ExposureAnswer, summary="What I was shown in this shift")
    def get(self, request: Request) -> Response:
        found = exposure.of_shift(user_of(request))
        return Response({
            "shown": found.shown, "revealed": found.revealed, "by_severity": found.by_severity,
        })  # fmt: skip

    @extend_schema(
        request=schemas.ExposureRequest, responses={204: None}, summary="Tell what I was shown"
    )
    def post(self, request: Request) -> Response:
        asked = schemas.ExposureRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = [(each["subject"], Seen(each["seen"])) for each in asked.validated_data["pictures"]]
        exposure.record(user=user_of(request), seen=seen)
        return Response(status=204)
