"""Kinds of sources and states of runs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceKind(models.TextChoices):
    CHARACTERS = "characters", _("Characters")
    GALLERY = "gallery", _("Gallery")
    ASSETS = "assets", _("Private avatar assets")
    GENERATION = "generation", _("Generation")


class Backend(models.TextChoices):
    """What stands behind a generation source."""

    SANDBOX = "sandbox", _("Sandbox placeholder")
    OPEN_PLATFORM = "open-platform", _("Open platform")
    COMFYUI = "comfyui", _("ComfyUI")


class RunStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    PARTIAL = "partial", _("Partial")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class GenerationKind(models.TextChoices):
    COVER = "cover", _("Cover")
    CHAT_IMAGE = "chat_image", _("Chat image")


class GenerationState(models.TextChoices):
    """`refused`: the prompt is against the policy, and nothing was generated; or a rejecting bank
    knows the picture, which was kept for review and not handed out."""

    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Working")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Refused")


UNENDED = (GenerationState.WAITING, GenerationState.WORKING)
