"""What Prometheus reads: requests as they pass, and the state of the work in the database."""

import time
from collections.abc import Iterator

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.middleware import Handler
from media.enums import AttachmentState
from media.models import Attachment
from moderation.counts import queue_counts, status_totals
from moderation.models import OutboxEvent
from moderation.registry import subject_types
from upstream.enums import RunStatus
from upstream.models import SyncRun

REQUEST_SECONDS = Histogram(
    "gatehouse_http_request_seconds",
    "Time to answer, by URL name: never by path, which would name subjects and grow without end.",
    ["method", "view", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 360),
)


class RequestTimerMiddleware:
    """Times every request."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.handler(request)
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "unmatched"
        method = request.method if request.method in METHODS else "OTHER"
        REQUEST_SECONDS.labels(method, view, str(response.status_code)).observe(
            time.perf_counter() - began
        )
        return response


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class WorkCollector(Collector):
    """Reads queues, runs and backlogs at the moment they are asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._queues()
        yield from self._subjects()
        yield from self._runs()
        yield self._single(
            "gatehouse_files_wanted",
            "Attachments whose bytes are still to be fetched.",
            Attachment.objects.filter(state=AttachmentState.WANTED).count(),
        )
        yield self._single(
            "gatehouse_outbox_waiting",
            "Events not yet delivered.",
            OutboxEvent.objects.filter(delivered_at__isnull=True).count(),
        )

    def _queues(self) -> Iterator[GaugeMetricFamily]:
        depth = _gauge("gatehouse_queue_cases", "Open cases by queue and state.", "queue", "state")
        oldest = _gauge("gatehouse_queue_oldest_seconds", "Age of the oldest open case.", "queue")
        now = timezone.now()
        for count in queue_counts():
            states = {"open": count.open, "claimed": count.claimed, "overdue": count.overdue}
            for state, number in states.items():
                depth.add_metric([count.slug, state], number)
            opened_at = count.oldest_opened_at or now
            oldest.add_metric([count.slug], (now - opened_at).total_seconds())
        yield depth
        yield oldest

    def _subjects(self) -> Iterator[GaugeMetricFamily]:
        subjects = _gauge(
            "gatehouse_subjects", "Subjects by type and review status.", "type", "status"
        )
        for subject_type in subject_types():
            for status, number in status_totals(subject_type).items():
                subjects.add_metric([subject_type, status], number)
        yield subjects

    def _runs(self) -> Iterator[GaugeMetricFamily]:
        running = _gauge("gatehouse_sync_running", "Sync runs under way.", "source")
        success = _gauge(
            "gatehouse_sync_success_timestamp_seconds", "Last complete sync.", "source"
        )
        rows = SyncRun.objects.filter(status=RunStatus.RUNNING).values("source__name")
        for row in rows.annotate(number=Count("pk")):
            running.add_metric([row["source__name"]], row["number"])
        done = SyncRun.objects.filter(status=RunStatus.SUCCEEDED).values("source__name")
        for row in done.annotate(at=Max("finished_at")):
            success.add_metric([row["source__name"]], row["at"].timestamp())
        yield running
        yield success

    def _single(self, name: str, text: str, value: int) -> GaugeMetricFamily:
        return GaugeMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def text() -> bytes:
    """All metrics in Prometheus' text form."""
    work = CollectorRegistry(auto_describe=False)
    work.register(WorkCollector())
    return generate_latest(REGISTRY) + generate_latest(work)
