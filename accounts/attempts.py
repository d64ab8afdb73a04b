"""Throttling of what may be guessed or abused: sign-ins and mails for a new password.

An attempt is counted before it is judged, in one statement, so that parallel guesses cannot slip
past the count; a success takes its own count back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from django.db import connection
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import SignInAttempts

# Counted from the first bad try; what is locked is open again when it is over.
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many bad tries of one kind a window takes."""

    kind: str
    most: int


BY_ADDRESS = Limit("address", 50)  # many people may share an office's address
BY_NAME = Limit("name", 5)  # one name from one address
MAIL_BY_ADDRESS = Limit("mail-address", 10)
MAIL_BY_NAME = Limit("mail", 3)


class Locked(Exception):
    """Too many tries; `minutes` until the next one is judged, at most the window's 15."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"locked for {minutes} minutes")
        self.minutes = minutes


@contextmanager
def sign_in_attempt(request: HttpRequest, *, name: str) -> Iterator[None]:
    """Around the judging of a password; left by an exception, the try was a bad one.

    Raises Locked before anything is judged. What it does never depends on whether `name` exists.
    """
    address = _network(request)
    by_address = _count(BY_ADDRESS, address)
    by_name = _count(BY_NAME, address, name.casefold())
    yield
    SignInAttempts.objects.filter(digest=by_name).delete()
    SignInAttempts.objects.filter(digest=by_address, failures__gt=0).update(
        failures=F("failures") - 1
    )


def count_mail(request: HttpRequest, *, email: str) -> None:
    """Counts one request for a mail with a new password. Raises Locked."""
    _count(MAIL_BY_ADDRESS, _network(request))
    _count(MAIL_BY_NAME, email.casefold())


def _count(limit: Limit, *parts: str) -> str:
    """Counts one try and returns its row's key. Raises Locked when the window has had enough."""
    now = timezone.now()
    digest = salted_hmac(f"accounts.attempts.{limit.kind}", "\n".join(parts)).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts_signinattempts AS a (digest, failures, ends_at)
            VALUES (%(digest)s, 1, %(ends_at)s)
            ON CONFLICT (digest) DO UPDATE SET
                failures = CASE WHEN a.ends_at <= %(now)s THEN 1
                                ELSE least(a.failures, %(most)s) + 1 END,
                ends_at = CASE WHEN a.ends_at <= %(now)s THEN excluded.ends_at ELSE a.ends_at END
            RETURNING failures, ends_at
            """,
            {"digest": digest, "ends_at": now + WINDOW, "now": now, "most": limit.most},
        )
        failures, ends_at = cursor.fetchone()
    if failures > limit.most:
        raise Locked(minutes=max(1, -(-int((ends_at - now).total_seconds()) // 60)))
    if failures == 1:
        SignInAttempts.objects.filter(ends_at__lte=now).delete()
    return digest


def _network(request: HttpRequest) -> str:
    """The client's address; of IPv6 the /64, of which one client has every address."""
    raw = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(raw)
    except ValueError:
        return str(raw)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(int(address) >> 64)
    return str(address)
