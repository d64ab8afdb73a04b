"""What probes and monitoring ask: `/healthz` (alive), `/readyz` (able to work), `/metrics`."""

import functools
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError as BrokerError
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.permissions import CanOperate
from config import metrics
from config.celery import app as celery_app
from core.middleware import is_loopback

PROBE_SECONDS = 2


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as this process serves requests; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ready", "checks": {name: "ok"}}`, or 503 with the reasons."""
    checks = {"database": check_database, "migrations": check_migrations, "broker": check_broker}
    results = {name: _outcome(check) for name, check in checks.items()}
    healthy = set(results.values()) == {"ok"}
    return JsonResponse(
        {"status": "ready" if healthy else "unready", "checks": results},
        status=200 if healthy else 503,
    )


class NotReady(Exception):
    """The reason in words that may be shown to anyone."""


def _outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as reason:
        return str(reason)
    return "ok"


def check_database() -> None:
    _query("SELECT 1")


def check_migrations() -> None:
    applied = set(_query("SELECT app, name FROM django_migrations"))
    if missing := len(_on_disk() - applied):
        raise NotReady(f"{missing} missing; run manage.py migrate")


def _query(statement: str) -> list[tuple[str, ...]]:
    """On a connection of its own: a probe neither waits for the pool nor for a dead host."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"].pop("pool", None)
    probe.settings_dict["OPTIONS"]["connect_timeout"] = str(PROBE_SECONDS)
    try:
        with probe.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    except DatabaseError as error:
        raise NotReady(f"no answer ({type(error).__name__})") from error
    finally:
        probe.close()


@functools.cache
def _on_disk() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations or {})


def check_broker() -> None:
    if celery_app.conf.broker_url.startswith("memory:"):
        raise NotReady("CELERY_BROKER_URL is not set")
    try:
        with celery_app.connection_for_write(connect_timeout=PROBE_SECONDS) as broker:
            broker.ensure_connection(
                max_retries=1, timeout=PROBE_SECONDS, reraise_as_library_errors=True
            )
    except (BrokerError, OSError) as error:
        raise NotReady(f"unreachable ({type(error.__cause__ or error).__name__})") from error


class LoopbackOrOperator(BasePermission):
    """Somebody on this machine, or an operator's key or session."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_loopback(request._request) or CanOperate().has_permission(request, view)


class MetricsView(APIView):
    """Prometheus text: requests served by this process, and queues, runs and backlogs of all."""

    permission_classes = (LoopbackOrOperator,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)
