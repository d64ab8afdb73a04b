"""Clients' links for rows of a statement of the caller's own: one statement for a page, no objects.

The caller's snapshot then holds the subjects' status and the links' epoch of one moment.
"""

import time
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings

from media.enums import AttachmentState, Purpose, Variant
from media.naming import EXTENSIONS
from media.tokens import Pass, write_tokens

# The columns of a Linkable, in its order, and the joins that they need after a table of subjects.
COLUMNS = """
a.id, a.epoch, a.state, a.held, COALESCE(NULLIF(f.clean_mime, ''), f.mime), f.erased_at IS NULL
"""
JOINS = """
LEFT JOIN media_attachment a ON a.subject_id = {subject} AND a.role = 'picture'
LEFT JOIN media_file f ON f.id = a.file_id
"""
_SERVED = frozenset({AttachmentState.STORED.value, AttachmentState.WANTED.value})


class Linkable(NamedTuple):
    """An attachment with its file, or Nones where a subject has none."""

    attachment_id: uuid.UUID | None
    epoch: int
    state: str
    held: bool
    mime: str | None
    is_whole: bool

    @property
    def is_linked(self) -> bool:
        """As Attachment.is_served, for everybody: bytes are here and are not kept for leads."""
        known = self.attachment_id is not None and self.mime is not None
        return known and self.state in _SERVED and self.is_whole and not self.held


def client_links(rows: Sequence[Linkable], *, ttl: int) -> list[str | None]:
    """For each row the link to all its pixels, good for `ttl` seconds; None where there is none."""
    expires = int(time.time()) + ttl
    linked = [row for row in rows if row.is_linked]
    passes = [
        Pass(row.attachment_id, row.epoch, Variant.ORIGINAL, Purpose.CLIENT, None, expires)
        for row in linked
        if row.attachment_id is not None
    ]
    tokens = iter(zip(linked, write_tokens(passes), strict=True))
    return [_url(*next(tokens)) if row.is_linked else None for row in rows]


def _url(row: Linkable, token: str) -> str:
    return f"{settings.PUBLIC_URL}/media/{token}.{EXTENSIONS[row.mime or '']}"
