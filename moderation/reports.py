"""Reports and appeals: what people outside say opens or raises a case, and they learn the outcome.

Nobody looks again at what they judged themselves. What was said is kept as it was said.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from moderation import cases
from moderation.enums import (
    Action,
    ActorKind,
    CaseKind,
    Priority,
    ReportKind,
    ReviewStatus,
    Severity,
    Why,
)
from moderation.errors import TooManyReports, UnknownSubject, UnknownSubjectType
from moderation.models import Case, Decision, Reason, Report, Reviewable
from moderation.policy import reason_labels
from moderation.queues import ESCALATIONS
from moderation.registry import model_for
from moderation.services import retrying

MAX_TEXT = 4_000
# One reporter's statements to one client; more than that is a machine.
MOST = 30
WINDOW = timedelta(hours=1)
# So many different reporters of one subject, and it comes sooner.
CROWD = 3
# Shown beside a subject, newest first.
SHOWN = 20

_CLOSING = (Action.APPROVE, Action.REJECT, Action.PURGE)
_KIND = {ReportKind.REPORT: CaseKind.REPORT, ReportKind.APPEAL: CaseKind.APPEAL}
_WHY = {ReportKind.REPORT: Why.REPORTED, ReportKind.APPEAL: Why.APPEALED}
_BY_SEVERITY = {Severity.HIGH: Priority.HIGH, Severity.CRITICAL: Priority.TOP}


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said; `category` is the client's word, a reason's slug where it knows one."""

    kind: ReportKind
    reporter: str
    category: str = ""
    text: str = ""


def report(*, subject: tuple[str, uuid.UUID], said: Statement, client: User) -> Report:
    """Keeps a statement and opens or raises the subject's case; the same one again is kept once.

    Raises UnknownSubject (also for what is purged) and TooManyReports. A report of what is already
    rejected is kept and needs no case; an appeal gets one.
    """
    return retrying(lambda: _report(subject, said, client))


def _report(subject: tuple[str, uuid.UUID], said: Statement, client: User) -> Report:
    row = _lock(subject)
    earlier = open_reports([row.pk])
    for each in earlier:
        if _same(each, said, client):
            return each
    _spare(said, client)
    made = _keep(row, said, client)
    if said.kind == ReportKind.APPEAL or row.review_status != ReviewStatus.REJECTED:
        _look_again(row, made, [*earlier, made])
    return made


def _lock(subject: tuple[str, uuid.UUID]) -> Reviewable:
    """Reports of one subject follow each other, as decisions on it do."""
    try:
        rows = model_for(subject[0])._default_manager.select_for_update(no_key=True)
    except UnknownSubjectType:
        raise UnknownSubject from None
    found: Reviewable | None = rows.filter(pk=subject[1]).first()
    if found is None or found.review_status == ReviewStatus.PURGED:
        raise UnknownSubject
    return found


def _same(earlier: Report, said: Statement, client: User) -> bool:
    mine = (earlier.client_id, earlier.kind, earlier.reporter, earlier.category, earlier.text)
    return mine == (client.pk, said.kind, said.reporter, said.category, said.text)


def _spare(said: Statement, client: User) -> None:
    recent = Report.objects.filter(
        client_id=client.pk, reporter=said.reporter, at__gt=timezone.now() - WINDOW
    )
    times = list(recent.order_by("-id").values_list("at", flat=True)[:MOST])
    if len(times) == MOST:
        raise TooManyReports(int((times[-1] + WINDOW - timezone.now()).total_seconds()) + 1)


def _keep(row: Reviewable, said: Statement, client: User) -> Report:
    newest = Decision.objects.filter(subject_id=row.pk).order_by("-pk").first()
    return Report.objects.create(
        kind=said.kind,
        subject_type=row.subject_type(),
        subject_id=row.pk,
        client_id=client.pk,
        reporter=said.reporter,
        category=said.category,
        text=said.text,
        status_then=row.review_status,
        head_then=newest.pk if newest else 0,
    )


def _look_again(row: Reviewable, made: Report, standing: Sequence[Report]) -> None:
    judgements = Decision.objects.filter(
        subject_id=row.pk, actor_kind=ActorKind.PERSON, action__in=[Action.APPROVE, Action.REJECT]
    )
    judges = list(judgements.order_by("-pk").values_list("actor_id", flat=True))
    case = cases.NewCase(
        subject_type=row.subject_type(),
        subject_id=row.pk,
        source_id=row.source_id,
        queue=ESCALATIONS if _for_leads(row) else None,
        kind=_KIND[ReportKind(made.kind)],
        why=[_WHY[ReportKind(made.kind)]],
        priority=_priority(standing),
        not_for=judges[0] if judges else None,
    )
    cases.open_cases([case])
    # Somebody may hold the case that this one joined.
    Case.objects.filter(subject_id=row.pk, claimed_by__in=judges).update(
        claimed_by=None, claim_token=None, claimed_at=None, claimed_until=None
    )


def _for_leads(row: Reviewable) -> bool:
    """Whether only a lead may decide: it is hidden or held, or the rejection is a guarded one."""
    newest = Decision.objects.filter(subject_id=row.pk).order_by("-pk").first()
    return row.hidden or row.held or (newest is not None and newest.to_guarded)


def _priority(standing: Sequence[Report]) -> int:
    """By the gravest category that is a reason of ours, and by how many say so."""
    slugs = {each.category for each in standing}
    severities = Reason.objects.filter(slug__in=slugs).values_list("severity", flat=True)
    crowd = len({(each.client_id, each.reporter) for each in standing}) >= CROWD
    known = [_BY_SEVERITY.get(Severity(each), Priority.RAISED) for each in severities]
    return max([*known, Priority.HIGH if crowd else Priority.RAISED])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report: the first decision after it that stands; None while it is open."""

    report: Report
    decision: Decision | None
    is_open: bool

    @property
    def status(self) -> str | None:
        """approved or rejected (a purge is no more to the outside); None: nobody has judged."""
        if self.decision is None:
            was_rejected = self.report.status_then == ReviewStatus.REJECTED
            return ReviewStatus.REJECTED if was_rejected and not self.is_open else None
        approved = self.decision.to_status == ReviewStatus.APPROVED
        return ReviewStatus.APPROVED if approved else ReviewStatus.REJECTED


def outcomes(reports: Sequence[Report]) -> dict[uuid.UUID, Outcome]:
    """By report; two queries. A report of what was rejected by then is closed from the start."""
    ids = {each.subject_id for each in reports}
    under_work = set(Case.objects.filter(subject_id__in=ids).values_list("subject_id", flat=True))
    closings = _closings(ids, since=min((each.head_then for each in reports), default=0))
    found = {}
    for each in reports:
        later = [row for row in closings.get(each.subject_id, []) if row.pk > each.head_then]
        first = later[0] if later else None
        found[each.pk] = Outcome(each, first, first is None and each.subject_id in under_work)
    return found


def _closings(ids: Collection[uuid.UUID], *, since: int) -> dict[uuid.UUID, list[Decision]]:
    """Judgements that stand, oldest first, by subject."""
    rows = Decision.objects.filter(
        subject_id__in=ids, pk__gt=since, action__in=[*_CLOSING, Action.UNDO]
    ).order_by("pk")
    undone = {row.reverses for row in rows if row.reverses is not None}
    found: dict[uuid.UUID, list[Decision]] = {}
    for row in rows:
        # A critical rejection that still waits for a lead is no last word.
        if row.action != Action.UNDO and row.pk not in undone and not row.to_hidden:
            found.setdefault(row.subject_id, []).append(row)
    return found


def open_reports(subject_ids: Collection[uuid.UUID]) -> list[Report]:
    """Statements that nobody has judged yet, newest first; three queries."""
    rows = list(Report.objects.filter(subject_id__in=subject_ids).order_by("-pk"))
    found = outcomes(rows)
    return [row for row in rows if found[row.pk].is_open]


def reports_of(subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """What was said about each subject, newest first, for staff: {"kind", "reporter", "category",
    "label", "text", "at", "open"}. A fixed number of queries; subjects without any are left out.
    """
    rows = list(Report.objects.filter(subject_id__in=subject_ids).order_by("-pk"))
    found = outcomes(rows) if rows else {}
    labels = reason_labels({row.category for row in rows if row.category})
    shown: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in rows:
        said = shown.setdefault(row.subject_id, [])
        if len(said) < SHOWN:
            said.append(
                {
                    "kind": row.kind,
                    "reporter": row.reporter,
                    "category": row.category,
                    "label": labels.get(row.category, row.category),
                    "text": row.text,
                    "at": row.at,
                    "open": found[row.pk].is_open,
                }
            )
    return shown
