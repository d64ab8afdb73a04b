"""People, their upstream identities and their API keys."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums import Scope
from core.fields import EncryptedTextField


class User(AbstractUser):
    """A person (or a client's service account) that signs in or holds keys."""

    member_until = models.DateTimeField(
        _("member until"), null=True, blank=True, help_text=_("Empty: not a member.")
    )
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True, editable=False)
    ban_reason = models.CharField(_("reason of the ban"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # How pictures arrive in the console: own preference, within what the page offers.
    blur = models.PositiveSmallIntegerField(_("blur strength"), default=24)
    greyscale = models.BooleanField(_("greyscale"), default=True)

    class Meta(AbstractUser.Meta):
        permissions: ClassVar = [
            ("view_console", "May open the console and read"),
            ("moderate", "May claim, decide and undo own decisions"),
            ("lead", "May purge, hold, decide escalations and undo any decision"),
            ("operate", "May run sources, syncs and keys"),
        ]

    def __str__(self) -> str:
        return self.username


class Identity(models.Model):
    """Who this account is at a source: the owner of what that upstream user made."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    # The source's name, not a foreign key: accounts is below upstream and names never change.
    source = models.SlugField(_("source"), max_length=64)
    upstream_user_id = models.CharField(_("upstream user id"), max_length=255)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints: ClassVar = [
            # One upstream user is one account; otherwise two people would own the same picture.
            models.UniqueConstraint(fields=["source", "upstream_user_id"], name="identity_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.upstream_user_id}"


class ApiKey(models.Model):
    """A bearer key, or with a secret a signing key; the key itself is shown once and kept as a hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=100, blank=True)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True)
    key_hash = models.BinaryField(_("SHA-256 of the key"), max_length=32, unique=True)
    secret = EncryptedTextField(_("signing secret"), blank=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("scopes"))
    source = models.SlugField(_("narrowed to source"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    calls = models.BigIntegerField(_("calls"), default=0)
    call_limit = models.BigIntegerField(_("call limit"), null=True, blank=True)
    per_minute = models.PositiveIntegerField(_("calls per minute"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def is_signed(self) -> bool:
        return bool(self.secret)


