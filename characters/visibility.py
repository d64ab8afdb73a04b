"""Which characters an id means, and which of them clients of the contracts may know of."""

import uuid
from collections.abc import Collection
from enum import Enum
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)  # fmt: skip

from characters.models import Character
from characters.viewers import Owner, Viewer
from moderation.enums import Action, ActorKind, ReviewStatus
from moderation.models import Decision

SHOWN = [ReviewStatus.APPROVED, ReviewStatus.PENDING]
_REFUSED = {ReviewStatus.REJECTED, ReviewStatus.PURGED}


class Standing(Enum):
    """What a character is to somebody: unknown, known to be private, or seen."""

    UNKNOWN = 1
    PRIVATE = 2
    SEEN = 3


def find_character(character_id: str, *, source_ids: Collection[int]) -> Character | None:
    """By upstream id, else by our own, visible or not. One query.

    Where several of the sources have the id, the source added first; what was made here has none
    and is found by our own id.
    """
    wanted = Q(upstream_id=character_id, source__in=source_ids)
    if own_id := _uuid(character_id):
        wanted |= Q(Q(source__in=source_ids) | Q(source=None), pk=own_id)
    rows = Character.objects.filter(wanted).order_by(F("source_id").asc(nulls_last=True))
    return min(rows, key=lambda row: row.upstream_id != character_id, default=None)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def is_pre() -> bool:
    """Whether others get the version that was approved last, instead of the newest."""
    return bool(settings.CHARACTER_MODERATION == "pre")


def standing(character: Character, *, own: Collection[Owner], is_staff: bool) -> Standing:
    """Others see public ones that are neither rejected, purged nor hidden, and where CHARACTER_
    MODERATION is `pre` were approved; author and staff see those too. A deleted one is seen by
    nobody, a held one in the console only."""
    if character.deleted_at is not None or character.held:
        return Standing.UNKNOWN
    if is_staff or (character.source_id, character.author_id) in own:
        return Standing.SEEN
    if character.hidden or character.review_status in _REFUSED:
        return Standing.UNKNOWN
    if not character.is_public:
        return Standing.PRIVATE
    if is_pre() and not served_approved(Character.objects.filter(pk=character.pk)).exists():
        return Standing.UNKNOWN
    return Standing.SEEN


def may_see(character: Character, *, own: Collection[Owner], is_staff: bool) -> bool:
    """Whether it exists for them; see `standing`."""
    return standing(character, own=own, is_staff=is_staff) == Standing.SEEN


def public(viewer: Viewer) -> QuerySet[Character]:
    """What everybody sees. The index `character_public` holds just these rows."""
    rows: QuerySet[Character] = Character.objects.filter(
        is_public=True, deleted_at=None, hidden=False, held=False, review_status__in=SHOWN
    )
    if is_pre():
        rows = served_approved(rows)
    return _reached(rows, viewer)


def own(viewer: Viewer) -> QuerySet[Character]:
    """What the caller is the author of, in whatever state but held and deleted."""
    authors: dict[int | None, list[str]] = {}
    for source_id, name in viewer.own:
        authors.setdefault(source_id, []).append(name)
    if not authors:
        return Character.objects.none()
    mine = reduce(
        or_, (Q(source_id=source_id, author_id__in=names) for source_id, names in authors.items())
    )
    return _unshadowed(Character.objects.filter(mine, deleted_at=None, held=False), viewer)


def served_approved(rows: QuerySet[Character]) -> QuerySet[Character]:
    """Those with an approved version in force: approved ones, and pending ones that nobody judged
    since their content changed."""
    last = (
        Decision.objects.filter(subject_id=OuterRef("pk"))
        .exclude(from_status=F("to_status"))
        .order_by("-id")
        .annotate(changed=ExpressionWrapper(_REOPENED_BY_CHANGE, output_field=BooleanField()))
        .values("changed")[:1]
    )
    kept = Q(review_status=ReviewStatus.PENDING) & Q(Subquery(last, BooleanField()))
    return rows.filter(Q(review_status=ReviewStatus.APPROVED) | kept)


_REOPENED_BY_CHANGE = Q(
    action=Action.REOPEN,
    from_status=ReviewStatus.APPROVED,
    actor_kind__in=[kind for kind in ActorKind if not kind.decides],
)


def _reached(rows: QuerySet[Character], viewer: Viewer) -> QuerySet[Character]:
    if viewer.narrowed:
        rows = rows.filter(Q(source=None) | Q(source__in=viewer.source_ids))
    return _unshadowed(rows, viewer)


def _unshadowed(rows: QuerySet[Character], viewer: Viewer) -> QuerySet[Character]:
    """Without those whose id means the character of a source added earlier."""
    for position, source in enumerate(viewer.sources[1:], start=1):
        earlier = Character.objects.filter(
            upstream_id=OuterRef("upstream_id"), source__in=viewer.source_ids[:position]
        )
        rows = rows.exclude(Q(Exists(earlier), source=source.pk))
    return rows
