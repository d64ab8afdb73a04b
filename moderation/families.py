"""Families at a claim: look-alikes are leased whole, with one token, and never in two hands.

What makes cases a family is written by moderation/comparing.py. Whoever claims a member holds an
advisory lock on the family until the transaction's end.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from accounts.models import User
from core.prepared import prepared_cursor
from moderation.models import Case

# At most so many cases are one family: what one person may hold.
MOST = 500

# A claim's conditions on one case `c`, apart from its family. Where a judgement is looked at again
# (`not_for`), nobody who has judged the subject before is offered it: see store.judged_by().
OFFERED = """
c.queue = %(queue)s AND c.claimed_by_id IS NULL AND c.ready
AND (c.not_for IS NULL OR (c.not_for <> %(user)s AND NOT EXISTS (
    SELECT 1 FROM moderation_decision d WHERE d.subject_id = c.subject_id
    AND d.actor_id = %(user)s AND d.action IN ('approve', 'reject'))))
AND NOT EXISTS (SELECT 1 FROM moderation_skip k
                WHERE k.user_id = %(user)s AND k.subject_id = c.subject_id AND k.at >= %(shift)s)
"""
# For a case with a family: nobody holds a member, and nobody is claiming one at this moment. Asked
# before the row is locked, so that a claim never keeps a row from the one that has the family.
# LIMIT keeps the planner from reading all leases to answer it.
FREE = """
((SELECT true FROM moderation_case m WHERE m.family = c.family AND m.claimed_by_id IS NOT NULL
  LIMIT 1) IS NULL AND pg_try_advisory_xact_lock(uuid_hash_extended(c.family, 0)))
"""
# The members that a claim did not come upon by itself; those that somebody is deciding right now
# stay behind, and are offered once the family is settled.
_KIN = f"""
SELECT c.id, c.family, c.priority, c.opened_at FROM moderation_case c
WHERE c.family = ANY(%(families)s) AND {OFFERED}
FOR UPDATE OF c SKIP LOCKED
"""
# Read after the lock, so that it knows what the lock's previous holder did.
_IN_OTHER_HANDS = """
SELECT DISTINCT family FROM moderation_case
WHERE family = ANY(%s) AND claimed_by_id IS NOT NULL AND id <> ALL(%s)
"""
_FIELDS = [field.attname for field in Case._meta.concrete_fields]
_LEASE = f"""
UPDATE moderation_case c SET claimed_by_id = %(user)s, claim_token = v.token,
    claimed_at = statement_timestamp(), claimed_until = statement_timestamp() + %(lease)s::interval
FROM unnest(%(ids)s::uuid[], %(tokens)s::uuid[]) AS v(id, token) WHERE c.id = v.id
RETURNING {", ".join(f"c.{name}" for name in _FIELDS)}
"""
_GIVE_BACK = """
UPDATE moderation_case SET claimed_by_id = NULL, claim_token = NULL, claimed_at = NULL,
    claimed_until = NULL WHERE id = ANY(%s)
"""


@dataclass(slots=True)
class Unit:
    """What is decided together: one case, or a family."""

    family: uuid.UUID | None
    token: uuid.UUID
    ids: list[uuid.UUID] = field(default_factory=list)


def whole(
    *, claimed: Sequence[Case], limit: int, room: int, parameters: dict[str, Any]
) -> list[Case]:
    """Completes a claim that came upon families; gives back what does not fit any more.

    Units follow each other by urgency until `limit` cases are reached: the last one is whole all
    the same. Nobody's hands get fuller than `room`: at the first unit that does not fit the claim
    ends, so that a large family is never passed over for good. `parameters`: those of the claim.
    """
    with prepared_cursor() as cursor:
        units = _units(cursor, claimed, parameters)
        kept = _fitting(units, limit, room)
        taken = {pk for unit in kept for pk in unit.ids}
        back = [case.pk for case in claimed if case.pk not in taken]
        if back:
            cursor.execute(_GIVE_BACK, [back])
        rows = _lease(cursor, [unit for unit in kept if unit.family is not None], parameters)
    alone = [case for case in claimed if case.pk in taken and case.pk not in rows]
    return alone + list(rows.values())


def _units(cursor: Any, claimed: Sequence[Case], parameters: dict[str, Any]) -> list[Unit]:
    """By urgency; families that somebody else got hold of are not among them."""
    names = list({case.family for case in claimed if case.family is not None})
    cursor.execute(_IN_OTHER_HANDS, [names, [case.pk for case in claimed]])
    lost = {row[0] for row in cursor.fetchall()}
    cursor.execute(_KIN, {**parameters, "families": [name for name in names if name not in lost]})
    members = [(case.pk, case.family, case.priority, case.opened_at) for case in claimed]
    members += cursor.fetchall()
    tokens = {case.family or case.pk: case.claim_token or case.pk for case in claimed}
    units: dict[uuid.UUID, Unit] = {}
    for pk, family, _, _ in sorted(members, key=lambda m: (-m[2], m[3], m[0])):
        if family in lost:
            continue
        name = family or pk
        if name not in units:
            units[name] = Unit(family, tokens[name])
        # An undo may bring back more than fit: the rest is claimed when these are decided.
        if len(units[name].ids) < MOST:
            units[name].ids.append(pk)
    return list(units.values())


def _fitting(units: Sequence[Unit], limit: int, room: int) -> list[Unit]:
    count = 0
    for index, unit in enumerate(units):
        if count >= limit or count + len(unit.ids) > room:
            return list(units[:index])
        count += len(unit.ids)
    return list(units)


def _lease(cursor: Any, units: Sequence[Unit], parameters: dict[str, Any]) -> dict[uuid.UUID, Case]:
    ids = [pk for unit in units for pk in unit.ids]
    tokens = [unit.token for unit in units for _ in unit.ids]
    cursor.execute(_LEASE, {**parameters, "ids": ids, "tokens": tokens})
    rows = [Case.from_db(connection.alias, _FIELDS, row) for row in cursor.fetchall()]
    return {row.pk: row for row in rows}


def lock(family: uuid.UUID) -> None:
    """Waits until nobody claims the family, and keeps it until the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(uuid_hash_extended(%s::uuid, 0))", [family])


def groups(cases: Sequence[Case], user: User) -> dict[uuid.UUID | None, list[Case]]:
    """By the family that they can be claimed as, None for each alone: two or more of one of which
    nobody else holds a member. Their families are locked.
    """
    by_family: dict[uuid.UUID, list[Case]] = {}
    for case in cases:
        if case.family is not None:
            by_family.setdefault(case.family, []).append(case)
    elsewhere = set(
        Case.objects.filter(family__in=by_family, claimed_by__isnull=False)
        .exclude(claimed_by=user)
        .values_list("family", flat=True)
    )
    kept = {name for name, group in by_family.items() if len(group) > 1} - elsewhere
    found: dict[uuid.UUID | None, list[Case]] = {}
    for case in cases:
        found.setdefault(case.family if case.family in kept else None, []).append(case)
    return found


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Most urgent first; the members of a family follow the most urgent of them."""
    by_urgency = sorted(cases, key=lambda case: (-case.priority, case.opened_at, case.pk))
    first: dict[uuid.UUID, int] = {}
    for place, case in enumerate(by_urgency):
        first.setdefault(case.family or case.pk, place)
    return sorted(by_urgency, key=lambda case: first[case.family or case.pk])


def members(
    claims: Sequence[tuple[uuid.UUID, uuid.UUID]],
) -> dict[tuple[uuid.UUID, uuid.UUID], list[uuid.UUID]]:
    """The case ids by (family, claim token), the most urgent first; one query for all."""
    if not claims:
        return {}
    rows = Case.objects.filter(
        family__in={family for family, _ in claims}, claim_token__in={token for _, token in claims}
    )
    found: dict[tuple[uuid.UUID, uuid.UUID], list[uuid.UUID]] = {}
    for case in in_order(rows):
        assert case.family is not None and case.claim_token is not None
        found.setdefault((case.family, case.claim_token), []).append(case.pk)
    return found


def sharing(cases: Sequence[Case]) -> Iterator[tuple[Case, uuid.UUID | None]]:
    """Each case with its family, None where no other one of it is among them."""
    counts: dict[uuid.UUID, int] = {}
    for case in cases:
        if case.family is not None:
            counts[case.family] = counts.get(case.family, 0) + 1
    for case in cases:
        yield case, case.family if case.family and counts[case.family] > 1 else None
