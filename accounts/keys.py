"""API keys: making, finding, counting, rotating and revoking them."""

import hashlib
import hmac
import re
import secrets
import string
import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import ADDITION, record
from accounts.enums import Scope
from accounts.errors import AccountError, CallLimitReached, InvalidKey, NotAllowed, TooManyCalls
from accounts.keyrows import key_with_user
from accounts.models import ApiKey, User
from accounts.roles import permissions_of, role_of

LETTERS = string.ascii_letters + string.digits
FORM = re.compile(r"gh_([a-z0-9]{10})_([A-Za-z0-9]{32})")
KEY_LETTERS = 32  # 190 bits
SECRET_LETTERS = 48  # 285 bits
# How often the use of a key without limits is written down.
WRITE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When a key ends, how many calls it is good for in all and in a minute; None: no limit."""

    expires_at: datetime | None = None
    call_limit: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key in the only moment in which it can be read."""

    key: ApiKey
    plain: str
    secret: str


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The row behind a presented key, and the signing secret that belongs to it ("" for none)."""

    key: ApiKey
    secret: str


def may_issue_for(*, by: User | None, user: User) -> bool:
    """Whether `by` may hold a key of `user`: only of people who may do no more than `by` may."""
    return by is None or by.is_superuser or permissions_of(user) <= permissions_of(by)


def check_scopes(*, user: User, scopes: Collection[str]) -> list[str]:
    """The scopes in their fixed order. Raises AccountError when they are wrong for `user`."""
    if unknown := sorted(set(scopes) - set(Scope.values)):
        raise AccountError(
            _("There is no scope %(scope)s; the scopes are %(scopes)s.")
            % {"scope": ", ".join(unknown), "scopes": ", ".join(Scope.values)}
        )
    if not scopes:
        raise AccountError(
            _("A key needs at least one scope of %(scopes)s.") % {"scopes": ", ".join(Scope.values)}
        )
    if Scope.MODERATION in scopes and not role_of(user):
        raise AccountError(
            _("The scope moderation needs a role, and %(user)s has none.") % {"user": user}
        )
    return [scope for scope in Scope.values if scope in scopes]


def check_issue(*, user: User, scopes: Collection[str], by: User | None) -> list[str]:
    """The scopes in their fixed order, if `by` may make such a key. Raises AccountError if not."""
    _check_holder(by=by, user=user)
    if not user.is_active:
        raise AccountError(
            _("%(user)s is banned or closed; such an account gets no keys.") % {"user": user}
        )
    return check_scopes(user=user, scopes=scopes)


def _check_holder(*, by: User | None, user: User) -> None:
    if not may_issue_for(by=by, user=user):
        raise NotAllowed(
            _("%(user)s may do more than you; only an admin makes such keys.") % {"user": user}
        )


def issue_key(
    *,
    user: User,
    scopes: Collection[str],
    name: str = "",
    source: str = "",
    signed: bool = False,
    limits: Limits | None = None,
    by: User | None = None,
) -> IssuedKey:
    """A new key of `user`. `by` None is a command. Raises AccountError, NotAllowed."""
    granted = check_issue(user=user, scopes=scopes, by=by)
    plain, secret = _new_key(_random_prefix()), _new_secret() if signed else ""
    with transaction.atomic():
        key = ApiKey.objects.create(
            user=user,
            name=name,
            prefix=_prefix(plain),
            key_hash=_digest(plain),
            secret=secret,
            scopes=granted,
            source=source,
            **asdict(limits or Limits()),
        )
        record(by=by, about=key, message=f"Made for {', '.join(key.scopes)}", flag=ADDITION)
    return IssuedKey(key=key, plain=plain, secret=secret)


def rotate_key(*, key: ApiKey, grace: timedelta = timedelta(), by: User | None = None) -> IssuedKey:
    """New key and secret in the same row; the old ones answer for `grace` more."""
    _check_holder(by=by, user=key.user)
    with transaction.atomic():
        row = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=key.pk)
        if row.revoked_at is not None:
            raise AccountError(
                _("The key %(key)s is revoked; make a new one.") % {"key": row.prefix}
            )
        plain, secret = _new_key(row.prefix), _new_secret() if row.is_signed else ""
        row.previous_hash = bytes(row.key_hash) if grace else None
        row.previous_secret = row.secret if grace else ""
        row.previous_until = timezone.now() + grace if grace else None
        row.key_hash, row.secret = _digest(plain), secret
        row.save(
            update_fields=[
                "key_hash", "secret", "previous_hash", "previous_secret", "previous_until",
            ]
        )  # fmt: skip
        minutes = int(grace.total_seconds() // 60)
        record(by=by, about=row, message=f"Rotated, {minutes} minutes of grace")
    return IssuedKey(key=row, plain=plain, secret=secret)


def revoke_key(*, key: ApiKey, by: User | None = None) -> bool:
    """Ends the key at its next call, the one before it too; False when it had ended already."""
    with transaction.atomic():
        revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
            revoked_at=timezone.now(), previous_hash=None, previous_secret="", previous_until=None
        )
        if revoked:
            record(by=by, about=key, message="Revoked")
    return bool(revoked)


def find_key(plain: str) -> FoundKey:
    """The live key that reads `plain`, with its user. One query, nothing cached. Raises InvalidKey.

    Found by its public prefix; the rest is compared as a hash in constant time.
    """
    match = FORM.fullmatch(plain)
    if match is None:
        raise InvalidKey
    key = key_with_user(match[1])
    if key is None:
        raise InvalidKey
    now, digest = timezone.now(), _digest(plain)
    current = hmac.compare_digest(bytes(key.key_hash), digest)
    previous = hmac.compare_digest(bytes(key.previous_hash or b""), digest)
    if previous and (key.previous_until is None or key.previous_until <= now):
        previous = False
    expired = key.expires_at is not None and key.expires_at <= now
    if not (current or previous) or key.revoked_at or expired or not key.user.is_active:
        raise InvalidKey
    return FoundKey(key=key, secret=key.secret if current else key.previous_secret)


def count_call(key: ApiKey) -> None:
    """Counts one call of a found key. Raises CallLimitReached or TooManyCalls instead of counting.

    A key with a limit costs one UPDATE that also checks it, so that no number of parallel calls
    gets past it; one without is written at most once a minute.
    """
    if key.is_limited:
        _count_limited(key)
    else:
        _uncounted.count(key)


def _count_limited(key: ApiKey) -> None:
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0)
    counted = (
        ApiKey.objects.filter(pk=key.pk)
        .filter(Q(call_limit=None) | Q(calls__lt=F("call_limit")))
        .filter(
            Q(per_minute=None)
            | Q(minute=None)
            | ~Q(minute=minute)
            | Q(minute_calls__lt=F("per_minute"))
        )
        .filter(Q(per_minute=None) | Q(per_minute__gt=0))
        .update(
            calls=F("calls") + 1,
            last_used_at=now,
            minute_calls=Case(When(minute=minute, then=F("minute_calls") + 1), default=Value(1)),
            minute=minute,
        )
    )
    if counted:
        return
    key.refresh_from_db(fields=["calls", "call_limit"])
    if key.call_limit is not None and key.calls >= key.call_limit:
        raise CallLimitReached
    raise TooManyCalls(wait=60 - now.second)


class _Uncounted:
    """Calls of keys without limits that this process has seen and not yet written down."""

    def __init__(self) -> None:
        self._calls: Counter[int] = Counter()
        self._lock = threading.Lock()

    def count(self, key: ApiKey) -> None:
        now = timezone.now()
        due = key.last_used_at is None or key.last_used_at <= now - WRITE_EVERY
        with self._lock:
            self._calls[key.pk] += 1
            calls = self._calls.pop(key.pk) if due else 0
        if due and not self._write(key.pk, calls, now):
            with self._lock:
                self._calls[key.pk] += calls

    def _write(self, key_id: int, calls: int, now: datetime) -> bool:
        """False when another thread or process was first within this minute."""
        idle = Q(last_used_at=None) | Q(last_used_at__lte=now - WRITE_EVERY)
        rows = ApiKey.objects.filter(idle, pk=key_id)
        return bool(rows.update(calls=F("calls") + calls, last_used_at=now))


_uncounted = _Uncounted()


def _random_prefix() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(10))


def _new_key(prefix: str) -> str:
    return f"gh_{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(KEY_LETTERS))


def _new_secret() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(SECRET_LETTERS))


def _prefix(plain: str) -> str:
    return plain.split("_")[1]


def _digest(plain: str) -> bytes:
    return hashlib.sha256(plain.encode()).digest()
