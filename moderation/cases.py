"""Open work: opening cases, claiming them, and giving them back. Closing one is decide()'s
business.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.keys import uuid7
from moderation.assignments import works
from moderation.enums import CaseKind, Priority, Why
from moderation.errors import NotAllowed, StaleClaim
from moderation.models import Case, Skip
from moderation.prepared import prepared_cursor
from moderation.queues import ESCALATIONS
from moderation.registry import get_queue, queue_for

MAX_HELD = 500
MAX_CLAIM = 100
SHIFT_GAP = timedelta(hours=4)
# A claim takes back at most so many expired leases and readies at most so many late cases first.
TAKE_BACK = 200
# How long a case waits for its picture before it is offered without.
WAIT_FOR_BYTES = timedelta(minutes=10)


@dataclass(slots=True)
class NewCase:
    """A cause to look at a subject; `queue` None is the subject's own. Times default to now."""

    subject_type: str
    subject_id: uuid.UUID
    source_id: int | None = None
    queue: str | None = None
    kind: str = CaseKind.FIRST_LOOK
    why: list[str] = field(default_factory=lambda: [str(Why.FIRST_LOOK)])
    priority: int = Priority.NORMAL
    opened_at: datetime | None = None
    ready: bool = True
    not_for: int | None = None
    id: uuid.UUID | None = None


# A new cause raises the open case and adds to its reasons; an escalation also moves it.
_OPEN = """
INSERT INTO moderation_case AS c (id, queue, kind, subject_type, subject_id, source_id, priority,
why,
    opened_at, due_at, ready_at, ready, not_for)
SELECT v.id, v.queue, v.kind, v.subject_type, v.subject_id, v.source_id, v.priority,
    string_to_array(v.why, E'\\x1f'), v.opened_at, v.due_at, v.ready_at, v.ready, v.not_for
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::bigint[],
%s::smallint[],
    %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bool[], %s::bigint[])
    AS v(id, queue, kind, subject_type, subject_id, source_id, priority, why,
         opened_at, due_at, ready_at, ready, not_for)
ORDER BY v.subject_id
ON CONFLICT (subject_id) DO UPDATE SET
    priority = GREATEST(c.priority, EXCLUDED.priority),
    why = c.why || ARRAY(SELECT w FROM unnest(EXCLUDED.why) w WHERE w <> ALL (c.why)),
    due_at = LEAST(c.due_at, EXCLUDED.due_at),
    queue = CASE WHEN EXCLUDED.kind = 'escalation' THEN EXCLUDED.queue ELSE c.queue END,
    kind = CASE WHEN EXCLUDED.kind = 'escalation' THEN EXCLUDED.kind ELSE c.kind END,
    not_for = COALESCE(c.not_for, EXCLUDED.not_for)
"""


def open_cases(rows: Sequence[NewCase]) -> int:
    """Opens or raises one case per subject; returns how many were opened or raised."""
    if not rows:
        return 0
    now = timezone.now()
    columns: list[list[object]] = [[] for _ in range(13)]
    for row in {row.subject_id: row for row in rows}.values():
        queue = get_queue(row.queue) if row.queue else queue_for(row.subject_type)
        opened_at = row.opened_at or now
        values = (
            row.id or _new_id(), queue.slug, row.kind, row.subject_type, row.subject_id,
            row.source_id, row.priority, "\x1f".join(row.why), opened_at, opened_at + queue.sla,
            opened_at if row.ready else opened_at + WAIT_FOR_BYTES, row.ready, row.not_for,
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, columns)
        return int(cursor.rowcount)


def _new_id() -> uuid.UUID:
    return uuid7()


def move_to_escalations(moves: Sequence[tuple[uuid.UUID, list[str], int]]) -> None:
    """(case id, added why, priority): the case goes to the leads and every claim on it ends."""
    due = timezone.now() + get_queue(ESCALATIONS).sla
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE moderation_case c SET queue = %s, kind = 'escalation',"
            " priority = GREATEST(c.priority, v.priority), due_at = LEAST(c.due_at, %s),"
            " why = c.why || ARRAY(SELECT w FROM unnest(string_to_array(v.why, E'\\x1f')) w"
            " WHERE w <> ALL (c.why)), ready = true,"
            " claimed_by_id = NULL, claim_token = NULL, claimed_at = NULL, claimed_until = NULL"
            " FROM unnest(%s::uuid[], %s::text[], %s::smallint[]) AS v(id, why, priority)"
            " WHERE c.id = v.id",
            [
                ESCALATIONS,
                due,
                [move[0] for move in moves],
                ["\x1f".join(move[1]) for move in moves],
                [move[2] for move in moves],
            ],
        )


# Expired leases come back and late pictures are waited for no longer: no job is needed for either.
_TAKE_BACK = """
WITH expired AS (
    UPDATE moderation_case SET claimed_by_id = NULL WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM moderation_case WHERE claimed_by_id IS NOT NULL AND claimed_until <
        statement_timestamp() ORDER BY claimed_until LIMIT %(few)s FOR UPDATE SKIP LOCKED))
)
UPDATE moderation_case SET ready = true WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM moderation_case WHERE NOT ready AND ready_at <= statement_timestamp()
    ORDER BY ready_at LIMIT %(few)s FOR UPDATE SKIP LOCKED))
"""
_SHIFT = """
INSERT INTO moderation_shift AS s (user_id, started_at, last_claim_at) VALUES (%(user)s,
statement_timestamp(), statement_timestamp()) ON CONFLICT (user_id) DO UPDATE SET last_claim_at =
statement_timestamp(), started_at =
    CASE WHEN s.last_claim_at < statement_timestamp() - %(gap)s::interval THEN
    statement_timestamp() ELSE s.started_at END
RETURNING started_at, (SELECT count(*) FROM moderation_case WHERE claimed_by_id = %(user)s)
"""
# By ctid: `id IN (SELECT … LIMIT n FOR UPDATE SKIP LOCKED)` may be planned as a nested loop that
# claims more.
_FIELDS = [field.attname for field in Case._meta.concrete_fields]
_CLAIM = f"""
UPDATE moderation_case SET claimed_by_id = %(user)s, claim_token = gen_random_uuid(),
    claimed_at = statement_timestamp(), claimed_until = statement_timestamp() + %(lease)s::interval
WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM moderation_case c
    WHERE c.queue = %(queue)s AND c.claimed_by_id IS NULL AND c.ready
      AND c.not_for IS DISTINCT FROM %(user)s
      AND NOT EXISTS (SELECT 1 FROM moderation_skip k
                      WHERE k.user_id = %(user)s AND k.subject_id = c.subject_id AND k.at >=
                      %(shift)s)
    ORDER BY c.priority DESC, c.opened_at, c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED))
RETURNING {", ".join(_FIELDS)}
"""


def claim(*, user: User, queue: str, limit: int) -> list[Case]:
    """Leases up to `limit` cases of a queue to `user`, most urgent first; each with a new token.

    Raises UnknownQueue, and NotAllowed for a queue outside the user's role or given to others. At
    most MAX_HELD are held.
    """
    _may_work(user, queue)
    limit = max(1, min(limit, MAX_CLAIM))
    with transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute(_TAKE_BACK, {"few": TAKE_BACK})
        cursor.execute(_SHIFT, {"user": user.pk, "gap": SHIFT_GAP})
        shift_start, held_now = cursor.fetchone()
        room = min(limit, MAX_HELD - held_now)
        if room <= 0:
            return []
        parameters = {
            "user": user.pk, "queue": queue, "limit": room, "shift": shift_start,
            "lease": f"{settings.CLAIM_SECONDS} seconds",
        }  # fmt: skip
        cursor.execute(_CLAIM, parameters)
        rows = [Case.from_db(connection.alias, _FIELDS, row) for row in cursor.fetchall()]
    return sorted(rows, key=lambda case: (-case.priority, case.opened_at, case.id))


def _may_work(user: User, queue: str) -> None:
    wanted = get_queue(queue)
    if not user.has_perm(wanted.permission):
        raise NotAllowed(_("Your role does not work this queue."))
    if not works(user, wanted):
        raise NotAllowed(_("This queue was given to others; a lead can add you."))


@transaction.atomic
def claim_one(*, user: User, case_id: uuid.UUID) -> Case:
    """Leases one given case, also one that the user holds already (then with a new token).

    Raises StaleClaim when it is closed or leased to somebody else, NotAllowed as claim() does.
    """
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise StaleClaim(_("The case is closed."))
    _may_work(user, case.queue)
    now = timezone.now()
    leased = case.claimed_by_id not in {None, user.pk} and (case.claimed_until or now) > now
    if leased or case.not_for == user.pk:
        raise StaleClaim(_("Somebody else is looking at it."))
    case.claimed_by = user
    case.claim_token = uuid.uuid4()
    case.claimed_at = now
    case.claimed_until = now + timedelta(seconds=settings.CLAIM_SECONDS)
    case.ready = True
    case.save(update_fields=["claimed_by", "claim_token", "claimed_at", "claimed_until", "ready"])
    return case


def held(user: User) -> list[Case]:
    """What the user holds, most urgent first."""
    rows = Case.objects.filter(claimed_by=user)
    return sorted(rows, key=lambda case: (-case.priority, case.opened_at, case.id))


def renew(*, user: User, case_ids: Collection[uuid.UUID] | None = None) -> list[Case]:
    """Extends the leases of all that the user holds, or of some; returns those extended."""
    until = timezone.now() + timedelta(seconds=settings.CLAIM_SECONDS)
    rows = Case.objects.filter(claimed_by=user)
    if case_ids is not None:
        rows = rows.filter(pk__in=list(case_ids))
    rows.update(claimed_until=until)
    return list(rows)


def release(*, user: User, case_id: uuid.UUID, token: uuid.UUID) -> None:
    """Gives a case back; its token dies. Raises StaleClaim when the token is not the present
    one.
    """
    freed = Case.objects.filter(pk=case_id, claimed_by=user, claim_token=token).update(
        claimed_by=None, claim_token=None, claimed_at=None, claimed_until=None
    )
    if not freed:
        raise StaleClaim(_("The claim was lost: the case is closed or went to somebody else."))


def release_all(*, user: User) -> int:
    """Gives everything back; returns how many cases."""
    return Case.objects.filter(claimed_by=user).update(
        claimed_by=None, claim_token=None, claimed_at=None, claimed_until=None
    )


@transaction.atomic
def skip(*, user: User, case_id: uuid.UUID, token: uuid.UUID) -> Case:
    """Puts a case back, not to be offered to this user again in this shift. Raises StaleClaim."""
    case = Case.objects.select_for_update().filter(pk=case_id, claim_token=token).first()
    if case is None:
        raise StaleClaim(_("The claim was lost: the case is closed or went to somebody else."))
    Skip.objects.update_or_create(
        user=user, subject_id=case.subject_id, defaults={"at": timezone.now()}
    )
    case.claimed_by = case.claim_token = case.claimed_at = case.claimed_until = None
    case.save(update_fields=["claimed_by", "claim_token", "claimed_at", "claimed_until"])
    return case


def bytes_settled(subject_ids: Sequence[uuid.UUID]) -> None:
    """The pictures are here, or failed for good: their cases are offered from now on."""
    Case.objects.filter(subject_id__in=subject_ids, ready=False).update(
        ready=True, ready_at=timezone.now()
    )
