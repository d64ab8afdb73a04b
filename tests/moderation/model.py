"""A second, independent reading of design.md's transition table, for the property tests.

Written as plain rules over dictionaries on purpose: it shares no code with
moderation/transitions.py.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

RANK = {"viewer": 0, "moderator": 1, "lead": 2}
CRITICAL = "minor-safety"


@dataclass
class Thing:
    """A subject as the model sees it; `case` is None or the name of the queue it waits in."""

    status: str = "pending"
    hidden: bool = False
    held: bool = False
    guarded: bool = False  # only a lead may reverse the rejection in force
    case: str | None = "images"
    history: list["Entry"] = field(default_factory=list)


@dataclass
class Entry:
    batch: Any
    who: str
    before: dict[str, Any]
    guarded_after: bool
    held_after: bool
    undone: bool = False
    is_undo: bool = False


def look(thing: Thing) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in ("status", "hidden", "held", "guarded", "case")}


def act(thing: Thing, who: str, role: str, action: str, reason: str, note: str) -> str:
    """Changes `thing` and says the outcome; the caller, who knows the batch, keeps the history."""
    if action in ("reject", "purge") and not reason:
        return "invalid"
    if action in ("reopen", "hold", "release") and not note:
        return "invalid"
    if action == "escalate" and not (reason or note):
        return "invalid"
    if RANK[role] < 1:
        return "forbidden"
    lead = role == "lead"
    if not lead:
        if thing.case == "escalations" and action != "escalate":
            return "forbidden"
        if action in ("hold", "release", "purge") or thing.held:
            return "forbidden"
        if thing.hidden and action != "escalate":
            return "forbidden"
        if thing.guarded and action in ("approve", "reopen"):
            return "forbidden"
    return {
        "approve": _approve, "reject": _reject, "reopen": _reopen, "escalate": _escalate,
        "hold": _hold, "release": _release, "purge": _purge,
    }[action](thing, lead, reason)  # fmt: skip


def _approve(thing, lead, reason):
    if thing.status == "purged":
        return "invalid"
    outcome = "unchanged" if thing.status == "approved" else "applied"
    thing.status, thing.hidden, thing.case = "approved", False, None
    thing.guarded = False
    return outcome


def _reject(thing, lead, reason):
    if thing.status == "purged":
        return "invalid"
    if thing.status == "rejected" and not (reason == CRITICAL and not thing.held):
        thing.hidden, thing.case = False, None
        thing.guarded = thing.guarded or lead
        return "unchanged"
    to_lead = reason == CRITICAL and not (lead and thing.case == "escalations")
    thing.status, thing.hidden = "rejected", to_lead
    thing.guarded = lead or reason == CRITICAL
    thing.held = thing.held or reason == CRITICAL
    thing.case = "escalations" if to_lead else None
    return "applied"


def _reopen(thing, lead, reason):
    if thing.status not in ("approved", "rejected"):
        return "invalid"
    thing.status, thing.hidden, thing.guarded = "pending", False, False
    if thing.held:
        thing.case = "escalations"
    elif thing.case is None:
        thing.case = "images"
    return "applied"


def _escalate(thing, lead, reason):
    if thing.status not in ("pending", "approved"):
        return "invalid"
    if thing.status == "pending" and thing.hidden:
        return "unchanged"
    thing.status, thing.hidden, thing.guarded = "pending", True, False
    thing.case = "escalations"
    return "applied"


def _hold(thing, lead, reason):
    if thing.held:
        return "unchanged"
    thing.held = True
    if thing.case:
        thing.case = "escalations"
    return "applied"


def _release(thing, lead, reason):
    if not thing.held:
        return "unchanged"
    thing.held = False
    return "applied"


def _purge(thing, lead, reason):
    if thing.held:
        return "invalid"
    if thing.status == "purged":
        return "unchanged"
    if thing.status != "rejected":
        return "invalid"
    thing.status, thing.hidden, thing.case = "purged", False, None
    return "applied"


def undo(thing: Thing, who: str, role: str, batch: Any) -> str:
    entry = next(each for each in thing.history if each.batch == batch)
    if entry.is_undo:
        return "invalid"
    mine = RANK[role] >= 1 and entry.who == who
    if role != "lead" and (not mine or entry.guarded_after or entry.held_after):
        return "forbidden"
    if entry.undone:
        return "conflict"
    later = thing.history[thing.history.index(entry) + 1 :]
    if any(not each.undone and not each.is_undo for each in later):
        return "conflict"
    for name, value in copy.deepcopy(entry.before).items():
        setattr(thing, name, value)
    entry.undone = True
    return "applied"
