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
from core.prepared import prepared_cursor
from moderation import families, store
from moderation.assignments import works
from moderation.enums import CaseKind, Priority, ReviewStatus, Why
from moderation.errors import NotAllowed, StaleClaim
from moderation.models import Case, Skip
from moderation.queues import ESCALATIONS
from moderation.registry import get_queue, model_for, queue_for

MAX_HELD = families.MOST
MAX_CLAIM = 100
SHIFT_GAP = timedelta(hours=4)
# A claim takes back at most so many expired leases (a whole family's among them) and readies at
# most so many late cases first.
TAKE_BACK = 600
# How long a case waits for its picture before it is offered without.
WAIT_FOR_BYTES = timedelta(minutes=10)


# The columns of a lease, and what they are without one.
_LEASED = ("claimed_by", "claim_token", "claimed_at", "claimed_until")
_FREE: dict[str, None] = dict.fromkeys(_LEASED)


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
    family: uuid.UUID | None = None


# A new cause raises the open case and adds to its reasons; an escalation also moves it. It is
# looked at for itself then: no family takes it along.
_OPEN = """
INSERT INTO moderation_case AS c (id, queue, kind, subject_type, subject_id, source_id, priority,
why,
    opened_at, due_at, ready_at, ready, not_for, family, compared)
SELECT v.id, v.queue, v.kind, v.subject_type, v.subject_id, v.source_id, v.priority,
    string_to_array(v.why, E'\\x1f'), v.opened_at, v.due_at, v.ready_at, v.ready, v.not_for,
    v.family, v.family IS NOT NULL
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::bigint[],
%s::smallint[],
    %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bool[], %s::bigint[],
    %s::uuid[])
    AS v(id, queue, kind, subject_type, subject_id, source_id, priority, why,
         opened_at, due_at, ready_at, ready, not_for, family)
ORDER BY v.subject_id
ON CONFLICT (subject_id) DO UPDATE SET
    priority = GREATEST(c.priority, EXCLUDED.priority),
    why = c.why || ARRAY(SELECT w FROM unnest(EXCLUDED.why) w WHERE w <> ALL (c.why)),
    due_at = LEAST(c.due_at, EXCLUDED.due_at),
    queue = CASE WHEN EXCLUDED.kind = 'escalation' THEN EXCLUDED.queue ELSE c.queue END,
    kind = CASE WHEN EXCLUDED.kind = 'escalation' THEN EXCLUDED.kind ELSE c.kind END,
    not_for = COALESCE(c.not_for, EXCLUDED.not_for),
    family = NULL, compared = false
"""


def open_cases(rows: Sequence[NewCase]) -> int:
    """Opens or raises one case per subject; returns how many were opened or raised."""
    if not rows:
        return 0
    now = timezone.now()
    columns: list[list[object]] = [[] for _ in range(14)]
    for row in {row.subject_id: row for row in rows}.values():
        queue = get_queue(row.queue) if row.queue else queue_for(row.subject_type)
        opened_at = row.opened_at or now
        values = (
            row.id or _new_id(), queue.slug, row.kind, row.subject_type, row.subject_id,
            row.source_id, row.priority, "\x1f".join(row.why), opened_at, opened_at + queue.sla,
            opened_at if row.ready else opened_at + WAIT_FOR_BYTES, row.ready, row.not_for,
            row.family,
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, columns)
        return int(cursor.rowcount)


def raise_cases(rows: Collection[NewCase]) -> None:
    """Opens or raises cases of subjects that can still be decided; their source goes with them."""
    by_type: dict[str, dict[uuid.UUID, NewCase]] = {}
    for row in rows:
        by_type.setdefault(row.subject_type, {})[row.subject_id] = row
    for subject_type, wanted in by_type.items():
        open_to_review = model_for(subject_type).objects.filter(
            pk__in=list(wanted),
            review_status__in=[ReviewStatus.PENDING, ReviewStatus.APPROVED],
        )
        found = dict(open_to_review.values_list("pk", "source_id"))
        for subject_id, source_id in found.items():
            wanted[subject_id].source_id = source_id
        open_cases([wanted[subject_id] for subject_id in sorted(found)])


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
            " WHERE w <> ALL (c.why)), ready = true, family = NULL,"
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
# Without sorts the claim reads its index in order, and locks only the families that it comes upon.
# The people that the queue was given to come along: asked for alone they would cost a fifth of a
# claim.
_SHIFT = """
INSERT INTO moderation_shift AS s (user_id, started_at, last_claim_at) VALUES (%(user)s,
statement_timestamp(), statement_timestamp()) ON CONFLICT (user_id) DO UPDATE SET last_claim_at =
statement_timestamp(), started_at =
    CASE WHEN s.last_claim_at < statement_timestamp() - %(gap)s::interval THEN
    statement_timestamp() ELSE s.started_at END
RETURNING started_at, (SELECT count(*) FROM moderation_case WHERE claimed_by_id = %(user)s),
    ARRAY(SELECT user_id FROM moderation_assignment WHERE queue = %(queue)s),
    set_config('enable_sort', 'off', true)
"""
# By ctid: `id IN (SELECT … LIMIT n FOR UPDATE SKIP LOCKED)` may be planned as a nested loop that
# claims more.
_FIELDS = [field.attname for field in Case._meta.concrete_fields]
_CLAIM = f"""
UPDATE moderation_case SET claimed_by_id = %(user)s, claim_token = gen_random_uuid(),
    claimed_at = statement_timestamp(), claimed_until = statement_timestamp() + %(lease)s::interval
WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM moderation_case c
    WHERE {families.OFFERED} AND (c.family IS NULL OR {families.FREE})
    ORDER BY c.priority DESC, c.opened_at, c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED))
RETURNING {", ".join(_FIELDS)}
"""


def claim(*, user: User, queue: str, limit: int) -> list[Case]:
    """Leases up to `limit` cases of a queue to `user`, most urgent first; each with a new token.

    A family comes whole, with one token for all, and may exceed `limit` by that. Raises
    UnknownQueue, and NotAllowed for a queue outside the user's role or given to others. At most
    MAX_HELD are held.
    """
    limit = max(1, min(limit, MAX_CLAIM))
    with transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute(_TAKE_BACK, {"few": TAKE_BACK})
        cursor.execute(_SHIFT, {"user": user.pk, "gap": SHIFT_GAP, "queue": queue})
        shift_start, held_now, chosen, _off = cursor.fetchone()
        _may_work(user, queue, chosen)
        room = MAX_HELD - held_now
        if room <= 0:
            return []
        parameters = {
            "user": user.pk, "queue": queue, "limit": min(limit, room), "shift": shift_start,
            "lease": f"{settings.CLAIM_SECONDS} seconds",
        }  # fmt: skip
        cursor.execute(_CLAIM, parameters)
        rows = [Case.from_db(connection.alias, _FIELDS, row) for row in cursor.fetchall()]
        if any(row.family is not None for row in rows):
            rows = families.whole(claimed=rows, limit=limit, room=room, parameters=parameters)
    return families.in_order(rows)


def _may_work(user: User, queue: str, chosen: Collection[int] | None = None) -> None:
    """`chosen`: see works()."""
    wanted = get_queue(queue)
    if not user.has_perm(wanted.permission):
        raise NotAllowed(_("Your role does not work this queue."))
    if not works(user, wanted, chosen):
        raise NotAllowed(_("This queue was given to others; a lead can add you."))


@transaction.atomic
def claim_one(*, user: User, case_id: uuid.UUID) -> Case:
    """Leases one given case, also one that the user holds already (then with a new token).

    It leaves its family. Raises StaleClaim when it is closed or leased to somebody else, NotAllowed
    as claim() does.
    """
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise StaleClaim(_("The case is closed."))
    _take(user, [case], family=None)
    return case


@transaction.atomic
def claim_family(*, user: User, family: uuid.UUID) -> list[Case]:
    """Leases what is open of one given family, with one new token for all.

    Raises StaleClaim when nothing of it is open or somebody else holds a member, NotAllowed as
    claim() does.
    """
    families.lock(family)
    rows = families.in_order(Case.objects.select_for_update().filter(family=family))
    judged = _judged(user, rows)
    mine = [case for case in rows if case.subject_id not in judged][:MAX_HELD]
    if not mine:
        raise StaleClaim(_("The family is closed."))
    _take(user, mine, family=family)
    return mine


def _take(user: User, rows: Sequence[Case], *, family: uuid.UUID | None) -> None:
    """Leases locked cases of one queue; raises StaleClaim or NotAllowed for all of them."""
    _may_work(user, rows[0].queue)
    now = timezone.now()
    judged = _judged(user, rows)
    if not all(_is_free(case, user, now) and case.subject_id not in judged for case in rows):
        raise StaleClaim(_("Somebody else is looking at it."))
    _lease(user, rows, family=family, now=now)


def _lease(user: User, rows: Sequence[Case], *, family: uuid.UUID | None, now: datetime) -> None:
    """Writes leases of locked cases: one token for a family, else one for each."""
    shared = uuid.uuid4()
    for case in rows:
        case.claimed_by, case.claimed_at = user, now
        case.claim_token = shared if family else uuid.uuid4()
        case.claimed_until = now + timedelta(seconds=settings.CLAIM_SECONDS)
        case.ready, case.family = True, family
    Case.objects.bulk_update(rows, [*_LEASED, "ready", "family"])


def _judged(user: User, rows: Sequence[Case]) -> set[uuid.UUID]:
    return store.judged_by(user.pk, {case.subject_id: case.not_for for case in rows})


def claim_these(*, user: User, case_ids: Collection[uuid.UUID]) -> list[Case]:
    """Leases those of some given cases that are open and nobody else's, each with a new token. Two
    or more of a family that nobody else holds a part of stay one, with one token.

    The others are left out, and so is what would go beyond MAX_HELD. Raises NotAllowed when one is
    in a queue outside the user's role.
    """
    now = timezone.now()
    wanted = Case.objects.filter(pk__in=list(case_ids))
    with transaction.atomic():
        for family in sorted({case.family for case in wanted if case.family is not None}):
            families.lock(family)
        # In the order in which decide() locks them.
        rows = list(wanted.select_for_update().order_by("subject_id"))
        judged = _judged(user, rows)
        free = [
            case for case in rows if _is_free(case, user, now) and case.subject_id not in judged
        ]
        for queue in {case.queue for case in free}:
            _may_work(user, queue)
        mine = [case.pk for case in free if case.claimed_by_id == user.pk]
        room = MAX_HELD - Case.objects.filter(claimed_by=user).exclude(pk__in=mine).count()
        taken = free[: max(0, room)]
        for shared, group in families.groups(taken, user).items():
            _lease(user, group, family=shared, now=now)
        return families.in_order(taken)


def _is_free(case: Case, user: User, now: datetime) -> bool:
    return case.claimed_by_id in {None, user.pk} or (case.claimed_until or now) <= now


def held(user: User) -> list[Case]:
    """What the user holds, most urgent first."""
    return families.in_order(list(Case.objects.filter(claimed_by=user)))


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
    freed = Case.objects.filter(pk=case_id, claimed_by=user, claim_token=token).update(**_FREE)
    if not freed:
        raise StaleClaim(_("The claim was lost: the case is closed or went to somebody else."))


def release_all(*, user: User) -> int:
    """Gives everything back; returns how many cases."""
    return Case.objects.filter(claimed_by=user).update(**_FREE)


def skip(*, user: User, case_id: uuid.UUID, token: uuid.UUID) -> Case:
    """Puts a case back, not to be offered to this user again in this shift. Raises StaleClaim."""
    skipped = skip_all(user=user, case_ids=[case_id], token=token)
    if not skipped:
        raise StaleClaim(_("The claim was lost: the case is closed or went to somebody else."))
    return skipped[0]


@transaction.atomic
def skip_all(*, user: User, case_ids: Collection[uuid.UUID], token: uuid.UUID) -> list[Case]:
    """Puts back those of the cases that the token is good for, as skip() does; returns them."""
    rows = list(
        Case.objects.select_for_update().filter(pk__in=case_ids, claim_token=token).order_by("pk")
    )
    now = timezone.now()
    Skip.objects.bulk_create(
        [Skip(user=user, subject_id=case.subject_id, at=now) for case in rows],
        update_conflicts=True, unique_fields=["user", "subject_id"], update_fields=["at"],
    )  # fmt: skip
    Case.objects.filter(pk__in=[case.pk for case in rows]).update(**_FREE)
    return rows


def end_claims(subject_ids: Sequence[uuid.UUID]) -> None:
    """The subjects' cases go back to their queues; the tokens given out for them are void."""
    Case.objects.filter(subject_id__in=subject_ids, claim_token__isnull=False).update(**_FREE)


def bytes_settled(subject_ids: Sequence[uuid.UUID]) -> None:
    """The pictures are here, or failed for good: their cases are offered from now on."""
    Case.objects.filter(subject_id__in=subject_ids, ready=False).update(
        ready=True, ready_at=timezone.now()
    )
