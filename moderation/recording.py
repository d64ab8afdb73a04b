"""How a decision is written down: requests, results, the log row, and saving it with what
follows.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moderation import aftermath, store
from moderation.actors import Actor
from moderation.audit import GENESIS, row_hash
from moderation.enums import Action, Outcome, Seen
from moderation.store import Locked, SubjectKey
from moderation.transitions import Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """One wanted action, on a claimed case (with its token) or on a subject.

    `expected`: the status the decider saw; another one by now is a conflict. `follow`: the target
    of a sync's `follow`.
    """

    action: str
    subject: SubjectKey | None = None
    case: uuid.UUID | None = None
    claim_token: uuid.UUID | None = None
    reason: str = ""
    note: str = ""
    seen: str = Seen.NONE
    expected: str = ""
    follow: str = ""


@dataclass(slots=True)
class Result:
    """What became of one request; `decision` is the log row's id, if one was written."""

    subject: SubjectKey | None
    status: Outcome
    review_status: str | None = None
    decision: int | None = None
    error: str | None = None


@dataclass(slots=True)
class BatchResult:
    batch: uuid.UUID
    results: list[Result] = field(default_factory=list)


@dataclass(slots=True)
class Step:
    """A request that passed: its subject, the verdict, and the log row to be."""

    locked: Locked
    verdict: Verdict
    row: dict[str, Any]


# Person or rule: the subject counts as locally decided afterwards. Holds say nothing of the
# content.
_REVIEWS = frozenset({Action.APPROVE, Action.REJECT, Action.REOPEN, Action.ESCALATE, Action.PURGE})


def log_row(
    subject: Locked,
    verdict: Verdict,
    actor: Actor,
    *,
    batch: uuid.UUID,
    present: datetime,
    action: str,
) -> dict[str, Any]:
    """The decision row without its hash, plus `reviewed_at` and `reviewed_by` for the subject."""
    before, after, case = subject.state, verdict.after, subject.case
    reviews = action in _REVIEWS and actor.kind.decides
    return {
        "id": subject.next_id, "at": present, "batch": batch,
        "subject_type": subject.key[0], "subject_id": subject.key[1], "action": action,
        "from_status": before.status, "to_status": after.status,
        "from_hidden": before.hidden, "to_hidden": after.hidden,
        "from_held": before.held, "to_held": after.held,
        "from_guarded": before.guarded, "to_guarded": after.guarded,
        "from_reviewed_at": subject.reviewed_at, "from_reviewed_by": subject.reviewed_by,
        "reason": "", "reason_version": None, "severity": "", "note": "", "seen": Seen.NONE,
        "actor_kind": actor.kind, "actor_id": actor.id, "actor_name": actor.name,
        "actor_role": actor.role, "reverses": None,
        "case_id": case and case.id, "case_queue": case.queue if case else "",
        "case_kind": case.kind if case else "", "case_opened_at": case and case.opened_at,
        "case_claimed_at": case and case.claimed_at, "case_due_at": case and case.due_at,
        "case_priority": case and case.priority, "case_why": case.why if case else [],
        "case_not_for": case and case.not_for, "case_family": case and case.family,
        "source_id": subject.source_id,
        "reviewed_at": present if reviews else subject.reviewed_at,
        "reviewed_by": actor.id if reviews else subject.reviewed_by,
    }  # fmt: skip


def save(steps: Sequence[Step]) -> None:
    """Writes subjects, log, cases and what follows; the caller holds the locks."""
    if not steps:
        return
    rows = [step.row for step in steps]
    for step in steps:
        step.row["prev_hash"] = step.locked.head_hash or GENESIS
        step.row["hash"] = row_hash(step.row)
    store.update_subjects(rows)
    store.insert_decisions(rows)
    aftermath.settle_cases([(step.locked, step.verdict.case, step.row) for step in steps])
    aftermath.follow_up(rows)
