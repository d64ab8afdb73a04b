"""The dashboard at /admin/: queues, the last day's flow, my day, latest runs, attention."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation.console.access import VIEW, person
from moderation.console.freshness import kept_for
from moderation.console.navigation import fresh_counts
from moderation.console.queues import queue_rows
from moderation.console.runs import latest_runs
from moderation.enums import Action, ActorKind, Severity
from moderation.models import Case, Decision, Seal, Shift
from upstream.enums import RunStatus
from upstream.models import Fault, Source, SyncRun

HOURS = 24
_HANDED_ON = [Action.ESCALATE, Action.HOLD, Action.RELEASE]
FAULTS_SHOWN = 1_000
# The sealer runs each minute; this much later something is wrong with it.
SEAL_LATE = timedelta(minutes=5)
Notice = dict[str, Any]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's dashboard callback: adds our sections for people who may open the console."""
    context["title"] = _("Dashboard")
    context["may_view"] = request.user.has_perm(VIEW)
    if context["may_view"]:
        context |= {
            "queues": queue_rows(request),
            "flow": _chart(flow()),
            "my_day": my_day(person(request).pk),
            "runs": latest_runs(limit=6),
            "attention": attention(),
        }
    return context


@kept_for(60)
def flow() -> list[tuple[datetime, int, int]]:
    """(hour, cases opened, decisions by people and rules) of the last 24 hours, oldest first.

    A case stands in the case table while it is open and in its decision's row afterwards, so that
    no content is read. Decisions that hand a case on leave it open and are not counted as its end.
    """
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    since = now - timedelta(hours=HOURS - 1)
    recent = Decision.objects.filter(at__gte=since)
    decided = Counter(_by_hour(recent.exclude(actor_kind=ActorKind.SYNC), "at"))
    handed_on = Q(action__in=_HANDED_ON) | Q(severity=Severity.CRITICAL)
    closed = recent.filter(case_opened_at__gte=since).exclude(handed_on)
    opened = Counter(_by_hour(closed, "case_opened_at", distinct="case_id"))
    opened.update(_by_hour(Case.objects.filter(opened_at__gte=since), "opened_at"))
    hours = [since + timedelta(hours=step) for step in range(HOURS)]
    return [(hour, opened[hour], decided[hour]) for hour in hours]


def _by_hour(queryset: Any, column: str, *, distinct: str = "") -> dict[datetime, int]:
    counted = Count(distinct, distinct=True) if distinct else Count("pk")
    hours = queryset.annotate(hour=TruncHour(column, tzinfo=timezone.get_default_timezone()))
    return dict(hours.order_by().values("hour").annotate(n=counted).values_list("hour", "n"))


def _chart(rows: list[tuple[datetime, int, int]]) -> dict[str, Any]:
    """The flow as Chart.js data (dash and point shape tell the lines apart) and as a table."""
    table = [(timezone.localtime(hour), opened, decided) for hour, opened, decided in rows]
    line = {"fill": False, "tension": 0.25, "borderWidth": 2, "pointRadius": 3}
    arrivals = {
        "label": _("Arrivals"),
        "data": [row[1] for row in table],
        "borderColor": "var(--gh-faint)",
        "backgroundColor": "var(--gh-faint)",
        "borderDash": [5, 4],
        "pointStyle": "rect",
        **line,
    }
    decisions = {
        "label": _("Decisions"),
        "data": [row[2] for row in table],
        "borderColor": "var(--gh-accent)",
        "backgroundColor": "var(--gh-accent)",
        "pointStyle": "circle",
        **line,
    }
    labels = [row[0].strftime("%H:%M") for row in table]
    return {
        "rows": table[::-1],
        "data": json.dumps({"labels": labels, "datasets": [arrivals, decisions]}),
        "options": json.dumps(_OPTIONS),
        "arrived": sum(row[1] for row in table),
        "decided": sum(row[2] for row in table),
    }


_OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "plugins": {
        "legend": {
            "display": True,
            "align": "end",
            "labels": {"usePointStyle": True, "boxHeight": 7},
        }
    },
    "scales": {
        "x": {"grid": {"display": False}, "ticks": {"maxRotation": 0, "autoSkipPadding": 16}},
        "y": {"beginAtZero": True, "ticks": {"precision": 0}, "grid": {"lineWidth": 0.5}},
    },
}


def my_day(user_id: int) -> dict[str, Any]:
    """My decisions since midnight in my zone, by action, and those of the present shift."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Decision.objects.filter(actor_kind=ActorKind.PERSON, actor_id=user_id)
    shift = Shift.objects.filter(user_id=user_id).first()
    started = shift.started_at if shift else None
    rows = mine.filter(at__gte=min(midnight, started or midnight)).values_list("action", "at")
    today = Counter(action for action, at in rows if at >= midnight)
    return {
        "today": sum(today.values()),
        "actions": [(action, today[action]) for action in Action.values if today[action]],
        "shift_started_at": started,
        "shift": sum(1 for _action, at in rows if started and at >= started),
    }


@kept_for(10)
def trouble() -> dict[str, Any]:
    """What the notices are made of; a fixed number of queries."""
    last = SyncRun.objects.order_by("source_id", "-pk").distinct("source_id")
    runs = [
        run
        for run in last.select_related("source")
        if run.status in {RunStatus.FAILED, RunStatus.PARTIAL}
    ]
    faults = Fault.objects.filter(resolved_at__isnull=True).values("pk")[:FAULTS_SHOWN].count()
    circuits = list(Source.objects.filter(circuit_open_until__gt=timezone.now()))
    sealed = Seal.objects.order_by("-pk").values_list("last_id", flat=True).first() or 0
    unsealed = Decision.objects.filter(pk__gt=sealed).order_by("pk").first()
    return {"runs": runs, "faults": faults, "circuits": circuits, "unsealed": unsealed}


def attention() -> list[Notice]:
    """What somebody should look at: icon, tone, sentence, link."""
    found = trouble()
    notices: list[Notice] = []
    overdue = sum(count.overdue for count in fresh_counts())
    if overdue:
        text = ngettext("%(n)s case is overdue.", "%(n)s cases are overdue.", overdue)
        notices.append(
            _notice("pending", "alarm", text % {"n": overdue}, reverse("console:queues"))
        )
    for run in found["runs"]:
        failed = run.status == RunStatus.FAILED
        text = (
            _("The last run of %(source)s failed.")
            if failed
            else _("The last run of %(source)s is partial.")
        )
        link = reverse("console:run", args=[run.pk])
        tone, icon = ("rejected", "cancel") if failed else ("pending", "error")
        notices.append(_notice(tone, icon, text % {"source": run.source.name}, link))
    for source in found["circuits"]:
        text = _("%(source)s is not being asked until %(time)s: it failed repeatedly.") % {
            "source": source.name,
            "time": timezone.localtime(source.circuit_open_until).strftime("%H:%M"),
        }
        link = reverse("admin:upstream_source_change", args=[source.pk])
        notices.append(_notice("rejected", "power_off", text, link))
    if found["faults"]:
        text = ngettext(
            "%(n)s failed record is kept.", "%(n)s failed records are kept.", found["faults"]
        )
        shown = f"{found['faults']}+" if found["faults"] == FAULTS_SHOWN else found["faults"]
        link = reverse("admin:upstream_fault_changelist")
        notices.append(_notice("pending", "report", text % {"n": shown}, link))
    unsealed = found["unsealed"]
    if unsealed is not None and timezone.now() - unsealed.at > SEAL_LATE:
        text = _("Decisions since %(time)s are not sealed.") % {
            "time": timezone.localtime(unsealed.at).strftime("%Y-%m-%d %H:%M")
        }
        link = reverse("admin:moderation_seal_changelist")
        notices.append(_notice("pending", "verified", text, link))
    return notices


def _notice(tone: str, icon: str, text: str, link: str) -> Notice:
    return {"tone": tone, "icon": icon, "text": text, "link": link}
