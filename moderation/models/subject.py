"""What every reviewed row inherits: the only truth about its visibility."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.keys import uuid7
from moderation.enums import ReviewStatus


class ReviewableQuerySet(models.QuerySet):  # type: ignore[type-arg]  # not generic at runtime
    def pending(self) -> Self:
        return self.filter(review_status=ReviewStatus.PENDING)

    def visible(self, *, post: bool = False) -> Self:
        """What others may see: approved, in post-moderation also pending; never hidden or held."""
        statuses = (
            [ReviewStatus.APPROVED, ReviewStatus.PENDING] if post else [ReviewStatus.APPROVED]
        )
        return self.filter(review_status__in=statuses, hidden=False, held=False)

    def unpurged(self) -> Self:
        return self.exclude(review_status=ReviewStatus.PURGED)


class Reviewable(models.Model):
    """A subject. Only `moderation.services.decide()` writes the review columns after the INSERT."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(
        "upstream.Source",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("source"),
    )
    upstream_id = models.CharField(_("upstream id"), max_length=255, blank=True)
    review_status = models.CharField(
        _("review status"),
        max_length=10,
        choices=ReviewStatus.choices,
        default=ReviewStatus.PENDING,
        editable=False,
    )
    # Staff only, until a lead decides.
    hidden = models.BooleanField(_("hidden"), default=False, editable=False)
    # Evidence: cannot be purged or erased, and only leads see it.
    held = models.BooleanField(_("held"), default=False, editable=False)
    # Set by people and rules, never by a sync: not null means that a local decision exists.
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("reviewed by"),
    )
    # The status that came with the record at its first INSERT; null for what was made here.
    seed = models.CharField(_("seed"), max_length=10, null=True, editable=False)  # noqa: DJ001
    # The last status that upstream told, whether followed or not.
    upstream_status = models.CharField(max_length=10, null=True, editable=False)  # noqa: DJ001
    # SHA-256 of name, text and type: what counts as changed content.
    content_digest = models.BinaryField(max_length=32, null=True, editable=False)
    first_seen_at = models.DateTimeField(_("first seen at"), default=timezone.now, editable=False)
    # Gone upstream: marked, never deleted.
    missing_at = models.DateTimeField(_("missing upstream since"), null=True, editable=False)

    objects = ReviewableQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "upstream_id"], name="%(class)s_unique_upstream"
            ),
            models.CheckConstraint(
                condition=models.Q(review_status__in=ReviewStatus.values),
                name="%(class)s_known_status",
            ),
        ]

    @classmethod
    def subject_type(cls) -> str:
        """`app.model`, as in every URL and JSON."""
        return cls._meta.label_lower

    @property
    def subject_key(self) -> tuple[str, uuid.UUID]:
        return self.subject_type(), self.id
