"""States as a coloured icon with its word: colour never stands alone."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.badges import badge, choice_badge
from moderation.enums import Action, BankAction, JobState, Outcome, ReviewStatus, Severity
from moderation.models import Reviewable

# Value -> (tone, Material symbol). Tones are defined in console.css.
_STATUS: dict[str, tuple[str, str]] = {
    ReviewStatus.PENDING: ("pending", "schedule"),
    ReviewStatus.APPROVED: ("approved", "check_circle"),
    ReviewStatus.REJECTED: ("rejected", "cancel"),
    ReviewStatus.PURGED: ("purged", "delete_forever"),
}
_ACTION: dict[str, tuple[str, str]] = {
    Action.APPROVE: ("approved", "check_circle"),
    Action.REJECT: ("rejected", "cancel"),
    Action.REOPEN: ("pending", "refresh"),
    Action.ESCALATE: ("pending", "priority_high"),
    Action.HOLD: ("purged", "lock"),
    Action.RELEASE: ("purged", "lock_open"),
    Action.PURGE: ("purged", "delete_forever"),
    Action.UNDO: ("purged", "undo"),
    Action.FOLLOW: ("purged", "sync"),
}
_SEVERITY: dict[str, tuple[str, str]] = {
    Severity.LOW: ("purged", "keyboard_arrow_down"),
    Severity.MEDIUM: ("purged", "drag_handle"),
    Severity.HIGH: ("pending", "keyboard_arrow_up"),
    Severity.CRITICAL: ("rejected", "keyboard_double_arrow_up"),
}
_OUTCOME: dict[str, str] = {
    Outcome.APPLIED: "success",
    Outcome.UNCHANGED: "info",
    Outcome.CONFLICT: "warning",
    Outcome.INVALID: "error",
    Outcome.FORBIDDEN: "error",
}


JOB_TONES: dict[str, tuple[str, str]] = {
    JobState.WAITING: ("purged", "schedule"),
    JobState.RUNNING: ("running", "progress_activity"),
    JobState.SUCCEEDED: ("approved", "check_circle"),
    JobState.CANCELLED: ("purged", "block"),
    JobState.FAILED: ("rejected", "error"),
}


_BANK_ACTION: dict[str, tuple[str, str]] = {
    BankAction.REJECT: ("rejected", "cancel"),
    BankAction.FIRST: ("pending", "priority_high"),
    BankAction.MARK: ("purged", "label"),
}


def bank_action_badge(action: str) -> SafeString:
    return choice_badge(BankAction.choices, _BANK_ACTION, action)


def job_badge(state: str) -> SafeString:
    return choice_badge(JobState.choices, JOB_TONES, state)


def status_badge(status: str) -> SafeString:
    return choice_badge(ReviewStatus.choices, _STATUS, status)


def action_badge(action: str) -> SafeString:
    return choice_badge(Action.choices, _ACTION, action)


def action_tone(action: str) -> str:
    """CSS classes of an action's button: only the two that judge have a colour."""
    judging = action in {Action.APPROVE, Action.REJECT}
    return f"gh-toned gh-{_ACTION[action][0]}" if judging else ""


def action_icon(action: str) -> SafeString:
    icon = _ACTION[action][1]
    return format_html('<span class="material-symbols-outlined" aria-hidden="true">{}</span>', icon)


def severity_badge(severity: str) -> SafeString:
    return choice_badge(Severity.choices, _SEVERITY, severity) if severity else SafeString("")


def message_level(outcome: str) -> str:
    """The level of Django's messages that fits a decision's outcome."""
    return _OUTCOME[outcome]


def subject_badges(subject: Reviewable) -> SafeString:
    """The review status, and whether the subject is hidden, held or gone upstream."""
    badges = [status_badge(subject.review_status)]
    if subject.hidden:
        badges.append(badge(_("Escalated"), tone="pending", icon="visibility_off"))
    if subject.held:
        badges.append(badge(_("Held"), tone="rejected", icon="lock"))
    if subject.missing_at:
        badges.append(badge(_("Gone upstream"), tone="purged", icon="link_off"))
    return format_html(
        '<span class="gh-badges">{}</span>', format_html_join("", "{}", ((b,) for b in badges))
    )
