"""Giving a cover to the character that is made with it."""

import uuid

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from characters.models import Character, Cover
from media import services as media
from media.enums import Variant
from media.models import Attachment
from moderation.enums import ReviewStatus
from moderation.models import KeptBack


class CoverUnavailable(Exception):
    """Unknown, expired, kept by a character already, rejected, or another user's; which one is not
    told. The text is for the client."""

    def __init__(self) -> None:
        super().__init__("coverId is unknown or has expired.")


@transaction.atomic
def take_cover(*, cover_id: str, owner: User, character: Character) -> Cover:
    """Keeps the cover of `owner` (the calling account) with `character`, which has no avatar yet:
    the cover's picture becomes it. Raises CoverUnavailable."""
    cover = _lock_own(cover_id, owner)
    attachment = Attachment.objects.filter(subject_id=cover.pk, role="picture").first()
    if attachment is None:
        raise CoverUnavailable
    try:
        data = media.read_bytes(attachment_id=attachment.pk, variant=Variant.ORIGINAL)
    except FileNotFoundError:
        raise CoverUnavailable from None
    media.store_bytes(
        data=data,
        subject_type=Character.subject_type(),
        subject_id=character.pk,
        role="avatar",
    )
    cover.character = character
    cover.save(update_fields=["character"])
    return cover


def _lock_own(cover_id: str, owner: User) -> Cover:
    try:
        wanted = uuid.UUID(cover_id)
    except (ValueError, AttributeError, TypeError):
        raise CoverUnavailable from None
    cover: Cover | None = (
        Cover.objects.select_for_update(no_key=True, of=("self",))
        .filter(
            pk=wanted,
            account=owner,
            character=None,
            expires_at__gt=timezone.now(),
            hidden=False,
            held=False,
            review_status__in=[ReviewStatus.PENDING, ReviewStatus.APPROVED],
        )
        .first()
    )
    if cover is None or _is_kept_back(cover):
        raise CoverUnavailable
    return cover


def _is_kept_back(cover: Cover) -> bool:
    """Whether it was refused when it was made, and nobody has approved it since."""
    approved = cover.review_status == ReviewStatus.APPROVED
    return not approved and KeptBack.objects.filter(pk=cover.pk).exists()
