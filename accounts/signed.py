"""Signed requests (contracts 2 and 3): whose key it is, whether the signature is right, and that
one signature is good for one request id.

The signature itself is `core.signing`; what a request id means for retries is the endpoint's.
"""

import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from django.db import connection
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.request import Request

from accounts.enums import Scope
from accounts.errors import CallLimitReached, InvalidKey, TooManyCalls
from accounts.keys import count_call, find_key
from accounts.models import ApiKey, UsedSignature, User
from core.envelope import Code, Declined
from core.signing import WINDOW_SECONDS, base_string, is_fresh, parse_body, verify

HEADERS = ("X-Timestamp", "X-Signature", "X-Request-ID", "X-User-ID")
MAX_HEADER = 255


@dataclass(frozen=True, slots=True)
class Signer:
    """A live signing key; `secret` is the one that belongs to the key as presented."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """A request whose signature is right, of whatever age. `body` None: it is no JSON object."""

    key: ApiKey
    user_id: str
    request_id: str
    timestamp: str
    signature: str = field(repr=False)
    body: dict[str, Any] | None = field(repr=False)

    @property
    def is_fresh(self) -> bool:
        """Whether the timestamp is within five minutes of our clock."""
        return is_fresh(self.timestamp, now=time.time())


def find_signer(plain: str) -> Signer:
    """The signer behind the key of a request. Raises InvalidKey, also for keys without a secret.

    Counts nothing: call `accounts.keys.count_call(signer.key)` once the signature is right.
    """
    found = find_key(plain)
    if not found.secret:
        raise InvalidKey
    return Signer(key=found.key, secret=found.secret)


class SignedAuthentication(BaseAuthentication):
    """All five headers: `request.user` is the key's owner, `request.auth` the SignedCall.

    Whatever is missing or wrong is 401; the age of the timestamp is for the endpoint to judge,
    because a retry may be of any age.
    """

    def authenticate(self, request: Request) -> tuple[User, SignedCall]:
        plain = _bearer(request)
        sent = {name: _header(request, name) for name in HEADERS}
        try:
            signer = find_signer(plain)
        except InvalidKey as error:
            raise AuthenticationFailed(str(error)) from error
        body = _body(request)
        if not verify(signer.secret, _base(request, sent, body), sent["X-Signature"]):
            raise AuthenticationFailed("Invalid signature")
        if Scope.GENERATION not in signer.key.scopes:
            raise AuthenticationFailed("This API key does not have the scope generation")
        call = SignedCall(
            key=signer.key,
            user_id=sent["X-User-ID"],
            request_id=sent["X-Request-ID"],
            timestamp=sent["X-Timestamp"],
            signature=sent["X-Signature"],
            body=body,
        )
        return signer.key.user, call

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


def _bearer(request: Request) -> str:
    scheme, _, key = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise AuthenticationFailed("Missing header Authorization")
    return key.strip()


def _header(request: Request, name: str) -> str:
    """A header's text; headers arrive as Latin-1, and clients that send more send UTF-8."""
    value = str(request.headers.get(name, "")).strip()
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    if not value:
        raise AuthenticationFailed(f"Missing header {name}")
    if len(value) > MAX_HEADER or not value.isprintable():
        raise AuthenticationFailed(f"Invalid header {name}")
    return value


def _body(request: Request) -> dict[str, Any] | None:
    if request.META.get("CONTENT_TYPE", "").startswith("multipart/"):
        return None
    return parse_body(request._request.body)


def _base(request: Request, sent: Mapping[str, str], body: dict[str, Any] | None) -> str:
    # Bytes that a client did not escape arrive as Latin-1.
    sent_query = (
        request.META.get("QUERY_STRING", "").encode("latin-1", "replace").decode("utf-8", "replace")
    )
    query = parse_qsl(sent_query, keep_blank_values=True)
    try:
        return base_string(
            method=str(request.method),
            path=request.path,
            timestamp=sent["X-Timestamp"],
            user_id=sent["X-User-ID"],
            query=query,
            body=body,
        )
    except RecursionError:
        raise ParseError("The body is nested too deeply") from None


def require_fresh(call: SignedCall) -> None:
    """Raises AuthenticationFailed for a timestamp more than five minutes off."""
    if not call.is_fresh:
        raise AuthenticationFailed("Timestamp expired")


def count_signed(call: SignedCall) -> None:
    """Counts one call of the key. Raises Declined, in the vendor's words, over its limits."""
    try:
        count_call(call.key)
    except (CallLimitReached, TooManyCalls) as error:
        raise Declined(Code.INVALID, str(error)) from error


_BIND = """
INSERT INTO accounts_usedsignature AS u (key_id, digest, request_id, until)
VALUES (%s, %s, %s, %s)
ON CONFLICT (key_id, digest) DO UPDATE SET request_id = u.request_id RETURNING u.request_id
"""


def bind_signature(call: SignedCall) -> None:
    """Ties a fresh signature to its request id: the id is not signed, so whoever overheard the
    request could send it again under another one. Raises AuthenticationFailed for that.

    In the database, and so for every process; for as long as the timestamp can be valid.
    """
    until = datetime.fromtimestamp(int(call.timestamp) + WINDOW_SECONDS, UTC)
    digest = hashlib.sha256(call.signature.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(_BIND, [call.key.pk, digest, call.request_id, until])
        bound = cursor.fetchone()[0]
    if bound != call.request_id:
        raise AuthenticationFailed("The signature was used before")


def forget_signatures() -> int:
    """Drops the bindings of signatures that are too old to be accepted; how many."""
    dropped, _ = UsedSignature.objects.filter(until__lt=timezone.now()).delete()
    return dropped
