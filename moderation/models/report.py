"""What people outside said about a subject: reports and appeals."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from moderation.enums import ReportKind, ReviewStatus


class Report(models.Model):
    """One statement, kept as it was made: rows are only ever inserted (a trigger refuses more).

    What became of it is read from the decisions after it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ReportKind.choices)
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject id"))
    # The account that sent it, a plain id: only it reads the outcome.
    client_id = models.BigIntegerField(_("sent by account"))
    reporter = models.CharField(_("reporter"), max_length=255)
    category = models.CharField(_("category"), max_length=50, blank=True)
    text = models.TextField(_("text"), blank=True)
    # The subject as it stood: its status, and its newest decision (0: none).
    status_then = models.CharField(max_length=10, choices=ReviewStatus.choices)
    head_then = models.BigIntegerField(default=0)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports and appeals")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "-id"], name="report_by_subject"),
            # A client's own, and how many a reporter sent of late.
            models.Index(fields=["client_id", "reporter", "-id"], name="report_by_reporter"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"
