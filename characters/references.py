"""Reference pictures of covers: what a user uploaded or made here, and a moderator approved.

A `refImageId` is the id of an attachment (the answer to an avatar upload names it) or a coverId.
"""

import uuid

from accounts.models import ApiKey
from characters.models import Character, Cover
from characters.owners import account_of
from characters.viewers import viewer_of_call
from media.enums import AttachmentState
from media.models import Attachment
from moderation.enums import ReviewStatus
from moderation.models import Reviewable


def find_reference(reference_id: str, *, key: ApiKey, user_id: str) -> Attachment | None:
    """The picture that the id names for this end user of the key; None for every other one: one
    that is unknown, another's, not approved, or came from an upstream."""
    try:
        wanted = uuid.UUID(reference_id.strip())
    except ValueError:
        return None
    # What is mirrored has an origin; an upload has none.
    uploads = Attachment.objects.filter(
        state=AttachmentState.STORED, origin_key=None, held=False, file__erased_at=None
    ).exclude(file=None)
    kind = Cover.subject_type()
    attachment = (
        uploads.filter(pk=wanted).first()
        or uploads.filter(subject_type=kind, subject_id=wanted, role="picture").first()
    )
    if attachment is None or not _is_own(attachment, key=key, user_id=user_id):
        return None
    return attachment


def _is_own(attachment: Attachment, *, key: ApiKey, user_id: str) -> bool:
    subject: Reviewable | None
    if attachment.subject_type == Cover.subject_type():
        account = account_of(key=key, user_id=user_id)
        subject = Cover.objects.filter(
            pk=attachment.subject_id, user_id=user_id, account=account
        ).first()
    elif attachment.subject_type == Character.subject_type() and attachment.role == "avatar":
        subject = _own_character(attachment.subject_id, key=key, user_id=user_id)
    else:
        return False
    return subject is not None and _is_approved(subject)


def _own_character(character_id: uuid.UUID, *, key: ApiKey, user_id: str) -> Character | None:
    character = Character.objects.filter(pk=character_id, deleted_at=None).first()
    caller = viewer_of_call(key=key, user_id=user_id)
    return character if character is not None and caller.owns(character) else None


def _is_approved(subject: Reviewable) -> bool:
    seen = not subject.hidden and not subject.held
    return seen and subject.review_status == ReviewStatus.APPROVED
