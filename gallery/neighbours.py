"""Pictures beside a picture: of the same conversation, and decided ones of the same character."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from gallery.models import ImageLog
from media import services as media
from moderation.enums import ReviewStatus

# At most so many on each side of a picture in its conversation, and so many decided ones.
ASIDE = 3
DECIDED = 6
# Decided ones are looked for among a character's newest pictures only.
LOOKED_THROUGH = 60
PICTURE_SECONDS = 1_200

Neighbours = dict[uuid.UUID, dict[str, list[dict[str, Any]]]]
# (picture looked at, neighbour, its status)
_Row = tuple[uuid.UUID, uuid.UUID, str]

# What is held, hidden or purged is shown beside no other picture.
_SHOWN = "n.source_id = w.source AND NOT n.held AND NOT n.hidden AND n.review_status <> 'purged'"
_SIDE = (
    "(SELECT n.id, n.review_status, n.created_at FROM gallery_imagelog n"
    f" WHERE n.archive_id = w.archive AND {_SHOWN} AND n.created_at {{}} w.at AND n.id <> w.id"
    f" ORDER BY n.created_at {{}} LIMIT {ASIDE})"
)
_CONVERSATION = f"""
SELECT w.id, s.id, s.review_status
FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[]) AS w(id, source, archive, at)
CROSS JOIN LATERAL ({_SIDE.format("<=", "DESC")} UNION ALL {_SIDE.format(">", "ASC")}) s
WHERE w.archive <> '' ORDER BY w.id, s.created_at
"""
_OF_CHARACTERS = f"""
SELECT w.source, w.character, s.id, s.review_status
FROM unnest(%s::bigint[], %s::text[]) AS w(source, character)
CROSS JOIN LATERAL (
    SELECT n.* FROM (
        SELECT * FROM gallery_imagelog i WHERE i.character_id = w.character
        ORDER BY i.created_at DESC, i.id DESC LIMIT {LOOKED_THROUGH}
    ) n WHERE {_SHOWN} AND n.review_status IN ('approved', 'rejected')
    ORDER BY n.created_at DESC LIMIT {DECIDED}
) s
"""


def neighbours(images: Sequence[ImageLog], *, user: Any) -> Neighbours:
    """By picture: `conversation` in order of time, `decided` newest first, each of {"id", "type",
    "status", "label", "thumb_url"}; three queries.
    """
    beside = _conversation(images)
    decided = _of_characters({(each.source_id, each.character_id) for each in images})
    shown = {row[1] for row in beside} | {row[0] for rows in decided.values() for row in rows}
    thumbs = media.pictures(
        subject_ids=shown, purpose="console", user_id=user.pk, ttl=PICTURE_SECONDS
    )

    def present(rows: Iterable[tuple[uuid.UUID, str]]) -> list[dict[str, Any]]:
        return [_present(image, status, thumbs.get(image)) for image, status in rows]

    return {
        image.pk: {
            "conversation": present(row[1:] for row in beside if row[0] == image.pk),
            "decided": present(decided.get((image.source_id, image.character_id), [])),
        }
        for image in images
    }


def _conversation(images: Sequence[ImageLog]) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CONVERSATION,
            [
                [image.pk for image in images],
                [image.source_id for image in images],
                [image.archive_id for image in images],
                [image.created_at for image in images],
            ],
        )
        return list(cursor.fetchall())


def _of_characters(
    keys: Iterable[tuple[int | None, str]],
) -> dict[tuple[int | None, str], list[tuple[uuid.UUID, str]]]:
    wanted = list(keys)
    found: dict[tuple[int | None, str], list[tuple[uuid.UUID, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OF_CHARACTERS, [[key[0] for key in wanted], [key[1] for key in wanted]])
        for source, character, image, status in cursor.fetchall():
            found.setdefault((source, character), []).append((image, status))
    return found


def _present(image: uuid.UUID, status: str, picture: media.Picture | None) -> dict[str, Any]:
    return {
        "id": str(image),
        "type": ImageLog.subject_type(),
        "status": status,
        "label": str(ReviewStatus(status).label),
        "thumb_url": picture.thumb_url if picture else None,
    }
