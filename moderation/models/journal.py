"""Around decisions: idempotency keys, the outbox, notes, and the tallies that counts are read
from.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """The answer given to a request, so that a repeat gets the same and decides nothing twice."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200)
    body_sha256 = models.BinaryField(max_length=32)
    # JSON as it was sent, so that a repeat is the same to the byte.
    response = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            # Keys belong to a user; two requests with one key meet here.
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_once")
        ]

    def __str__(self) -> str:
        return self.key


class OutboxEvent(models.Model):
    """What is to follow a decision, written in its transaction and delivered by a worker."""

    topic = models.CharField(max_length=32)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=models.Q(delivered_at__isnull=True), name="outbox_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class Note(models.Model):
    """A remark on a subject without a decision."""

    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField(db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering: ClassVar = ["at"]

    def __str__(self) -> str:
        return self.text[:60]


class HandOver(models.Model):
    """What one shift tells the next."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("hand-over note")
        verbose_name_plural = _("hand-over notes")
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return self.text[:60]


class Tally(models.Model):
    """A log of differences appended by statement triggers; its sum per key is the exact count.

    Keys: (`status`, subject type, review status) and (`queue`, slug, ""). Never a row that every
    writer updates: 16 writers would queue up behind it.
    """

    scope = models.CharField(max_length=8)
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=10, blank=True)
    delta = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            # Sums by key without reading the rest.
            models.Index(fields=["scope", "name", "value"], include=["delta"], name="tally_key"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.name} {self.value} {self.delta:+d}"
