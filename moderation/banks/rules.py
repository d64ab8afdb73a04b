"""A bank's rules, and what follows when they change, whoever changes them."""

from collections.abc import Collection

from moderation.banks import own, scans
from moderation.models import Bank

# A change of these may find what was not found before.
RULES = frozenset({"action", "reason", "threshold", "turned", "active"})


def changed(*, bank: Bank, fields: Collection[str], by: int | None, is_new: bool = False) -> bool:
    """To be called once the fields are saved: fills an own bank that is new or takes other reasons,
    and compares all pictures held anew where that may find more; whether it does the latter."""
    if bank.own and (is_new or "reasons" in fields):
        own.rules_changed()
    if is_new or not bank.active or not RULES & set(fields):
        return False
    scans.scan_whole(bank=bank, by=by)
    return True
