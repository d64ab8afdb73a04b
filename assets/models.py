"""Private avatar asset groups and assets."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.enums import AssetStatus, AssetType, GroupType
from core.grams import Grams
from moderation.models import Reviewable


class AssetGroup(models.Model):
    """A group of assets at a source; its type tells whether a real person's face is in it."""

    source = models.ForeignKey(
        "upstream.Source", models.PROTECT, related_name="+", verbose_name=_("source")
    )
    upstream_id = models.CharField(_("upstream id"), max_length=255)
    # Empty (unknown) is treated as LivenessFace.
    group_type = models.CharField(_("type"), max_length=12, choices=GroupType.choices, blank=True)
    first_seen_at = models.DateTimeField(_("first seen at"), auto_now_add=True)

    class Meta:
        verbose_name = _("asset group")
        verbose_name_plural = _("asset groups")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "upstream_id"], name="assetgroup_unique"),
        ]

    def __str__(self) -> str:
        return self.upstream_id


_LISTED = ["source", "group", "status", "review_status", "hidden", "held"]


class Asset(Reviewable):
    """A picture, video or sound that people uploaded for private avatars."""

    group = models.ForeignKey(
        AssetGroup, models.PROTECT, related_name="assets", verbose_name=_("group")
    )
    # The group's upstream id, which never changes: a trigger writes it, lists are sorted by it.
    group_name = models.CharField(
        _("group"), max_length=255, db_default="", default="", editable=False
    )
    name = models.CharField(_("name"), max_length=255, blank=True)
    asset_type = models.CharField(_("type"), max_length=5, choices=AssetType.choices)
    # The upstream's own processing state, not the review.
    status = models.CharField(_("upstream state"), max_length=10, choices=AssetStatus.choices)
    error_code = models.CharField(_("error code"), max_length=100, blank=True)
    error_message = models.TextField(_("error message"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    class Meta(Reviewable.Meta):
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        indexes: ClassVar = [
            # Pages of the contract's list, however deep, and its totals: all that decides whether
            # a row is listed stands in the index.
            models.Index(fields=["-created_at", "-id"], include=_LISTED, name="asset_by_created"),
            models.Index(
                fields=["-updated_at", "-created_at", "-id"], include=_LISTED,
                name="asset_by_updated",
            ),
            models.Index(
                fields=["group_name", "created_at", "id"], include=_LISTED, name="asset_by_group"
            ),
            GinIndex(Grams("name"), name="asset_name_grams"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name or self.upstream_id


class AssetDetail(models.Model):
    """One version of an asset's raw upstream object; insert-only."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="details")
    raw = models.JSONField(_("upstream object"), default=dict)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("asset's upstream object")
        verbose_name_plural = _("assets' upstream objects")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.asset_id)
