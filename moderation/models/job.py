"""What people asked for that takes longer than a page may: work in chunks, and exports."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from moderation.enums import ExportFormat, ExportState, JobKind, JobState


class Job(models.Model):
    """Work in chunks, each in one transaction with this row: all there is to know about it.

    Whoever holds the row's lock works on it; a killed worker loses at most a chunk.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=JobKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    # What to do; see the kind's step in moderation/jobs.
    parameters = models.JSONField(_("parameters"), default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=JobState.choices, default=JobState.WAITING
    )
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    # The last key that was dealt with; the next chunk begins behind it.
    cursor = models.CharField(max_length=64, blank=True)
    # Of the decisions it makes, so that they are undone as one.
    batch = models.UUIDField(_("batch"), null=True, db_index=True)
    expected = models.PositiveIntegerField(_("expected"), null=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    # How many by outcome, and by error as it was told.
    outcomes = models.JSONField(_("outcomes"), default=dict)
    errors = models.JSONField(_("errors"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("long task")
        verbose_name_plural = _("long tasks")
        indexes: ClassVar = [
            # What beat sends again.
            models.Index(
                fields=["id"], condition=models.Q(finished_at__isnull=True), name="job_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Export(models.Model):
    """Who took which rows out of the console, when, and how many; never deleted by us."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    # `app.model` of the list.
    listing = models.CharField(_("list"), max_length=64)
    filters = models.JSONField(_("filters"), default=dict)
    format = models.CharField(_("format"), max_length=4, choices=ExportFormat.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState.choices, default=ExportState.WAITING
    )
    # About how many there will be; null when nobody knows.
    expected = models.PositiveIntegerField(_("expected"), null=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    # A running one that was not touched for a while was cut off with its server.
    touched_at = models.DateTimeField(_("last row at"), default=timezone.now)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")

    def __str__(self) -> str:
        return f"{self.listing} {self.started_at:%Y-%m-%d %H:%M}"
