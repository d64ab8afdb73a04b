"""Characters and their knowledge-base links."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.models import Reviewable


class Character(Reviewable):
    """A character as people talk to it. The row is light: texts that no list shows are in
    CharacterText.
    """

    author_id = models.CharField(_("author (upstream user id)"), max_length=255, blank=True)
    name = models.CharField(_("name"), max_length=100)
    is_public = models.BooleanField(_("public"), default=False)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))
    deleted_at = models.DateTimeField(_("deleted at"), null=True, editable=False)

    class Meta(Reviewable.Meta):
        verbose_name = _("character")
        verbose_name_plural = _("characters")
        indexes: ClassVar = [
            models.Index(fields=["-created_at", "-id"], name="character_newest"),
            models.Index(fields=["author_id", "-id"], name="character_by_author"),
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
