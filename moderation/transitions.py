"""The transition table of design.md as a pure function: what an action does to a state, and for
whom.

No database here: `judge()` is checked against an independent model by the property tests.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.translation import gettext as _

from moderation.actors import Actor
from moderation.enums import Action, ActorKind, Outcome, ReviewStatus, Severity

PENDING, APPROVED = ReviewStatus.PENDING, ReviewStatus.APPROVED
REJECTED, PURGED = ReviewStatus.REJECTED, ReviewStatus.PURGED

# Which statuses an action leads out of, and into which.
TABLE: dict[str, tuple[frozenset[str], str | None]] = {
    Action.APPROVE: (frozenset({PENDING, REJECTED}), APPROVED),
    Action.REJECT: (frozenset({PENDING, APPROVED}), REJECTED),
    Action.REOPEN: (frozenset({APPROVED, REJECTED}), PENDING),
    Action.ESCALATE: (frozenset({PENDING, APPROVED}), PENDING),
    Action.HOLD: (frozenset(ReviewStatus.values), None),
    Action.RELEASE: (frozenset(ReviewStatus.values), None),
    Action.PURGE: (frozenset({REJECTED}), PURGED),
}
LEAD_ONLY = frozenset({Action.HOLD, Action.RELEASE, Action.PURGE})
SYNC_ACTIONS = frozenset({Action.FOLLOW, Action.PURGE, Action.REOPEN})
NEEDS_REASON = frozenset({Action.REJECT, Action.PURGE})
NEEDS_NOTE = frozenset({Action.REOPEN, Action.HOLD, Action.RELEASE})


class CaseEffect(StrEnum):
    """What becomes of the subject's open case."""

    KEEP = "keep"
    CLOSE = "close"
    OPEN = "open"  # a case in the subject's own queue, opened or raised
    ESCALATE = "escalate"  # moved to, or opened in, the escalations queue
    MOVE = "move"  # moved to the escalations queue if there is one


@dataclass(frozen=True, slots=True)
class State:
    """A subject's review columns, and whether only a lead may reverse its rejection."""

    status: str
    hidden: bool = False
    held: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One requested action with what goes with it; `severity` is the reason's, "" without one."""

    action: str
    reason: str = ""
    severity: str = ""
    note: str = ""
    follow: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome and, when it is applied or unchanged, the state after and the case's fate."""

    outcome: Outcome
    after: State
    case: CaseEffect = CaseEffect.KEEP
    error: str = ""


def judge(state: State, ask: Ask, actor: Actor, *, escalated: bool = False) -> Verdict:
    """What `ask` does to `state` when `actor` asks. `escalated`: its open case waits for a lead."""
    if actor.kind == ActorKind.SYNC:
        return _judge_sync(state, ask)
    if actor.kind == ActorKind.AUTHOR:
        return _judge_author(state, ask)
    if ask.action not in TABLE:
        return _refuse(
            state, Outcome.INVALID, _("There is no action '%(action)s'.") % {"action": ask.action}
        )
    if error := _missing_words(ask):
        return _refuse(state, Outcome.INVALID, error)
    if error := _forbidden(state, ask, actor, escalated=escalated):
        return _refuse(state, Outcome.FORBIDDEN, error)
    return _apply(state, ask, actor, escalated=escalated)


def _refuse(state: State, outcome: Outcome, error: str) -> Verdict:
    return Verdict(outcome, state, error=error)


def _missing_words(ask: Ask) -> str:
    if ask.action in NEEDS_REASON and not ask.reason:
        return _("A reason is needed.")
    if ask.action in NEEDS_NOTE and not ask.note.strip():
        return _("A note is needed.")
    if ask.action == Action.ESCALATE and not (ask.reason or ask.note.strip()):
        return _("A reason or a note is needed.")
    return ""


def _forbidden(state: State, ask: Ask, actor: Actor, *, escalated: bool) -> str:
    if not (actor.can_moderate or actor.is_lead):
        return _("Your role does not decide.")
    if actor.is_lead:
        return ""
    if ask.action in LEAD_ONLY:
        return _("Only a lead may do this.")
    if state.held:
        return _("It is held; only a lead may decide.")
    if (state.hidden or escalated) and ask.action != Action.ESCALATE:
        return _("It is escalated; only a lead may decide.")
    if state.guarded and ask.action in {Action.APPROVE, Action.REOPEN}:
        return _("Only a lead may reverse this rejection.")
    return ""


def _apply(state: State, ask: Ask, actor: Actor, *, escalated: bool) -> Verdict:
    sources, target = TABLE[ask.action]
    if ask.action in {Action.HOLD, Action.RELEASE}:
        return _hold(state, held=ask.action == Action.HOLD)
    if ask.action == Action.PURGE and state.held:
        return _refuse(state, Outcome.INVALID, _("It is held; release it before purging."))
    if ask.action == Action.ESCALATE and state.status == PENDING and state.hidden:
        return Verdict(Outcome.UNCHANGED, state, CaseEffect.KEEP)
    if ask.action == Action.REJECT and (state.status in sources or _locks(state, ask)):
        return _reject(state, ask, actor, escalated=escalated)
    if state.status not in sources:
        return _same_again(state, ask, actor, target)
    assert target is not None
    if ask.action == Action.ESCALATE:
        after = State(PENDING, hidden=True, held=state.held)
        return Verdict(Outcome.APPLIED, after, CaseEffect.ESCALATE)
    after = State(target, held=state.held, guarded=ask.action == Action.PURGE and state.guarded)
    effect = CaseEffect.OPEN if ask.action == Action.REOPEN else CaseEffect.CLOSE
    if effect == CaseEffect.OPEN and state.held:
        effect = CaseEffect.ESCALATE  # a held subject is offered to leads only
    return Verdict(Outcome.APPLIED, after, effect)


def _locks(state: State, ask: Ask) -> bool:
    """A critical reason locks the evidence also of what was rejected before for a lesser one."""
    critical = ask.severity == Severity.CRITICAL
    return critical and state.status == REJECTED and not state.held


def _reject(state: State, ask: Ask, actor: Actor, *, escalated: bool) -> Verdict:
    critical = ask.severity == Severity.CRITICAL
    guarded = critical or actor.is_lead
    # The lead who decides an escalation has decided: the case is not handed to the next lead.
    to_lead = critical and not (actor.is_lead and escalated)
    after = State(REJECTED, hidden=to_lead, held=state.held or critical, guarded=guarded)
    return Verdict(Outcome.APPLIED, after, CaseEffect.ESCALATE if to_lead else CaseEffect.CLOSE)


def _same_again(state: State, ask: Ask, actor: Actor, target: str | None) -> Verdict:
    """Approve on approved and reject on rejected close the case; the rest does not fit the
    status.
    """
    if state.status != target or ask.action not in {Action.APPROVE, Action.REJECT, Action.PURGE}:
        return _refuse(state, Outcome.INVALID, _does_not_fit(state, ask))
    if ask.action == Action.PURGE:
        return Verdict(Outcome.UNCHANGED, state)
    guarded = state.guarded or (ask.action == Action.REJECT and actor.is_lead)
    return Verdict(
        Outcome.UNCHANGED, replace(state, hidden=False, guarded=guarded), CaseEffect.CLOSE
    )


def _does_not_fit(state: State, ask: Ask) -> str:
    return _("Cannot %(action)s what is %(status)s.") % {
        "action": Action(ask.action).label.lower(),
        "status": ReviewStatus(state.status).label.lower(),
    }


def _hold(state: State, *, held: bool) -> Verdict:
    if state.held == held:
        return Verdict(Outcome.UNCHANGED, state)
    effect = CaseEffect.MOVE if held else CaseEffect.KEEP
    return Verdict(Outcome.APPLIED, replace(state, held=held), effect)


def _judge_sync(state: State, ask: Ask) -> Verdict:
    if ask.action not in SYNC_ACTIONS:
        return _refuse(state, Outcome.FORBIDDEN, _("A sync does not do this."))
    target = {Action.PURGE: PURGED, Action.REOPEN: PENDING}.get(Action(ask.action), ask.follow)
    if state.status in (PURGED, target):
        return Verdict(Outcome.UNCHANGED, state)
    if target == PURGED:
        if state.held:
            return _refuse(
                state, Outcome.INVALID, _("It is held; a purge upstream is not followed.")
            )
        return Verdict(Outcome.APPLIED, State(PURGED, guarded=state.guarded), CaseEffect.CLOSE)
    if ask.action == Action.REOPEN and state.status != APPROVED:
        return _refuse(state, Outcome.INVALID, _does_not_fit(state, ask))
    if state.hidden or state.held:
        return _refuse(state, Outcome.INVALID, _("It waits for a lead; upstream is not followed."))
    effect = CaseEffect.OPEN if target == PENDING else CaseEffect.CLOSE
    return Verdict(Outcome.APPLIED, State(target), effect)


def _judge_author(state: State, ask: Ask) -> Verdict:
    """Changed content of what was approved is looked at again; nothing else is an author's."""
    if ask.action != Action.REOPEN:
        return _refuse(state, Outcome.FORBIDDEN, _("An author does not do this."))
    return _judge_sync(state, ask)
