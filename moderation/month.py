"""A month of decisions by queue, reason, source and kind of actor: how many, how fast, how late and
how often reversed. Two statements over the month's part of the decision log, nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation.enums import Action, ActorKind
from moderation.errors import ModerationError
from moderation.models import Reason
from moderation.registry import queue_for, queues
from upstream.models import Source

# Verdicts by people and rules, in groups that every section is summed up from. The waiting times
# come as arrays: a median of a median is none, and sorting them here is faster than five sorts.
_VERDICTS = """
SELECT case_queue, subject_type, reason, source_id, actor_kind, action, count(*),
    count(case_due_at), count(*) FILTER (WHERE at > case_due_at),
    array_agg(greatest(extract(epoch FROM at - case_opened_at), 0)::int4)
        FILTER (WHERE case_opened_at IS NOT NULL AND action <> 'escalate')
FROM moderation_decision
WHERE at >= %s AND at < %s AND actor_kind IN ('person', 'rule')
  AND action IN ('approve', 'reject', 'escalate')
GROUP BY case_queue, subject_type, reason, source_id, actor_kind, action
"""
# What was turned round in the month counts against the verdict that it turned round: its queue, its
# reason, its kind of actor. An undo names that verdict; else it is the subject's one before. New
# content that a sync or its author brought says nothing of the verdict on what was there before.
_REVERSALS = """
SELECT p.case_queue, p.subject_type, p.reason, p.source_id, p.actor_kind,
    CASE d.action WHEN 'undo' THEN 'undone' WHEN 'reopen' THEN 'reopened' ELSE 'overturned' END,
    count(*)
FROM moderation_decision d JOIN LATERAL (
    SELECT * FROM moderation_decision v
    WHERE v.subject_id = d.subject_id AND v.id < d.id AND v.action IN ('approve', 'reject')
      AND (d.action <> 'undo' OR v.id = d.reverses)
    ORDER BY v.id DESC LIMIT 1) p ON true
WHERE d.at >= %s AND d.at < %s AND d.actor_kind IN ('person', 'rule')
  AND (d.action IN ('undo', 'reopen')
    OR (d.action = 'approve' AND d.from_status = 'rejected')
    OR (d.action = 'reject' AND d.from_status = 'approved'))
  AND p.actor_kind IN ('person', 'rule')
GROUP BY 1, 2, 3, 4, 5, 6
"""
SECTIONS = ("queue", "reason", "source", "actor")
_KEPT_SECONDS = 300
_KEPT_SECONDS_OF_THE_PAST = 86_400


class NoSuchMonth(ModerationError):
    """Not written as 2026-11, or one that has not begun."""


@dataclass(slots=True)
class Line:
    """One group's figures. `median` and `p90` are seconds from a case's opening to its verdict."""

    key: str
    approved: int = 0
    rejected: int = 0
    escalated: int = 0
    # Verdicts on cases that had a time to be done by, and those that came after it.
    timed: int = 0
    late: int = 0
    undone: int = 0
    reopened: int = 0
    overturned: int = 0
    median: float | None = None
    p90: float | None = None

    @property
    def decided(self) -> int:
        return self.approved + self.rejected

    @property
    def overdue_share(self) -> float | None:
        """0 to 1; None where no case had a time to be done by."""
        return self.late / self.timed if self.timed else None

    @property
    def reversals(self) -> int:
        return self.undone + self.reopened + self.overturned

    @property
    def reversal_rate(self) -> float | None:
        """Reversals per verdict of this group in this month."""
        return self.reversals / self.decided if self.decided else None


@dataclass(slots=True)
class Report:
    """`month` as 2026-11; `sections` by name, the largest group first."""

    month: str
    zone: str
    made_at: datetime
    total: Line
    sections: dict[str, list[Line]] = field(default_factory=dict)


def bounds(month: str) -> tuple[datetime, datetime]:
    """The month's first moment and the next one's, in the active time zone. Raises NoSuchMonth."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", month, re.ASCII)
    if found is None:
        raise NoSuchMonth(_("Write the month as 2026-11."))
    year, number = int(found[1]), int(found[2])
    zone = timezone.get_current_timezone()
    since = datetime(year, number, 1, tzinfo=zone)
    if since > timezone.now():
        raise NoSuchMonth(_("That month has not begun."))
    return since, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)


def month_of(moment: datetime, zone: tzinfo | None = None) -> str:
    return timezone.localtime(moment, zone).strftime("%Y-%m")


def report(month: str, *, fresh: bool = False) -> Report:
    """Kept for five minutes, a day where the month is over, unless `fresh`. Raises NoSuchMonth."""
    since, until = bounds(month)
    key = f"moderation.month.{month}.{timezone.get_current_timezone_name()}"
    kept: Report | None = None if fresh else cache.get(key)
    if kept is None:
        kept = _measure(month, since, until)
        over = (timezone.now() - until).total_seconds() > _KEPT_SECONDS
        cache.set(key, kept, _KEPT_SECONDS_OF_THE_PAST if over else _KEPT_SECONDS)
    return kept


def _measure(month: str, since: datetime, until: datetime) -> Report:
    groups = _Groups()
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [since, until])
        for *dimensions, action, number, timed, late, waits in cursor.fetchall():
            groups.verdicts(dimensions, action, number, timed, late, waits or [])
        cursor.execute(_REVERSALS, [since, until])
        for *dimensions, turned, number in cursor.fetchall():
            groups.reversals(dimensions, turned, number)
    made = Report(month, timezone.get_current_timezone_name(), timezone.now(), groups.total())
    made.sections = {name: groups.section(name) for name in SECTIONS}
    return made


class _Groups:
    """Sums by (section, key); the whole is the section "" with the key ""."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self.waits: dict[tuple[str, str], list[Any]] = defaultdict(list)

    def verdicts(
        self, dimensions: Sequence[Any], action: str, number: int, timed: int, late: int, waits: Any
    ) -> None:
        column = {Action.APPROVE: "approved", Action.REJECT: "rejected"}.get(
            Action(action), "escalated"
        )
        seconds = np.asarray(waits, dtype=np.int32)
        for place, line in self._of(dimensions):
            setattr(line, column, getattr(line, column) + number)
            if action != Action.ESCALATE:
                line.timed += timed
                line.late += late
                self.waits[place].append(seconds)

    def reversals(self, dimensions: Sequence[Any], turned: str, number: int) -> None:
        for _place, line in self._of(dimensions):
            setattr(line, turned, getattr(line, turned) + number)

    def _of(self, dimensions: Sequence[Any]) -> Iterator[tuple[tuple[str, str], Line]]:
        queue, subject_type, reason, source_id, actor_kind = dimensions
        keys = {
            "": "",
            # Without a case the subject's own queue is meant.
            "queue": queue or queue_for(subject_type).slug,
            "reason": reason,
            "source": str(source_id or ""),
            "actor": actor_kind,
        }
        for section, key in keys.items():
            # Approvals have no reason.
            if key or section != "reason":
                place = (section, key)
                yield place, self.lines.setdefault(place, Line(key))

    def total(self) -> Line:
        return self._timed(("", ""), self.lines.get(("", ""), Line("")))

    def section(self, name: str) -> list[Line]:
        found = [(place, line) for place, line in self.lines.items() if place[0] == name]
        lines = [self._timed(place, line) for place, line in found]
        return sorted(lines, key=lambda line: (-line.decided, line.key))

    def _timed(self, place: tuple[str, str], line: Line) -> Line:
        waits = [each for each in self.waits[place] if each.size]
        if waits:
            line.median, line.p90 = map(float, np.percentile(np.concatenate(waits), [50, 90]))
        return line


def rows(made: Report) -> Iterator[list[Any]]:
    """The report as a table, its head first; times in seconds, shares from 0 to 1."""
    yield [
        "month", "time_zone", "section", "key", "label", "decided", "approved", "rejected",
        "escalated", "median_seconds", "p90_seconds", "overdue_share", "undone", "reopened",
        "overturned", "reversal_rate",
    ]  # fmt: skip
    names = labels()
    sections = {"total": [made.total], **made.sections}
    for section, lines in sections.items():
        for line in lines:
            yield [
                made.month, made.zone, section, line.key,
                names.get(section, {}).get(line.key, line.key), line.decided, line.approved,
                line.rejected, line.escalated, line.median, line.p90, _share(line.overdue_share),
                line.undone, line.reopened, line.overturned, _share(line.reversal_rate),
            ]  # fmt: skip


def _share(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def labels() -> dict[str, dict[str, str]]:
    """What a section's keys are called in the active language."""
    return {
        "queue": {slug: str(queue.title) for slug, queue in queues().items()},
        "reason": {reason.slug: reason.label for reason in Reason.objects.all()},
        "source": {str(pk): name for pk, name in Source.objects.values_list("pk", "name")},
        "actor": {value: str(label) for value, label in ActorKind.choices},
    }
