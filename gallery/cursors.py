"""Where a page of an album ended, as the opaque `nextCursor` that clients send back."""

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.core import signing

from gallery.models import ImageLog

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
# created_at in microseconds since 1970, id
_FORM = struct.Struct(">q16s")


class BadCursor(ValueError):
    """Not a cursor that was made here for this album."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the order of an album. Rows may share a time, never a place."""

    created_at: datetime
    id: uuid.UUID

    @classmethod
    def of(cls, image: ImageLog) -> Self:
        return cls(image.created_at, image.id)


def milliseconds(moment: datetime) -> int:
    """Since 1970, rounded down; whole numbers all the way, because floats lose some."""
    return (moment - EPOCH) // MILLISECOND


def write_cursor(place: Place, *, album: str) -> str:
    """URL-safe and signed: good for this album only, for whoever may see it, without an end."""
    packed = _FORM.pack((place.created_at - EPOCH) // MICROSECOND, place.id.bytes)
    return _signer(album).sign(base64.urlsafe_b64encode(packed).decode())


def read_cursor(text: str, *, album: str) -> Place:
    """Raises BadCursor for everything but what `write_cursor` made for the same album."""
    try:
        packed = base64.urlsafe_b64decode(_signer(album).unsign(text))
        micros, key = _FORM.unpack(packed)
    except (signing.BadSignature, binascii.Error, struct.error) as error:
        raise BadCursor from error
    return Place(EPOCH + micros * MICROSECOND, uuid.UUID(bytes=key))


def _signer(album: str) -> signing.Signer:
    return signing.Signer(salt=f"gallery.cursors:{album}", sep="~")
