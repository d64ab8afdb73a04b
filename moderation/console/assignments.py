"""/admin/assignments/: leads tick who works which queue."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums import Role
from accounts.models import User
from accounts.roles import role_of
from moderation.assignments import Pair, assigned, change, workers
from moderation.console.access import LEAD, console_page, page_context, person
from moderation.console.navigation import fresh_assignments
from moderation.console.queues import assigned_names
from moderation.errors import UnknownQueue
from moderation.registry import ReviewQueue, queues


@console_page(LEAD, methods=["GET", "POST"])
def assignments_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _save(request)
    chosen, people = assigned(), list(workers())
    columns = list(queues().values())
    context: dict[str, Any] = {
        "title": _("Who works which queue"),
        "columns": [
            {"queue": queue, "number": len(chosen.get(queue.slug, ()))} for queue in columns
        ],
        "rows": [_row(user, columns, chosen) for user in people],
    }
    return render(request, "moderation/assignments.html", page_context(request, **context))


def _row(user: User, columns: list[ReviewQueue], chosen: dict[str, set[int]]) -> dict[str, Any]:
    role = role_of(user)
    is_lead = role in {Role.LEAD, Role.ADMIN}
    cells = [
        {
            "pair": f"{queue.slug}:{user.pk}",
            "queue": queue.title,
            "ticked": user.pk in chosen.get(queue.slug, ()),
            "possible": is_lead or queue.permission != LEAD,
        }
        for queue in columns
    ]
    return {"user": user, "role": role, "cells": cells}


def _save(request: HttpRequest) -> HttpResponse:
    """Applies what this person changed since the page was shown, not what it showed of others."""
    try:
        before, after = _pairs(request, "was"), _pairs(request, "works")
        number = change(added=after - before, removed=before - after, by=person(request))
    except (ValueError, UnknownQueue):
        messages.error(request, _("The form was damaged; nothing was changed."))
    else:
        fresh_assignments.forget()
        assigned_names.forget()
        text = ngettext("%(n)s assignment changed.", "%(n)s assignments changed.", number)
        messages.success(request, text % {"n": number})
    return HttpResponseRedirect(reverse("console:assignments"))


def _pairs(request: HttpRequest, name: str) -> set[Pair]:
    """Raises ValueError for what is no `queue:id`."""
    pairs = set()
    for value in request.POST.getlist(name):
        queue, _colon, user_id = value.partition(":")
        pairs.add(Pair(queue, int(user_id)))
    return pairs
