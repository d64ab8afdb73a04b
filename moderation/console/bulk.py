"""/admin/bulk/<type>/: deciding all that a list's filters show, at once or as a long task."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.keys import uuid7
from core.keyset import count_rows
from moderation import jobs
from moderation.actors import Actor
from moderation.console.access import MODERATE, console_page, page_context, person
from moderation.console.actions import offered_reasons, tell
from moderation.enums import Action, JobKind
from moderation.errors import BadFilter, UnknownSubjectType
from moderation.listing import filters_in_words, filters_of, newest_id, subjects_listed
from moderation.registry import ReviewQueue, queue_for
from moderation.services import MAX_NOTE, Request, decide
from moderation.transitions import NEEDS_NOTE, NEEDS_REASON

# More are decided by a worker, with a progress bar.
AT_ONCE = 500
OFFERED = (Action.APPROVE, Action.REJECT, Action.ESCALATE, Action.REOPEN)


class BulkForm(forms.Form):
    """The decision, its words, and up to which subject it was looked at."""

    action = forms.ChoiceField(choices=[(each.value, each.label) for each in OFFERED])
    reason = forms.ChoiceField(required=False)
    note = forms.CharField(required=False, max_length=MAX_NOTE)
    upto = forms.UUIDField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(reason.slug, reason.label) for reason in offered_reasons()]
        self.fields["reason"].choices = [("", ""), *reasons]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        action = cleaned.get("action")
        if action in NEEDS_REASON and not cleaned.get("reason"):
            self.add_error("reason", gettext_lazy("Choose a reason."))
        if action == Action.ESCALATE and not (cleaned.get("reason") or cleaned.get("note")):
            self.add_error("note", gettext_lazy("A reason or a note is needed."))
        if action in NEEDS_NOTE and not cleaned.get("note"):
            self.add_error("note", gettext_lazy("A note is needed."))
        return cleaned


@console_page(MODERATE, methods=["GET", "POST"])
def bulk_page(request: HttpRequest, subject_type: str) -> HttpResponse:
    """Shows what would be decided; a POST decides it, or asks a worker to."""
    try:
        queue = queue_for(subject_type)
        rows = subjects_listed(subject_type, request.GET.dict(), person(request))
    except UnknownSubjectType:
        raise Http404 from None
    except BadFilter as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_list_url(queue))
    form = BulkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _decide(request, queue, rows, form.cleaned_data)
    upto = newest_id(rows)
    if upto is None:
        messages.info(request, _("Nothing fits these filters."))
        return HttpResponseRedirect(f"{_list_url(queue)}?{request.GET.urlencode()}")
    assert queue.model is not None
    context = {
        "title": _("Decide all of them"),
        "queue": queue,
        "form": form,
        "count": count_rows(rows, filtered=True),
        "filters": filters_in_words(queue.model, request.GET.dict()),
        "reasons": offered_reasons(),
        "upto": request.POST.get("upto") or upto,
        "at_once": AT_ONCE,
        "back": f"{_list_url(queue)}?{request.GET.urlencode()}",
        "needs_reason": sorted(NEEDS_REASON), "needs_note": sorted(NEEDS_NOTE),
    }  # fmt: skip
    return render(request, "moderation/bulk.html", page_context(request, **context))


def _decide(
    request: HttpRequest, queue: ReviewQueue, rows: QuerySet[Any], asked: dict[str, Any]
) -> HttpResponse:
    rows = rows.filter(pk__lte=asked["upto"])
    user = person(request)
    words = {name: asked[name] for name in ("reason", "note")}
    ids = list(rows.order_by("-pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        job = jobs.ask(
            kind=JobKind.DECIDE,
            user=user,
            batch=uuid7(),
            parameters={
                "type": queue.subject_type, "query": filters_of(request.GET.dict()),
                "upto": str(asked["upto"]), "action": asked["action"], **words,
            },
        )  # fmt: skip
        return HttpResponseRedirect(reverse("console:job", args=[job.pk]))
    wanted = [Request(asked["action"], subject=(queue.subject_type, pk), **words) for pk in ids]
    tell(request, decide(requests=wanted, actor=Actor.person(user)))
    return HttpResponseRedirect(_list_url(queue))


def _list_url(queue: ReviewQueue) -> str:
    assert queue.model is not None
    meta = queue.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
