"""How many entries and matches a bank has: kept as differences, never counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from moderation.models import Tally

ENTRIES, MATCHES = "bank", "bank_hit"


@dataclass(frozen=True, slots=True)
class BankCount:
    entries: int
    matches: int


def entries_changed(bank_ids: Sequence[int], delta: int) -> None:
    """One for each entry that came (1) or went (-1); in the transaction that changes them."""
    _note(ENTRIES, bank_ids, delta)


def matched(bank_ids: Sequence[int]) -> None:
    """One for each new match; in the transaction that records them."""
    _note(MATCHES, bank_ids, 1)


def _note(scope: str, bank_ids: Sequence[int], delta: int) -> None:
    Tally.objects.bulk_create(
        [
            Tally(scope=scope, name=str(bank), delta=delta * count)
            for bank, count in Counter(bank_ids).items()
        ]
    )


def counts() -> dict[int, BankCount]:
    """By bank id; those without any are left out."""
    rows = Tally.objects.filter(scope__in=[ENTRIES, MATCHES]).values_list("scope", "name")
    found = {(scope, int(name)): total for scope, name, total in rows.annotate(Sum("delta"))}
    return {
        bank: BankCount(found.get((ENTRIES, bank), 0), found.get((MATCHES, bank), 0))
        for bank in {key[1] for key in found}
    }
