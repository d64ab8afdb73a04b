"""A character as other pages show it: name, biography, avatar."""

import uuid
from collections.abc import Sequence
from typing import Any

from characters.models import Character, CharacterText
from media import services as media
from moderation.enums import ReviewStatus

CardKey = tuple[int | None, str]


def character_cards(keys: Sequence[CardKey], *, user: Any) -> dict[CardKey, dict[str, Any]]:
    """By (source id of the picture, the character's upstream id); three queries.

    Pictures and characters come from different sources, so a character of any source with that
    upstream id is taken, the earliest source first.
    """
    ids = {upstream_id for _, upstream_id in keys}
    rows = Character.objects.filter(upstream_id__in=ids).order_by("-source_id")
    by_upstream = {row.upstream_id: row for row in rows}
    bios = newest_texts([row.pk for row in by_upstream.values()])
    avatars = media.pictures(
        subject_ids=[row.pk for row in by_upstream.values() if _may_show(row)],
        role="avatar",
        purpose="console",
        user_id=user.pk,
        ttl=3600,
    )
    cards: dict[CardKey, dict[str, Any]] = {}
    for key in keys:
        if row := by_upstream.get(key[1]):
            avatar, text = avatars.get(row.pk), bios.get(row.pk)
            cards[key] = {
                "id": str(row.pk),
                "name": row.name,
                "bio": text.bio if text else "",
                "is_public": row.is_public,
                "review_status": row.review_status,
                "avatar_url": avatar.thumb_url if avatar else None,
            }
    return cards


def _may_show(row: Character) -> bool:
    return not row.held and not row.hidden and row.review_status != ReviewStatus.PURGED


def newest_texts(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, CharacterText]:
    """The newest version of each character's texts, without the raw upstream object; one query."""
    newest = (
        CharacterText.objects.filter(character__in=ids)
        .order_by("character_id", "-id")
        .distinct("character_id")
        .defer("raw")
    )
    return {text.character_id: text for text in newest}
