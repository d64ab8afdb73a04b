"""The admin of people: admins make, name, rank and ban them; operators look them up."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm

from accounts.admin.common import ForAdmins, ForOperators, Question, change_url, person, posted
from accounts.admin.forms import AccountForm, BanForm, NewAccountForm, OwnAccountForm
from accounts.audit import COMMAND_LINE
from accounts.enums import Role
from accounts.errors import AccountError
from accounts.models import Identity, User
from accounts.roles import give_role, role_of
from accounts.services import anonymise, ban_user, lift_ban
from core.badges import badge

BAN = Question(
    title=_("Ban"),
    text=_("The account is shut out at its next request: its sessions end, its keys stop."),
    button=_("Ban"),
)
LIFT = Question(
    title=_("Lift the ban"),
    text=_("The account may sign in again, and its keys answer again."),
    button=_("Lift the ban"),
    variant="primary",
)
ANONYMISE = Question(
    title=_("Anonymise"),
    text=_(
        "Name, mail, identities, keys and role are erased for good. What the person decided stays "
        "in the log under a number."
    ),
    button=_("Anonymise for good"),
)


class RoleFilter(DropdownFilter):
    """People with one role."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Role.choices, ("none", _("No role"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() == "none":
            return queryset.filter(is_staff=False, is_superuser=False)
        if self.value() == Role.ADMIN:
            return queryset.filter(is_superuser=True)
        if self.value() in Role.values:
            return queryset.filter(is_superuser=False, groups__name=self.value())
        return queryset


class StateFilter(DropdownFilter):
    """People who are shut out, or not."""

    title = _("state")
    parameter_name = "state"
    conditions = {
        "active": Q(is_active=True),
        "banned": Q(banned_at__isnull=False, anonymised_at=None),
        "anonymised": Q(anonymised_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("active", _("Active")), ("banned", _("Banned")), ("anonymised", _("Anonymised"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        condition = self.conditions.get(self.value() or "")
        return queryset.filter(condition) if condition else queryset


class IdentityInline(TabularInline):
    model = Identity
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


@admin.register(Identity)
class IdentityAdmin(ForAdmins):
    """Finds the account behind an upstream user; changed on the account's page."""

    list_display = ("source", "upstream_user_id", "user")
    list_select_related = ("user",)
    search_fields = ("=upstream_user_id", "user__username")
    list_filter = ("source",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ForOperators):  # type: ignore[type-arg]
    form = AccountForm
    add_form = NewAccountForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "shown_role", "shown_state", "email", "last_login", "date_joined")
    list_filter = (RoleFilter, StateFilter)
    filter_horizontal = ()
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    inlines = (IdentityInline,)
    actions = ("ban_selected", "lift_selected")
    actions_detail = ("ban", "lift", "forget")
    readonly_fields = (
        "shown_role", "shown_state", "banned_at", "ban_reason", "anonymised_at", "last_login",
        "date_joined",
    )  # fmt: skip
    add_fieldsets = ((None, {"fields": ("username", "email", "role", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        admin_looks = person(request).is_superuser
        own = obj.pk == request.user.pk
        name = ("username", "password") if admin_looks else ("username",)
        return (
            (None, {"fields": (*name, "shown_role" if own or not admin_looks else "role")}),
            (_("Person"), {"fields": ("first_name", "last_name", "email", "member_until")}),
            (_("State"), {"fields": ("shown_state", "banned_at", "ban_reason", "anonymised_at")}),
            (_("Dates"), {"fields": ("last_login", "date_joined")}),
        )

    def get_form(  # type: ignore[override]  # as in Django's own UserAdmin
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> Any:
        if obj is not None and obj.pk == request.user.pk:
            kwargs["form"] = OwnAccountForm
        return super().get_form(request, obj, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return ForOperators.has_module_permission(self, request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ForOperators.has_view_permission(self, request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        fixed = isinstance(obj, User) and (obj.anonymised_at or obj.username == COMMAND_LINE)
        return person(request).is_superuser and not fixed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: decisions name their authors for good. People are anonymised instead."""
        return False

    def _other(self, request: HttpRequest, object_id: Any) -> User | None:
        """An account that the admin who asks may act on; never the own one."""
        user = self.get_object(request, str(object_id))
        acts = self.has_change_permission(request, user) and user != request.user
        return user if isinstance(user, User) and acts else None

    def has_ban_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if object_id is None:  # the list's action; the service looks at each account
            return self.has_change_permission(request)
        user = self._other(request, object_id)
        return user is not None and not user.is_banned

    def has_lift_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        user = self._other(request, object_id)
        return user is not None and user.is_banned

    def has_forget_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._other(request, object_id) is not None

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Only what was changed on the form: a ban of the same moment is not written over."""
        if change:
            columns = {field.name for field in User._meta.concrete_fields}
            obj.save(update_fields=[name for name in form.changed_data if name in columns])
        else:
            obj.save()
        if "role" in form.cleaned_data:
            give_role(user=obj, role=form.cleaned_data["role"], by=person(request))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Django's message without the upstream ids of identities: it outlives the person."""
        message: Any = super().construct_change_message(request, form, formsets, add)
        for part in message:
            for details in part.values():
                details.update({"object": "…"} if "object" in details else {})
        return message

    def _ask(
        self, request: HttpRequest, object_id: str, *, question: Question, form: forms.Form
    ) -> tuple[User, HttpResponse | None]:
        user = self.get_object(request, object_id)
        if not isinstance(user, User):
            raise Http404
        asked = None if form.is_valid() else question.page(request, about=user, form=form)
        return user, asked

    @action(
        description=_("Ban"),
        url_path="ban",
        permissions=["ban"],
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def ban(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = BanForm(posted(request))
        user, asked = self._ask(request, object_id, question=BAN, form=form)
        if asked is None:
            ban_user(user=user, reason=form.cleaned_data["reason"], by=person(request))
            messages.success(request, _("%(user)s is banned.") % {"user": user})
        return asked or redirect(change_url(user))

    @action(description=_("Lift the ban"), url_path="lift", permissions=["lift"], icon="lock_open")
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = forms.Form(posted(request))
        user, asked = self._ask(request, object_id, question=LIFT, form=form)
        if asked is None:
            lift_ban(user=user, by=person(request))
            messages.success(request, _("%(user)s is no longer banned.") % {"user": user})
        return asked or redirect(change_url(user))

    @action(
        description=_("Anonymise"),
        url_path="anonymise",
        permissions=["forget"],
        icon="person_off",
        variant=ActionVariant.DANGER,
    )
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = forms.Form(posted(request))
        user, asked = self._ask(request, object_id, question=ANONYMISE, form=form)
        if asked is None:
            anonymise(user, by=person(request))
            messages.success(request, _("The person is anonymised."))
        return asked or redirect(change_url(user))

    @admin.action(description=_("Ban the selected accounts"), permissions=["ban"])
    def ban_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, banned=True)

    @admin.action(description=_("Lift the bans of the selected accounts"), permissions=["ban"])
    def lift_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, banned=False)

    def _each(self, request: HttpRequest, people: QuerySet[User], *, banned: bool) -> None:
        done = 0
        for user in people:
            try:
                changes = (ban_user if banned else lift_ban)(user=user, by=person(request))
                done += changes
            except AccountError as error:
                messages.error(request, f"{user}: {error}")
        text = ngettext("%(count)d account changed.", "%(count)d accounts changed.", done)
        messages.success(request, text % {"count": done})

    @display(description=_("role"))
    def shown_role(self, user: User) -> Any:
        return Role(role).label if (role := role_of(user)) else "-"

    @display(description=_("state"))
    def shown_state(self, user: User) -> SafeString:
        if user.anonymised_at:
            return badge(_("Anonymised"), tone="purged", icon="person_off")
        if user.is_banned:
            return badge(_("Banned"), tone="rejected", icon="block")
        if user.is_active:
            return badge(_("Active"), tone="approved", icon="check_circle")
        return badge(_("Closed"), tone="purged", icon="lock")
