"""The record of who decided what: decisions, seals over them, tombstones and receipts of
erasing.
"""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.enums import (
    JUDGES,
    VERDICTS,
    Action,
    ActorKind,
    CaseKind,
    ReviewStatus,
    Seen,
    Severity,
)


class DecisionQuerySet(models.QuerySet):  # type: ignore[type-arg]  # not generic at runtime
    def standing(self) -> Self:
        """Without what was undone since."""
        undos = Decision.objects.filter(reverses=models.OuterRef("pk"))
        return self.filter(~models.Exists(undos))

    def counted(self) -> Self:
        """What every count of decisions means: verdicts of people and rules that stand."""
        return self.filter(actor_kind__in=JUDGES, action__in=VERDICTS).standing()


class Decision(models.Model):
    """One row per subject and action, never updated or deleted (triggers refuse).

    People are plain ids: the row must outlive the account. What would be lost with the case stands
    here.
    """

    id = models.BigAutoField(_("number"), primary_key=True)
    at = models.DateTimeField(_("at"))
    batch = models.UUIDField(_("batch"))
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject id"))
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    from_status = models.CharField(_("from"), max_length=10, choices=ReviewStatus.choices)
    to_status = models.CharField(_("to"), max_length=10, choices=ReviewStatus.choices)
    from_hidden = models.BooleanField(_("hidden before"))
    to_hidden = models.BooleanField(_("hidden"))
    from_held = models.BooleanField(_("held before"))
    to_held = models.BooleanField(_("held"))
    # Whether the rejection in force may be reversed by a lead only (critical, held or lead-made).
    from_guarded = models.BooleanField(_("guarded before"))
    to_guarded = models.BooleanField(_("guarded"))
    # The subject's review columns before, so that an undo restores them exactly.
    from_reviewed_at = models.DateTimeField(null=True)
    from_reviewed_by = models.BigIntegerField(null=True)
    reason = models.CharField(_("reason"), max_length=50, blank=True)
    reason_version = models.PositiveIntegerField(_("version of the reason"), null=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    # The rule's or source's name; empty for people.
    actor_name = models.CharField(_("actor name"), max_length=100, blank=True)
    actor_role = models.CharField(_("role at the time"), max_length=10, blank=True)
    reverses = models.BigIntegerField(_("reverses"), null=True)
    seen = models.CharField(
        _("picture seen"), max_length=10, choices=Seen.choices, default=Seen.NONE
    )
    # The case as it was before (null: there was none).
    case_id = models.UUIDField(null=True)
    case_queue = models.CharField(_("queue"), max_length=32, blank=True)
    case_kind = models.CharField(
        _("kind of case"), max_length=12, choices=CaseKind.choices, blank=True
    )
    case_opened_at = models.DateTimeField(_("opened at"), null=True)
    case_claimed_at = models.DateTimeField(_("claimed at"), null=True)
    case_due_at = models.DateTimeField(_("due at"), null=True)
    case_priority = models.SmallIntegerField(_("priority"), null=True)
    case_why = ArrayField(models.CharField(max_length=100), verbose_name=_("why"), default=list)
    case_not_for = models.BigIntegerField(null=True)
    case_family = models.UUIDField(_("family"), null=True)
    source_id = models.BigIntegerField(_("source"), null=True)
    prev_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            # A subject's timeline and the head of its chain.
            models.Index(fields=["subject_id", "-id"], name="decision_by_subject"),
            models.Index(fields=["batch"], name="decision_by_batch"),
            models.Index(fields=["actor_id", "-id"], name="decision_by_actor"),
            # An undo row per reversed decision: the second undo of the same one fails here.
            models.Index(
                fields=["reverses"],
                condition=models.Q(reverses__isnull=False),
                name="decision_reverses",
            ),
            # Append-only in time order: a block range is all that reports by hour and month need.
            BrinIndex(fields=["at"], name="decision_at", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.id} · {self.get_action_display()}"


class Seal(models.Model):
    """An HMAC over all decisions up to `last_id`, chained to the seal before; the key is not in
    the database.
    """

    id = models.BigAutoField(primary_key=True)
    first_id = models.BigIntegerField(_("first decision"))
    last_id = models.BigIntegerField(_("last decision"))
    count = models.BigIntegerField(_("rows"))
    mac = models.BinaryField(max_length=32)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            # Two sealers at once: the second fails, nothing is sealed twice.
            models.UniqueConstraint(fields=["first_id"], name="seal_unique_start"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"


class Tombstone(models.Model):
    """What stays of a purged subject: hashes, ids, who and why; bytes go after the grace."""

    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject id"), unique=True)
    source_id = models.BigIntegerField(null=True)
    upstream_id = models.CharField(_("upstream id"), max_length=255, blank=True)
    hashes = ArrayField(models.BinaryField(max_length=32), verbose_name=_("SHA-256"), default=list)
    # Null: its author deleted it, and nobody decided.
    decision_id = models.BigIntegerField(_("decision"), null=True)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    reason = models.CharField(_("reason"), max_length=50, blank=True)
    purged_at = models.DateTimeField(_("purged at"))
    erase_after = models.DateTimeField(_("erase after"))
    # Set before the first byte goes: from then on the purge cannot be undone.
    erased_at = models.DateTimeField(_("erased at"), null=True)
    finished_at = models.DateTimeField(_("erasing finished at"), null=True)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        indexes: ClassVar = [
            models.Index(
                fields=["erase_after"],
                condition=models.Q(finished_at__isnull=True),
                name="tombstone_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"


class Receipt(models.Model):
    """Proof of one erased copy (or why it was kept); append-only."""

    tombstone_id = models.BigIntegerField(_("tombstone"), db_index=True)
    sha256 = models.BinaryField(max_length=32)
    path = models.CharField(_("copy"), max_length=200)
    outcome = models.CharField(_("outcome"), max_length=20)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return f"{self.path} {self.outcome}"
