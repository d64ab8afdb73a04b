"""Bytes we hold, and which subject each belongs to."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from media.enums import AttachmentState


class File(models.Model):
    """One stored content, named by its SHA-256; several subjects may share it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sha256 = models.BinaryField(_("SHA-256"), max_length=32, unique=True)
    size = models.BigIntegerField(_("bytes"))
    mime = models.CharField(_("type by content"), max_length=50)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    seconds = models.FloatField(_("seconds"), null=True)
    animated = models.BooleanField(_("animated"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # The row stays when its bytes are erased, so that the same content is recognised.
    erased_at = models.DateTimeField(_("erased at"), null=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return bytes(self.sha256).hex()[:12]


class Attachment(models.Model):
    """A subject's use of a file. URLs name the attachment and its epoch; a new epoch kills them all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    role = models.CharField(_("role"), max_length=20, default="picture")
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="attachments")
    epoch = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=AttachmentState.choices)
    # Kept only while the bytes are still to be fetched: signed links are not for storing.
    origin_url = models.TextField(blank=True)
    # SHA-256 of the link without its query: tells whether a new link means new bytes.
    origin_key = models.BinaryField(max_length=32, null=True)
    # A real face (LivenessFace) or a held subject: every view of the bytes is logged with who and why.
    sensitive = models.BooleanField(default=False)
    # Under a hold only links minted for leads work.
    held = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    stored_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "role"], name="attachment_one_per_role"
            ),
        ]
        indexes: ClassVar = [
            # What the mirror takes next: small, because stored ones leave it.
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="wanted"), name="attachment_wanted"
            ),
            # Same bytes, other subjects.
            models.Index(fields=["file"], name="attachment_by_file"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id} {self.role}"


class ViewLog(models.Model):
    """Who saw the bytes of a sensitive or held attachment, when and why; append-only."""

    attachment_id = models.UUIDField(_("attachment"))
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField(db_index=True)
    user_id = models.BigIntegerField(_("user id"), null=True)
    purpose = models.CharField(_("purpose"), max_length=20)
    variant = models.CharField(_("variant"), max_length=10)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("view of a sensitive picture")
        verbose_name_plural = _("views of sensitive pictures")

    def __str__(self) -> str:
        return f"{self.user_id} {self.subject_id}"
