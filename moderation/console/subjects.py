"""/admin/subjects/<type>/<id>/: one subject, its timeline, and what may be done."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from core.keys import uuid7
from media.models import Attachment, ViewLog
from media.services import Picture
from moderation import jobs, timeline
from moderation.actors import Actor
from moderation.console.access import LEAD, MODERATE, console_page, page_context, person
from moderation.console.actions import offered_reasons, tell
from moderation.console.bulk import AT_ONCE
from moderation.console.pictures import console_pictures
from moderation.context import contexts_of
from moderation.enums import Action, CaseKind, JobKind, Outcome, ReportKind, ReviewStatus, Seen
from moderation.errors import TooManyReports, UnknownBatch, UnknownSubject, UnknownSubjectType
from moderation.models import BankMatch, Case, Decision, Note, Reason, Reviewable
from moderation.registry import ReviewQueue, get_queue, queue_for
from moderation.reports import MAX_TEXT, Statement, report
from moderation.same_bytes import elsewhere
from moderation.services import MAX_NOTE, Request, decide, undo
from moderation.transitions import NEEDS_NOTE, NEEDS_REASON, Ask, State, judge
from moderation.visibility import may_see, without_held

VIEWS_SHOWN = 50
BATCH_SHOWN = 100
MATCHES_SHOWN = 20
# The longest that each may be.
_REPORT_FIELDS = {"kind": 10, "reporter": 255, "category": 50, "text": MAX_TEXT}
# In the order of the buttons.
_OFFERED = (
    Action.APPROVE, Action.REJECT, Action.ESCALATE, Action.REOPEN,
    Action.HOLD, Action.RELEASE, Action.PURGE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """A button of the page: what it does and which words it needs."""

    action: str
    label: str
    needs_reason: bool
    needs_note: bool


@console_page()
def subject_page(request: HttpRequest, subject_type: str, subject_id: uuid.UUID) -> HttpResponse:
    queue, subject = _find(request, subject_type, subject_id)
    if subject.held:
        _log_view(request, subject)
    case = Case.objects.select_related("claimed_by").filter(subject_id=subject.pk).first()
    last = Decision.objects.filter(subject_id=subject.pk).order_by("-pk").first()
    actor = Actor.person(person(request))
    picture = _picture(request, queue, subject)
    context: dict[str, Any] = {
        "title": f"{queue.title}: {queue.title_of(subject) or subject.pk}",
        "queue": queue,
        "subject": subject,
        "subject_type": subject_type,
        "picture": picture,
        "arrives": _arrives(picture, person(request)),
        "too_flat": picture is not None and _is_too_flat(queue, subject),
        "text": queue.text_of(subject),
        "about": contexts_of(queue, [subject], user=request.user)[subject.pk],
        "raw": queue.raw_of(subject),
        "case": case,
        "case_queue": get_queue(case.queue) if case else None,
        "timeline": timeline.of(subject)[::-1],
        "offered": offered(subject, case, last, actor),
        "reasons": offered_reasons() if actor.can_moderate else [],
        "same": [
            {"queue": other, "subject": each, "title": other.title_of(each)}
            for other, each in elsewhere(subject, viewer=person(request))
        ],
        "matches": BankMatch.objects.filter(subject_id=subject.pk)
        .select_related("bank", "entry")
        .order_by("-pk")[:MATCHES_SHOWN],
        "report_kinds": ReportKind.choices,
        "views": _views(subject) if actor.is_lead else [],
        "may_moderate": actor.can_moderate,
        "may_bank": actor.is_lead,
        "list_url": _list_url(subject),
    }
    return render(request, "moderation/subject.html", page_context(request, **context))


def _find(
    request: HttpRequest, subject_type: str, subject_id: uuid.UUID
) -> tuple[ReviewQueue, Reviewable]:
    """The subject with what its page shows; a held one does not exist for others than leads."""
    try:
        queue = queue_for(subject_type)
    except UnknownSubjectType as error:
        raise Http404(str(error)) from None
    found = queue.load([subject_id])
    if not found or not may_see(found[0], person(request)):
        raise Http404
    return queue, found[0]


def _log_view(request: HttpRequest, subject: Reviewable) -> None:
    """Opening a held subject is a view of evidence, also where there is no picture."""
    ViewLog.objects.create(
        attachment_id=subject.pk,
        subject_type=subject.subject_type(),
        subject_id=subject.pk,
        user_id=person(request).pk,
        purpose="lead",
        variant="page",
    )


def _picture(request: HttpRequest, queue: ReviewQueue, subject: Reviewable) -> Picture | None:
    if subject.review_status == ReviewStatus.PURGED:
        return None  # a purge ends every access at once, ours too, while the bytes still wait
    purpose = "lead" if subject.held else "console"
    found = console_pictures(
        subject_ids=[subject.pk],
        role=queue.picture_role,
        purpose=purpose,
        user_id=person(request).pk,
    )
    return found.get(subject.pk)


def _arrives(picture: Picture | None, user: User) -> str:
    """How much of it the page shows before anything is revealed, as review/veil.js has it."""
    if picture is None or not picture.url or (picture.mime or "").startswith("audio/"):
        return Seen.NONE
    return Seen.BLURRED if user.blur else Seen.FULL


def _is_too_flat(queue: ReviewQueue, subject: Reviewable) -> bool:
    """Whether there is too little to see in its picture for it to be known by its look."""
    attachments = Attachment.objects.filter(subject_id=subject.pk, role=queue.picture_role)
    return attachments.filter(file__fingerprint__pdq=None, file__fingerprint__isnull=False).exists()


def offered(
    subject: Reviewable, case: Case | None, last: Decision | None, actor: Actor
) -> list[OfferedAction]:
    """The actions that would change this subject now, if this person asked with all words."""
    state = State(
        subject.review_status,
        hidden=subject.hidden,
        held=subject.held,
        guarded=last is not None and last.to_guarded,
    )
    escalated = case is not None and case.kind == CaseKind.ESCALATION
    waits = case is not None and get_queue(case.queue).permission == LEAD and not actor.is_lead
    labels = dict(Action.choices)
    found = []
    for action in _OFFERED:
        verdict = judge(state, Ask(action, reason="any", note="any"), actor, escalated=escalated)
        closes = (
            case is not None and verdict.outcome == Outcome.UNCHANGED and verdict.after != state
        )
        if (verdict.outcome == Outcome.APPLIED or closes) and (
            not waits or action == Action.ESCALATE
        ):
            found.append(
                OfferedAction(
                    action.value, str(labels[action]), action in NEEDS_REASON, action in NEEDS_NOTE
                )
            )
    return found


def _views(subject: Reviewable) -> list[dict[str, Any]]:
    """Who saw a sensitive or held picture, newest first."""
    rows = list(ViewLog.objects.filter(subject_id=subject.pk).order_by("-pk")[:VIEWS_SHOWN])
    people = User.objects.in_bulk({row.user_id for row in rows if row.user_id})
    return [{"row": row, "who": str(people.get(row.user_id or 0, ""))} for row in rows]


def _list_url(subject: Reviewable) -> str:
    meta = type(subject)._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def _back(subject: Reviewable) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("console:subject", args=[subject.subject_type(), subject.pk])
    )


@console_page(MODERATE, methods=["POST"])
def decide_subject(request: HttpRequest, subject_type: str, subject_id: uuid.UUID) -> HttpResponse:
    """Decides by the page's form; a purge is confirmed on a page of its own first."""
    queue, subject = _find(request, subject_type, subject_id)
    asked = {name: request.POST.get(name, "") for name in ("reason", "note", "seen", "expected")}
    action = request.POST.get("action", "")
    if action == Action.PURGE and "confirmed" not in request.POST:
        reason = Reason.objects.filter(slug=asked["reason"], active=True).first()
        if reason is None:
            messages.error(request, _("A purge needs a reason."))
            return _back(subject)
        context = {"title": _("Purge?"), "subject": subject, "asked": asked, "reason": reason}
        context["name"] = queue.title_of(subject)
        return render(request, "moderation/subject_purge.html", page_context(request, **context))
    wanted = Request(
        action=action,
        subject=subject.subject_key,
        reason=asked["reason"],
        note=asked["note"],
        seen=asked["seen"] if asked["seen"] in Seen.values else Seen.NONE,
        expected=asked["expected"],
    )
    tell(request, decide(requests=[wanted], actor=Actor.person(person(request))))
    if request.user.has_perm(LEAD) or not _is_held(subject):
        return _back(subject)
    # A critical rejection held it: whoever is no lead cannot stay on its page.
    messages.info(request, _("It is held now; only leads see it."))
    return HttpResponseRedirect(reverse("admin:index"))


def _is_held(subject: Reviewable) -> bool:
    return bool(type(subject)._default_manager.filter(pk=subject.pk, held=True).exists())


@console_page(MODERATE, methods=["POST"])
def note_subject(request: HttpRequest, subject_type: str, subject_id: uuid.UUID) -> HttpResponse:
    _queue, subject = _find(request, subject_type, subject_id)
    text = request.POST.get("text", "").replace("\0", "").strip()
    if not text:
        messages.error(request, _("The note is empty."))
    elif len(text) > MAX_NOTE:
        messages.error(request, _("The note is too long."))
    else:
        Note.objects.create(
            subject_type=subject_type, subject_id=subject.pk, user=person(request), text=text
        )
        messages.success(request, _("The note was added."))
    return _back(subject)


@console_page(MODERATE, methods=["POST"])
def report_subject(request: HttpRequest, subject_type: str, subject_id: uuid.UUID) -> HttpResponse:
    """Writes down what somebody outside told staff; it opens or raises a case like any other."""
    _queue, subject = _find(request, subject_type, subject_id)
    given = {name: request.POST.get(name, "").replace("\0", "").strip() for name in _REPORT_FIELDS}
    if given["kind"] not in ReportKind.values or not given["reporter"]:
        messages.error(request, _("A report needs its kind and who made it."))
        return _back(subject)
    if any(len(given[name]) > most for name, most in _REPORT_FIELDS.items()):
        messages.error(request, _("The report is too long."))
        return _back(subject)
    said = Statement(ReportKind(given["kind"]), given["reporter"], given["category"], given["text"])
    try:
        report(subject=subject.subject_key, said=said, client=person(request))
    except (UnknownSubject, TooManyReports) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The report was written down; its case is open."))
    return _back(subject)


@console_page(MODERATE, methods=["GET", "POST"])
def batch_page(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """What was decided together, and its undo."""
    if request.method == "POST":
        return _undo(request, batch)
    rows = without_held(Decision.objects.filter(batch=batch), person(request)).order_by("pk")
    decisions = list(rows[: BATCH_SHOWN + 1])
    if not decisions:
        raise Http404
    people = User.objects.in_bulk({row.actor_id for row in decisions if row.actor_id})
    first = decisions[0]
    context = {
        "title": _("Decided together"),
        "batch": batch,
        "decisions": decisions[:BATCH_SHOWN],
        "more": len(decisions) > BATCH_SHOWN,
        "who": str(people.get(first.actor_id or 0, "")) or first.actor_name,
        "is_undo": first.action == Action.UNDO,
    }
    return render(request, "moderation/batch.html", page_context(request, **context))


def _undo(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """A large batch is undone by a worker, with a progress bar."""
    numbers = Decision.objects.filter(batch=batch).values("pk")[: AT_ONCE + 1]
    if numbers.count() > AT_ONCE:
        job = jobs.ask(
            kind=JobKind.UNDO, user=person(request), batch=uuid7(), parameters={"batch": str(batch)}
        )
        return HttpResponseRedirect(reverse("console:job", args=[job.pk]))
    try:
        result = undo(batch=batch, actor=Actor.person(person(request)))
    except UnknownBatch:
        raise Http404 from None
    tell(request, result, offer_undo=False)
    if len(result.results) == 1 and result.results[0].subject:
        return HttpResponseRedirect(reverse("console:subject", args=result.results[0].subject))
    return HttpResponseRedirect(reverse("console:batch", args=[batch]))
