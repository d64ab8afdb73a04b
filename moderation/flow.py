"""What happened in the last 24 hours: arrivals and decisions by the hour, verdicts by reason and by
moderator. Read from the newest rows of the decision log and from open cases, never from content.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from moderation.enums import Action, ActorKind, Severity
from moderation.models import Case, Decision

HOURS = 24
_HANDED_ON = [Action.ESCALATE, Action.HOLD, Action.RELEASE]


@dataclass(slots=True)
class Work:
    """What one moderator did: decisions by action."""

    actor_id: int
    actions: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.actions.total()


@dataclass(slots=True)
class Day:
    """`hours`: (hour in UTC, cases opened, decisions by people and rules), oldest first.

    `reasons`: rejections by reason slug. `work`: people by how much they decided.
    """

    hours: list[tuple[datetime, int, int]]
    reasons: list[tuple[str, int]]
    work: list[Work]


def last_day() -> Day:
    """Four statements over the block range of the log's last 24 hours."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    since = now - timedelta(hours=HOURS - 1)
    decided = Decision.objects.filter(at__gte=since).counted().order_by()
    verdicts = list(
        decided.values_list("actor_kind", "actor_id", "action", "reason").annotate(n=Count("pk"))
    )
    return Day(_hours(since, decided), _reasons(verdicts), _work(verdicts))


def _hours(since: datetime, decided: Any) -> list[tuple[datetime, int, int]]:
    """A case stands in the case table while it is open and in its decision's row afterwards.

    Decisions that hand a case on leave it open, and so do those that were undone.
    """
    done = Counter(_by_hour(decided, "at"))
    handed_on = Q(action__in=_HANDED_ON) | Q(severity=Severity.CRITICAL)
    recent = Decision.objects.filter(at__gte=since, case_opened_at__gte=since).standing()
    opened = Counter(_by_hour(recent.exclude(handed_on), "case_opened_at", distinct="case_id"))
    opened.update(_by_hour(Case.objects.filter(opened_at__gte=since), "opened_at"))
    hours = [since + timedelta(hours=step) for step in range(HOURS)]
    return [(hour, opened[hour], done[hour]) for hour in hours]


def _by_hour(queryset: Any, column: str, *, distinct: str = "") -> dict[datetime, int]:
    counted = Count(distinct, distinct=True) if distinct else Count("pk")
    hours = queryset.annotate(hour=TruncHour(column, tzinfo=timezone.get_default_timezone()))
    return dict(hours.order_by().values("hour").annotate(n=counted).values_list("hour", "n"))


def _reasons(verdicts: Iterable[tuple[str, int, str, str, int]]) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for _kind, _who, action, reason, number in verdicts:
        if reason and action == Action.REJECT:
            found[reason] += number
    return found.most_common()


def _work(verdicts: Iterable[tuple[str, int, str, str, int]]) -> list[Work]:
    people: dict[int, Work] = {}
    for kind, who, action, _reason, number in verdicts:
        if kind == ActorKind.PERSON and who is not None:
            people.setdefault(who, Work(who)).actions[action] += number
    return sorted(people.values(), key=lambda each: (-each.total, each.actor_id))
