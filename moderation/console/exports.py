"""/admin/exports/: taking a filtered list out of the console as CSV or JSON, with its progress."""

import uuid
from datetime import timedelta

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.keyset import count_rows
from moderation import exporting
from moderation.admin_base import ExportableAdmin
from moderation.console.access import LEAD, console_page, page_context, person
from moderation.enums import ExportFormat, ExportState
from moderation.errors import BadFilter
from moderation.listing import filters_in_words, filters_of, rows_listed
from moderation.models import Export

# One that sent nothing for so long was cut off with its server.
SILENT = timedelta(minutes=2)
_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSON: "application/json"}


def _admin_of(listing: str, request: HttpRequest) -> ExportableAdmin:
    """The model admin whose list is exported; 404 for what has no export, 403 without the right."""
    try:
        model = apps.get_model(listing)
    except (LookupError, ValueError):
        raise Http404 from None
    found = admin.site.get_model_admin(model) if admin.site.is_registered(model) else None
    if not isinstance(found, ExportableAdmin) or not found.export_columns():
        raise Http404
    if not found.has_view_permission(request):
        raise PermissionDenied
    return found


@console_page(LEAD, methods=["POST"])
def start_export(request: HttpRequest, listing: str) -> HttpResponse:
    """Writes down who takes what before the first row leaves; the filters are the address's."""
    model: type[Model] = _admin_of(listing, request).model
    form = request.POST.get("format", "")
    if form not in ExportFormat.values:
        raise Http404
    query = request.GET.dict()
    try:
        rows = rows_listed(request, model, query)
    except BadFilter as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_list_url(model, request))
    count = count_rows(rows, filtered=bool(filters_of(query)))
    export = Export.objects.create(
        user=person(request), listing=listing, filters=filters_of(query), format=form,
        expected=None if count.capped else count.rows,
    )  # fmt: skip
    return HttpResponseRedirect(reverse("console:export", args=[export.pk]))


def _list_url(model: type[Model], request: HttpRequest) -> str:
    meta = model._meta
    path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{path}?{request.GET.urlencode()}"


def _own(request: HttpRequest, export_id: uuid.UUID) -> Export:
    return get_object_or_404(Export, pk=export_id, user=person(request))


@console_page(LEAD)
def export_page(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    export = _own(request, export_id)
    model: type[Model] = _admin_of(export.listing, request).model
    context = {
        "title": _("Export"),
        "export": export,
        "listing": str(model._meta.verbose_name_plural),
        "filters": filters_in_words(model, export.filters),
        "state": _state(export),
        "states": ExportState.choices,
    }
    return render(request, "moderation/export.html", page_context(request, **context))


def _state(export: Export) -> str:
    is_silent = export.touched_at < timezone.now() - SILENT
    cut_off = export.state == ExportState.RUNNING and is_silent
    return ExportState.CUT_OFF if cut_off else export.state


@console_page(LEAD)
def export_state(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """For the progress bar."""
    export = _own(request, export_id)
    ended = None if export.state in {"waiting", "running"} else export.touched_at
    return JsonResponse({
        "id": export.pk, "status": _state(export), "seen": export.rows,
        "expected": export.expected, "started_at": export.started_at, "finished_at": ended,
    })  # fmt: skip


@console_page(LEAD)
def export_file(request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """The file, once: another one is another export in the log."""
    export = _own(request, export_id)
    model_admin = _admin_of(export.listing, request)
    if not exporting.begin(export.pk):
        messages.warning(request, _("This export was sent already; begin another one."))
        return HttpResponseRedirect(reverse("console:export", args=[export.pk]))
    export.state = ExportState.RUNNING
    rows = model_admin.exported(rows_listed(request, model_admin.model, export.filters))
    pieces = exporting.stream(export, rows, model_admin.export_columns(), model_admin.export_rows)
    answer = StreamingHttpResponse(pieces, content_type=_TYPES[ExportFormat(export.format)])
    name = f"{export.listing}-{export.started_at:%Y%m%d-%H%M%S}.{export.format}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer
