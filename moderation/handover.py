"""What a shift hands to the next: open escalations, notes and faults of the last hours, who holds
what, and what was left claimed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from moderation.errors import ModerationError
from moderation.models import Case, Decision, HandOver, Note
from moderation.queues import ESCALATIONS
from moderation.registry import get_queue, queue_for
from moderation.visibility import without_held
from upstream.enums import RunStatus
from upstream.models import Fault, SyncRun

SHOWN = 50
MAX_TEXT = 4_000


class BadNote(ModerationError):
    """An empty or overlong hand-over note."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An escalation: its case, its subject's title, and the words it was escalated with."""

    case: Case
    title: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class Holding:
    """How many cases somebody has claimed in one queue; `left`: their leases have run out."""

    who: str
    queue: str
    number: int
    since: datetime
    until: datetime
    left: bool


def escalations() -> list[Waiting]:
    """The most urgent ones. A fixed number of queries per subject type."""
    rows = Case.objects.filter(queue=ESCALATIONS).select_related("claimed_by")
    found = list(rows.order_by("-priority", "opened_at", "id")[:SHOWN])
    titles = _titles(found)
    last = _last_words([case.subject_id for case in found])
    names = dict(
        User.objects.filter(pk__in={row.actor_id for row in last.values()}).values_list(
            "pk", "username"
        )
    )
    waiting = []
    for case in found:
        row = last.get(case.subject_id)
        waiting.append(
            Waiting(
                case,
                titles.get(case.subject_id, str(case.subject_id)),
                row.note if row else "",
                names.get(row.actor_id or 0, row.actor_name) if row else "",
            )
        )
    return waiting


def _titles(cases: Sequence[Case]) -> dict[uuid.UUID, str]:
    by_type: dict[str, list[uuid.UUID]] = {}
    for case in cases:
        by_type.setdefault(case.subject_type, []).append(case.subject_id)
    titles: dict[uuid.UUID, str] = {}
    for subject_type, ids in by_type.items():
        queue = queue_for(subject_type)
        titles |= {subject.pk: queue.title_of(subject) for subject in queue.load(ids)}
    return titles


def _last_words(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Decision]:
    newest = Decision.objects.filter(subject_id__in=subject_ids).order_by("subject_id", "-id")
    return {row.subject_id: row for row in newest.distinct("subject_id")}


def notes(since: datetime, user: User) -> list[Note]:
    """Newest first; what is held is left out for others than leads."""
    rows = Note.objects.filter(at__gte=since).select_related("user")
    return list(without_held(rows, user).order_by("-at")[:SHOWN])


def troubled_runs(since: datetime) -> "QuerySet[SyncRun, SyncRun]":
    """Runs that failed, and those with records that are not taken yet; `left` counts these."""
    left = Count("faults", filter=Q(faults__resolved_at__isnull=True))
    rows = SyncRun.objects.filter(started_at__gte=since).annotate(left=left)
    wanted = Q(status__in=[RunStatus.FAILED, RunStatus.PARTIAL]) | Q(left__gt=0)
    return rows.filter(wanted).select_related("source").order_by("-pk")[:SHOWN]


def kept_faults() -> int:
    """All records that are not taken yet, from whatever shift; at most 1,000 are counted."""
    return Fault.objects.filter(resolved_at__isnull=True).order_by().values("pk")[:1_000].count()


def holdings() -> list[Holding]:
    """Live claims first, then what was left behind; both go back to the queue by themselves."""
    now = timezone.now()
    rows: Any = Case.objects.filter(claimed_by__isnull=False).order_by()
    groups = rows.values("claimed_by__username", "queue", left=Q(claimed_until__lt=now)).annotate(
        number=Count("pk"), since=Min("claimed_at"), until=Max("claimed_until")
    )
    found = [
        Holding(
            row["claimed_by__username"], str(get_queue(row["queue"]).title), row["number"],
            row["since"], row["until"], row["left"],
        )
        for row in groups
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.left, each.who, each.queue))


def write(*, user: User, text: str) -> HandOver:
    """A note to the next shift. Raises BadNote."""
    text = text.replace("\0", "").strip()
    if not text:
        raise BadNote(_("The note is empty."))
    if len(text) > MAX_TEXT:
        raise BadNote(_("The note is too long."))
    made = HandOver.objects.create(user=user, text=text)
    record(by=user, message="Wrote a hand-over note")
    return made


def written(limit: int) -> list[HandOver]:
    return list(HandOver.objects.select_related("user").order_by("-at")[:limit])


def hours_ago(hours: int) -> datetime:
    return timezone.now() - timedelta(hours=hours)
