"""The engine's vocabulary: statuses, actions, kinds of cases, severities."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReviewStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PURGED = "purged", _("Purged")


class Action(models.TextChoices):
    """What a decision does; `design.md`'s transition table is moderation/transitions.py."""

    APPROVE = "approve", _("Approve")
    REJECT = "reject", _("Reject")
    REOPEN = "reopen", _("Reopen")
    ESCALATE = "escalate", _("Escalate")
    HOLD = "hold", _("Hold")
    RELEASE = "release", _("Release")
    PURGE = "purge", _("Purge")
    UNDO = "undo", _("Undo")
    # Only a sync: follow the upstream's own review status while nobody here has decided.
    FOLLOW = "follow", _("Follow upstream")


# What is counted as a decision: the answers to a case. The rest goes before or follows from one.
VERDICTS = (Action.APPROVE, Action.REJECT, Action.ESCALATE)


class CaseKind(models.TextChoices):
    FIRST_LOOK = "first_look", _("First look")
    REPORT = "report", _("Report")
    ESCALATION = "escalation", _("Escalation")
    SECOND_LOOK = "second_look", _("Second look")
    APPEAL = "appeal", _("Appeal")


class ReportKind(models.TextChoices):
    REPORT = "report", _("Report")
    APPEAL = "appeal", _("Appeal")


class Severity(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    CRITICAL = "critical", _("Critical")


class TermKind(models.TextChoices):
    WORD = "word", _("Word or phrase")
    PATTERN = "pattern", _("Regular pattern")


class TermLanguage(models.TextChoices):
    ENGLISH = "en", _("English")
    CHINESE = "zh", _("Chinese")


class TermAction(models.TextChoices):
    """What a hit of the word list means for the text it stands in."""

    REFUSE = "refuse", _("Refuse")
    QUEUE = "queue", _("Queue")
    MARK = "mark", _("Mark")


class ActorKind(models.TextChoices):
    PERSON = "person", _("Person")
    RULE = "rule", _("Rule")
    SYNC = "sync", _("Sync")
    # Whoever made the content and changed it here: no moderator, whatever else the person is.
    AUTHOR = "author", _("Author")

    @property
    def decides(self) -> bool:
        """People and rules judge content; syncs and authors only tell that it changed."""
        return self in {ActorKind.PERSON, ActorKind.RULE}


JUDGES = [kind for kind in ActorKind if kind.decides]


class Seen(models.TextChoices):
    """How much of the picture the decider had seen."""

    NONE = "none", _("Not at all")
    THUMBNAIL = "thumb", _("As a thumbnail")
    BLURRED = "blurred", _("Blurred")
    FULL = "full", _("In full")


class Outcome(models.TextChoices):
    """The result of one decision in a request."""

    APPLIED = "applied", _("Applied")
    UNCHANGED = "unchanged", _("Unchanged")
    CONFLICT = "conflict", _("Conflict")
    INVALID = "invalid", _("Invalid")
    FORBIDDEN = "forbidden", _("Forbidden")


class Priority(models.IntegerChoices):
    """Higher is served first."""

    LOW = 10, _("Low")
    NORMAL = 50, _("Normal")
    RAISED = 70, _("Raised")
    HIGH = 90, _("High")
    TOP = 100, _("Top")


class BankAction(models.TextChoices):
    """What a bank does with a picture that is near one of its entries."""

    REJECT = "reject", _("Reject")
    FIRST = "first", _("Look at it first")
    MARK = "mark", _("Mark only")


class ScanState(models.TextChoices):
    """Of a backward scan."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Why(models.TextChoices):
    """Why a case is open; a case collects several. Free text (a rule's name) may stand beside
    these.
    """

    FIRST_LOOK = "first_look", _("First look")
    REPORTED = "reported", _("Reported")
    APPEALED = "appealed", _("Appealed")
    ESCALATED = "escalated", _("Escalated")
    CRITICAL = "critical", _("Critical rejection")
    CHANGED = "changed", _("Changed since")
    REOPENED = "reopened", _("Reopened")
    UNDONE = "undone", _("Undone")
    KNOWN_PICTURE = "known_picture", _("Near a known picture")
    SAMPLED = "sampled", _("Sampled: a bank decided")
    FLAGGED_TEXT = "flagged_text", _("Words of the list")
    UPSTREAM_REJECTED = "upstream_rejected", _("Rejected upstream")
    SAME_AS_REJECTED = "same_as_rejected", _("Same bytes as a rejected picture")
    SAME_AS_PURGED = "same_as_purged", _("Same bytes as a purged picture")
    MIRROR_FAILED = "mirror_failed", _("Picture could not be fetched")

    @classmethod
    def asked_for(cls, why: Iterable[str]) -> bool:
        """Whether people outside asked for the case: then only a person's judgement ends it."""
        return not {cls.REPORTED, cls.APPEALED}.isdisjoint(why)


class JobKind(models.TextChoices):
    DECIDE = "decide", _("Bulk decision")
    UNDO = "undo", _("Undo of a batch")
    REPLAY = "replay", _("Replay of failed records")
    REREAD = "reread", _("Open cases against new words")


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    JSON = "json", "JSON"


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    COMPLETE = "complete", _("Complete")
    CUT_OFF = "cut_off", _("Cut off")


class ReplayOutcome(models.TextChoices):
    TAKEN = "taken", _("Taken")
    FAILED = "failed", _("Failed again")
    REFUSED = "refused", _("Not possible")


class ReadOutcome(models.TextChoices):
    """Of open cases that are read against new words."""

    RAISED = "raised", _("Raised or marked")
