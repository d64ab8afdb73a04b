"""Pictures on the console's own pages: same-origin links, by whatever name it is opened."""

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

from media.services import Picture, pictures

PICTURE_SECONDS = 900


def console_pictures(
    *, subject_ids: Collection[UUID], role: str, user_id: int, purpose: str = "console"
) -> dict[UUID, Picture]:
    """As media.services.pictures, with paths instead of absolute links. One query.

    PUBLIC_URL may be another name of this host (localhost, 127.0.0.1), and our
    Content-Security-Policy lets a page load from its own origin only.
    """
    found = pictures(
        subject_ids=subject_ids, role=role, purpose=purpose, user_id=user_id, ttl=PICTURE_SECONDS
    )
    return {
        subject_id: replace(picture, url=_path(picture.url), thumb_url=_path(picture.thumb_url))
        for subject_id, picture in found.items()
    }


def _path(url: str | None) -> str | None:
    return urlsplit(url).path if url else None
