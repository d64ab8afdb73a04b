"""The policy: reasons with their texts, each edit a new version."""

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from moderation.enums import Severity


class Reason(models.Model):
    """Why something is rejected: texts for moderators and for users, in English and Chinese."""

    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    label_en = models.CharField(_("label (English)"), max_length=100)
    label_zh = models.CharField(_("label (Chinese)"), max_length=100)
    guide_en = models.TextField(_("for moderators (English)"), blank=True)
    guide_zh = models.TextField(_("for moderators (Chinese)"), blank=True)
    notice_en = models.TextField(_("for users (English)"), blank=True)
    notice_zh = models.TextField(_("for users (Chinese)"), blank=True)
    # The digit behind R on the review page; empty: only in the full list.
    digit = models.PositiveSmallIntegerField(_("digit"), null=True, blank=True, unique=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering: ClassVar = ["digit", "slug"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """In the active language."""
        return self.label_zh if (get_language() or "").startswith("zh") else self.label_en

    @property
    def guide(self) -> str:
        return self.guide_zh if (get_language() or "").startswith("zh") else self.guide_en


class ReasonVersion(models.Model):
    """A reason as it stood: decisions name (slug, version) and stay readable after edits."""

    slug = models.SlugField(_("slug"), max_length=50)
    version = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # A plain id, as in the decision log: the row is append-only and outlives the account.
    created_by = models.BigIntegerField(_("created by"), null=True)

    class Meta:
        verbose_name = _("version of a reason")
        verbose_name_plural = _("versions of reasons")
        ordering: ClassVar = ["slug", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slug", "version"], name="reasonversion_unique")
        ]

    def __str__(self) -> str:
        return f"{self.slug} v{self.version}"
