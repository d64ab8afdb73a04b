"""/admin/queues/: every queue with its depth, refreshed while it is open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from moderation.console.access import LEAD, console_page, page_context
from moderation.console.freshness import kept_for
from moderation.console.navigation import (
    fresh_assignments,
    fresh_counts,
    works_queue,
)
from moderation.registry import get_queue


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue as the page shows it; `link` is empty for people who do not work it."""

    slug: str
    title: str
    icon: str
    open: int
    claimed: int
    overdue: int
    oldest_opened_at: datetime | None
    sla_seconds: float
    link: str
    worked_by: str


@kept_for(5)
def assigned_names() -> dict[str, str]:
    """Who works a queue, for those that are not everybody's."""
    chosen = fresh_assignments()
    ids = {user_id for people in chosen.values() for user_id in people}
    names = dict(User.objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}
    return {
        slug: ", ".join(sorted(names[user_id] for user_id in people if user_id in names))
        for slug, people in chosen.items()
    }


def queue_rows(request: HttpRequest) -> list[QueueRow]:
    """All queues in the registry's order."""
    rows = []
    names = assigned_names()
    for count in fresh_counts():
        queue = get_queue(count.slug)
        rows.append(
            QueueRow(
                slug=count.slug,
                title=str(queue.title),
                icon=queue.icon,
                open=count.open,
                claimed=count.claimed,
                overdue=count.overdue,
                oldest_opened_at=count.oldest_opened_at,
                sla_seconds=queue.sla.total_seconds(),
                link=reverse("console:review", args=[count.slug])
                if works_queue(request, queue)
                else "",
                worked_by=names.get(count.slug, ""),
            )
        )
    return rows


@console_page()
def queues_page(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Queues"),
        "queues": queue_rows(request),
        "may_assign": request.user.has_perm(LEAD),
    }
    return render(request, "moderation/queues.html", page_context(request, **context))
