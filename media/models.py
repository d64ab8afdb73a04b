"""Bytes we hold, and which subject each belongs to."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from media.enums import AttachmentState, Purpose, Variant
from media.naming import path_of, variant_path


class File(models.Model):
    """One stored content, named by its SHA-256; several subjects may share it.

    Its row follows its bytes: bytes are written before the row and erased before it says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sha256 = models.BinaryField(_("SHA-256"), max_length=32, unique=True)
    size = models.BigIntegerField(_("bytes"))
    mime = models.CharField(_("type by content"), max_length=50)
    # Of the upright picture, in pixels.
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    seconds = models.FloatField(_("seconds"), null=True)
    animated = models.BooleanField(_("animated"), default=False)
    thumb = models.BooleanField(_("has a thumbnail"), default=False, db_default=False)
    # Types of the variants made of it; empty where the next larger one serves instead.
    view_mime = models.CharField(max_length=50, blank=True, default="", db_default="")
    clean_mime = models.CharField(max_length=50, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # Whether it has its Fingerprint; what was stored before there were any is hashed later.
    fingerprinted = models.BooleanField(default=False, db_default=False)
    # The row stays when its bytes are erased, so that the same content is recognised.
    erased_at = models.DateTimeField(_("erased at"), null=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes: ClassVar = [
            # What is still to be hashed: empty most of the time.
            models.Index(
                fields=["id"],
                condition=models.Q(fingerprinted=False, erased_at__isnull=True),
                name="file_without_fingerprint",
            ),
        ]

    def __str__(self) -> str:
        return bytes(self.sha256).hex()[:12]

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")

    def rendition(self, variant: str) -> tuple[str, str] | None:
        """(name in the storage, type) of what a variant's link gives; None when there is nothing.

        Never the bytes as they came when these carry metadata.
        """
        sha256 = bytes(self.sha256)
        if variant == Variant.THUMB:
            thumb = variant_path(sha256, "thumb", "image/webp"), "image/webp"
            return thumb if self.thumb else None
        if variant == Variant.VIEW and self.view_mime:
            return variant_path(sha256, "view", self.view_mime), self.view_mime
        if variant == Variant.VIEW and not self.is_image:
            return None
        if self.clean_mime:
            return variant_path(sha256, "clean", self.clean_mime), self.clean_mime
        return path_of(sha256), self.mime


class Fingerprint(models.Model):
    """What a file looks like (see `media.pdq`); it stays when the bytes are erased."""

    file = models.OneToOneField(
        File, models.CASCADE, primary_key=True, related_name="fingerprint", verbose_name=_("file")
    )
    # Null: too flat to mean anything, or nothing to see at all. Never matches.
    pdq = models.BinaryField(_("PDQ"), max_length=32, null=True)
    quality = models.PositiveSmallIntegerField(_("quality"))

    class Meta:
        verbose_name = _("fingerprint")
        verbose_name_plural = _("fingerprints")

    def __str__(self) -> str:
        return bytes(self.pdq).hex() if self.pdq else "-"


class Attachment(models.Model):
    """A subject's use of a file. URLs name it and its epoch; a new epoch kills them all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject"))
    role = models.CharField(_("role"), max_length=20, default="picture")
    # Also of an erased attachment, so that the same content is recognised.
    file = models.ForeignKey(
        File, models.PROTECT, null=True, related_name="attachments", verbose_name=_("file")
    )
    epoch = models.PositiveIntegerField(_("epoch"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=AttachmentState.choices)
    # Kept only while the bytes are still to be fetched: signed links are not for storing.
    origin_url = models.TextField(blank=True)
    # SHA-256 of the link without its query: tells whether a new link means new bytes.
    origin_key = models.BinaryField(max_length=32, null=True)
    # A real face (LivenessFace): every view of the bytes is logged with who and why.
    sensitive = models.BooleanField(_("sensitive"), default=False)
    # Under a hold only links minted for leads work.
    held = models.BooleanField(_("held"), default=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # While wanted: when the mirror takes it. Taking it moves this ahead, which is its lease.
    next_try_at = models.DateTimeField(_("next try at"), null=True, default=timezone.now)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # Since when it holds these bytes; fetching the same ones again changes nothing.
    stored_at = models.DateTimeField(_("stored at"), null=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_id", "role"], name="attachment_one_per_role"),
            # One without a time would never be fetched.
            models.CheckConstraint(
                condition=~models.Q(state="wanted") | models.Q(next_try_at__isnull=False),
                name="attachment_wanted_has_time",
            ),
        ]
        indexes: ClassVar = [
            # What the mirror takes next: small, because stored ones leave it.
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="wanted"), name="attachment_wanted"
            ),
            # What was given up lately, for the notice about it.
            models.Index(
                fields=["created_at"],
                condition=models.Q(state="failed"),
                name="attachment_failed",
            ),
            # Same bytes, other subjects.
            models.Index(fields=["file"], name="attachment_by_file"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id} {self.role}"

    @property
    def is_served(self) -> bool:
        """Whether links work: bytes are here, older ones too while newer are on their way."""
        return (
            self.state in {AttachmentState.STORED, AttachmentState.WANTED}
            and self.file is not None
            and self.file.erased_at is None
        )


class ViewLog(models.Model):
    """Who saw the bytes of a sensitive or held attachment, when and why; append-only by trigger."""

    attachment_id = models.UUIDField(_("attachment"))
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject"), db_index=True)
    user_id = models.BigIntegerField(_("user id"), null=True)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    variant = models.CharField(_("variant"), max_length=10)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("view of a sensitive picture")
        verbose_name_plural = _("views of sensitive pictures")

    def __str__(self) -> str:
        return f"{self.user_id} {self.subject_id}"
