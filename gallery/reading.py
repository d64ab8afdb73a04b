"""The statement that reads a page of an album: rows, status and links of one moment."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from characters.viewers import Owner
from core.prepared import prepared_cursor
from gallery.cursors import Place
from media.linking import COLUMNS, JOINS, Linkable
from moderation.enums import ReviewStatus

_KEPT_BACK = "EXISTS (SELECT FROM moderation_keptback k WHERE k.subject_id = i.id)"
# The comparison of rows is read along the index `imagelog_album` from its place on, however deep;
# an OR of two comparisons is not. Own pictures are shown whatever became of them, but for purged
# ones; held ones to nobody.
_PAGE = f"""
SELECT i.id, i.source_id, i.upstream_id, i.user_id, i.archive_id, i.message_id, i.character_id,
    i.created_at, i.account_id, i.review_status, i.hidden,
    i.review_status <> 'approved' AND {_KEPT_BACK}, {COLUMNS}
FROM (
    SELECT * FROM gallery_imagelog i
    WHERE character_id = %(album)s AND created_at >= %(oldest)s {{below}}
        AND (source_id IS NULL OR source_id = ANY(%(sources)s)) AND NOT held
        AND ((review_status = ANY(%(statuses)s) AND NOT hidden {{post}}) {{own}})
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
) i {JOINS.format(subject="i.id")}
ORDER BY i.created_at DESC, i.id DESC
"""
# What was refused when it was made is shown to others once it is approved, not before.
_POST = f"AND (review_status = 'approved' OR NOT {_KEPT_BACK})"
_BELOW = "AND (created_at, id) < (%(time)s, %(id)s)"
_OWN = """OR (review_status <> 'purged' AND (account_id = %(account)s::bigint
    OR (source_id, user_id) IN (
        SELECT * FROM unnest(%(own_sources)s::bigint[], %(own_users)s::text[]))))"""


class Image(NamedTuple):
    """A picture as its row stands; `picture` is what its link is made of."""

    id: uuid.UUID
    source_id: int | None
    upstream_id: str
    user_id: str
    archive_id: str
    message_id: str
    character_id: str
    created_at: datetime
    account_id: int | None
    review_status: str
    hidden: bool
    kept_back: bool
    picture: Linkable


def read_images(
    *,
    album: str,
    sources: Sequence[int],
    own: Collection[Owner],
    account: int | None,
    oldest: datetime,
    below: Place | None,
    limit: int,
) -> list[Image]:
    """Newest first, from `below` on: others' pictures as GALLERY_MODERATION says, and the viewer's
    own (`own`: source, user; `account`: what was made here for it). One query.
    """
    parameters = {
        "album": album,
        "oldest": oldest,
        "sources": list(sources),
        "statuses": shown_to_others(),
        "limit": limit,
        "own_sources": [source for source, _ in own],
        "own_users": [user for _, user in own],
        "account": account,
    }
    if below is not None:
        parameters |= {"time": below.created_at, "id": below.id}
    with prepared_cursor() as cursor:
        cursor.execute(statement(deep=below is not None, with_own=account is not None), parameters)
        return [Image._make((*row[:12], Linkable._make(row[12:]))) for row in cursor.fetchall()]


def statement(*, deep: bool, with_own: bool) -> str:
    """`deep`: from a place on; `with_own`: for a viewer with identities."""
    return _PAGE.format(
        below=_BELOW if deep else "", own=_OWN if with_own else "", post=_POST if _is_post() else ""
    )


def shown_to_others() -> list[str]:
    return [ReviewStatus.APPROVED.value, *([ReviewStatus.PENDING.value] if _is_post() else [])]


def _is_post() -> bool:
    return settings.GALLERY_MODERATION == "post"
