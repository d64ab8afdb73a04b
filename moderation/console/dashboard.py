"""The dashboard at /admin/: queues, the last day's flow, my day, latest runs, attention."""

import json
from collections import Counter
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from moderation import exposure, flow
from moderation.console.access import LEAD, MODERATE, VIEW, person
from moderation.console.attention import attention
from moderation.console.freshness import kept_for
from moderation.console.queues import queue_rows
from moderation.console.reasons import reasons_by_slug
from moderation.console.runs import latest_runs
from moderation.enums import VERDICTS, Action, ActorKind
from moderation.models import Decision, Shift


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's dashboard callback: adds our sections for people who may open the console."""
    context["title"] = _("Dashboard")
    context["may_view"] = request.user.has_perm(VIEW)
    if context["may_view"]:
        day = last_day()
        context |= {
            "queues": queue_rows(request),
            "flow": _chart(day.hours),
            "reasons": _reasons(day.reasons),
            "my_day": my_day(person(request).pk),
            "runs": latest_runs(limit=6),
            "attention": attention(request),
        }
        if request.user.has_perm(MODERATE):
            context["exposure"] = exposure.of_shift(person(request))
        if request.user.has_perm(LEAD):
            context["exposures"] = exposures()
            context["work"] = _work(day.work)
    return context


@kept_for(60)
def exposures() -> list[tuple[date, exposure.Exposure | None]]:
    """Sums over all people by day, the newest first; None where they would tell of one person."""
    return list(exposure.by_day().items())


@kept_for(60)
def last_day() -> flow.Day:
    """At most a minute old: the chart's hours do not change faster."""
    return flow.last_day()


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


# Legible on both of the theme's papers: Chart.js draws text once, whatever theme comes later.
_TEXT = "#7a7a83"
_OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "plugins": {
        "legend": {
            "display": True,
            "align": "end",
            "labels": {"usePointStyle": True, "boxHeight": 7, "color": _TEXT},
        }
    },
    "scales": {
        "x": {
            "grid": {"display": False},
            "ticks": {"maxRotation": 0, "autoSkipPadding": 16, "color": _TEXT},
        },
        "y": {
            "beginAtZero": True,
            "ticks": {"precision": 0, "color": _TEXT},
            "grid": {"lineWidth": 0.5},
        },
    },
}


def _reasons(rows: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """`share` is the bar's length in percent of the longest one."""
    known = reasons_by_slug()
    most = max((number for _slug, number in rows), default=1)
    return [
        {
            "label": known[slug].label if slug in known else slug,
            "severity": known[slug].severity if slug in known else "",
            "number": number,
            "share": 100 * number / most,
        }
        for slug, number in rows
    ]


def _work(rows: list[flow.Work]) -> list[dict[str, Any]]:
    """Per person: approvals, rejections, escalations, each with its part of the longest bar."""
    names = dict(
        User.objects.filter(pk__in=[each.actor_id for each in rows]).values_list("pk", "username")
    )
    most = max((each.total for each in rows), default=1)
    shown = []
    for each in rows:
        parts = {
            "approved": each.actions[Action.APPROVE],
            "rejected": each.actions[Action.REJECT],
            "escalated": each.actions[Action.ESCALATE],
        }
        shares = {name: 100 * number / most for name, number in parts.items()}
        who = names.get(each.actor_id, f"#{each.actor_id}")
        shown.append({"who": who, "total": each.total, "shares": shares, **parts})
    return shown


def my_day(user_id: int) -> dict[str, Any]:
    """My decisions since midnight in my zone, by action, and those of the present shift."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Decision.objects.filter(actor_kind=ActorKind.PERSON, actor_id=user_id)
    shift = Shift.objects.filter(user_id=user_id).first()
    started = shift.started_at if shift else None
    since = min(midnight, started or midnight)
    rows = mine.filter(at__gte=since).counted().values_list("action", "at")
    today = Counter(action for action, at in rows if at >= midnight)
    return {
        "today": sum(today.values()),
        "actions": [(action, today[action]) for action in VERDICTS if today[action]],
        "shift_started_at": started,
        "shift": sum(1 for _action, at in rows if started and at >= started),
    }
