"""The admin of roles (as groups) and of the trail of account changes; both are only looked at."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.common import ForAdmins
from accounts.enums import Permission

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ForAdmins):
    """Roles and what each may do; they are made by the product, not by hand."""

    list_display = ("name", "shown_permissions")
    fields = ("name", "shown_permissions")
    readonly_fields = ("shown_permissions",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request).prefetch_related("permissions")
        return groups

    @display(description=_("permissions"))
    def shown_permissions(self, group: Group) -> str:
        held = {row.codename for row in group.permissions.all()}
        return "; ".join(str(one.label) for one in Permission if one.codename in held)


@admin.register(LogEntry)
class LogEntryAdmin(ForAdmins):
    """Who changed what about accounts and the rest of the admin, newest first."""

    list_display = ("action_time", "user", "content_type", "object_repr", "shown_message")
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", "content_type")
    search_fields = ("object_repr", "user__username")
    date_hierarchy = "action_time"
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "shown_message")

    @display(description=_("change"))
    def shown_message(self, entry: LogEntry) -> SafeString | str:
        if entry.change_message and not entry.change_message.startswith("["):
            # Our own sentences are kept in English, whoever reads them; Django's are told anew.
            return format_html('<span lang="en">{}</span>', entry.change_message)
        return entry.get_change_message() or str(entry.get_action_flag_display())
