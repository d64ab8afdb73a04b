"""Which open cases look alike: their pictures are compared with one representative of each family.

In the worker, before a case is offered. Of one queue only one process compares at a time, under an
advisory lock, so that two halves of a burst that arrive at once meet. Everything it needs to know
is in the database: the hashes in memory are a copy that catches up at each call, and a case that
was passed over (somebody had its row) is compared by the next `compare_open()`.

Only first looks whose causes and priority are the same come together: what was reported, escalated,
reopened or matched is looked at for itself, as are sensitive and held pictures. Nobody's claimed
work is touched: a family never grows while a member is held.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.db import connection, transaction

from core.keys import uuid7
from moderation.enums import CaseKind
from moderation.families import MOST
from moderation.likeness import Hashes
from moderation.models import Case, Representative
from moderation.registry import get_queue, queue_for

CHUNK = 200
# Dead representatives in memory, beside the living, before the copy is read anew.
MANY_DEAD = 10_000

_QUEUES = """
SELECT DISTINCT queue FROM moderation_case
WHERE subject_id = ANY(%s) AND NOT compared AND ready AND kind = 'first_look' ORDER BY queue
"""
_NEWCOMERS = """
SELECT c.id, c.subject_type, c.subject_id, c.source_id, c.priority, c.why, f.pdq
FROM moderation_case c
LEFT JOIN media_attachment a ON a.subject_id = c.subject_id AND a.role = %(role)s
    AND a.state = 'stored' AND NOT a.sensitive AND NOT a.held
LEFT JOIN media_fingerprint f ON f.file_id = a.file_id
WHERE c.subject_id = ANY(%(subjects)s) AND c.queue = %(queue)s AND c.kind = %(kind)s
    AND NOT c.compared AND c.ready AND c.claimed_by_id IS NULL
ORDER BY c.opened_at, c.id FOR UPDATE OF c SKIP LOCKED
"""
_TRY_LOCKS = """
SELECT family FROM unnest(%s::uuid[]) AS u(family)
WHERE pg_try_advisory_xact_lock(uuid_hash_extended(family, 0))
"""
# min(): they are all the same.
_MEMBERS = """
SELECT family, count(*), min(priority), min(why), min(subject_type) FROM moderation_case
WHERE family = ANY(%s) GROUP BY family HAVING bool_and(claimed_by_id IS NULL)
"""
_ALONE = """
SELECT id, priority, why, subject_type FROM moderation_case
WHERE id = ANY(%(ids)s) AND family IS NULL AND claimed_by_id IS NULL AND compared
    AND kind = %(kind)s
ORDER BY id FOR UPDATE SKIP LOCKED
"""
_STILL_OPEN = """
SELECT id FROM moderation_case WHERE id = ANY(%s)
UNION ALL SELECT family FROM moderation_case WHERE family = ANY(%s)
"""
_SETTLE = """
UPDATE moderation_case c SET family = v.family, compared = true
FROM unnest(%s::uuid[], %s::uuid[]) AS v(id, family) WHERE c.id = v.id
"""
_PRUNE = """
DELETE FROM moderation_representative WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM moderation_representative r WHERE r.id > %(after)s AND r.id <= %(upto)s
    AND NOT EXISTS (SELECT 1 FROM moderation_case c WHERE c.id = r.case_id)
    AND NOT EXISTS (SELECT 1 FROM moderation_case c WHERE c.family = r.family)
    FOR UPDATE OF r SKIP LOCKED))
"""
_NEWEST = """
SELECT pg_sequence_last_value(
    pg_get_serial_sequence('moderation_representative', 'id')::regclass),
    (SELECT family FROM moderation_representative WHERE id = %s)
"""

Causes = tuple[int, tuple[str, ...], str]


@dataclass(slots=True)
class Newcomer:
    """A case to compare; `causes`: its priority, its reasons and its subject's type."""

    id: uuid.UUID
    source_id: int | None
    character: str
    causes: Causes
    pdq: bytes


@dataclass(slots=True)
class Look:
    """A representative, what it stands for, and who joined it just now."""

    family: uuid.UUID
    source_id: int | None
    character: str
    pdq: bytes = b""
    case_id: uuid.UUID | None = None
    # None: nobody may join.
    causes: Causes | None = None
    members: int = 0
    joined: list[uuid.UUID] = field(default_factory=list)

    def takes(self, one: Newcomer) -> bool:
        kin = self.source_id is not None and self.source_id == one.source_id
        kin = kin or bool(self.character and self.character == one.character)
        size = max(self.members, 1) + len(self.joined)
        return kin and self.causes == one.causes and size < MOST

    def settled(self) -> list[tuple[uuid.UUID, uuid.UUID | None]]:
        """(case, family) of those whose family is to be written."""
        if not self.joined:
            return []
        alone = [self.case_id] if not self.members and self.case_id else []
        return [(pk, self.family) for pk in [*alone, *self.joined]]


def compare(subject_ids: Collection[uuid.UUID]) -> None:
    """Gives the ready first looks of these subjects their families; safe to repeat."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_QUEUES, [list(subject_ids)])
            slugs = [row[0] for row in cursor.fetchall()]
        for slug in slugs:
            _compare(slug, list(subject_ids))


def compare_open() -> int:
    """Compares what was passed over or opened without a picture's arrival; returns how many."""
    done = 0
    waiting = Case.objects.filter(
        compared=False, ready=True, claimed_by__isnull=True, kind=CaseKind.FIRST_LOOK
    ).order_by("opened_at")
    while ids := list(waiting.values_list("subject_id", flat=True)[:CHUNK]):
        compare(ids)
        left = waiting.filter(subject_id__in=ids).count()
        done += len(ids) - left
        if left:  # somebody has them; the next call
            break
    return done


def prune(chunk: int = 10_000) -> int:
    """Deletes representatives that stand for nothing open any more; returns how many."""
    newest = Representative.objects.order_by("-id").values_list("id", flat=True).first() or 0
    oldest = Representative.objects.order_by("id").values_list("id", flat=True).first() or 0
    gone = 0
    for after in range(oldest - 1, newest, chunk):
        with connection.cursor() as cursor:
            cursor.execute(_PRUNE, {"after": after, "upto": after + chunk})
            gone += cursor.rowcount
    return gone


def _compare(slug: str, subject_ids: list[uuid.UUID]) -> None:
    parameters: dict[str, Any] = {
        "role": get_queue(slug).picture_role, "subjects": subject_ids, "queue": slug,
        "kind": CaseKind.FIRST_LOOK,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"looks {slug}"])
        cursor.execute(_NEWCOMERS, parameters)
        rows = cursor.fetchall()
    if not rows:
        return
    Representative.objects.filter(case_id__in=[row[0] for row in rows]).update(case_id=None)
    looks = _assign(slug, _newcomers(rows))
    Representative.objects.bulk_create([
        Representative(
            family=look.family, queue=slug, case_id=look.case_id, source_id=look.source_id,
            character=look.character, pdq=look.pdq,
        )
        for look in looks if look.pdq
    ])  # fmt: skip
    families: dict[uuid.UUID, uuid.UUID | None] = {row[0]: None for row in rows}
    families.update(pair for look in looks for pair in look.settled())
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [list(families), list(families.values())])


def _newcomers(rows: Sequence[tuple[Any, ...]]) -> list[Newcomer]:
    """Those whose picture can be compared."""
    hashed = [row for row in rows if row[6] is not None]
    characters = _characters((row[1], row[2]) for row in hashed)
    return [
        Newcomer(
            pk, source_id, characters.get(subject_id, ""),
            (priority, tuple(sorted(why)), subject_type), bytes(pdq),
        )
        for pk, subject_type, subject_id, source_id, priority, why, pdq in hashed
    ]  # fmt: skip


def _characters(keys: Iterable[tuple[str, uuid.UUID]]) -> dict[uuid.UUID, str]:
    """The character's upstream id by subject, where the type has one."""
    by_type: dict[str, list[uuid.UUID]] = {}
    for subject_type, subject_id in keys:
        by_type.setdefault(subject_type, []).append(subject_id)
    found: dict[uuid.UUID, str] = {}
    for subject_type, ids in by_type.items():
        queue = queue_for(subject_type)
        if queue.character_field and queue.model is not None:
            rows = queue.model._default_manager.filter(pk__in=ids)
            found |= dict(rows.values_list("pk", queue.character_field))
    return found


def _assign(slug: str, newcomers: Sequence[Newcomer]) -> list[Look]:
    """Each newcomer joins the nearest look that takes it, or becomes one; all looks concerned."""
    known = _known(slug)
    near = [known.near(one.pdq) for one in newcomers]
    present = _present(known, {key for found in near for _, key in found})
    fresh = Hashes()
    looks: list[Look] = []
    for one, found in zip(newcomers, near, strict=True):
        candidates = [(distance, 0, present[key]) for distance, key in found if key in present]
        candidates += [(distance, 1, looks[key]) for distance, key in fresh.near(one.pdq)]
        candidates.sort(key=lambda each: each[:2])
        home = next((look for _, _, look in candidates if look.takes(one)), None)
        if home is not None:
            home.joined.append(one.id)
            continue
        fresh.add([len(looks)], [one.pdq])
        looks.append(Look(uuid7(), one.source_id, one.character, one.pdq, one.id, one.causes))
    return looks + list(present.values())


def _present(known: Hashes, ids: Collection[int]) -> dict[int, Look]:
    """The representatives with what they stand for at this moment, locked against claims.

    What is found to stand for nothing open is forgotten.
    """
    if not ids:
        return {}
    rows = {row.pk: row for row in Representative.objects.filter(pk__in=ids)}
    families = [row.family for row in rows.values()]
    with connection.cursor() as cursor:
        cursor.execute(_TRY_LOCKS, [families])
        cursor.execute(_MEMBERS, [[row[0] for row in cursor.fetchall()]])
        members = {row[0]: row[1:] for row in cursor.fetchall()}
        own = [row.case_id for row in rows.values() if row.case_id and row.family not in members]
        cursor.execute(_ALONE, {"ids": own, "kind": CaseKind.FIRST_LOOK})
        alone = {row[0]: (1, *row[1:]) for row in cursor.fetchall()}
        cursor.execute(_STILL_OPEN, [own, families])
        still_open = {row[0] for row in cursor.fetchall()}
    looks: dict[int, Look] = {}
    for pk, row in rows.items():
        look = Look(row.family, row.source_id, row.character, case_id=row.case_id)
        if stands_for := members.get(row.family) or alone.get(row.case_id):
            count, priority, why, subject_type = stands_for
            look.members = count if row.family in members else 0
            look.causes = (priority, tuple(sorted(why)), subject_type)
        if row.family in members or {row.family, row.case_id} & still_open:
            looks[pk] = look
    dead = set(ids) - set(looks)
    known.drop(dead)
    Representative.objects.filter(pk__in=dead).delete()
    return looks


@dataclass(slots=True)
class Copy:
    """A queue's representatives in memory, up to and including one row."""

    hashes: Hashes = field(default_factory=Hashes)
    upto: int = 0
    family: uuid.UUID | None = None

    def is_stale(self) -> bool:
        """Whether another database bears the same name by now, or too much in it is dead."""
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, [self.upto])
            newest, family = cursor.fetchone()
        other = (newest or 0) < self.upto or (family is not None and family != self.family)
        return other or self.hashes.dead > MANY_DEAD + len(self.hashes)

    def catch_up(self, slug: str) -> None:
        """Those of one queue are written one transaction after the other, so what is visible is
        complete up to the newest."""
        rows = Representative.objects.filter(queue=slug, id__gt=self.upto).order_by("id")
        found = list(rows.values_list("id", "family", "pdq"))
        self.hashes.add([row[0] for row in found], [bytes(row[2]) for row in found])
        if found:
            self.upto, self.family = found[-1][:2]


_copies: dict[tuple[str, str], Copy] = {}
_copies_lock = Lock()


def _known(slug: str) -> Hashes:
    """The representatives' hashes, as far as this transaction sees them."""
    name = (str(connection.settings_dict["NAME"]), slug)
    with _copies_lock:
        copy = _copies.get(name)
        if copy is None or copy.is_stale():
            copy = _copies[name] = Copy()
        copy.catch_up(slug)
        return copy.hashes
