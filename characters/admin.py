"""The lists of characters and covers, a character's record, and the options of covers."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from characters.filters import CharacterFilterSet, CoverFilterSet
from characters.models import (
    Character,
    CharacterText,
    Cover,
    ImageConfig,
    KnowledgeBaseLink,
    Option,
)
from characters.options import set_preview
from core.admin_base import OPERATE, ConsoleAdmin, ConsoleInline
from media.services import Refused
from moderation.admin_base import SubjectAdmin
from moderation.filters import SubjectFilterSet
from moderation.registry import queue_for


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
    inlines = (KnowledgeBaseInline, CharacterTextInline)
    exclude = ("content_digest",)


@admin.register(Cover)
class CoverAdmin(SubjectAdmin):
    filterset_class: ClassVar[type[SubjectFilterSet]] = CoverFilterSet
    list_select_related = ("source", "character")
    list_display = (
        "thumbnail", "chosen", "badges", "user_id", "character", "created_at", "expires_at",
    )  # fmt: skip
    list_display_links = ("chosen",)

    @display(description=_("Cover of"))
    def chosen(self, cover: Cover) -> str:
        return queue_for(Cover.subject_type()).title_of(cover)


class OptionForm(forms.ModelForm[Option]):
    """An option; its preview is uploaded here and encoded anew."""

    picture = forms.FileField(
        label=_("Preview"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(),
        help_text=_("A picture; it is kept at 256 px. Leave empty to keep what is there."),
    )
    without_picture = forms.BooleanField(
        label=_("Remove the preview"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = Option
        fields = ("category", "code", "label_en", "label_zh", "gender", "position", "active")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("without_picture"):
            self.instance.preview, self.instance.preview_mark = None, ""
        elif upload := cleaned.get("picture"):
            try:
                set_preview(self.instance, upload.read())
            except Refused as error:
                self.add_error("picture", error.message)
        return cleaned


@admin.register(Option)
class OptionAdmin(ConsoleAdmin):
    """The catalogue that clients choose from; operators edit it."""

    form = OptionForm
    is_small = show_full_result_count = True
    add_permission = change_permission = delete_permission = OPERATE
    list_display = ("code", "category", "label_en", "label_zh", "gender", "position", "active")
    list_filter = ("category", "active")
    fieldsets = (
        (None, {"fields": (("category", "code"), ("label_en", "label_zh"))}),
        (_("Offer"), {"fields": (("gender", "position"), "active")}),
        (_("Preview"), {"fields": ("picture", "without_picture")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # The preview is a form's field: nobody reads it without the right to change it.
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if self.has_change_permission(request, obj) else fieldsets[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Option]:
        rows: QuerySet[Option] = super().get_queryset(request)
        return rows.defer("preview")


@admin.register(ImageConfig)
class ImageConfigAdmin(ConsoleAdmin):
    """Workflows by character; operators edit them, each edit in the trail."""

    add_permission = change_permission = delete_permission = OPERATE
    list_display = ("character", "nodes", "source", "updated_at")
    list_display_links = ("character",)
    list_select_related = ("character", "source")
    raw_id_fields = ("character",)
    fields = ("character", "source", "comfy_prompt")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return ("character",) if obj else ()

    @display(description=_("Nodes"))
    def nodes(self, config: ImageConfig) -> int:
        return len(config.comfy_prompt)
