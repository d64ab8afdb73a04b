"""Roles and API scopes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do; each role is a group of the same name and includes those before it in RANK."""

    VIEWER = "viewer", _("Viewer")
    MODERATOR = "moderator", _("Moderator")
    LEAD = "lead", _("Lead")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")


class Scope(models.TextChoices):
    """What an API key opens."""

    PUBLIC = "public", _("Public endpoints (gallery, characters)")
    CHARACTERS = "characters", _("Own characters")
    ASSETS = "assets", _("Private avatar assets")
    GENERATION = "generation", _("Covers and chat images")
    MODERATION = "moderation", _("Moderation REST")
