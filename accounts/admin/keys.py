"""The admin of API keys: made, rotated and revoked by operators; never readable again."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.admin.common import ForOperators, Question, change_url, person, posted
from accounts.admin.forms import NewKeyForm, RotateForm
from accounts.enums import KeyState, Permission
from accounts.errors import AccountError
from accounts.keys import IssuedKey, Limits, issue_key, may_issue_for, revoke_key, rotate_key
from accounts.models import ApiKey
from core.badges import badge

_STATES: dict[str, tuple[str, str]] = {
    KeyState.ACTIVE: ("approved", "check_circle"),
    KeyState.EXHAUSTED: ("pending", "hourglass_disabled"),
    KeyState.EXPIRED: ("pending", "event_busy"),
    KeyState.REVOKED: ("rejected", "block"),
}
EDITABLE = ("name", "expires_at", "call_limit", "per_minute")

ROTATION = Question(
    title=_("Rotate key"),
    text=_("A new key (and secret) is made in its place. Whoever uses the old one needs the new."),
    button=_("Rotate"),
    variant="primary",
)
REVOCATION = Question(
    title=_("Revoke key"),
    text=_("The key stops answering at its next call, for good."),
    button=_("Revoke"),
)


class StateFilter(DropdownFilter):
    """Keys in one state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(KeyState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        expired, exhausted = Q(expires_at__lte=timezone.now()), Q(calls__gte=F("call_limit"))
        conditions = {
            KeyState.REVOKED: Q(revoked_at__isnull=False),
            KeyState.EXPIRED: Q(revoked_at=None) & expired,
            KeyState.EXHAUSTED: Q(revoked_at=None) & ~expired & exhausted,
            KeyState.ACTIVE: Q(revoked_at=None) & ~expired & ~exhausted,
        }
        wanted = self.value()
        return queryset.filter(conditions[KeyState(wanted)]) if wanted in conditions else queryset


@admin.register(ApiKey)
class ApiKeyAdmin(ForOperators):
    list_display = (
        "prefix", "name", "user", "shown_scopes", "shown_state", "calls", "last_used_at",
        "expires_at",
    )  # fmt: skip
    list_filter = (StateFilter,)
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__username")
    autocomplete_fields = ("user",)
    actions_detail = ("rotate", "revoke")
    actions = None
    fieldsets = (
        (None, {"fields": ("user", "name", "prefix", "shown_scopes", "source", "shown_signed")}),
        (_("Limits"), {"fields": ("expires_at", "call_limit", "per_minute")}),
        (
            _("Use"),
            {"fields": ("shown_state", "calls", "last_used_at", "created_at", "previous_until")},
        ),
    )
    add_fieldsets = (
        (None, {"fields": ("user", "name", "scopes", "source", "signed")}),
        (_("Limits"), {"fields": ("expires_at", "call_limit", "per_minute")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Without the secrets' ciphertext, but for the one column that tells a signing key."""
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys.defer("previous_secret", "key_hash", "previous_hash")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(Permission.OPERATE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = request.user.has_perm(Permission.OPERATE)
        if not isinstance(obj, ApiKey):
            return allowed
        return allowed and not obj.revoked_at and may_issue_for(by=person(request), user=obj.user)

    def has_rotate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request, self.get_object(request, str(object_id)))

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        key = self.get_object(request, str(object_id))
        return request.user.has_perm(Permission.OPERATE) and not (key and key.revoked_at)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        names = [name for _title, options in self.fieldsets for name in options["fields"]]
        return tuple(name for name in names if name not in EDITABLE)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[NewKeyForm]:
        if obj is None:
            kwargs["form"] = type("BoundNewKeyForm", (NewKeyForm,), {"by": person(request)})
        form: type[NewKeyForm] = super().get_form(request, obj, change, **kwargs)
        return form

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in EDITABLE])
            return
        obj.issued = issue_key(  # type: ignore[attr-defined]  # for response_add, then forgotten
            user=obj.user,
            scopes=obj.scopes,
            name=obj.name,
            source=obj.source,
            signed=form.cleaned_data["signed"],
            limits=Limits(
                expires_at=obj.expires_at, call_limit=obj.call_limit, per_minute=obj.per_minute
            ),
            by=person(request),
        )
        obj.pk = obj.issued.key.pk  # type: ignore[attr-defined]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With one button: the page after it shows the key, whichever was pressed."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        answer: HttpResponse = super().add_view(
            request, form_url, {**(extra_context or {}), **one_button}
        )
        return answer

    def log_addition(self, request: HttpRequest, obj: ApiKey, message: Any) -> None:
        """Nothing: issue_key has left the trace."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return self._show(request, obj.issued)

    def _show(self, request: HttpRequest, issued: IssuedKey) -> HttpResponse:
        """The key in the answer itself: it is never stored, not even for a redirect."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("New key"),
            "issued": issued,
            "back": change_url(issued.key),
        }
        response = TemplateResponse(request, "accounts/key_shown.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _key(self, request: HttpRequest, object_id: str) -> ApiKey:
        key = self.get_object(request, object_id)
        if not isinstance(key, ApiKey):
            raise Http404
        return key

    @action(description=_("Rotate"), url_path="rotate", permissions=["rotate"], icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key, form = self._key(request, object_id), RotateForm(posted(request))
        if not form.is_valid():
            return ROTATION.page(request, about=key, form=form)
        grace = timedelta(minutes=form.cleaned_data["grace"])
        try:
            return self._show(request, rotate_key(key=key, grace=grace, by=person(request)))
        except AccountError as error:
            messages.error(request, str(error))
            return redirect(change_url(key))

    @action(
        description=_("Revoke"),
        url_path="revoke",
        permissions=["revoke"],
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key, form = self._key(request, object_id), forms.Form(posted(request))
        if not form.is_valid():
            return REVOCATION.page(request, about=key, form=form)
        revoke_key(key=key, by=person(request))
        messages.success(request, _("The key is revoked."))
        return redirect(change_url(key))

    @display(description=_("scopes"))
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description=_("signing key"), boolean=True)
    def shown_signed(self, key: ApiKey) -> bool:
        return key.is_signed

    @display(description=_("state"))
    def shown_state(self, key: ApiKey) -> SafeString:
        tone, icon = _STATES[key.state]
        return badge(key.state.label, tone=tone, icon=icon)
