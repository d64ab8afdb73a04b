"""Reports and appeals over REST: sending one, and reading what became of one's own."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import api_key_of
from core.paging import limit_of, page_of
from moderation.api import schemas
from moderation.api.base import ModerationView, user_of
from moderation.enums import ReportKind
from moderation.errors import TooManyReports
from moderation.locating import subject_at, subject_named
from moderation.models import Report
from moderation.reports import Statement, outcomes, report


class Reports(ModerationView):
    @extend_schema(
        request=schemas.ReportRequest,
        responses={201: schemas.ReportSchema},
        summary="Report a subject, or appeal against a decision",
    )
    def post(self, request: Request) -> Response:
        """Opens or raises the subject's case. Nobody is offered what they judged themselves.

        The same words of the same reporter again are kept once. Whoever has a role may send it;
        the outcome is read by the account that sent it.
        """
        asked = schemas.ReportRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        given, client = asked.validated_data, user_of(request)
        said = Statement(
            ReportKind(given["kind"]),
            given.get("reporter") or client.username,
            given["category"],
            given["text"],
        )
        try:
            made = report(subject=_subject(request, given), said=said, client=client)
        except TooManyReports as error:
            raise Throttled(wait=error.wait, detail=str(error)) from error
        return Response(present([made])[0], status=201)

    @extend_schema(
        responses=schemas.ReportsPage,
        parameters=[OpenApiParameter(name, str) for name in ("reporter", "cursor", "limit")],
        summary="My reports with their outcome, newest first",
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        rows = Report.objects.filter(client_id=user_of(request).pk)
        if reporter := given.get("reporter"):
            rows = rows.filter(reporter=reporter)
        page, cursor = page_of(rows, cursor=given.get("cursor"), limit=limit_of(given.get("limit")))
        return Response({"items": present(page), "next_cursor": cursor})


class ReportOne(ModerationView):
    @extend_schema(responses=schemas.ReportSchema, summary="One of my reports with its outcome")
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        found = Report.objects.filter(pk=pk, client_id=user_of(request).pk).first()
        if found is None:
            raise Http404
        return Response(present([found])[0])


def _subject(request: Request, given: dict[str, Any]) -> tuple[str, uuid.UUID]:
    if "url" in given:
        return subject_at(given["url"])
    key = api_key_of(request)
    target = given["subject"]
    return subject_named(target["type"], target["id"], source=key.source if key else "")


def present(reports: Sequence[Report]) -> list[dict[str, Any]]:
    found = outcomes(reports)
    return [_one(row, found[row.pk]) for row in reports]


def _one(row: Report, outcome: Any) -> dict[str, Any]:
    decision = outcome.decision
    return {
        "id": row.pk,
        "kind": row.kind,
        "subject": {"type": row.subject_type, "id": row.subject_id},
        "reporter": row.reporter,
        "category": row.category,
        "text": row.text,
        "at": row.at,
        "status": "open" if outcome.is_open else "closed",
        "outcome": outcome.status,
        "reason": (decision.reason or None) if decision else None,
        "decided_at": decision.at if decision else None,
    }
