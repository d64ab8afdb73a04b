"""/admin/month/: the leads' report of a month, and its CSV."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from core.spreadsheets import csv_lines
from moderation import month
from moderation.console.access import LEAD, console_page, page_context, person


@console_page(LEAD)
def month_page(request: HttpRequest) -> HttpResponseBase:
    present = month.month_of(timezone.now())
    wanted = request.GET.get("month") or present
    try:
        made = month.report(wanted)
    except month.NoSuchMonth as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("console:month"))
    if request.GET.get("format") == "csv":
        return _csv(request, made)
    since, until = month.bounds(wanted)
    context: dict[str, Any] = {
        "title": _("The month"),
        "report": made,
        "since": since,
        "sections": _sections(made),
        "before": month.month_of(since - timedelta(days=1)),
        "after": month.month_of(until) if until <= timezone.now() else "",
    }
    return render(request, "moderation/month.html", page_context(request, **context))


def _sections(made: month.Report) -> list[dict[str, Any]]:
    names = month.labels()
    titles = {
        "queue": _("By queue"),
        "reason": _("By reason"),
        "source": _("By source"),
        "actor": _("By person or rule"),
    }
    return [
        {
            "name": name,
            "title": title,
            "rows": [
                (names[name].get(line.key, line.key) or _("none"), line)
                for line in made.sections[name]
            ],
        }
        for name, title in titles.items()
    ]


def _csv(request: HttpRequest, made: month.Report) -> HttpResponseBase:
    record(by=person(request), message=f"Exported the report of {made.month}")
    answer = StreamingHttpResponse(
        csv_lines(month.rows(made)), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="gatehouse-{made.month}.csv"'
    return answer
