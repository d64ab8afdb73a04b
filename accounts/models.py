"""People, their upstream identities, their API keys and the count of bad sign-ins."""

from datetime import UTC, datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.enums import KeyState, Scope
from core.fields import EncryptedTextField

MEMBER_FOR_GOOD = datetime(9999, 12, 30, tzinfo=UTC)
MAX_BLUR = 60


class User(AbstractUser):
    """A person (or a client's service account) that signs in or holds keys.

    Roles are given by `accounts.roles.give_role`, bans by `accounts.services`; nothing else
    writes `groups`, `is_staff`, `is_superuser`, `is_active` or `banned_at`.
    """

    member_until = models.DateTimeField(
        _("member until"), null=True, blank=True, help_text=_("Empty: not a member.")
    )
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True, editable=False)
    ban_reason = models.CharField(_("reason of the ban"), max_length=500, blank=True)
    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, blank=True, editable=False)
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("Empty: as the browser asks.")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: UTC.")
    )
    # How pictures arrive in the console: own preference, within what the page offers.
    blur = models.PositiveSmallIntegerField(
        _("blur strength"),
        default=24,
        validators=[MaxValueValidator(MAX_BLUR)],
        help_text=_("In pixels; 0 shows pictures as they are."),
    )
    greyscale = models.BooleanField(_("greyscale"), default=True)
    # Part of every session's hash: raising it ends all sessions of this person, for good.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        # One for each of enums.Permission; English, because they are stored.
        permissions: ClassVar = [
            ("view_console", "May open the console and read"),
            ("moderate", "May claim, decide and undo own decisions"),
            ("lead", "May purge, hold, decide escalations and undo any decision"),
            ("operate", "May run sources, syncs and keys"),
        ]
        constraints: ClassVar = [
            # Authentication looks at is_active alone; a banned account can never pass it.
            models.CheckConstraint(
                condition=models.Q(banned_at__isnull=True) | models.Q(is_active=False),
                name="user_banned_inactive",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_banned(self) -> bool:
        return self.banned_at is not None

    @property
    def is_member(self) -> bool:
        return self.member_until is not None and self.member_until > timezone.now()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's hash of the password, with `session_epoch` in it."""
        return salted_hmac(
            "accounts.models.User.session",
            f"{self.session_epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class Identity(models.Model):
    """Who this account is at a source: the owner of what that upstream user made."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="identities", verbose_name=_("user")
    )
    # The source's name, not a foreign key: accounts is below upstream and names never change.
    source = models.SlugField(_("source"), max_length=64)
    upstream_user_id = models.CharField(_("upstream user id"), max_length=255)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering: ClassVar = ["source", "upstream_user_id"]
        constraints: ClassVar = [
            # One upstream user is one account; otherwise two people would own the same picture.
            models.UniqueConstraint(fields=["source", "upstream_user_id"], name="identity_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.upstream_user_id}"


class ApiKey(models.Model):
    """A bearer key, or with a secret a signing key; the key itself is shown once, its hash kept.

    A rotation keeps the row, its id and its limits, so that what was made with the key stays
    attached to it; the key before it may answer until `previous_until`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100, blank=True)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    key_hash = models.BinaryField(_("SHA-256 of the key"), max_length=32, unique=True)
    secret = EncryptedTextField(_("signing secret"), blank=True, editable=False)
    previous_hash = models.BinaryField(max_length=32, null=True)
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(
        _("key before it answers until"), null=True, editable=False
    )
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("scopes")
    )
    source = models.SlugField(
        _("narrowed to source"), max_length=64, blank=True, help_text=_("Empty: every source.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(
        _("expires at"), null=True, blank=True, help_text=_("Empty: never.")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    # Exact under a limit; without one it is brought up to date once a minute.
    calls = models.BigIntegerField(_("calls"), default=0, editable=False)
    call_limit = models.PositiveBigIntegerField(
        _("call limit"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    per_minute = models.PositiveIntegerField(
        _("calls per minute"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    # The minute that is being counted, and its calls so far.
    minute = models.DateTimeField(null=True, editable=False)
    minute_calls = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def is_signed(self) -> bool:
        return bool(self.secret)

    @property
    def is_limited(self) -> bool:
        return self.call_limit is not None or self.per_minute is not None

    @property
    def state(self) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return KeyState.EXPIRED
        if self.call_limit is not None and self.calls >= self.call_limit:
            return KeyState.EXHAUSTED
        return KeyState.ACTIVE


class SignInAttempts(models.Model):
    """How often signing in failed lately, by one address or by one address for one name.

    The name and the address are kept as a keyed hash: people type passwords into name fields.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    failures = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.digest[:8]}… {self.failures}"


class UsedSignature(models.Model):
    """A signature of a signed request and the one request id that it was sent with.

    Rows go when the timestamp that was signed can no longer be valid.
    """

    pk = models.CompositePrimaryKey("key_id", "digest")
    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    # SHA-256 of the signature.
    digest = models.BinaryField(max_length=32)
    request_id = models.CharField(max_length=255)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key_id} {self.request_id}"
