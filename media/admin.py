"""Read-only lists of files, attachments and logged views, for leads and operators."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin_base import LEAD, OPERATE, ConsoleAdmin
from media.enums import Purpose
from media.filters import AttachmentFilterSet, FileFilterSet, ViewLogFilterSet
from media.models import Attachment, File, ViewLog
from media.services import picture_of

LINK_SECONDS = 900
BLURRED = "height:48px;filter:blur(6px) grayscale(1)"


class BehindTheScenes(ConsoleAdmin):
    """For leads and operators."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(LEAD) or request.user.has_perm(OPERATE)


@admin.register(File)
class FileAdmin(BehindTheScenes):
    filterset_class = FileFilterSet
    list_display = ("digest", "mime", "length", "width", "height", "seconds", "erased_at")
    fields = (*list_display, "animated", "thumb", "created_at")
    search_fields = ("sha256",)
    search_help_text = _("The whole SHA-256 in hex")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(sha256=bytes.fromhex(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description=_("SHA-256"))
    def digest(self, file: File) -> str:
        return bytes(file.sha256).hex()

    @admin.display(description=_("Size"))
    def length(self, file: File) -> str:
        return filesizeformat(file.size)


@admin.register(Attachment)
class AttachmentAdmin(BehindTheScenes):
    filterset_class = AttachmentFilterSet
    list_display = (
        "picture", "subject_type", "subject_id", "role", "state", "attempts", "next_try_at",
        "error", "created_at",
    )  # fmt: skip
    list_select_related = ("file",)
    search_fields = ("subject_id",)
    search_help_text = _("The id of a subject")
    fields = (
        "subject_type", "subject_id", "role", "state", "file", "epoch", "sensitive", "held",
        "attempts", "next_try_at", "error", "created_at", "stored_at",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return _by_subject(queryset, search_term)

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Attachment]) -> None:
        """What is logged when it is seen is not shown in a list."""
        for row in rows:
            if not (row.sensitive or row.held):
                found = picture_of(
                    row, purpose=Purpose.CONSOLE, user_id=request.user.pk, ttl=LINK_SECONDS
                )
                row.list_thumb = found.thumb_url  # type: ignore[attr-defined]

    @admin.display(description=_("Picture"))
    def picture(self, row: Attachment) -> SafeString | str:
        url = getattr(row, "list_thumb", None)
        if not url:
            return "–"
        return format_html(
            '<img src="{}" alt="{}" loading="lazy" style="{}">', url, _("Picture"), BLURRED
        )


@admin.register(ViewLog)
class ViewLogAdmin(ConsoleAdmin):
    """Who saw evidence is for leads."""

    view_permission = LEAD
    filterset_class = ViewLogFilterSet
    list_display = ("at", "user_id", "purpose", "variant", "subject_type", "subject_id")
    search_fields = ("subject_id",)
    search_help_text = _("The id of a subject")
    fields = (*list_display, "attachment_id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return _by_subject(queryset, search_term)


def _by_subject(queryset: QuerySet[Any], term: str) -> tuple[QuerySet[Any], bool]:
    if not term.strip():
        return queryset, False
    try:
        return queryset.filter(subject_id=uuid.UUID(term.strip())), False
    except ValueError:
        return queryset.none(), False
