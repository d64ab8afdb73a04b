"""/admin/handover/: what the next shift should know."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from moderation import handover
from moderation.console.access import LEAD, MODERATE, OPERATE, console_page, page_context, person
from moderation.console.navigation import fresh_counts
from moderation.queues import ESCALATIONS
from moderation.registry import queue_for

HOURS = (8, 12, 24, 72)
WRITTEN_SHOWN = 10


@console_page(methods=["GET", "POST"])
def handover_page(request: HttpRequest) -> HttpResponse:
    may_write = request.user.has_perm(MODERATE) or request.user.has_perm(OPERATE)
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        return _write(request)
    hours = _hours(request)
    since, user = handover.hours_ago(hours), person(request)
    is_lead = user.has_perm(LEAD)
    context: dict[str, Any] = {
        "title": _("Hand-over"),
        "hours": hours,
        "choices": HOURS,
        "since": since,
        "written": handover.written(WRITTEN_SHOWN),
        "may_write": may_write,
        "is_lead": is_lead,
        "escalations": handover.escalations() if is_lead else [],
        "escalated": sum(each.open for each in fresh_counts() if each.slug == ESCALATIONS),
        "notes": [(note, queue_for(note.subject_type)) for note in handover.notes(since, user)],
        "runs": handover.troubled_runs(since),
        "faults": handover.kept_faults(),
        "holdings": handover.holdings(),
    }
    return render(request, "moderation/handover.html", page_context(request, **context))


def _hours(request: HttpRequest) -> int:
    asked = request.GET.get("hours", "")
    return int(asked) if asked in map(str, HOURS) else HOURS[0]


def _write(request: HttpRequest) -> HttpResponse:
    try:
        handover.write(user=person(request), text=request.POST.get("text", ""))
    except handover.BadNote as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The next shift will read it here."))
    return HttpResponseRedirect(reverse("console:handover"))
