"""Which character an id means, and whether clients of the contracts may know of it."""

import uuid
from collections.abc import Collection

from django.db.models import F, Q

from characters.models import Character
from moderation.enums import ReviewStatus

# (source id, upstream user id): one of the caller's identities.
Owner = tuple[int | None, str]


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


def may_see(character: Character, *, own: Collection[Owner], is_staff: bool) -> bool:
    """Others see public ones that are neither rejected, purged nor hidden; author and staff those
    too. A deleted one is seen by nobody, a held one in the console only."""
    if character.deleted_at is not None or character.held:
        return False
    if is_staff or (character.source_id, character.author_id) in own:
        return True
    refused = character.review_status in {ReviewStatus.REJECTED, ReviewStatus.PURGED}
    return character.is_public and not character.hidden and not refused
