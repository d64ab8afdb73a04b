"""Decisions from a list: its bulk actions, and the messages that say what happened."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from moderation.actors import Actor
from moderation.console.access import person
from moderation.console.badges import message_level
from moderation.console.freshness import kept_for
from moderation.enums import Action, Outcome
from moderation.models import Reason
from moderation.services import BatchResult, Request, decide

ActionEntry = tuple[Callable[..., None], str, str]


class DecideActionForm(ActionForm):
    """The action and, for an escalation, the note that goes with it."""

    note = forms.CharField(
        required=False,
        max_length=4000,
        label="",
        widget=UnfoldAdminTextInputWidget(
            attrs={
                "placeholder": gettext_lazy("Note (needed to escalate)"),
                "aria-label": gettext_lazy("Note"),
                "class": "gh-action-note",
            }
        ),
    )


@kept_for(10)
def offered_reasons() -> list[Reason]:
    """Reasons in force, in the policy's order; Django asks for a list's actions several times."""
    return list(Reason.objects.filter(active=True))


class SubjectActions:
    """Bulk actions of a subject list: approve, reject by each reason, escalate."""

    def get_actions(self, request: HttpRequest) -> dict[str, ActionEntry]:
        if not request.user.has_perm("accounts.moderate"):
            return {}
        entries = [("approve", _("Approve"), Action.APPROVE, "")]
        entries += [
            (
                f"reject:{reason.slug}",
                _("Reject: %(reason)s") % {"reason": reason.label},
                Action.REJECT,
                reason.slug,
            )
            for reason in offered_reasons()
        ]
        entries.append(("escalate", _("Escalate"), Action.ESCALATE, ""))
        return {
            name: (partial(_decide_selected, action=action, reason=reason), name, title)
            for name, title, action, reason in entries
        }


def _decide_selected(
    admin: Any, request: HttpRequest, queryset: QuerySet[Any], *, action: str, reason: str
) -> None:
    note = request.POST.get("note", "") if action == Action.ESCALATE else ""
    # What the list showed may have changed since: decide() judges each subject as it is now.
    wanted = [
        Request(action=action, subject=subject.subject_key, reason=reason, note=note)
        for subject in queryset
    ]
    result = decide(requests=wanted, actor=Actor.person(person(request)))
    tell(request, result)


def tell(request: HttpRequest, result: BatchResult, *, offer_undo: bool = True) -> None:
    """One message for each outcome with its count and errors; undo is offered where it can be."""
    outcomes: dict[str, Counter[str]] = {}
    for each in result.results:
        outcomes.setdefault(each.status, Counter())[each.error or ""] += 1
    for outcome in Outcome.values:
        if outcome in outcomes:
            text = _sentence(outcome, outcomes[outcome])
            level = getattr(messages, message_level(outcome).upper())
            if outcome == Outcome.APPLIED and offer_undo:
                link = reverse("console:batch", args=[result.batch])
                text = format_html('{} <a class="gh-undo" href="{}">{}</a>', text, link, _("Undo…"))
            messages.add_message(request, level, text)


def _sentence(outcome: str, errors: Counter[str]) -> str:
    count = errors.total()
    phrases = {
        Outcome.APPLIED: ngettext("%(n)s decision applied.", "%(n)s decisions applied.", count),
        Outcome.UNCHANGED: ngettext("%(n)s was so already.", "%(n)s were so already.", count),
        Outcome.CONFLICT: ngettext("%(n)s conflict:", "%(n)s conflicts:", count),
        Outcome.INVALID: ngettext("%(n)s not possible:", "%(n)s not possible:", count),
        Outcome.FORBIDDEN: ngettext("%(n)s not allowed:", "%(n)s not allowed:", count),
    }
    head = phrases[Outcome(outcome)] % {"n": count}
    return f"{head} {' '.join(filter(None, errors))}".strip()
