"""The tokens inside media URLs: compact, signed, and good for one attachment, epoch and variant."""

import base64
import binascii
import hashlib
import hmac
import struct
import time
import uuid
from dataclasses import dataclass

from django.core import signing
from django.utils.encoding import force_bytes

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
    """URL-safe tokens of about 90 characters, as Django's Signer makes them.

    A page of links would have it derive its key for each of them: here once.
    """
    signer = _signer()
    key = hashlib.sha256(force_bytes(f"{signer.salt!s}signer") + force_bytes(signer.key)).digest()
    separator = str(signer.sep)
    return [f"{packed}{separator}{_mac(key, packed)}" for packed in map(_packed, passes)]


def _mac(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


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
