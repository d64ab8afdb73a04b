"""Leads say who works which queue. A queue that nobody was given to is worked by everybody with its
role; leads step in anywhere below their own queue.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.audit import record
from accounts.enums import Permission, Role
from accounts.models import User
from moderation.models import Assignment
from moderation.registry import ReviewQueue, get_queue

LEAD = Permission.LEAD.value


class Pair(NamedTuple):
    """A queue's slug and a person's id."""

    queue: str
    user_id: int


def assigned() -> dict[str, set[int]]:
    """By queue slug; queues that are everybody's are missing."""
    found: dict[str, set[int]] = {}
    for queue, user_id in Assignment.objects.values_list("queue", "user_id"):
        found.setdefault(queue, set()).add(user_id)
    return found


def works(user: User, queue: ReviewQueue, chosen: Collection[int] | None = None) -> bool:
    """Whether `user` may claim from a queue; `chosen` spares the query where it is known."""
    if not user.has_perm(queue.permission):
        return False
    if queue.permission != LEAD and user.has_perm(LEAD):
        return True
    if chosen is None:
        rows = Assignment.objects.filter(queue=queue.slug)
        chosen = set(rows.values_list("user_id", flat=True))
    return not chosen or user.pk in chosen


def workers() -> QuerySet[User]:
    """Active people whose role claims cases, by name; their groups are there already."""
    roles = [role.value for role in Role if Permission.MODERATE in role.permissions]
    people = User.objects.filter(Q(is_superuser=True) | Q(groups__name__in=roles), is_active=True)
    return people.distinct().order_by("username").prefetch_related("groups")


@transaction.atomic
def change(*, added: Iterable[Pair], removed: Iterable[Pair], by: User) -> int:
    """Gives and takes queues; returns how many pairs changed. What is so already stays unlogged.

    Raises UnknownQueue. People who do not exist are passed over.
    """
    changed = 0
    for pair in sorted(set(removed)):
        get_queue(pair.queue)
        rows = Assignment.objects.filter(queue=pair.queue, user_id=pair.user_id)
        if rows.delete()[0]:
            changed += _log(pair, by, "No longer works queue")
    for pair in sorted(set(added)):
        get_queue(pair.queue)
        if User.objects.filter(pk=pair.user_id).exists():
            _row, made = Assignment.objects.get_or_create(queue=pair.queue, user_id=pair.user_id)
            changed += _log(pair, by, "Works queue") if made else 0
    return changed


def _log(pair: Pair, by: User, what: str) -> int:
    record(by=by, about=User.objects.get(pk=pair.user_id), message=f"{what} {pair.queue}")
    return 1
