"""The list of characters, and a character's record with its knowledge bases."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from characters.filters import CharacterFilterSet
from characters.models import Character, CharacterText, KnowledgeBaseLink
from core.admin_base import ConsoleInline
from moderation.admin_base import SubjectAdmin
from moderation.filters import SubjectFilterSet


class KnowledgeBaseInline(ConsoleInline):
    model = KnowledgeBaseLink
    fields = ("knowledge_base_id", "priority")


class CharacterTextInline(ConsoleInline):
    model = CharacterText
    fields = ("at", "name", "bio", "origin_prompt")


@admin.register(Character)
class CharacterAdmin(SubjectAdmin):
    filterset_class: ClassVar[type[SubjectFilterSet]] = CharacterFilterSet
    shows_record = True
    list_display = ("thumbnail", "name", "badges", "author_id", "is_public", "source", "created_at")
    list_display_links = ("name",)
    search_help_text = _("Id, upstream id or author")
    inlines = (KnowledgeBaseInline, CharacterTextInline)
    exclude = ("content_digest",)
