"""Subjects, their timelines, notes, reasons, and the caller's own record over REST."""

import uuid
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import CanModerate
from accounts.roles import permissions_of, role_of
from core.paging import decode_cursor, encode_cursor, limit_of
from moderation import search, timeline
from moderation.api import schemas
from moderation.api.base import ModerationView, purpose_of, user_of
from moderation.api.decisions import time_of
from moderation.api.presenting import present_subjects
from moderation.enums import ReviewStatus
from moderation.models import Note, Reason, Reviewable, Shift
from moderation.registry import ReviewQueue, queue_for
from moderation.visibility import may_see


class Subjects(ModerationView):
    @extend_schema(
        responses=schemas.SubjectsPage,
        parameters=[
            OpenApiParameter(name, str)
            for name in ("type", "status", "character", "user", "since", "cursor", "limit")
        ]
        + [
            OpenApiParameter(
                "q",
                str,
                description="Words of the texts, an id or how it begins, a SHA-256, or an address"
                " of ours. New texts are found within a minute.",
            )
        ],
        summary="Subjects, newest first: all types, or one",
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        status, since = given.get("status", ""), given.get("since")
        if status and status not in ReviewStatus.values:
            raise ValidationError({"status": [f"One of {', '.join(ReviewStatus.values)}."]})
        wanted = search.Wanted(
            text=given.get("q", ""),
            queue=queue_for(given["type"]) if given.get("type") else None,
            status=status,
            character=given.get("character", ""),
            user=given.get("user", ""),
            since=time_of(since, "since") if since else None,
        )
        found = search.find(
            wanted,
            viewer=user_of(request),
            after=_after(given.get("cursor")),
            limit=limit_of(given.get("limit")),
        )
        items = [_row(queue, subject) for queue, subject in found.subjects]
        cursor = encode_cursor(str(found.after)) if found.after else None
        return Response({"items": items, "next_cursor": cursor})


def _after(cursor: str | None) -> uuid.UUID | None:
    if not cursor:
        return None
    try:
        return uuid.UUID(decode_cursor(cursor))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValidationError({"cursor": ["This cursor is not one of ours."]}) from error


def _row(queue: ReviewQueue, subject: Reviewable) -> dict[str, Any]:
    return {
        "type": subject.subject_type(),
        "id": subject.pk,
        "review_status": subject.review_status,
        "hidden": subject.hidden,
        "held": subject.held,
        "title": queue.title_of(subject),
        "source": subject.source.name if subject.source else None,
        "upstream_id": subject.upstream_id,
        "first_seen_at": subject.first_seen_at,
        "reviewed_at": subject.reviewed_at,
    }


def find_subject(
    subject_type: str, pk: uuid.UUID, request: Request
) -> tuple[ReviewQueue, Reviewable]:
    """Raises Http404 also for what the caller may not see."""
    queue = queue_for(subject_type)
    found = queue.load([pk])
    if not found or not may_see(found[0], user_of(request)):
        raise Http404
    return queue, found[0]


class SubjectOne(ModerationView):
    @extend_schema(responses=schemas.SubjectDetail, summary="One subject with its timeline")
    def get(self, request: Request, subject_type: str, pk: uuid.UUID) -> Response:
        queue, subject = find_subject(subject_type, pk, request)
        user = user_of(request)
        shown = present_subjects(queue, [subject], user=user, purpose=purpose_of(request))
        return Response(shown[subject.pk] | {"timeline": timeline.of(subject)})


class Notes(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=schemas.NoteRequest, responses={201: schemas.TimelineEntry}, summary="Add a note"
    )
    def post(self, request: Request, subject_type: str, pk: uuid.UUID) -> Response:
        _, subject = find_subject(subject_type, pk, request)
        asked = schemas.NoteRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        note = Note.objects.create(
            subject_type=subject.subject_type(), subject_id=subject.pk, user=user_of(request),
            text=asked.validated_data["text"],
        )  # fmt: skip
        return Response(timeline.of_note(note), status=201)


class Reasons(ModerationView):
    @extend_schema(responses=schemas.ReasonsAnswer, summary="The policy's reasons")
    def get(self, request: Request) -> Response:
        rows = Reason.objects.filter(active=True).order_by("digit", "slug")
        return Response({
            "items": [
                {
                    "slug": reason.slug, "label": reason.label, "severity": reason.severity,
                    "version": reason.version, "digit": reason.digit, "guide": reason.guide,
                }
                for reason in rows
            ]
        })  # fmt: skip


class Me(ModerationView):
    @extend_schema(responses=schemas.MeAnswer, summary="The caller")
    def get(self, request: Request) -> Response:
        user = user_of(request)
        shift = Shift.objects.filter(pk=user.pk).first()
        return Response({
            "id": user.pk, "username": user.username, "role": role_of(user),
            "permissions": sorted(permission.codename for permission in permissions_of(user)),
            "blur": user.blur, "greyscale": user.greyscale, "language": user.language,
            "time_zone": user.time_zone, "decisions_today": timeline.decisions_today(user),
            "shift_started_at": shift.started_at if shift else None,
        })  # fmt: skip
