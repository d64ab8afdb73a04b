"""A bank's rules, and what follows when they change, whoever changes them."""

from collections.abc import Collection

from moderation.banks import scans
from moderation.models import Bank

# A change of these may find what was not found before.
RULES = frozenset({"action", "reason", "threshold", "turned", "active"})


def changed(*, bank: Bank, fields: Collection[str], by: int | None) -> bool:
    """To be called once the fields are saved: compares all pictures held anew where that may find
    more; whether it does."""
    if not bank.active or not RULES & set(fields):
        return False
    scans.scan_whole(bank=bank, by=by)
    return True
