"""Sources, their sync runs, the records a run could not take, and requests to generate."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import EncryptedTextField
from core.keys import uuid7
from upstream.enums import (
    UNENDED,
    Backend,
    GenerationKind,
    GenerationState,
    RunStatus,
    SourceKind,
)


class Source(models.Model):
    """One upstream API with its credentials, schedule and limits."""

    name = models.SlugField(_("name"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=SourceKind.choices)
    base_url = models.URLField(_("base URL"), max_length=500)
    token = EncryptedTextField(_("bearer token"), blank=True)
    refresh_token = EncryptedTextField(_("refresh token"), blank=True)
    key = EncryptedTextField(_("API key"), blank=True)
    secret = EncryptedTextField(_("API secret"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    every_minutes = models.PositiveIntegerField(
        _("every minutes"), null=True, blank=True, help_text=_("Empty: only by hand.")
    )
    characters_sources = ArrayField(
        models.SlugField(max_length=64),
        verbose_name=_("characters from"),
        default=list,
        blank=True,
        help_text=_(
            "Gallery only: names of the characters sources to walk; "
            "empty: those with the same base URL."
        ),
    )
    trust_approvals = models.BooleanField(
        _("trust upstream approvals"),
        default=True,
        help_text=_("Off: what upstream approved still opens a first-look case."),
    )
    backend = models.CharField(_("backend"), max_length=20, choices=Backend.choices, blank=True)
    is_default = models.BooleanField(_("default for generation"), default=False)
    per_second = models.FloatField(_("requests per second"), default=20.0)
    options = models.JSONField(_("options"), default=dict, blank=True)
    # The circuit: after repeated failures nothing is sent until this time.
    failures_in_row = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    circuit_open_until = models.DateTimeField(_("not asked until"), null=True, editable=False)
    last_full_at = models.DateTimeField(_("last full pass"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            # One generation source answers when a character names none.
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="source_one_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SyncRun(models.Model):
    """One pass over one source; it balances: seen = created + updated + unchanged + failed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(
        Source, models.PROTECT, related_name="runs", verbose_name=_("source")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=RunStatus.choices, default=RunStatus.RUNNING
    )
    full = models.BooleanField(_("full pass"), default=False)
    cursor = models.JSONField(_("cursor"), default=dict)
    expected = models.BigIntegerField(_("expected"), null=True)
    seen = models.BigIntegerField(_("seen"), default=0)
    created = models.BigIntegerField(_("created"), default=0)
    updated = models.BigIntegerField(_("updated"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    failed = models.BigIntegerField(_("failed"), default=0)
    missing = models.BigIntegerField(_("missing"), default=0)
    # Sentences for the run's page: previews only, public characters only, imbalance.
    notes = ArrayField(models.CharField(max_length=300), verbose_name=_("notes"), default=list)
    error = models.TextField(_("error"), blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    heartbeat_at = models.DateTimeField(_("heartbeat at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    # Who works on it: every write names this token, so that a zombie worker writes nothing.
    lease_token = models.UUIDField(null=True, editable=False)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            # At most one running run per source; the database decides, not a check before.
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(status="running"), name="run_one_per_source"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["source", "-id"], name="run_by_source")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.started_at:%Y-%m-%d %H:%M}"


class SeenRecord(models.Model):
    """What a run has met so far: counts distinct ids over shifting pages and tells what is missing.

    `record_id` is the MD5 of the upstream id, the same in Python and in SQL, so that bad records,
    which have no row of their own, are counted once too. Rows go when their run ends.
    """

    pk = models.CompositePrimaryKey("run_id", "record_id")
    # No constraint: it would be checked for every row that a run meets.
    run = models.ForeignKey(
        SyncRun, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    record_id = models.UUIDField()
    # The passes over a list in which it was met first and last; a list that moves is read again.
    first_pass = models.SmallIntegerField(default=0)
    pass_no = models.SmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.run_id} {self.record_id}"


class ScopePass(models.Model):
    """How far a part of a source (an album) was read; only a finished one may be cut short."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    scope = models.CharField(max_length=255)
    # The full run that read it to the end last.
    run_id = models.UUIDField(null=True)
    # Null while a pass is under way, or was broken off.
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "scope"], name="scopepass_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.scope}"


class Fault(models.Model):
    """A record that could not be taken, kept with its payload until it is replayed or given up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="faults", verbose_name=_("run"))
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name=_("source"))
    upstream_id = models.CharField(_("upstream id"), max_length=255, blank=True)
    # Text, not jsonb: a payload may hold what jsonb refuses (NUL, lone surrogates), escaped here.
    payload = models.TextField(_("payload"))
    # What its parser was told besides the payload (the character or type it was listed under).
    context = models.JSONField(_("context"), default=dict)
    # MD5 of the upstream id, or of the payload without one: a page read again adds no second fault.
    digest = models.UUIDField(editable=False, default=uuid7)
    error = models.TextField(_("error"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    replayed_at = models.DateTimeField(_("replayed at"), null=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True)

    class Meta:
        verbose_name = _("failed record")
        verbose_name_plural = _("failed records")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "digest"], name="fault_once_per_run"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "id"], name="fault_by_run")]

    def __str__(self) -> str:
        return self.upstream_id or str(self.id)


class GenerationRequest(models.Model):
    """One signed call for a picture: what a worker needs to make it, and the answer it ended in.

    The picture itself belongs to a subject of the same id.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=GenerationKind.choices)
    key = models.ForeignKey(
        "accounts.ApiKey",
        models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("API key"),
    )
    user_id = models.CharField(_("user (X-User-ID)"), max_length=255)
    request_id = models.CharField(_("request id"), max_length=255)
    # SHA-256 of path and body: the same id with another one is refused.
    digest = models.BinaryField(max_length=32, editable=False)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=GenerationState.choices,
        default=GenerationState.WAITING,
    )
    # What the worker needs, the prompt included; emptied when the request has ended.
    parameters = models.JSONField(default=dict, editable=False)
    # The envelope as it was sent, without the picture.
    answer = models.JSONField(null=True, editable=False)
    error = models.CharField(_("error"), max_length=300, blank=True)
    source = models.ForeignKey(
        Source, models.SET_NULL, null=True, related_name="+", verbose_name=_("source")
    )
    # The backend's own id of the job, by which a successor of a dead worker asks for its result.
    backend_id = models.CharField(_("id at the backend"), max_length=255, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # The worker process that has it.
    token = models.UUIDField(null=True, editable=False)
    # While waiting: when it is sent to the workers again. While working: when its lease ends.
    due_at = models.DateTimeField()
    # Nobody begins with it later than this: its caller has long been told that it failed.
    answer_by = models.DateTimeField(_("answer by"))
    created_at = models.DateTimeField(_("created at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("generation request")
        verbose_name_plural = _("generation requests")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            # A retry finds its first try; of two at once the database takes one.
            models.UniqueConstraint(
                fields=["key", "user_id", "request_id"], name="generation_request_once"
            ),
        ]
        indexes: ClassVar = [
            # What beat looks at: few, because ended ones leave it.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=UNENDED),
                name="generation_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.request_id}"

    @property
    def has_ended(self) -> bool:
        return self.state not in UNENDED
