"""Banks of known pictures: hashes with what to do when a picture is near one of them."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation.enums import BankAction, ScanState

# What two copies of one picture differ by at most, as PDQ's makers recommend.
MAX_DISTANCE = 31


class Bank(models.Model):
    """A list of hashes and what it means to be near one. Only leads change it."""

    slug = models.SlugField(_("name"), max_length=50, unique=True)
    # True: what people reject or purge here joins by itself. False: hashes are imported.
    own = models.BooleanField(_("of own rejections"), default=False)
    # Of an own bank: which reasons join; empty: all.
    reasons = ArrayField(models.SlugField(max_length=50), verbose_name=_("reasons"), default=list,
                         blank=True)  # fmt: skip
    action = models.CharField(
        _("action"), max_length=10, choices=BankAction.choices, default=BankAction.FIRST
    )
    # The policy reason that its automatic rejections name.
    reason = models.SlugField(_("reason of its rejections"), max_length=50, blank=True)
    threshold = models.PositiveSmallIntegerField(
        _("greatest distance"),
        default=MAX_DISTANCE,
        validators=[MaxValueValidator(MAX_DISTANCE)],
        help_text=_("0 to 31 of 256 bits; 31 is what PDQ's makers recommend."),
    )
    turned = models.BooleanField(
        _("also mirrored and turned"),
        default=False,
        help_text=_("Takes eight times the memory."),
    )
    sample_percent = models.PositiveSmallIntegerField(
        _("sampled for a human check (%)"), default=5, validators=[MaxValueValidator(100)]
    )
    active = models.BooleanField(_("active"), default=True)
    note = models.TextField(_("where it comes from, and why"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture bank")
        verbose_name_plural = _("picture banks")
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            # Beyond it the index would miss some.
            models.CheckConstraint(
                condition=Q(threshold__lte=MAX_DISTANCE), name="bank_threshold_is_exact"
            ),
            models.CheckConstraint(
                condition=Q(sample_percent__lte=100), name="bank_sample_is_a_share"
            ),
            models.CheckConstraint(
                condition=~Q(action=BankAction.REJECT) | ~Q(reason=""),
                name="bank_rejects_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def takes(self, reason: str) -> bool:
        """Whether what is rejected for this reason joins it by itself."""
        return not self.reasons or reason in self.reasons

    @property
    def rule(self) -> str:
        """The name under which its decisions stand in the log."""
        return f"bank:{self.slug}"


class BankEntryQuerySet(models.QuerySet):  # type: ignore[type-arg]  # not generic at runtime
    def in_force(self) -> Self:
        """Neither removed nor expired."""
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), removed_at=None)


class BankEntry(models.Model):
    """One known picture: its hashes, never its bytes. A removed one stays, with who and why."""

    id = models.BigAutoField(primary_key=True)
    bank = models.ForeignKey(
        Bank, models.PROTECT, related_name="entries", db_index=False, verbose_name=_("bank")
    )
    # Of hashes and subject: the same once more is the same entry.
    key = models.UUIDField(editable=False)
    pdq = models.BinaryField(_("PDQ"), max_length=32, null=True)
    sha256 = models.BinaryField(_("SHA-256"), max_length=32, null=True)
    quality = models.PositiveSmallIntegerField(_("quality"), null=True)
    label = models.CharField(_("label"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=100, blank=True)
    # The picture's subject here, of an own bank's entry.
    subject_type = models.CharField(_("subject type"), max_length=64, blank=True)
    subject_id = models.UUIDField(_("subject id"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    # A plain id: it outlives the account. Null: a rule, or the command line.
    added_by = models.BigIntegerField(_("added by"), null=True)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)
    note = models.CharField(_("why"), max_length=300, blank=True)
    removed_by = models.BigIntegerField(_("removed by"), null=True)
    removed_at = models.DateTimeField(_("removed at"), null=True)
    removed_why = models.CharField(_("why it was removed"), max_length=300, blank=True, default="",
                                   db_default="")  # fmt: skip
    # The transaction that made it effective: what readers of the index follow, see banks.loading.
    changed = models.BigIntegerField(
        db_default=Cast(
            Cast(models.Func(function="pg_current_xact_id"), models.TextField()),
            models.BigIntegerField(),
        ),
        editable=False,
    )
    # The backward scan that covers it; null: none yet.
    scan = models.ForeignKey(
        "BankScan", models.SET_NULL, null=True, related_name="+", db_index=False
    )

    objects = BankEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank entry")
        verbose_name_plural = _("bank entries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bank", "key"], name="bankentry_once"),
            models.CheckConstraint(
                condition=Q(pdq__isnull=False) | Q(sha256__isnull=False),
                name="bankentry_has_a_hash",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["changed"], name="bankentry_changed"),
            models.Index(
                fields=["sha256"],
                condition=Q(sha256__isnull=False, removed_at__isnull=True),
                name="bankentry_sha256",
            ),
            # What a subject put into its banks, to take it out again.
            models.Index(
                fields=["subject_id"], condition=Q(subject_id__isnull=False),
                name="bankentry_subject",
            ),
            models.Index(fields=["scan"], name="bankentry_scan"),
            # Entries that no scan covers yet: few.
            models.Index(
                fields=["bank"], condition=Q(scan__isnull=True, removed_at__isnull=True),
                name="bankentry_unscanned",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk} {self.label}".strip()


class BankScan(models.Model):
    """New entries against all pictures held: one row of progress, resumed from its cursor."""

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="scans", verbose_name=_("bank"))
    # True: all of the bank's entries, not only those that name this scan.
    whole = models.BooleanField(_("the whole bank"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ScanState.choices, default=ScanState.WAITING
    )
    # The last file looked at.
    cursor = models.UUIDField(null=True, editable=False)
    # An estimate, made when it starts.
    expected = models.BigIntegerField(_("pictures"), default=0)
    seen = models.BigIntegerField(_("looked at"), default=0)
    hits = models.BigIntegerField(_("hits"), default=0)
    started_by = models.BigIntegerField(_("started by"), null=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    # Whoever works on it: overwritten by the next one, so that a zombie writes nothing.
    token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("scan of a bank")
        verbose_name_plural = _("scans of banks")
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=[ScanState.WAITING, ScanState.RUNNING]),
                name="bankscan_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.pk}"

    @property
    def percent(self) -> int:
        if self.state == ScanState.DONE:
            return 100
        return min(99, 100 * self.seen // self.expected) if self.expected else 0


class BankMatch(models.Model):
    """A subject's picture was near an entry, and what followed. Once for each bank and picture:
    what people decide afterwards is not overruled by the next scan."""

    bank = models.ForeignKey(
        Bank, models.PROTECT, related_name="matches", db_index=False, verbose_name=_("bank")
    )
    entry = models.ForeignKey(
        BankEntry, models.PROTECT, related_name="+", db_index=False, verbose_name=_("entry")
    )
    subject_type = models.CharField(_("subject type"), max_length=64)
    subject_id = models.UUIDField(_("subject id"))
    file_id = models.UUIDField()
    distance = models.PositiveSmallIntegerField(_("distance"))
    # What was done, which is less than the bank says where people had decided before.
    action = models.CharField(_("action"), max_length=10, choices=BankAction.choices)
    # Of the automatic decision.
    batch = models.UUIDField(_("batch"), null=True)
    sampled = models.BooleanField(_("sampled for a human check"), default=False)
    scan = models.ForeignKey(BankScan, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("match with a bank")
        verbose_name_plural = _("matches with banks")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "file_id", "bank"], name="bankmatch_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["bank", "-id"], name="bankmatch_by_bank")]

    def __str__(self) -> str:
        return f"{self.bank} {self.pk}"


class KeptBack(models.Model):
    """A subject made here whose picture was refused before it left, because a bank knew it. No
    client is shown it before a person approves it, also where pending pictures are shown."""

    subject_id = models.UUIDField(_("subject id"), primary_key=True)
    subject_type = models.CharField(_("subject type"), max_length=64)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture kept back")
        verbose_name_plural = _("pictures kept back")

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"
