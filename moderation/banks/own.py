"""Own banks: rejected and purged pictures join by their reason, and leave with the rejection.

Nothing here depends on what happened in between: membership follows from the subjects' decisions
(see `refused`), so that an event may come late or twice.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from media.models import Attachment
from moderation import outbox
from moderation.banks.counting import entries_changed
from moderation.banks.refused import OUT, REFUSALS, Entry, History, Picture, Step
from moderation.enums import ActorKind
from moderation.models import Bank, BankEntry, Decision
from moderation.registry import model_for, queue_for, subject_types
from moderation.store import SubjectKey

FIRST_BANK = "own"
# So many rejections are looked at again in one transaction when a bank's rules change.
PIECE = 500

# What a rule rejected because it is near an entry does not become one itself: such chains would
# drift away from what a person has seen. What a lead took out by hand stays out until somebody
# decides again.
_JOIN = """
INSERT INTO moderation_bankentry AS e (bank_id, key, pdq, sha256, quality, label, source,
    subject_type, subject_id, added_by, added_at, note)
SELECT v.bank_id, md5(encode(f.sha256, 'hex') || v.subject_id::text)::uuid, p.pdq, f.sha256,
    p.quality, left(v.reason, 60), '', v.subject_type, v.subject_id, v.decided_by, v.decided_at, ''
FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::bigint[],
    %s::timestamptz[])
    AS v(bank_id, subject_type, subject_id, file_id, reason, decided_by, decided_at)
JOIN media_file f ON f.id = v.file_id
LEFT JOIN media_fingerprint p ON p.file_id = f.id
ORDER BY 1, 2
ON CONFLICT (bank_id, key) DO UPDATE SET pdq = excluded.pdq, quality = excluded.quality,
    label = excluded.label, added_by = excluded.added_by, added_at = excluded.added_at,
    scan_id = NULL, removed_at = NULL, removed_by = NULL, removed_why = '',
    changed = pg_current_xact_id()::text::bigint
WHERE (e.removed_why = '' OR excluded.added_at > e.removed_at)
    AND (e.removed_at IS NOT NULL OR e.label <> excluded.label
         OR e.pdq IS DISTINCT FROM excluded.pdq)
RETURNING id, bank_id
"""
_LEAVE = """
UPDATE moderation_bankentry e SET removed_at = now(), removed_by = v.actor
FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, actor) WHERE e.id = v.id RETURNING e.bank_id
"""


def follow(payload: dict[str, Any]) -> None:
    """Outbox handler: subjects that are, or were, rejected or purged."""
    keys = [(kind, uuid.UUID(subject_id)) for kind, subject_id in payload["subjects"]]
    refresh(keys)


def refresh_soon(keys: Iterable[SubjectKey]) -> None:
    """Has the outbox do it, when the caller's transaction has ended."""
    if subjects := sorted({(kind, str(subject_id)) for kind, subject_id in keys}):
        outbox.enqueue("own_banks", {"subjects": subjects})


def arrived(attachments: Collection[Attachment]) -> None:
    """Pictures that come after their subject was rejected or purged join too. Of a rejection at
    this moment, one of the two waits for the other: it ends the links of every attachment."""
    for subject_type in {each.subject_type for each in attachments}:
        ids = [each.subject_id for each in attachments if each.subject_type == subject_type]
        out = model_for(subject_type).objects.filter(pk__in=ids, review_status__in=OUT)
        refresh_soon((subject_type, pk) for pk in out.values_list("pk", flat=True))


def rules_changed() -> None:
    """A bank is new, or takes other reasons: all that was ever rejected is looked at again."""
    outbox.enqueue("fill_own_banks", {"after": 0})


def fill(payload: dict[str, Any]) -> None:
    """Outbox handler: a piece of what was ever rejected; the rest waits as an event of its own."""
    refusals = Decision.objects.filter(action__in=REFUSALS, subject_type__in=subject_types())
    refusals = refusals.exclude(reason="").exclude(actor_kind=ActorKind.RULE).order_by("pk")
    rows = refusals.filter(pk__gt=payload["after"])
    piece = list(rows.values_list("pk", "subject_type", "subject_id")[:PIECE])
    refresh((subject_type, subject_id) for _, subject_type, subject_id in piece)
    if len(piece) == PIECE:
        outbox.enqueue("fill_own_banks", {"after": piece[-1][0]})


@transaction.atomic
def refresh(keys: Iterable[SubjectKey]) -> None:
    """Brings the subjects' membership up to date, in all own banks."""
    unique = sorted(set(keys))
    _lock(unique)
    histories = _histories(unique)
    refused = {
        key: {picture.sha256: (picture, step) for picture, step in history.pictures()}
        for key, history in histories.items()
    }
    if not any(refused.values()) and not any(each.entries for each in histories.values()):
        return
    banks = {bank.pk: bank for bank in own_banks()}
    joining = [
        (bank.pk, *key, picture.file_id, step.reason, step.by, step.at)
        for key, pictures in refused.items()
        for picture, step in pictures.values()
        for bank in banks.values()
        if bank.takes(step.reason)
    ]
    live: set[int] = set()
    leaving: list[tuple[int, int | None]] = []
    for key, history in histories.items():
        for entry in history.live:
            if _stays(entry, history, refused[key], banks[entry.bank_id]):
                live.add(entry.id)
            else:
                leaving.append((entry.id, history.last_by))
    _write(joining, leaving, live)


def _stays(
    entry: Entry, history: History, refused: dict[bytes, tuple[Picture, Step]], bank: Bank
) -> bool:
    if entry.sha256 in refused:
        return bank.takes(refused[entry.sha256][1].reason)
    return bank.takes(entry.label) and history.stays(entry)


def _write(
    joining: Sequence[tuple[Any, ...]], leaving: Sequence[tuple[int, int | None]], live: set[int]
) -> None:
    """`live`: entries that are in already, and stay."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, _columns(leaving, 2))
        entries_changed([row[0] for row in cursor.fetchall()], -1)
        cursor.execute(_JOIN, _columns(joining, 7))
        entries_changed([bank for pk, bank in cursor.fetchall() if pk not in live], 1)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[number] for row in rows] for number in range(width)]


def _lock(keys: Sequence[SubjectKey]) -> None:
    """One refresh of a subject after the other, in the order in which decide() locks: what is read
    from here on is what the last one left, or newer."""
    ids = [key[1] for key in keys]
    for subject_type in sorted({key[0] for key in keys}):
        rows = model_for(subject_type).objects.filter(pk__in=ids).order_by("pk")
        list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _histories(keys: Sequence[SubjectKey]) -> dict[SubjectKey, History]:
    ids = [key[1] for key in keys]
    steps, pictures, entries = _steps(ids), _pictures(keys), _entries(ids)
    found = {}
    for key in keys:
        newest, kept = (pictures.get((key[1], role)) for role in _roles(key[0]))
        found[key] = History(steps.get(key[1], []), newest, kept, entries.get(key[1], []))
    return found


def _steps(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Step]]:
    columns = (
        "subject_id", "at", "action", "from_status", "to_status", "reason", "actor_kind",
        "actor_id", "reverses",
    )  # fmt: skip
    rows = list(Decision.objects.filter(subject_id__in=ids).order_by("id").only(*columns))
    undone = {row.reverses for row in rows if row.reverses is not None}
    found: dict[uuid.UUID, list[Step]] = {}
    for row in rows:
        refuses = row.action in REFUSALS and row.reason and row.actor_kind != ActorKind.RULE
        step = Step(
            row.at, row.from_status, row.to_status, row.reason, row.actor_id,
            refuses=bool(refuses), undone=row.pk in undone,
        )  # fmt: skip
        found.setdefault(row.subject_id, []).append(step)
    return found


def _roles(subject_type: str) -> tuple[str, str]:
    queue = queue_for(subject_type)
    return queue.picture_role, queue.refused_role


def _pictures(keys: Sequence[SubjectKey]) -> dict[tuple[uuid.UUID, str], Picture]:
    rows = Attachment.objects.filter(
        subject_id__in=[key[1] for key in keys],
        role__in={role for kind in {key[0] for key in keys} for role in _roles(kind)},
        file__isnull=False,
    ).select_related("file")
    return {
        (row.subject_id, row.role): Picture(
            row.file_id, bytes(row.file.sha256), row.created_at, row.stored_at
        )
        for row in rows
        if row.file is not None and row.file_id is not None
    }


def _entries(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Entry]]:
    """Locked: a lead who takes one out at this moment comes before or after."""
    rows = BankEntry.objects.filter(bank__own=True, subject_id__in=ids, sha256__isnull=False)
    found: dict[uuid.UUID, list[Entry]] = {}
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        assert row.subject_id is not None
        entry = Entry(
            row.pk, row.bank_id, bytes(row.sha256), row.label, row.added_at,
            is_live=row.removed_at is None,
        )  # fmt: skip
        found.setdefault(row.subject_id, []).append(entry)
    return found


def own_banks() -> list[Bank]:
    """The first one is made when it is first needed: it takes every reason, and looks for turned
    copies."""
    found = list(Bank.objects.filter(own=True))
    if found:
        return found
    bank, _ = Bank.objects.get_or_create(slug=FIRST_BANK, defaults={"own": True, "turned": True})
    return [bank]
