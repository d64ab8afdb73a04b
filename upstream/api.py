"""Sources, runs and failed records over REST, below /api/moderation/."""

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import CanOperate, CanView
from core.paging import limit_of, page_of
from upstream import runs, tasks
from upstream.errors import SyncError
from upstream.models import Fault, Source, SyncRun


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


class RunSchema(serializers.ModelSerializer[SyncRun]):
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    kind = serializers.CharField(source="source.kind")
    rate = serializers.SerializerMethodField()

    class Meta:
        model = SyncRun
        fields = (
            "id", "source", "kind", "status", "full", "expected", "seen", "created", "updated",
            "unchanged", "failed", "missing", "notes", "started_at", "heartbeat_at", "finished_at",
            "error", "rate",
        )  # fmt: skip

    def get_rate(self, run: SyncRun) -> float | None:
        """Records a second since the start."""
        end = run.finished_at or run.heartbeat_at
        seconds = (end - run.started_at).total_seconds()
        return round(run.seen / seconds, 1) if seconds > 0 else None


class SourceSchema(serializers.ModelSerializer[Source]):
    has_credentials = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = (
            "name", "kind", "base_url", "enabled", "every_minutes", "backend", "is_default",
            "trust_approvals", "last_full_at", "circuit_open_until", "has_credentials",
        )  # fmt: skip

    def get_has_credentials(self, source: Source) -> bool:
        return bool(source.token or (source.key and source.secret))


class FaultSchema(serializers.ModelSerializer[Fault]):
    run = serializers.UUIDField(source="run_id")

    class Meta:
        model = Fault
        fields = (
            "id", "run", "upstream_id", "error", "payload", "created_at", "replayed_at",
            "resolved_at",
        )  # fmt: skip


def _page(name: str, item: Any) -> Any:
    return inline_serializer(
        name,
        {"items": item(many=True), "next_cursor": serializers.CharField(allow_null=True)},
    )


_PAGING = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


class Sources(APIView):
    permission_classes = [CanView]

    @extend_schema(responses=_page("SourcesPage", SourceSchema), summary="All sources")
    def get(self, request: Request) -> Response:
        rows = Source.objects.order_by("id")
        return Response({"items": SourceSchema(rows, many=True).data, "next_cursor": None})


class StartSync(APIView):
    permission_classes = [CanOperate]

    @extend_schema(
        request=inline_serializer(
            "StartSync", {"full": serializers.BooleanField(required=False, default=False)}
        ),
        responses={202: RunSchema},
        summary="Run a sync now",
    )
    def post(self, request: Request, name: str) -> Response:
        source = get_object_or_404(Source, name=name)
        full = request.data.get("full", False) if isinstance(request.data, dict) else False
        if not isinstance(full, bool):
            raise serializers.ValidationError({"full": ["true or false."]})
        assert isinstance(request.user, User)
        try:
            run = runs.start_run(source=source, full=full, started_by=request.user)
        except SyncError as error:
            raise Conflict(str(error)) from error
        tasks.enqueue_run(run.pk)
        return Response(RunSchema(run).data, status=202)


class Runs(APIView):
    permission_classes = [CanView]

    @extend_schema(
        responses=_page("RunsPage", RunSchema),
        parameters=[OpenApiParameter("source", str), *_PAGING],
        summary="Sync runs, newest first",
    )
    def get(self, request: Request) -> Response:
        rows = SyncRun.objects.select_related("source")
        if name := request.query_params.get("source"):
            rows = rows.filter(source__name=name)
        page, cursor = page_of(
            rows,
            cursor=request.query_params.get("cursor"),
            limit=limit_of(request.query_params.get("limit")),
        )
        return Response({"items": RunSchema(page, many=True).data, "next_cursor": cursor})


class RunOne(APIView):
    permission_classes = [CanView]

    @extend_schema(responses=RunSchema, summary="One run")
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        run = get_object_or_404(SyncRun.objects.select_related("source"), pk=pk)
        return Response(RunSchema(run).data)


class CancelRun(APIView):
    permission_classes = [CanOperate]

    @extend_schema(request=None, responses={202: RunSchema}, summary="Cancel a run")
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        run = get_object_or_404(SyncRun, pk=pk)
        if not runs.cancel_run(run_id=run.pk):
            raise Conflict("The run has ended.")
        fresh = SyncRun.objects.select_related("source").get(pk=pk)
        return Response(RunSchema(fresh).data, status=202)


class Faults(APIView):
    permission_classes = [CanView]

    @extend_schema(
        responses=_page("FaultsPage", FaultSchema),
        parameters=_PAGING,
        summary="Records that a run could not take",
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        run = get_object_or_404(SyncRun, pk=pk)
        page, cursor = page_of(
            run.faults.all(),
            cursor=request.query_params.get("cursor"),
            limit=limit_of(request.query_params.get("limit")),
        )
        return Response({"items": FaultSchema(page, many=True).data, "next_cursor": cursor})


class ReplayFault(APIView):
    permission_classes = [CanOperate]

    @extend_schema(request=None, responses=FaultSchema, summary="Try a failed record again")
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        fault = get_object_or_404(Fault, pk=pk)
        assert isinstance(request.user, User)
        try:
            fault = runs.replay_fault(fault_id=fault.pk, by=request.user)
        except SyncError as error:
            raise Conflict(str(error)) from error
        return Response(FaultSchema(fault).data)
