"""The tokens inside media URLs: compact, signed, and good for one attachment, epoch and variant."""

import base64
import binascii
import struct
import time
import uuid
from dataclasses import dataclass

from django.core import signing

from media.enums import Purpose, Variant

# attachment, epoch, variant, purpose, user (0: none), expiry in Unix seconds
_FORM = struct.Struct(">16sIBBQI")
_VARIANTS = [Variant.THUMB, Variant.VIEW, Variant.ORIGINAL]
_PURPOSES = [Purpose.CONSOLE, Purpose.CLAIM, Purpose.CLIENT, Purpose.LEAD]


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token says. `user_id` is who it was made for; None: nobody in particular."""

    attachment_id: uuid.UUID
    epoch: int
    variant: Variant
    purpose: Purpose
    user_id: int | None
    expires: int


def _signer() -> signing.Signer:
    return signing.Signer(salt="media.tokens", sep="~")


def write_tokens(passes: list[Pass]) -> list[str]:
    """URL-safe tokens of about 90 characters."""
    signer = _signer()
    return [signer.sign(_packed(each)) for each in passes]


def _packed(each: Pass) -> str:
    packed = _FORM.pack(
        each.attachment_id.bytes,
        each.epoch,
        _VARIANTS.index(each.variant),
        _PURPOSES.index(each.purpose),
        each.user_id or 0,
        each.expires,
    )
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_token(token: str) -> Pass | None:
    """None for a token that is not ours, was tampered with, or has expired."""
    found = read_signed(token)
    return found if found and found.expires > time.time() else None


def read_signed(token: str) -> Pass | None:
    """What a token says or, once expired, said; None when it is not ours or was tampered with."""
    try:
        packed = _signer().unsign(token)
        fields = _FORM.unpack(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        key, epoch, variant, purpose, user_id, expires = fields
        return Pass(
            uuid.UUID(bytes=key),
            epoch,
            _VARIANTS[variant],
            _PURPOSES[purpose],
            user_id or None,
            expires,
        )
    except (signing.BadSignature, binascii.Error, struct.error, IndexError, ValueError):
        return None
