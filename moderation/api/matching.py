"""Asking the banks about pictures over REST: hashes, bytes or our own links, many at once."""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from accounts.models import User
from core.contracts import json_response
from media import services as media
from media.pdq import Hashed
from moderation.api import schemas
from moderation.api.base import ModerationView, user_of
from moderation.banks.digests import digest_of
from moderation.banks.matching import BankHit, Known, Print, known_of
from moderation.registry import model_for
from moderation.store import SubjectKey

MAX_ROWS = 1_000


class Unreadable(Exception):
    """One item of the list cannot be looked up; the others can."""


class Match(ModerationView):
    """Compares and remembers nothing: no case is opened by asking."""

    @extend_schema(
        request=schemas.MatchRequest,
        responses=schemas.MatchAnswer,
        summary="Which bank entries up to 1,000 pictures are near",
    )
    def post(self, request: Request) -> HttpResponse:
        user = user_of(request)
        name, items = _items(request._request.body)
        read = _READERS[name]
        looked = [_looked(read, item, user) for item in items]
        found = iter(known_of([each[0] for each in looked if not isinstance(each, str)]))
        known = [Known([], 0) if isinstance(each, str) else next(found) for each in looked]
        hidden = _hidden([each.hits for each in known], user)
        return json_response(
            {
                "results": [
                    {"error": each} if isinstance(each, str) else _present(each, near, hidden)
                    for each, near in zip(looked, known, strict=True)
                ]
            }
        )


Looked = tuple[Print, int | None]


def _items(body: bytes) -> tuple[str, list[Any]]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ParseError("The body is not JSON.") from None
    named = [name for name in _READERS if isinstance(given, dict) and name in given]
    if len(named) != 1:
        raise ValidationError({"images": ["Give one of images, hashes and urls."]})
    items = given[named[0]]
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ROWS:
        raise ValidationError({named[0]: [f"A list of 1 to {MAX_ROWS}."]})
    return named[0], items


def _looked(read: Callable[[Any, User], Looked], item: Any, user: User) -> Looked | str:
    """What an item is looked up by and its quality, or why it cannot be."""
    try:
        return read(item, user)
    except Unreadable as error:
        return str(error)


def _hash(item: Any, user: User) -> Looked:
    if not isinstance(item, dict) or not item.keys() & {"pdq", "sha256"}:
        raise Unreadable("An object with pdq or sha256 is needed.")
    return Print(_digest(item, "pdq"), _digest(item, "sha256")), None


def _digest(item: dict[str, Any], name: str) -> bytes | None:
    text = item.get(name)
    if text is None:
        return None
    try:
        return digest_of(text)
    except ValueError:
        raise Unreadable(f"{name} is 64 hexadecimal digits.") from None


def _image(item: Any, user: User) -> Looked:
    try:
        data = base64.b64decode(item, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Unreadable("This is not base64.") from None
    try:
        hashed = media.look_at(data)
    except media.Refused as error:
        raise Unreadable(error.message) from None
    return _print(hashed, hashlib.sha256(data).digest())


def _print(hashed: Hashed, sha256: bytes) -> Looked:
    return Print(None if hashed.is_flat else hashed.pdq, sha256), hashed.quality


def _link(item: Any, user: User) -> Looked:
    file = media.file_of_link(
        url=item, user_id=user.pk, is_lead=user.has_perm("accounts.lead")
    ) if isinstance(item, str) else None  # fmt: skip
    if file is None:
        raise Unreadable("This is no link of ours that works for you.")
    known = getattr(file, "fingerprint", None)
    if known is None:
        raise Unreadable("The picture is not hashed yet.")
    pdq = bytes(known.pdq) if known.pdq is not None else None
    return Print(pdq, bytes(file.sha256)), known.quality


_READERS: dict[str, Callable[[Any, User], Looked]] = {
    "images": _image,
    "hashes": _hash,
    "urls": _link,
}


def _hidden(hits: list[list[BankHit]], user: User) -> set[uuid.UUID]:
    """Held subjects among them, which only leads are told."""
    if user.has_perm("accounts.lead"):
        return set()
    by_type: dict[str, set[uuid.UUID]] = {}
    for near in hits:
        for hit in near:
            if hit.subject is not None:
                by_type.setdefault(hit.subject[0], set()).add(hit.subject[1])
    held: set[uuid.UUID] = set()
    for subject_type, ids in by_type.items():
        rows = model_for(subject_type).objects.filter(pk__in=ids, held=True)
        held |= set(rows.values_list("pk", flat=True))
    return held


def _present(looked: Looked, known: Known, hidden: set[uuid.UUID]) -> dict[str, Any]:
    pdq = looked[0].pdq
    return {
        "pdq": pdq.hex() if pdq is not None else None,
        "quality": looked[1],
        "matches": [
            {
                "bank": hit.bank,
                "label": hit.label,
                "distance": hit.distance,
                "action": hit.action,
                "subject": _subject(hit.subject, hidden),
            }
            for hit in known.hits
        ],
        **({"more": known.more} if known.more else {}),
    }


def _subject(key: SubjectKey | None, hidden: set[uuid.UUID]) -> dict[str, str] | None:
    if key is None or key[1] in hidden:
        return None
    return {"type": key[0], "id": str(key[1])}
