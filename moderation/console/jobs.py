"""/admin/tasks/: long tasks with their progress, and the button that cancels one."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.keyset import read_page
from moderation import jobs
from moderation.console.access import console_page, page_context, person
from moderation.enums import Action, JobKind, JobState, Outcome, ReadOutcome, ReplayOutcome
from moderation.listing import filters_in_words
from moderation.models import Job, Reason
from moderation.registry import queue_for, subject_types
from upstream.models import SyncRun

SHOWN = 50
_OUTCOMES = dict([*Outcome.choices, *ReplayOutcome.choices, *ReadOutcome.choices])


@console_page()
def jobs_page(request: HttpRequest) -> HttpResponse:
    page = read_page(jobs.visible_jobs(person(request)), request.GET, size=SHOWN)
    context = {"title": _("Long tasks"), "page": page, "jobs": _described(page.rows)}
    return render(request, "moderation/jobs.html", page_context(request, **context))


@console_page()
def job_page(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    job = get_object_or_404(jobs.visible_jobs(person(request)), pk=job_id)
    run = SyncRun.objects.filter(pk=job.parameters.get("run")).select_related("source").first()
    context: dict[str, Any] = {
        "title": job.get_kind_display(),
        **_described([job])[0],
        "run": run,
        "may_cancel": job.finished_at is None and not job.cancel_requested,
        # What an undo made is not undone; decide again.
        "undoable": job.kind == JobKind.DECIDE and bool(job.outcomes.get(Outcome.APPLIED)),
        "states": JobState.values,
    }
    return render(request, "moderation/job.html", page_context(request, **context))


@console_page()
def job_state(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """For the progress bar."""
    job = get_object_or_404(jobs.visible_jobs(person(request)), pk=job_id)
    return JsonResponse({
        "id": job.pk, "status": job.state, "seen": job.done, "expected": job.expected,
        "started_at": job.started_at, "finished_at": job.finished_at,
        "outcomes": outcomes_of(job),
    })  # fmt: skip


@console_page(methods=["POST"])
def cancel_job(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    job = get_object_or_404(jobs.visible_jobs(person(request)), pk=job_id)
    if jobs.cancel(job_id=job.pk):
        messages.info(request, _("It ends after the present thousand; what is done stays done."))
    else:
        messages.warning(request, _("It had ended already."))
    return HttpResponseRedirect(reverse("console:job", args=[job.pk]))


def outcomes_of(job: Job) -> list[list[Any]]:
    """[word, number] in the order of the outcomes."""
    return [
        [str(word), job.outcomes[key]] for key, word in _OUTCOMES.items() if key in job.outcomes
    ]


def _described(rows: list[Job]) -> list[dict[str, Any]]:
    """Each with what it does, in words; one query for all."""
    slugs = {job.parameters.get("reason") for job in rows}
    told = cache(_told)  # asks for the names of sources once
    labels = {reason.slug: reason.label for reason in Reason.objects.filter(slug__in=slugs)}
    return [
        {
            "job": job, "outcomes": outcomes_of(job),
            "what": _what(job, labels, told), "errors": job.errors.items(),
        }
        for job in rows
    ]  # fmt: skip


def _what(job: Job, labels: dict[str, str], told: Callable[[str, str, str], str]) -> str:
    given = job.parameters
    if job.kind == JobKind.REREAD:
        return f"{job.get_kind_display()}: {', '.join(given['words'])}"
    if job.kind != JobKind.DECIDE:
        return str(job.get_kind_display())
    action = dict(Action.choices).get(given["action"], given["action"])
    known = given["type"] in subject_types()
    title = queue_for(given["type"]).title if known else given["type"]
    filters = ", ".join(told(given["type"], *each) for each in given["query"].items())
    parts = [str(action), labels.get(given.get("reason", ""), ""), str(title), filters]
    return " · ".join(part for part in parts if part)


def _told(subject_type: str, name: str, value: str) -> str:
    """One filter in words, or as it is where the type is known no more."""
    queue = queue_for(subject_type) if subject_type in subject_types() else None
    if queue is None or queue.model is None:
        return f"{name}: {value}"
    return ", ".join(": ".join(each) for each in filters_in_words(queue.model, {name: value}))
