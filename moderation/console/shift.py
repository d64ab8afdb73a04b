"""My decisions of this shift as JSON, for the review page's history: title, picture, ways back."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from accounts.models import User
from moderation.api.presenting import pictures_of
from moderation.console.access import LEAD, MODERATE, console_page
from moderation.enums import Action, ReviewStatus
from moderation.models import Decision, Reviewable, Shift
from moderation.registry import ReviewQueue, queue_for
from moderation.visibility import may_see

SHOWN = 60
_TURNS = {Action.APPROVE: "reject", Action.REJECT: "approve"}

Found = dict[uuid.UUID, tuple[ReviewQueue, Reviewable]]


@console_page(MODERATE)
def shift_json(request: HttpRequest) -> JsonResponse:
    """`{"items": […], "more": bool}`, newest first; the fields are `Past` in types.js.

    `?before=` a decision's id continues behind it.
    """
    user = request.user
    assert isinstance(user, User)
    mine = Decision.objects.filter(
        actor_kind="person", actor_id=user.pk, at__gte=shift_start(user)
    ).exclude(action=Action.UNDO)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        mine = mine.filter(id__lt=int(before))
    rows = list(mine.order_by("-id")[: SHOWN + 1])
    shown = rows[:SHOWN]
    return JsonResponse({"items": _items(shown, user), "more": len(rows) > SHOWN})


def shift_start(user: User) -> datetime:
    """The present shift's beginning; without any claim yet, the last day."""
    started = Shift.objects.filter(pk=user.pk).values_list("started_at", flat=True).first()
    return started or timezone.now() - timedelta(days=1)


def _items(rows: Sequence[Decision], user: User) -> list[dict[str, Any]]:
    subjects = _subjects(rows, user)
    thumbs = _thumbs(subjects, user)
    heads = _heads(rows)
    sizes = _sizes(rows)
    return [
        _item(row, *subjects[row.subject_id], thumbs.get(row.subject_id), user, heads)
        | {"together": sizes[row.batch]}
        for row in rows
        if row.subject_id in subjects
    ]


def _subjects(rows: Sequence[Decision], user: User) -> Found:
    """Those the user may still see; what was locked as evidence since is left out."""
    by_type: dict[str, set[uuid.UUID]] = {}
    for row in rows:
        by_type.setdefault(row.subject_type, set()).add(row.subject_id)
    found: Found = {}
    for subject_type, ids in by_type.items():
        queue = queue_for(subject_type)
        found |= {each.pk: (queue, each) for each in queue.load(ids) if may_see(each, user)}
    return found


def _thumbs(subjects: Found, user: User) -> dict[uuid.UUID, str | None]:
    by_queue: dict[str, tuple[ReviewQueue, list[Reviewable]]] = {}
    for queue, subject in subjects.values():
        by_queue.setdefault(queue.slug, (queue, []))[1].append(subject)
    return {
        subject_id: picture["thumb_url"]
        for queue, group in by_queue.values()
        for subject_id, picture in pictures_of(queue, group, user=user, purpose="console").items()
    }


def _heads(rows: Sequence[Decision]) -> dict[uuid.UUID, int]:
    """The newest log row of each subject: a decision stands while it is its subject's last one."""
    ids = {row.subject_id for row in rows}
    newest = Decision.objects.filter(subject_id__in=ids).order_by("subject_id", "-id")
    return dict(newest.distinct("subject_id").values_list("subject_id", "id"))


def _sizes(rows: Sequence[Decision]) -> dict[uuid.UUID, int]:
    """How many decisions each batch has; what was decided together is undone together."""
    found = Decision.objects.filter(batch__in={row.batch for row in rows}).order_by()
    return dict(found.values_list("batch").annotate(size=Count("id")))


def _item(
    row: Decision,
    queue: ReviewQueue,
    subject: Reviewable,
    thumb: str | None,
    user: User,
    heads: dict[uuid.UUID, int],
) -> dict[str, Any]:
    is_lead = user.has_perm(LEAD)
    return {
        "id": row.pk,
        "at": row.at,
        "batch": row.batch,
        "case": row.case_id,
        "action": row.action,
        "reason": row.reason,
        "title": queue.title_of(subject),
        "subject": {"type": row.subject_type, "id": row.subject_id},
        "thumb_url": thumb,
        "to": row.to_status,
        "standing": heads.get(row.subject_id) == row.pk,
        **_ways_back(row, is_lead=is_lead),
    }


def _ways_back(row: Decision, *, is_lead: bool) -> dict[str, Any]:
    """The page offers the others only where `undo` is false: for leads too once the time is over,
    but for what only an undo takes back, a lock on evidence for instance.
    """
    in_time = timezone.now() - row.at <= timedelta(minutes=settings.UNDO_MINUTES)
    locked = (row.to_guarded or row.to_held or row.to_hidden) and not is_lead
    turn = "" if row.to_status == ReviewStatus.PENDING else _TURNS.get(Action(row.action), "")
    reopen = row.to_status in {ReviewStatus.APPROVED, ReviewStatus.REJECTED}
    if is_lead:
        undo = in_time or row.to_held or not (turn or reopen)
    else:
        undo = in_time and not (row.to_guarded or row.to_held)
    return {
        "undo": undo,
        "reverse": "" if locked else turn,
        "reopen": reopen and not locked,
    }
