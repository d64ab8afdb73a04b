"""decide() and undo(): the only writers of a subject's review columns after its INSERT.

Guard, set, save, log, follow up: in one transaction, for one subject or thousands, for people,
rules and syncs alike. The SQL is in store.py, the rules in transitions.py, the undo's own rules in
undoing.py.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, SerializationFailure

from core.keys import uuid7
from moderation import policy, store
from moderation.actors import Actor
from moderation.enums import ActorKind, Outcome, ReviewStatus, Seen
from moderation.recording import BatchResult, Request, Result, Step, log_row, save
from moderation.registry import get_queue, subject_types
from moderation.store import Locked, SubjectKey
from moderation.transitions import Ask, CaseEffect, judge
from moderation.undoing import Portion, reverse_batch

__all__ = ["MAX_NOTE", "BatchResult", "Request", "Result", "decide", "retrying", "undo"]

MAX_NOTE = 4_000
_SEEN = frozenset(Seen.values)
T = TypeVar("T")


def decide(
    *, requests: Sequence[Request], actor: Actor, batch: uuid.UUID | None = None
) -> BatchResult:
    """Decides in order, one result per request; a bad request never fails the others.

    The same subject twice in one call is a conflict for the second. Safe to call inside a
    transaction.
    """
    batch = batch or uuid7()
    return retrying(lambda: _decide(requests, actor, batch))


def undo(*, batch: uuid.UUID, actor: Actor, portion: Portion | None = None) -> BatchResult:
    """Reverses every decision of a batch that can still be reversed, one result each; of a large
    one a portion at a time.

    Raises UnknownBatch. A person's own batch within settings.UNDO_MINUTES; a lead's, any time.
    """
    return retrying(lambda: reverse_batch(batch, actor, portion=portion))


def retrying(work: Callable[[], T]) -> T:
    """Runs `work` in a transaction, again after a deadlock (against an ingest, say).

    Inside a transaction there is no second try: whoever opened it has to try again.
    """
    if connection.in_atomic_block:
        return work()
    for attempt in range(4):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if attempt == 3 or not isinstance(
                error.__cause__, DeadlockDetected | SerializationFailure
            ):
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest decisions before any lock, and what the actor has judged that is looked at
    again.
    """

    heads: dict[uuid.UUID, int]
    judged: set[uuid.UUID]


def _decide(requests: Sequence[Request], actor: Actor, batch: uuid.UUID) -> BatchResult:
    keys = _resolve(requests)
    heads = _heads_before(requests, keys, actor)
    present, locked = store.lock({key for key in keys if key is not None})
    known = _Known(heads, _judged(actor, locked.values()))
    reasons = policy.active_reasons({request.reason for request in requests if request.reason})
    results: list[Result] = []
    steps: list[Step] = []
    decided: set[SubjectKey] = set()
    for request, key in zip(requests, keys, strict=True):
        subject = locked.get(key) if key else None
        result = _guard(request, key, subject, actor, known, twice=key in decided)
        if result is None:
            assert subject is not None
            decided.add(subject.key)
            result, step = _judge(request, subject, actor, reasons, batch, present)
            if step is not None:
                steps.append(step)
        results.append(result)
    save(steps)
    return BatchResult(batch, results)


def _resolve(requests: Sequence[Request]) -> list[SubjectKey | None]:
    """Each request's subject; None where its case is closed or its type unknown."""
    cases = store.subjects_of_cases([request.case for request in requests if request.case])
    known = set(subject_types())
    return [
        cases.get(request.case)
        if request.case
        else (request.subject if request.subject and request.subject[0] in known else None)
        for request in requests
    ]


def _guard(
    request: Request,
    key: SubjectKey | None,
    subject: Locked | None,
    actor: Actor,
    known: _Known,
    *,
    twice: bool,
) -> Result | None:
    """Refuses what does not depend on the transition table; None lets the request pass."""
    if key is None or subject is None:
        if request.case:
            return Result(None, Outcome.CONFLICT, error=_("The case is closed."))
        return Result(request.subject, Outcome.INVALID, error=_("There is no such subject."))

    def refuse(outcome: Outcome, error: str) -> Result:
        return Result(key, outcome, subject.state.status, error=error)

    if twice:
        return refuse(Outcome.CONFLICT, _("The same subject stands twice in this request."))
    if error := _bad_words(request):
        return refuse(Outcome.INVALID, error)
    if error := _not_yours(request, subject, actor, known):
        return refuse(Outcome.CONFLICT, error)
    if actor.kind == ActorKind.PERSON and _overtaken(request, subject, actor, known):
        return refuse(Outcome.CONFLICT, _("Somebody else decided at this moment."))
    if request.expected and request.expected != subject.state.status:
        status = ReviewStatus(subject.state.status).label.lower()
        return refuse(Outcome.CONFLICT, _("It is %(status)s by now.") % {"status": status})
    return None


def _bad_words(request: Request) -> str:
    if len(request.note) > MAX_NOTE:
        return _("The note is longer than %(most)s characters.") % {"most": MAX_NOTE}
    if "\0" in request.note or any("\ud800" <= char <= "\udfff" for char in request.note):
        return _("The note holds characters that cannot be stored.")
    if request.seen not in _SEEN:
        return _("seen must be one of %(words)s.") % {"words": ", ".join(Seen.values)}
    return ""


def _not_yours(request: Request, subject: Locked, actor: Actor, known: _Known) -> str:
    """The claim: a token must be the present one; without a token nobody else may hold the case."""
    case = subject.case
    if request.case:
        if case is None or case.id != request.case:
            return _("The case is closed.")
        if case.claim_token is None or case.claim_token != request.claim_token:
            return _("The claim was lost: the case went to somebody else.")
        return ""
    if actor.kind != ActorKind.PERSON or case is None or actor.is_lead:
        return ""
    if subject.key[1] in known.judged:
        return _("Your own decision is being looked at again; somebody else decides.")
    return _("Somebody else is looking at it.") if _leased_by_other(subject, actor) else ""


def _leased_by_other(subject: Locked, actor: Actor) -> bool:
    case = subject.case
    return (
        case is not None
        and case.claimed_by not in {None, actor.id}
        and case.claimed_until is not None
        and case.claimed_until > datetime.now(tz=case.claimed_until.tzinfo)
    )


def _judged(actor: Actor, locked: Iterable[Locked]) -> set[uuid.UUID]:
    if actor.kind != ActorKind.PERSON or actor.id is None:
        return set()
    again = {each.key[1]: each.case.not_for for each in locked if each.case is not None}
    return store.judged_by(actor.id, again)


def _heads_before(
    requests: Sequence[Request], keys: Sequence[SubjectKey | None], actor: Actor
) -> dict[uuid.UUID, int]:
    """What people who decide without a claim could know: the newest decisions before any lock."""
    if actor.kind != ActorKind.PERSON:
        return {}
    ids = [key[1] for request, key in zip(requests, keys, strict=True) if key and not request.case]
    return store.heads(ids) if ids else {}


def _overtaken(request: Request, subject: Locked, actor: Actor, known: _Known) -> bool:
    """Another person's decision was committed while this request waited: nobody here saw it."""
    return (
        request.case is None
        and subject.head_id != known.heads.get(subject.key[1])
        and subject.head_actor != actor.id
    )


def _judge(
    request: Request,
    subject: Locked,
    actor: Actor,
    reasons: dict[str, policy.ReasonInForce],
    batch: uuid.UUID,
    present: datetime,
) -> tuple[Result, Step | None]:
    reason = reasons.get(request.reason)
    if request.reason and reason is None:
        error = _("There is no reason '%(reason)s'.") % {"reason": request.reason}
        return Result(subject.key, Outcome.INVALID, subject.state.status, error=error), None
    ask = Ask(
        request.action,
        request.reason,
        reason.severity if reason else "",
        request.note,
        request.follow,
    )
    case = subject.case
    escalated = case is not None and get_queue(case.queue).permission == "accounts.lead"
    verdict = judge(subject.state, ask, actor, escalated=escalated)
    result = Result(subject.key, verdict.outcome, verdict.after.status, error=verdict.error or None)
    if verdict.outcome not in {Outcome.APPLIED, Outcome.UNCHANGED}:
        return result, None
    closes = verdict.case == CaseEffect.CLOSE and subject.case is not None
    if verdict.outcome == Outcome.UNCHANGED and not closes and verdict.after == subject.state:
        return result, None
    row = log_row(subject, verdict, actor, batch=batch, present=present, action=request.action)
    row |= {"reason": request.reason, "note": request.note, "seen": request.seen}
    row |= {"reason_version": reason.version if reason else None, "severity": ask.severity}
    result.decision = subject.next_id
    return result, Step(subject, verdict, row)
