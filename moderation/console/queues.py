"""/admin/queues/: every queue with its depth, refreshed while it is open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from moderation.console.access import console_page, page_context
from moderation.console.navigation import fresh_counts
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


def queue_rows(request: HttpRequest) -> list[QueueRow]:
    """All queues in the registry's order."""
    rows = []
    for count in fresh_counts():
        queue = get_queue(count.slug)
        works = request.user.has_perm(queue.permission)
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
                link=reverse("console:review", args=[count.slug]) if works else "",
            )
        )
    return rows


@console_page()
def queues_page(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {"title": _("Queues"), "queues": queue_rows(request)}
    return render(request, "moderation/queues.html", page_context(request, **context))
