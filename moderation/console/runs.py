"""/admin/runs/: sync runs live, their failed records, and the buttons of the operators."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.keyset import read_page
from moderation import jobs
from moderation.console.access import OPERATE, console_page, page_context, person
from moderation.enums import JobKind
from upstream.enums import RunStatus, SourceKind
from upstream.errors import SyncError
from upstream.models import Fault, Source, SyncRun
from upstream.replays import replay_fault
from upstream.runs import cancel_run, start_run
from upstream.tasks import enqueue_run

RUNS_SHOWN = 50
FAULTS_SHOWN = 50
# More are replayed by a worker, with a progress bar.
REPLAYED_AT_ONCE = 20


def latest_runs(*, limit: int) -> list[SyncRun]:
    return list(SyncRun.objects.select_related("source").order_by("-pk")[:limit])


@console_page()
def runs_page(request: HttpRequest) -> HttpResponse:
    runs = SyncRun.objects.select_related("source")
    chosen = request.GET.get("source", "")
    if chosen:
        runs = runs.filter(source__name=chosen)
    sources = Source.objects.exclude(kind=SourceKind.GENERATION).order_by("name")
    page = read_page(runs, request.GET, size=RUNS_SHOWN)
    context: dict[str, Any] = {
        "title": _("Sync runs"),
        "page": page,
        "runs": page.rows,
        "sources": sources,
        "chosen": chosen,
        "statuses": RunStatus.values,
        "may_operate": request.user.has_perm(OPERATE),
    }
    return render(request, "moderation/runs.html", page_context(request, **context))


@console_page()
def run_page(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    run = get_object_or_404(SyncRun.objects.select_related("source", "started_by"), pk=run_id)
    shown, text = (request.GET.get(name, "").replace("\0", "").strip() for name in ("show", "q"))
    faults = run.faults.filter(resolved_at__isnull=shown == "open") if shown else run.faults.all()
    if text:
        faults = faults.filter(Q(upstream_id=text) | Q(error__icontains=text))
    page = read_page(faults, request.GET, size=FAULTS_SHOWN)
    context: dict[str, Any] = {
        "title": _("Run of %(source)s") % {"source": run.source.name},
        "run": run,
        "page": page,
        "faults": page.rows,
        "shown": shown,
        "q": text,
        "open_faults": run.faults.filter(resolved_at__isnull=True).count() if run.failed else 0,
        "statuses": RunStatus.values,
        "may_operate": request.user.has_perm(OPERATE),
    }
    return render(request, "moderation/run.html", page_context(request, **context))


@console_page(OPERATE, methods=["POST"])
def start(request: HttpRequest) -> HttpResponse:
    source = get_object_or_404(Source, name=request.POST.get("source", ""))
    try:
        run = start_run(source=source, full="full" in request.POST, started_by=person(request))
    except SyncError as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(reverse("console:runs"))
    enqueue_run(run.pk)
    messages.success(request, _("A run of %(source)s has started.") % {"source": source.name})
    return HttpResponseRedirect(reverse("console:run", args=[run.pk]))


@console_page(OPERATE, methods=["POST"])
def cancel(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    run = get_object_or_404(SyncRun, pk=run_id)
    if cancel_run(run_id=run.pk):
        messages.info(request, _("The run ends after the page that is being read."))
    else:
        messages.warning(request, _("The run had ended already."))
    return HttpResponseRedirect(reverse("console:run", args=[run.pk]))


@console_page(OPERATE, methods=["POST"])
def replay(request: HttpRequest, fault_id: uuid.UUID) -> HttpResponse:
    fault = _replayed(get_object_or_404(Fault, pk=fault_id), request)
    if fault.resolved_at:
        messages.success(request, _("The record was taken."))
    else:
        messages.error(request, _("The record failed again: %(error)s") % {"error": fault.error})
    return HttpResponseRedirect(reverse("console:run", args=[fault.run_id]) + f"#fault-{fault.pk}")


def _replayed(fault: Fault, request: HttpRequest) -> Fault:
    """The fault after another try; one that cannot be tried stays, and the page says why."""
    try:
        return replay_fault(fault_id=fault.pk, by=person(request))
    except SyncError as error:
        messages.warning(request, str(error))
        return fault


@console_page(OPERATE, methods=["POST"])
def replay_all(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    run = get_object_or_404(SyncRun, pk=run_id)
    waiting = run.faults.filter(resolved_at__isnull=True).order_by("replayed_at", "pk")
    found = list(waiting[: REPLAYED_AT_ONCE + 1])
    if len(found) > REPLAYED_AT_ONCE:
        asked = {"run": str(run.pk)}
        job = jobs.ask(kind=JobKind.REPLAY, user=person(request), parameters=asked)
        return HttpResponseRedirect(reverse("console:job", args=[job.pk]))
    faults = [_replayed(fault, request) for fault in found]
    taken = sum(1 for fault in faults if fault.resolved_at)
    if taken:
        text = ngettext("%(n)s record was taken.", "%(n)s records were taken.", taken)
        messages.success(request, text % {"n": taken})
    if taken < len(faults):
        failed = len(faults) - taken
        text = ngettext("%(n)s record failed again.", "%(n)s records failed again.", failed)
        messages.error(request, text % {"n": failed})
    return HttpResponseRedirect(reverse("console:run", args=[run.pk]))
