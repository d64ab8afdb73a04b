"""What follows a decision in its own transaction: the case's fate, dead links, tombstones, the
outbox.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from moderation import cases, outbox, purging, search, store
from moderation.enums import Action, ActorKind, CaseKind, Priority, ReviewStatus, Severity, Why
from moderation.queues import ESCALATIONS
from moderation.store import Locked, OpenCase
from moderation.transitions import CaseEffect

# A sync that follows upstream's status does not end what people asked for.
_PEOPLES_CASES = frozenset({CaseKind.REPORT, CaseKind.ESCALATION, CaseKind.APPEAL})

# Their pictures may be in a bank of our own, see banks.own.
_IN_BANKS = frozenset({ReviewStatus.REJECTED, ReviewStatus.PURGED})


def settle_cases(steps: Sequence[tuple[Locked, CaseEffect, dict[str, Any]]]) -> None:
    """Closes, opens and moves the subjects' cases as the verdicts say."""
    closed: list[uuid.UUID] = []
    opened: list[cases.NewCase] = []
    moved: list[tuple[uuid.UUID, list[str], int]] = []
    for subject, effect, row in steps:
        case = subject.case
        if effect == CaseEffect.CLOSE and case is not None and not _survives(case, row):
            closed.append(case.id)
        elif effect in {CaseEffect.ESCALATE, CaseEffect.MOVE} and case is not None:
            moved.append((case.id, _why(row), _priority(row)))
        elif effect == CaseEffect.OPEN or (effect == CaseEffect.ESCALATE and case is None):
            opened.append(_new_case(subject, effect, row))
    if closed:
        store.delete_cases(closed)
    if moved:
        cases.move_to_escalations(moved)
    if opened:
        cases.open_cases(opened)


def _survives(case: OpenCase, row: dict[str, Any]) -> bool:
    follows = row["actor_kind"] == ActorKind.SYNC and row["to_status"] != ReviewStatus.PURGED
    return follows and (case.kind in _PEOPLES_CASES or Why.asked_for(case.why))


def _why(row: dict[str, Any]) -> list[str]:
    if row["severity"] == Severity.CRITICAL and row["action"] == Action.REJECT:
        return [Why.CRITICAL]
    if row["action"] in {Action.ESCALATE, Action.HOLD}:
        return [Why.ESCALATED]
    if not ActorKind(row["actor_kind"]).decides:
        return [Why.CHANGED if row["action"] == Action.REOPEN else Why.FIRST_LOOK]
    return [Why.REOPENED]


def _priority(row: dict[str, Any]) -> int:
    return Priority.TOP if row["severity"] == Severity.CRITICAL else Priority.HIGH


def _new_case(subject: Locked, effect: CaseEffect, row: dict[str, Any]) -> cases.NewCase:
    escalates = effect == CaseEffect.ESCALATE
    if escalates:
        kind = CaseKind.ESCALATION
    else:
        kind = CaseKind.FIRST_LOOK if row["action"] == Action.FOLLOW else CaseKind.SECOND_LOOK
    return cases.NewCase(
        subject_type=subject.key[0],
        subject_id=subject.key[1],
        source_id=subject.source_id,
        queue=ESCALATIONS if escalates else None,
        kind=kind,
        why=_why(row),
        priority=_priority(row) if escalates else Priority.NORMAL,
        opened_at=row["at"],
        # Who decided before does not judge their own decision. Changed content is another matter.
        not_for=subject.reviewed_by if _asks_again(row) else None,
    )


def _asks_again(row: dict[str, Any]) -> bool:
    return row["action"] == Action.REOPEN and ActorKind(row["actor_kind"]).decides


def follow_up(rows: Sequence[dict[str, Any]]) -> None:
    """Dead links at once; tombstones for purges; an outbox event for what the same bytes need."""
    shut = [row for row in rows if _closes_access(row)]
    if shut:
        store.close_access(shut)
    purged = [row for row in rows if _became(row, ReviewStatus.PURGED)]
    if purged:
        purging.bury(purged)
        search.forget([(row["subject_type"], row["subject_id"]) for row in purged])
    rejected = [row for row in rows if _became(row, ReviewStatus.REJECTED)] + purged
    if rejected:
        outbox.enqueue(
            "same_bytes",
            {"subjects": [[row["subject_type"], str(row["subject_id"])] for row in rejected]},
        )
    banked = [row for row in rows if {row["from_status"], row["to_status"]} & _IN_BANKS]
    if banked:
        outbox.enqueue(
            "own_banks",
            {"subjects": [[row["subject_type"], str(row["subject_id"])] for row in banked]},
        )


def _closes_access(row: dict[str, Any]) -> bool:
    if row["from_held"] != row["to_held"] or (row["to_hidden"] and not row["from_hidden"]):
        return True
    if row["from_status"] == ReviewStatus.APPROVED:
        # Also what is looked at again: links that others were given for longer end with it.
        return bool(row["to_status"] != ReviewStatus.APPROVED)
    return any(_became(row, status) for status in (ReviewStatus.REJECTED, ReviewStatus.PURGED))


def _became(row: dict[str, Any], status: str) -> bool:
    return bool(row["to_status"] == status and row["from_status"] != status)
