"""Open work: cases, who skipped what, and shifts. Closed work is in the decision log."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from moderation.enums import CaseKind, Priority


class Case(models.Model):
    """One open piece of work on one subject. Narrow on purpose: claims churn this table alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    queue = models.CharField(_("queue"), max_length=32)
    kind = models.CharField(
        _("kind"), max_length=12, choices=CaseKind.choices, default=CaseKind.FIRST_LOOK
    )
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject id"))
    source_id = models.BigIntegerField(_("source"), null=True)
    priority = models.SmallIntegerField(_("priority"), default=Priority.NORMAL)
    why = ArrayField(models.CharField(max_length=100), verbose_name=_("why"), default=list)
    opened_at = models.DateTimeField(_("opened at"), db_default=Now())
    due_at = models.DateTimeField(_("due at"))
    # Claimable when its bytes are here, failed for good, or this time has passed.
    ready_at = models.DateTimeField(db_default=Now())
    ready = models.BooleanField(default=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("claimed by"),
    )
    # Good until the next claimer overwrites it, also after the lease ran out.
    claim_token = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True)
    # The person whose decision is being looked at again is never offered this case.
    not_for = models.BigIntegerField(null=True)
    # Shared by cases that look alike and are claimed together; null for one that stands alone.
    family = models.UUIDField(_("family"), null=True)
    # Whether its picture was compared with those of the other open cases.
    compared = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints: ClassVar = [
            # One open case per subject; a new cause raises it.
            models.UniqueConstraint(fields=["subject_id"], name="case_one_per_subject"),
        ]
        indexes: ClassVar = [
            # The claim's order; leased and unready rows are not in it, so it stays short.
            models.Index(
                "queue",
                F("priority").desc(),
                "opened_at",
                "id",
                condition=Q(claimed_by__isnull=True, ready=True),
                name="case_claimable",
            ),
            # Leases to take back, oldest first.
            models.Index(
                fields=["claimed_until"], condition=Q(claimed_by__isnull=False), name="case_leased"
            ),
            # What I hold.
            models.Index(
                fields=["claimed_by"], condition=Q(claimed_by__isnull=False), name="case_holder"
            ),
            # Cases whose bytes never came: claimable after ten minutes.
            models.Index(fields=["ready_at"], condition=Q(ready=False), name="case_unready"),
            # The members of a family, and whether somebody holds one.
            models.Index(
                fields=["family", "claimed_by"],
                condition=Q(family__isnull=False),
                name="case_family",
            ),
            # What the next comparison takes; claimed work is left alone.
            models.Index(
                fields=["opened_at"],
                condition=Q(
                    compared=False, ready=True, claimed_by__isnull=True, kind=CaseKind.FIRST_LOOK
                ),
                name="case_uncompared",
            ),
            # Overdue counts without touching the rest.
            models.Index(fields=["queue", "due_at"], name="case_due"),
            models.Index(fields=["queue", "opened_at"], name="case_age"),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.subject_type} {self.subject_id}"


class Skip(models.Model):
    """Who put which subject back this shift: it is not offered to them again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    subject_id = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "subject_id"], name="skip_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.subject_id}"


class Shift(models.Model):
    """A person's present shift: it begins with the first claim after four hours without one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    started_at = models.DateTimeField(_("started at"))
    last_claim_at = models.DateTimeField(_("last claim at"))

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M}"
