"""States of an attachment, variants of its bytes, and what a link to them is for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AttachmentState(models.TextChoices):
    """`wanted`: bytes to be fetched; older ones may be held, and are served until the new come.

    `failed`: given up for good, and nothing is held. `erased`: no link brings the bytes back.
    """

    WANTED = "wanted", _("Waiting for its bytes")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")
    ERASED = "erased", _("Erased")


class Variant(models.TextChoices):
    """`thumb`: at most 320 px. `view`: at most 1280 px, what a person looks at. `original`: all
    pixels (or the whole clip) without metadata."""

    THUMB = "thumb", _("Thumbnail")
    VIEW = "view", _("View")
    ORIGINAL = "original", _("Original")


class Purpose(models.TextChoices):
    """Who a link was made for. `console` and `lead` work only for the person they name, signed in
    or with a key of their own; `claim` and `client` for whoever holds the link."""

    CONSOLE = "console", _("Console")
    CLAIM = "claim", _("REST")
    CLIENT = "client", _("Clients")
    LEAD = "lead", _("Leads")

    @property
    def is_personal(self) -> bool:
        return self in {Purpose.CONSOLE, Purpose.LEAD}

    @property
    def shows_view(self) -> bool:
        """Whether the main link leads to the `view` variant; clients get all pixels."""
        return self.is_personal
