"""Roles with what each may do, and API scopes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    """What code asks for; the rows belong to the User model (see its Meta)."""

    VIEW = "accounts.view_console", _("May open the console and read")
    MODERATE = "accounts.moderate", _("May claim, decide and undo own decisions")
    LEAD = "accounts.lead", _("May purge, hold, decide escalations and undo any decision")
    OPERATE = "accounts.operate", _("May run sources, syncs and keys")

    @property
    def codename(self) -> str:
        return str(self.value).partition(".")[2]


class Role(models.TextChoices):
    """What a person may do, lowest first; each role is a group of the same name."""

    VIEWER = "viewer", _("Viewer")
    MODERATOR = "moderator", _("Moderator")
    LEAD = "lead", _("Lead")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")

    @property
    def permissions(self) -> frozenset[Permission]:
        return PERMISSIONS[self]


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.MODERATOR: frozenset({Permission.VIEW, Permission.MODERATE}),
    Role.LEAD: frozenset({Permission.VIEW, Permission.MODERATE, Permission.LEAD}),
    Role.OPERATOR: frozenset({Permission.VIEW, Permission.OPERATE}),
    Role.ADMIN: frozenset(Permission),
}


class Scope(models.TextChoices):
    """What an API key opens."""

    PUBLIC = "public", _("Public endpoints (gallery, characters)")
    CHARACTERS = "characters", _("Own characters")
    ASSETS = "assets", _("Private avatar assets")
    GENERATION = "generation", _("Covers and chat images")
    MODERATION = "moderation", _("Moderation REST")


class KeyState(models.TextChoices):
    """What became of an API key."""

    ACTIVE = "active", _("Active")
    EXHAUSTED = "exhausted", _("Call limit reached")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")
