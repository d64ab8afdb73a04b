"""Avatars: links to the newest and to the one that was approved last, and keeping the latter."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from characters.models import Character
from characters.versions import Approval, approvals
from characters.visibility import served_approved
from media import services as media
from media.enums import Purpose
from media.models import Attachment
from moderation.enums import ReviewStatus

ROLE = "avatar"
# While a changed avatar waits for its approval, the bytes that were approved last stay here.
APPROVED_ROLE = "avatar-approved"
# What was refused is evidence, also after its author put another picture in its place.
REFUSED_ROLE = "avatar-refused"
LINK_SECONDS = 3600
# A card lives a little longer than its lease.
CARD_SECONDS = 1_200


@dataclass(frozen=True, slots=True)
class Avatars:
    """The attachments of some characters, by (character, role)."""

    rows: dict[tuple[uuid.UUID, str], Attachment]

    def newest(self, character_id: uuid.UUID) -> Attachment | None:
        return self.rows.get((character_id, ROLE))

    def approved(self, character_id: uuid.UUID, approval: Approval) -> Attachment | None:
        """The avatar that the approval was about; None where there was none."""
        kept = self.rows.get((character_id, APPROVED_ROLE))
        if kept is not None and (approval.at is None or not approval.covers(kept.stored_at)):
            return kept if kept.file_id else None
        newest = self.newest(character_id)
        has_bytes = newest is not None and newest.file_id is not None
        return newest if newest and has_bytes and approval.covers(newest.stored_at) else None


def avatars_of(ids: Collection[uuid.UUID]) -> Avatars:
    """One query."""
    rows = Attachment.objects.filter(subject_id__in=list(ids), role__in=[ROLE, APPROVED_ROLE])
    return Avatars({(row.subject_id, row.role): row for row in rows.select_related("file")})


def link(attachment: Attachment | None) -> str | None:
    """For clients, good for an hour and until the next decision; None while there is nothing."""
    if attachment is None:
        return None
    picture = media.picture_of(attachment, purpose=Purpose.CLIENT, user_id=None, ttl=LINK_SECONDS)
    return picture.url


def console_picture(
    attachment: Attachment | None, *, character: Character, user: Any
) -> dict[str, Any] | None:
    """One version's links on a card, under the rules of the subject's own picture: nothing of what
    is purged, and what is held for leads alone, each view logged."""
    is_shown = not character.held or user.has_perm("accounts.lead")
    if attachment is None or character.review_status == ReviewStatus.PURGED or not is_shown:
        return None
    purpose = Purpose.LEAD if character.held else Purpose.CONSOLE
    picture = media.picture_of(attachment, purpose=purpose, user_id=user.pk, ttl=CARD_SECONDS)
    shown = {name: getattr(picture, name) for name in ("url", "thumb_url", "width", "height")}
    return shown if picture.url else None


def keep_approved(ids: Collection[uuid.UUID]) -> None:
    """Call it before other bytes take an avatar's place: the approved ones are kept aside, or that
    there were none. Those that wait for an approval for the first time have none to keep."""
    in_force = set(
        served_approved(Character.objects.filter(pk__in=list(ids))).values_list("pk", flat=True)
    )
    avatars = avatars_of(in_force)
    for character_id, approval in approvals(in_force).items():
        kept = avatars.rows.get((character_id, APPROVED_ROLE))
        if kept is not None and (approval.at is None or not approval.covers(kept.stored_at)):
            continue
        served = avatars.approved(character_id, approval)
        media.keep_aside(
            subject_type=Character.subject_type(),
            subject_id=character_id,
            role=APPROVED_ROLE,
            file_id=served.file_id if served else None,
        )


def keep_refused(character: Character) -> None:
    """Call it before the avatar of a locked character changes: what is rejected or escalated now is
    kept aside, once for each such decision."""
    if not character.hidden and character.review_status != ReviewStatus.REJECTED:
        return
    rows = Attachment.objects.filter(subject_id=character.pk, role__in=[ROLE, REFUSED_ROLE])
    by_role = {row.role: row for row in rows}
    newest, kept = by_role.get(ROLE), by_role.get(REFUSED_ROLE)
    since = character.reviewed_at
    is_kept = kept is not None and (since is None or (kept.stored_at or since) > since)
    if newest is not None and newest.file_id is not None and not is_kept:
        kind, key = character.subject_key
        media.keep_aside(
            subject_type=kind, subject_id=key, role=REFUSED_ROLE, file_id=newest.file_id
        )
