"""Exposure: how many pictures a person was shown, saw in full, and how grave they were.

The review page tells what it painted, in batches that may come twice; what was decided without the
page counts by the decision's `seen`. A person sees their own figures. Leads see sums over all, and
those only of days on which at least FEWEST people looked at pictures.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from moderation.enums import Seen, Severity
from moderation.models import Shift, Sight, SightLevel

GRAVER = [Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]
LEVELS = {
    Seen.THUMBNAIL: SightLevel.THUMBNAIL,
    Seen.BLURRED: SightLevel.BLURRED,
    Seen.FULL: SightLevel.FULL,
}
AT_ONCE = 500
# Fewer people than this are not summed up: the sum would tell of one of them.
FEWEST = 3
KEEP = timedelta(days=90)

_RECORD = """
INSERT INTO moderation_sight AS s (user_id, shift_started_at, subject_id, level)
SELECT %s, %s, v.id, v.level FROM unnest(%s::uuid[], %s::smallint[]) AS v(id, level) ORDER BY v.id
ON CONFLICT (user_id, shift_started_at, subject_id) DO UPDATE SET level = EXCLUDED.level
    WHERE s.level < EXCLUDED.level
"""
# `seen` and `level` are one scale; a rejection by the same person on the same day gives severity,
# here its place in GRAVER, from 1.
_SEEN = """
WITH sights AS (
    SELECT user_id, subject_id, level, NULL::int AS severity, at FROM moderation_sight
    WHERE at >= %(since)s AND (%(user)s::bigint IS NULL OR user_id = %(user)s)
    UNION ALL
    SELECT actor_id, subject_id, CASE seen WHEN 'thumb' THEN 1 WHEN 'blurred' THEN 2 ELSE 3 END,
        CASE action WHEN 'reject' THEN array_position(%(graver)s::text[], severity::text) END, at
    FROM moderation_decision
    WHERE at >= %(since)s AND actor_kind = 'person' AND seen <> 'none'
        AND (%(user)s::bigint IS NULL OR actor_id = %(user)s)
), pictures AS (
    SELECT user_id, subject_id, (at AT TIME ZONE %(zone)s)::date AS day, max(level) AS level,
        max(severity) AS severity
    FROM sights GROUP BY 1, 2, 3
)
"""
_OF_ONE = f"""{_SEEN}
SELECT severity, count(*), count(*) FILTER (WHERE level = 3) FROM (
    SELECT subject_id, max(level) AS level, max(severity) AS severity FROM pictures
    GROUP BY subject_id) AS own
GROUP BY severity
"""
_BY_DAY = f"""{_SEEN}
SELECT day, severity, count(*), count(*) FILTER (WHERE level = 3),
    (SELECT count(DISTINCT p.user_id) FROM pictures p WHERE p.day = pictures.day)
FROM pictures GROUP BY day, severity ORDER BY day DESC
"""


@dataclass(slots=True)
class Exposure:
    """Numbers of pictures; `by_severity` counts those that were rejected for such a reason, shown
    at all, and `revealed_by_severity` those of them in full."""

    shown: int = 0
    revealed: int = 0
    by_severity: dict[str, int] = field(default_factory=dict)
    revealed_by_severity: dict[str, int] = field(default_factory=dict)

    @property
    def severities(self) -> list[tuple[str, int, int]]:
        """By their names: shown and revealed, the gravest first."""
        return [
            (str(each.label), self.by_severity[each], self.revealed_by_severity[each])
            for each in reversed(GRAVER)
            if each in self.by_severity
        ]

    def add(self, rank: int | None, shown: int, revealed: int) -> None:
        """`rank`: the severity's place in GRAVER, from 1; None without any."""
        self.shown += shown
        self.revealed += revealed
        if rank is not None:
            severity = GRAVER[rank - 1].value
            for sums, number in (
                (self.by_severity, shown), (self.revealed_by_severity, revealed)
            ):  # fmt: skip
                sums[severity] = sums.get(severity, 0) + number


def record(*, user: User, seen: Iterable[tuple[uuid.UUID, Seen]]) -> None:
    """Notes what was painted for a user, by subject; the same again changes nothing."""
    levels: dict[uuid.UUID, int] = {}
    for pk, level in seen:
        if level in LEVELS:
            levels[pk] = max(LEVELS[level], levels.get(pk, 0))
    if not levels:
        return
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [user.pk, shift_start(user), list(levels), list(levels.values())])


def shift_start(user: User) -> datetime:
    """The present shift's beginning; without any claim yet, midnight."""
    started = Shift.objects.filter(pk=user.pk).values_list("started_at", flat=True).first()
    return started or timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def of_shift(user: User) -> Exposure:
    """The person's own, in the present shift."""
    found = Exposure()
    parameters: dict[str, Any] = {
        "user": user.pk, "since": shift_start(user), "zone": "UTC", "graver": GRAVER,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OF_ONE, parameters)
        for row in cursor.fetchall():
            found.add(*row)
    return found


def by_day(days: int = 7) -> dict[date, Exposure | None]:
    """Sums over all people, the newest day first; None for a day with fewer than FEWEST of them."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    zone = timezone.get_current_timezone_name()
    found: dict[date, Exposure | None] = {}
    with connection.cursor() as cursor:
        since = today - timedelta(days=days - 1)
        cursor.execute(_BY_DAY, {"user": None, "since": since, "zone": zone, "graver": GRAVER})
        for day, severity, shown, revealed, people in cursor.fetchall():
            if people < FEWEST:
                found[day] = None
                continue
            exposure = found.setdefault(day, Exposure())
            assert exposure is not None
            exposure.add(severity, shown, revealed)
    return found


def tidy() -> None:
    """What is older than KEEP goes."""
    Sight.objects.filter(at__lt=timezone.now() - KEEP).delete()
