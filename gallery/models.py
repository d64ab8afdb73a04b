"""Image logs: pictures that the models drew in conversations."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.models import Reviewable


class ImageLog(Reviewable):
    """One generated picture. Prompt, parameters and the upstream object are in ImageDetail."""

    user_id = models.CharField(_("user (upstream id)"), max_length=255)
    archive_id = models.CharField(_("conversation"), max_length=255, blank=True)
    message_id = models.CharField(_("message"), max_length=255, blank=True)
    # The character's upstream id: pictures may arrive before their character does.
    character_id = models.CharField(_("character (upstream id)"), max_length=255)
    created_at = models.DateTimeField(_("created at"))
    # Whose it is among what was made here; what came from a source is its user's there.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("account"),
    )

    class Meta(Reviewable.Meta):
        verbose_name = _("image log")
        verbose_name_plural = _("image logs")
        indexes: ClassVar = [
            # The album: newest first, keyset by (created_at, id).
            models.Index(fields=["character_id", "-created_at", "-id"], name="imagelog_album"),
            # A user's record.
            models.Index(fields=["user_id", "-created_at"], name="imagelog_by_user"),
            models.Index(fields=["archive_id", "-created_at"], name="imagelog_by_archive"),
            # Search by a pasted message id.
            models.Index(fields=["message_id"], name="imagelog_by_message"),
            models.Index(fields=["-created_at", "-id"], name="imagelog_newest"),
        ]

    def __str__(self) -> str:
        return self.message_id or str(self.id)


class ImageDetail(models.Model):
    """One version of a picture's prompt and parameters with the raw upstream object;
    insert-only.
    """

    image = models.ForeignKey(ImageLog, models.CASCADE, related_name="details")
    prompt = models.TextField(_("prompt"), blank=True)
    # Unknown upstream keys (generation parameters), as they came.
    params = models.JSONField(_("parameters"), default=dict)
    raw = models.JSONField(_("upstream object"), default=dict)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture's parameters")
        verbose_name_plural = _("pictures' parameters")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.image_id)
