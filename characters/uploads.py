"""An avatar that its author uploads: what is taken, and what becomes of it."""

from characters.avatars import ROLE, avatars_of, keep_approved, keep_refused
from characters.errors import InvalidField, NotAPicture, TooLarge
from characters.reviewing import author_changed
from characters.services import author_of, locked_own, note, touch, written
from characters.viewers import Viewer
from media import services as media
from media.models import Attachment
from media.sniff import sniff

MAX_BYTES = 5 * 1024 * 1024
MIN_SIDE = 64
# The first picture of an animation is kept: one picture is looked at, and one is shown.
KINDS = {"image/png", "image/jpeg", "image/webp", "image/gif"}


def upload_avatar(*, character_id: str, data: bytes, viewer: Viewer) -> Attachment:
    """Keeps our own encoding of the picture, without any metadata, as the character's avatar.

    Raises TooLarge, NotAPicture or InvalidField, and as `services.locked_own` does. The same
    picture once more changes nothing.
    """
    prepared = _prepared(data)
    return written(lambda: _take(character_id, prepared, viewer))


def _prepared(data: bytes) -> media.Prepared:
    """Without a lock on anything: decoding takes its time."""
    if len(data) > MAX_BYTES:
        raise TooLarge
    try:
        found = sniff(data)
        if found.mime not in KINDS:
            raise NotAPicture
        if min(found.width or 0, found.height or 0) < MIN_SIDE:
            raise InvalidField(file=f"At least {MIN_SIDE} pixels wide and high.")
        return media.prepare_bytes(data=data, reencode=True, still=True)
    except media.Refused as error:
        if error.code == "wrong_type":
            raise NotAPicture from error
        raise InvalidField(file=f"It cannot be used: {error.message}.") from error


def _take(character_id: str, prepared: media.Prepared, viewer: Viewer) -> Attachment:
    character = locked_own(character_id, viewer)
    before = avatars_of([character.pk]).newest(character.pk)
    if before is not None and before.is_served and _holds(before, prepared):
        return before
    keep_approved([character.pk])
    keep_refused(character)
    kind, key = character.subject_key
    attachment = media.store_prepared(
        prepared=prepared, subject_type=kind, subject_id=key, role=ROLE
    )
    touch(character)
    author_changed(character, by=author_of(viewer), content=True, published=False)
    note(character, by=author_of(viewer), what="Avatar uploaded by its author")
    return attachment


def _holds(attachment: Attachment, prepared: media.Prepared) -> bool:
    return attachment.file is not None and bytes(attachment.file.sha256) == prepared.sha256
