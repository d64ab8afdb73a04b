"""Characters, their knowledge-base links, covers, and the options that covers are made from."""

import re
import unicodedata
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from characters.enums import Category, Gender
from characters.workflows import workflow_problem
from core.ages import is_young_in_words
from core.grams import Grams
from core.keys import uuid7
from moderation.enums import ReviewStatus
from moderation.models import Reviewable

# One age or a span of ages, every number of it from 18 to 199: the same in Python and PostgreSQL.
ADULT_AGE = r"^(1[89]|[2-9][0-9]|1[0-9][0-9])(-(1[89]|[2-9][0-9]|1[0-9][0-9])|\+)?$"
# A number below 18 standing by itself in a label.
YOUNG_NUMBER = r"(^|[^0-9])0*([0-9]|1[0-7])([^0-9]|$)"


class Character(Reviewable):
    """A character as people talk to it. The row is light: texts that no list shows are in
    CharacterText.
    """

    author_id = models.CharField(_("author (upstream user id)"), max_length=255, blank=True)
    name = models.CharField(_("name"), max_length=100)
    is_public = models.BooleanField(_("public"), default=False)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))
    # Its author's doing, here: gone for everybody at once; texts and bytes follow after the grace.
    deleted_at = models.DateTimeField(_("deleted at"), null=True, editable=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, editable=False)
    # Its author changed or deleted here what came from upstream: from then on upstream's word about
    # it is not taken, but for a purge.
    edited_here = models.BooleanField(
        _("edited here"), default=False, db_default=False, editable=False
    )

    class Meta(Reviewable.Meta):
        verbose_name = _("character")
        verbose_name_plural = _("characters")
        indexes: ClassVar = [
            models.Index(fields=["-created_at", "-id"], name="character_newest"),
            models.Index(fields=["author_id", "-id"], name="character_by_author"),
            # The public list, deep pages of it too, and its count: without looking at the rest.
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(
                    is_public=True,
                    deleted_at=None,
                    hidden=False,
                    held=False,
                    review_status__in=[ReviewStatus.APPROVED, ReviewStatus.PENDING],
                ),
                name="character_public",
            ),
            # Parts of names are searched; of earlier names too, in `pre`.
            GinIndex(Grams("name"), name="character_name_grams"),
            # What its author deleted and is still to be erased.
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(deleted_at__isnull=False, erased_at=None),
                name="character_deleted",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CharacterText(models.Model):
    """One version of a character's texts with the raw upstream object; rows are only ever
    inserted.
    """

    character = models.ForeignKey(Character, models.CASCADE, related_name="texts")
    name = models.CharField(_("name"), max_length=100)
    bio = models.TextField(_("bio"), blank=True)
    origin_prompt = models.TextField(_("origin prompt"), blank=True)
    raw = models.JSONField(_("upstream object"), default=dict)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of a character's texts")
        verbose_name_plural = _("versions of characters' texts")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [GinIndex(Grams("name"), name="character_text_name_grams")]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"


class KnowledgeBaseLink(models.Model):
    """A knowledge base that a character uses, in order of priority."""

    character = models.ForeignKey(
        Character, models.CASCADE, related_name="knowledge_bases", db_index=False
    )
    knowledge_base_id = models.CharField(_("knowledge base id"), max_length=255)
    priority = models.PositiveSmallIntegerField(_("priority"), default=0)

    class Meta:
        verbose_name = _("knowledge-base link")
        verbose_name_plural = _("knowledge-base links")
        ordering: ClassVar = ["priority", "knowledge_base_id"]
        constraints: ClassVar = [
            # Linking twice updates the priority.
            models.UniqueConstraint(fields=["character", "knowledge_base_id"], name="link_once"),
            models.CheckConstraint(
                condition=models.Q(priority__lte=1000), name="link_priority_range"
            ),
        ]

    def __str__(self) -> str:
        return self.knowledge_base_id


class Option(models.Model):
    """One choice that clients offer for a cover, in both languages.

    An age below 18 cannot be stored: neither as a code nor in a label, by whatever way; one in
    words, not by a form.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    code = models.CharField(_("code"), max_length=64)
    label_en = models.CharField(_("label in English"), max_length=100, blank=True)
    label_zh = models.CharField(_("label in Chinese"), max_length=100, blank=True)
    gender = models.CharField(
        _("offered for"),
        max_length=10,
        choices=Gender.choices,
        blank=True,
        help_text=_("Empty: for everyone."),
    )
    # A small picture of our own encoding, WebP; loaded only where it is shown.
    preview = models.BinaryField(_("preview"), null=True, editable=False)
    # The beginning of its SHA-256: part of its address, so that a new picture has a new one.
    preview_mark = models.CharField(max_length=16, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering: ClassVar = ["category", "position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["category", "code"], name="option_once"),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="option_known_category"
            ),
            models.CheckConstraint(
                condition=Q(gender__in=["", *Gender.values]), name="option_known_gender"
            ),
            # Every age is an adult's.
            models.CheckConstraint(
                condition=~Q(category=Category.AGE)
                | (
                    Q(code__regex=ADULT_AGE)
                    & ~Q(label_en__regex=YOUNG_NUMBER)
                    & ~Q(label_zh__regex=YOUNG_NUMBER)
                ),
                name="option_adult_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.code}"

    def clean(self) -> None:
        if self.category != Category.AGE:
            return
        errors = {}
        if not re.match(ADULT_AGE, self.code):
            errors["code"] = _("An age is a number from 18 on, like 18-25 or 60+.")
        for name in ("label_en", "label_zh"):
            label = unicodedata.normalize("NFKC", getattr(self, name))
            if re.search(YOUNG_NUMBER, label) or is_young_in_words(label):
                errors[name] = _("An age below 18 cannot be offered.")
        if errors:
            raise ValidationError(errors)


class Cover(Reviewable):
    """A generated picture for a character that is still to be made: good for 30 minutes, then
    deleted unless a character has kept it.
    """

    # The end user within the key, and the account that this is: who may give it to a character.
    user_id = models.CharField(_("user (X-User-ID)"), max_length=255)
    key = models.ForeignKey(
        "accounts.ApiKey",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("API key"),
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("account"),
    )
    # Category of the catalogue by the contract's field name → code; `refImageId` when there is one.
    options = models.JSONField(_("options"), default=dict)
    character = models.ForeignKey(
        Character,
        models.SET_NULL,
        null=True,
        related_name="covers",
        verbose_name=_("kept by"),
    )
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta(Reviewable.Meta):
        verbose_name = _("cover")
        verbose_name_plural = _("covers")
        indexes: ClassVar = [
            models.Index(fields=["user_id", "-id"], name="cover_by_user"),
            # What may be deleted, oldest first; those that are kept are not in it.
            models.Index(
                fields=["expires_at"], condition=Q(character__isnull=True), name="cover_loose"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ImageConfig(models.Model):
    """How pictures of a character in conversations are drawn; without one there are none."""

    character = models.OneToOneField(
        Character,
        models.CASCADE,
        primary_key=True,
        related_name="image_config",
        verbose_name=_("character"),
    )
    # A ComfyUI workflow in API format: node id → {class_type, inputs}.
    comfy_prompt = models.JSONField(_("ComfyUI workflow"))
    source = models.ForeignKey(
        "upstream.Source",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"kind": "generation"},
        verbose_name=_("generation source"),
        help_text=_("Empty: the default."),
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("image configuration")
        verbose_name_plural = _("image configurations")
        ordering: ClassVar = ["-updated_at"]

    def __str__(self) -> str:
        return str(self.character_id)

    def clean(self) -> None:
        if problem := workflow_problem(self.comfy_prompt):
            raise ValidationError({"comfy_prompt": problem})
