"""States of an attachment."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AttachmentState(models.TextChoices):
    """`wanted`: bytes to be fetched (a file may be held meanwhile). `failed`: given up for good."""

    WANTED = "wanted", _("Waiting for its bytes")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")
    ERASED = "erased", _("Erased")
