"""Every sentence that the review page's scripts say, in the active language."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation.enums import Why


class Plural(NamedTuple):
    """Two forms are all that English and Chinese need; the page picks by the number."""

    one: str
    other: str


def plural(one: str, other: str) -> dict[str, str]:
    """Both forms of an `ngettext` message; `{n}` stays for the page to fill in."""
    return Plural(ngettext(one, other, 1), ngettext(one, other, 2))._asdict()


Words = dict[str, str | dict[str, str]]


def words() -> Words:
    """By the name the scripts use; `{name}` marks what they put in."""
    return {
        **_header(),
        **_cards(),
        **_outcomes(),
        **_dialogs(),
        **_families(),
        **_times(),
        **{f"why_{why.value}": str(why.label) for why in Why},
    }


def _header() -> Words:
    return {
        "today": plural("{n} today", "{n} today"),
        "open": plural("{n} open", "{n} open"),
        "overdue": plural("{n} overdue", "{n} overdue"),
        "place": _("{place} of {total}"),
        "of": _("{n} of {total}"),
        "selected": plural("{n} selected", "{n} selected"),
        "in_grid": _("Grid"),
        "in_focus": _("One large picture"),
        "more_here": plural("{n} more card is here", "{n} more cards are here"),
        "no_more": plural(
            "No more to claim: of {n} open the rest is with others or skipped by you.",
            "No more to claim: of {n} open the rest is with others or skipped by you.",
        ),
        "more_failed": _("No more could be claimed. Try again."),
        "lease": _("lease {clock}"),
        "lease_over": _("lease over"),
        "unsent": plural("{n} unsent", "{n} unsent"),
        "all_sent": _("all sent"),
        "offline": _(
            "No connection. You can go on: decisions are kept in this browser and sent when it is "
            "back."
        ),
        "signed_out": _(
            "You are signed out. Unsent decisions are kept in this browser until you sign in again."
        ),
        "sign_in": _("Sign in"),
        "not_kept": _(
            "This browser's storage is full or blocked: keep this page open until all is sent."
        ),
        "decided_today": plural("{n} decision today", "{n} decisions today"),
        "batch_here": plural("{n} card to look at", "{n} cards to look at"),
    }


def _cards() -> Words:
    return {
        "picture_loading": _("The picture is on its way"),
        "picture_failed": _("The picture could not be loaded"),
        "picture_not_here": _("The picture has not been fetched yet"),
        "still_only": _("Only a still: this browser cannot play the clip"),
        "picture_none": _("There is no picture; the text is under review"),
        "not_seen_yet": _("Not approved: the picture is not on the screen yet."),
        "not_seen_many": plural(
            "Not approved: {n} of them was not on the screen yet.",
            "Not approved: {n} of them were not on the screen yet.",
        ),
        "decided_already": _("This one is decided. U takes your last decision back."),
        "undoing": _("Being undone…"),
        "lost": _(
            "Your claim on this one has run out and it is no longer yours. Go on to the next."
        ),
        "lost_to_other": _("Somebody else has it by now, or it is decided. Go on to the next."),
        "lost_short": _("lost"),
        "open_short": _("open"),
        "was_approve": _("Approved"),
        "was_reject": _("Rejected"),
        "was_escalate": _("Escalated"),
        "was_skip": _("Skipped"),
        "was_reopen": _("Reopened"),
        "was_undo": _("Undone"),
        "was_hold": _("Held"),
        "was_release": _("Released"),
        "was_purge": _("Purged"),
        "veil_full": _("blurred"),
        "veil_light": _("lighter"),
        "veil_grey": _("greyscale"),
        "veil_off": _("not blurred"),
        "context_shown": _("Context shown"),
        "context_hidden": _("Context hidden"),
        "whole_story": _("Timeline and everything else"),
        "yes": _("yes"),
        "no": _("no"),
    }


def _outcomes() -> Words:
    return {
        "done_approve": _("Approved “{title}”"),
        "done_reject": _("Rejected “{title}”"),
        "done_escalate": _("Escalated “{title}”"),
        "done_skip": _("Skipped “{title}”"),
        "done_reopen": _("Reopened “{title}”"),
        "done_approve_many": plural("{n} card approved", "{n} cards approved"),
        "done_reject_many": plural("{n} card rejected", "{n} cards rejected"),
        "done_escalate_many": plural("{n} card escalated", "{n} cards escalated"),
        "done_skip_many": plural("{n} card skipped", "{n} cards skipped"),
        "with_reason": _("{done}: {reason}"),
        "taken_back": _("Taken back: “{title}” is open again"),
        "taken_back_many": plural(
            "Taken back: {n} card is open again", "Taken back: {n} cards are open again"
        ),
        "undone": _("Undone: “{title}”"),
        "undone_many": plural("Undone: {n} decision", "Undone: {n} decisions"),
        "not_saved": _("“{title}” was not saved: {why}"),
        "not_undone": _("“{title}” was not undone: {why}"),
        "not_saved_many": plural(
            "{n} card was not saved: {why}", "{n} cards were not saved: {why}"
        ),
        "not_undone_many": plural(
            "{n} card was not undone: {why}", "{n} cards were not undone: {why}"
        ),
        "failed_conflict": _("somebody else acted on it, or your claim was lost."),
        "failed_invalid": _("the server did not accept the decision."),
        "failed_forbidden": _("your role may not decide this."),
        "failed_too_old": _("it waited in this browser for more than 29 days."),
        "undo_failed": _("somebody acted on it since."),
        "undo_forbidden": _("the time for undoing is over, or only a lead may."),
        "nothing_to_undo": _("There is nothing to take back."),
    }


def _dialogs() -> Words:
    return {
        "reject_for": _("Reject, because of"),
        "escalate_for": _("Escalate to a lead, because of"),
        "reopen_for": _("Reopen, with a note"),
        "reject_many_for": plural("Reject {n} card, because of", "Reject {n} cards, because of"),
        "escalate_many_for": plural(
            "Escalate {n} card to a lead, because of", "Escalate {n} cards to a lead, because of"
        ),
        "ask_approve": plural("Approve {n} card?", "Approve {n} cards?"),
        "ask_reject": plural("Reject {n} card?", "Reject {n} cards?"),
        "ask_escalate": plural("Escalate {n} card?", "Escalate {n} cards?"),
        "ask_skip": plural("Skip {n} card?", "Skip {n} cards?"),
        "critical_does": _("locks and escalates"),
        "no_such_reason": _("No reason with these letters."),
        "loading": _("Loading…"),
        "history_empty": _("No decisions in this shift yet."),
        "history_more": _("Show older ones"),
        "history_failed": _("The decisions could not be loaded."),
        "changed_since": _("changed since"),
        "undo": _("Undo"),
        "undo_all": plural("Undo all {n}", "Undo all {n}"),
        "reopen": _("Reopen"),
        "turn_approve": _("Approve after all"),
        "turn_reject": _("Reject after all"),
        "leaving": plural(
            "{n} decision is not sent yet. If you sign out now it stays in this browser, but your "
            "claims are given back and it may come too late.",
            "{n} decisions are not sent yet. If you sign out now they stay in this browser, but "
            "your claims are given back and they may come too late.",
        ),
        "leaving_sent": _("Everything has been sent now. You can sign out."),
    }


def _times() -> Words:
    return {
        "due_in": _("due in {span}"),
        "overdue_by": _("overdue by {span}"),
        "ago": _("{span} ago"),
        "span_minutes": _("{m} min"),
        "span_hours": _("{h} h {m} min"),
        "span_hours_only": _("{h} h"),
        "span_days": _("{d} d {h} h"),
        "span_days_only": _("{d} d"),
    }


def _families() -> Words:
    return {
        "look_alike": plural("{n} that looks alike", "{n} that look alike"),
        "peeled": _("Peeled off: it is the next card."),
        "still_to_see": plural(
            "Scroll: {n} was not on the screen yet.", "Scroll: {n} were not on the screen yet."
        ),
        "bits_apart": _("{n} of 256 bits apart"),
        "breaks_with_rejected": plural(
            "{by} rejected one that is {n} bit away. The same key again goes on.",
            "{by} rejected one that is {n} bits away. The same key again goes on.",
        ),
        "breaks_with_approved": plural(
            "{by} approved one that is {n} bit away. The same key again goes on.",
            "{by} approved one that is {n} bits away. The same key again goes on.",
        ),
        "breaks_with_many": plural(
            "{n} of these looks like one decided otherwise. The same key again goes on.",
            "{n} of these look like ones decided otherwise. The same key again goes on.",
        ),
    }
