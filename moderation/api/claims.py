"""Queues and claims over REST."""

import uuid

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import CanModerate
from moderation import cases, counts
from moderation.api import schemas
from moderation.api.base import ModerationView, purpose_of, user_of
from moderation.api.presenting import present_cases
from moderation.errors import StaleClaim
from moderation.registry import get_queue, queues


class QueueList(ModerationView):
    @extend_schema(responses=schemas.QueueSchema(many=True), summary="All queues with their counts")
    def get(self, request: Request) -> Response:
        found = {count.slug: count for count in counts.queue_counts()}
        return Response([
            {
                "slug": queue.slug,
                "title": str(queue.title),
                "subject_type": queue.model.subject_type() if queue.model else None,
                "open": found[queue.slug].open,
                "claimed": found[queue.slug].claimed,
                "overdue": found[queue.slug].overdue,
                "oldest_opened_at": found[queue.slug].oldest_opened_at,
            }
            for queue in queues().values()
        ])  # fmt: skip


class Claim(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=schemas.ClaimRequest,
        responses=schemas.ClaimAnswer,
        summary="Claim cases of a queue",
    )
    def post(self, request: Request, slug: str) -> Response:
        get_queue(slug)
        asked = schemas.ClaimRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        user = user_of(request)
        claimed = cases.claim(user=user, queue=slug, limit=asked.validated_data["limit"])
        shown = present_cases(claimed, user=user, purpose=purpose_of(request))
        return Response({"cases": shown, "open": counts.open_count(slug)})


class Held(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(responses=schemas.CasesAnswer, summary="What I hold")
    def get(self, request: Request) -> Response:
        user = user_of(request)
        shown = present_cases(cases.held(user), user=user, purpose=purpose_of(request))
        return Response({"cases": shown})

    @extend_schema(
        request=schemas.ClaimTheseRequest,
        responses=schemas.CasesAnswer,
        summary="Claim given cases",
        description="Those that are closed or somebody else's are left out of the answer.",
    )
    def post(self, request: Request) -> Response:
        asked = schemas.ClaimTheseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        user = user_of(request)
        claimed = cases.claim_these(user=user, case_ids=asked.validated_data["cases"])
        return Response({"cases": present_cases(claimed, user=user, purpose=purpose_of(request))})


class RenewAll(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=schemas.RenewRequest, responses=schemas.RenewAnswer, summary="Renew what I hold"
    )
    def post(self, request: Request) -> Response:
        asked = schemas.RenewRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        renewed = cases.renew(user=user_of(request), case_ids=asked.validated_data.get("cases"))
        return Response({"cases": [{"id": c.pk, "expires_at": c.claimed_until} for c in renewed]})


class ReleaseAll(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(request=None, responses=schemas.ReleasedAnswer, summary="Give back all I hold")
    def post(self, request: Request) -> Response:
        return Response({"released": cases.release_all(user=user_of(request))})


class ClaimOne(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(request=None, responses=schemas.CaseSchema, summary="Claim one given case")
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        user = user_of(request)
        case = cases.claim_one(user=user, case_id=pk)
        return Response(present_cases([case], user=user, purpose=purpose_of(request))[0])


class ClaimFamily(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=None, responses=schemas.CasesAnswer, summary="Claim what is open of one family"
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        user = user_of(request)
        claimed = cases.claim_family(user=user, family=pk)
        return Response({"cases": present_cases(claimed, user=user, purpose=purpose_of(request))})


class RenewOne(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(request=None, responses=schemas.RenewAnswer, summary="Renew one case")
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        renewed = cases.renew(user=user_of(request), case_ids=[pk])
        if not renewed:
            raise StaleClaim(_("The claim was lost: the case is closed or went to somebody else."))
        return Response({"cases": [{"id": c.pk, "expires_at": c.claimed_until} for c in renewed]})


class ReleaseOne(ModerationView):
    permission_classes = [CanModerate]

    @extend_schema(
        request=schemas.ReleaseRequest, responses={204: None}, summary="Give one case back"
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        asked = schemas.ReleaseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        token = asked.validated_data["claim_token"]
        cases.release(user=user_of(request), case_id=pk, token=token)
        return Response(status=204)
