"""Read-only lists of files, attachments and logged views, for leads and operators."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.enums import Permission
from media.enums import Purpose
from media.models import Attachment, File, ViewLog
from media.services import picture_of

LINK_SECONDS = 900
COUNTED = 10_000


class EstimatingPaginator(Paginator[Any]):
    """Never counts a big table: everything is estimated, a filtered list counted up to a bound."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        if not rows.query.where:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                    [rows.model._meta.db_table],
                )
                estimate = cursor.fetchone()[0]
            if estimate > COUNTED:
                return int(estimate)
        return len(rows.order_by().values("pk")[: COUNTED + 1])


class ReadOnlyAdmin(ModelAdmin):
    """A list and a page that change nothing, for people with one of `permissions`."""

    permissions: ClassVar[Sequence[Permission]] = (Permission.LEAD, Permission.OPERATE)
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return any(request.user.has_perm(each) for each in self.permissions)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(File)
class FileAdmin(ReadOnlyAdmin):
    list_display = (
        "digest",
        "mime",
        "bytes",
        "width",
        "height",
        "seconds",
        "created_at",
        "erased_at",
    )
    list_filter = ("mime", ("erased_at", admin.EmptyFieldListFilter))
    fields = (*list_display, "animated", "thumb")
    readonly_fields = ("digest", "bytes")
    search_help_text = _("The whole SHA-256 in hex")
    search_fields = ("sha256",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            digest = bytes.fromhex(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return (queryset.filter(sha256=digest) if digest else queryset), False

    @admin.display(description=_("SHA-256"))
    def digest(self, file: File) -> str:
        return bytes(file.sha256).hex()

    @admin.display(description=_("Size"), ordering="size")
    def bytes(self, file: File) -> str:
        return filesizeformat(file.size)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_filter = ("state", "role", "subject_type", "sensitive", "held")
    list_select_related = ("file",)
    search_fields = ("subject_id__exact",)
    search_help_text = _("The id of a subject")
    fields = (
        "subject_type", "subject_id", "role", "state", "file", "epoch", "sensitive", "held",
        "attempts", "next_try_at", "error", "created_at", "stored_at",
    )  # fmt: skip

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], Any]]:
        return [
            _thumbnail_for(request), "subject_type", "subject_id", "role", "state", "attempts",
            "next_try_at", "error", "created_at",
        ]  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return super().get_search_results(request, queryset, search_term)
        except (ValueError, TypeError):
            return queryset.none(), False


def _thumbnail_for(request: HttpRequest) -> Callable[[Attachment], SafeString | str]:
    """A column of blurred thumbnails; what is logged when seen is not shown in a list."""

    @admin.display(description=_("Picture"))
    def picture(row: Attachment) -> SafeString | str:
        if row.sensitive or row.held:
            return "–"
        found = picture_of(row, purpose=Purpose.CONSOLE, user_id=request.user.pk, ttl=LINK_SECONDS)
        if not found.thumb_url:
            return "–"
        style = "height:48px;filter:blur(6px) grayscale(1)"
        return format_html(
            '<img src="{}" alt="" loading="lazy" style="{}">', found.thumb_url, style
        )

    return picture


@admin.register(ViewLog)
class ViewLogAdmin(ReadOnlyAdmin):
    """Who saw evidence is for leads."""

    permissions = (Permission.LEAD,)
    list_display = ("at", "user_id", "purpose", "variant", "subject_type", "subject_id")
    list_filter = ("purpose", "variant", "subject_type")
    search_fields = ("subject_id__exact",)
    search_help_text = _("The id of a subject")
    fields = (*list_display, "attachment_id")
