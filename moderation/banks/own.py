"""Own banks: rejected and purged pictures join by their reason, and leave with the rejection.

Nothing here depends on what happened in between: membership follows from the subjects' present
state, so that an event may come late or twice.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from moderation.banks.counting import entries_changed
from moderation.enums import Action, ActorKind, ReviewStatus
from moderation.models import Bank, Decision
from moderation.registry import model_for
from moderation.store import SubjectKey

TOPIC = "own_banks"
FIRST_BANK = "own"

# What a rule rejected because it is near an entry does not become one itself: such chains would
# drift away from what a person has seen. What a lead took out by hand stays out until somebody
# decides again.
_JOIN = """
INSERT INTO moderation_bankentry AS e (bank_id, key, pdq, sha256, quality, label, source,
    subject_type, subject_id, added_by, added_at, note)
SELECT b.id, md5(encode(f.sha256, 'hex') || v.subject_id::text)::uuid, p.pdq, f.sha256, p.quality,
    left(v.reason, 60), '', v.subject_type, v.subject_id, v.decided_by, v.decided_at, ''
FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[])
    AS v(bank_id, subject_type, subject_id, reason, decided_by, decided_at)
JOIN moderation_bank b ON b.id = v.bank_id
JOIN media_attachment a ON a.subject_id = v.subject_id
JOIN media_file f ON f.id = a.file_id
LEFT JOIN media_fingerprint p ON p.file_id = f.id
ORDER BY 1, 2
ON CONFLICT (bank_id, key) DO UPDATE SET pdq = excluded.pdq, quality = excluded.quality,
    label = excluded.label, added_by = excluded.added_by, added_at = now(), scan_id = NULL,
    removed_at = NULL, removed_by = NULL, removed_why = '',
    changed = pg_current_xact_id()::text::bigint
WHERE (e.removed_why = '' OR excluded.added_at > e.removed_at)
    AND (e.removed_at IS NOT NULL OR e.label <> excluded.label
         OR e.pdq IS DISTINCT FROM excluded.pdq)
RETURNING bank_id
"""
_LEAVE = """
UPDATE moderation_bankentry e SET removed_at = now(), removed_by = v.actor
FROM unnest(%s::uuid[], %s::bigint[]) AS v(subject_id, actor), moderation_bank b
WHERE e.subject_id = v.subject_id AND e.removed_at IS NULL AND b.id = e.bank_id AND b.own
    AND NOT EXISTS (SELECT 1 FROM unnest(%s::bigint[], %s::uuid[]) AS k(bank_id, subject_id)
                    WHERE k.bank_id = e.bank_id AND k.subject_id = e.subject_id)
RETURNING e.bank_id
"""


def follow(payload: dict[str, Any]) -> None:
    """Outbox handler: subjects that are, or were, rejected or purged."""
    keys = [(kind, uuid.UUID(subject_id)) for kind, subject_id in payload["subjects"]]
    refresh(keys)


def refresh(keys: Iterable[SubjectKey]) -> None:
    """Brings the subjects' membership up to date, in all own banks."""
    unique = sorted(set(keys))
    rejections = _rejections(unique)
    members = [
        (bank.pk, key, decision)
        for key, decision in rejections.items()
        for bank in own_banks()
        if not bank.reasons or decision.reason in bank.reasons
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _LEAVE,
            [
                [key[1] for key in unique],
                _last_actors([key[1] for key in unique]),
                [bank for bank, _, _ in members],
                [key[1] for _, key, _ in members],
            ],
        )
        entries_changed([row[0] for row in cursor.fetchall()], -1)
        cursor.execute(_JOIN, _columns(members))
        entries_changed([row[0] for row in cursor.fetchall()], 1)


def own_banks() -> list[Bank]:
    """The first one is made when it is first needed: it takes every reason, and looks for turned
    copies."""
    found = list(Bank.objects.filter(own=True))
    if found:
        return found
    bank, _ = Bank.objects.get_or_create(slug=FIRST_BANK, defaults={"own": True, "turned": True})
    return [bank]


def _columns(members: Sequence[tuple[int, SubjectKey, Decision]]) -> list[list[Any]]:
    return [
        [bank for bank, _, _ in members],
        [key[0] for _, key, _ in members],
        [key[1] for _, key, _ in members],
        [decision.reason for _, _, decision in members],
        [decision.actor_id for _, _, decision in members],
        [decision.at for _, _, decision in members],
    ]


def _rejections(keys: Sequence[SubjectKey]) -> dict[SubjectKey, Decision]:
    """Of those that stand rejected or purged: the newest decision of a person or a sync that gave
    the reason."""
    out = [ReviewStatus.REJECTED, ReviewStatus.PURGED]
    standing: dict[uuid.UUID, SubjectKey] = {}
    for subject_type in {key[0] for key in keys}:
        ids = [key[1] for key in keys if key[0] == subject_type]
        rows = model_for(subject_type).objects.filter(pk__in=ids, review_status__in=out)
        standing |= {pk: (subject_type, pk) for pk in rows.values_list("pk", flat=True)}
    decisions = (
        Decision.objects.filter(
            subject_id__in=list(standing), action__in=[Action.REJECT, Action.PURGE]
        )
        .exclude(reason="")
        .exclude(actor_kind=ActorKind.RULE)
        .order_by("subject_id", "id")
    )
    return {standing[each.subject_id]: each for each in decisions}


def _last_actors(subject_ids: Sequence[uuid.UUID]) -> list[int | None]:
    """Whose decision came last, in the order given."""
    rows = Decision.objects.filter(subject_id__in=subject_ids).order_by("id")
    last = dict(rows.values_list("subject_id", "actor_id"))
    return [last.get(each) for each in subject_ids]
