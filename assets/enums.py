"""The vendor's words for assets."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupType(models.TextChoices):
    AIGC = "AIGC", _("Generated")
    LIVENESS_FACE = "LivenessFace", _("Real face")


class AssetType(models.TextChoices):
    IMAGE = "Image", _("Image")
    VIDEO = "Video", _("Video")
    AUDIO = "Audio", _("Audio")


class AssetStatus(models.TextChoices):
    PROCESSING = "Processing", _("Processing")
    ACTIVE = "Active", _("Active")
    FAILED = "Failed", _("Failed")
