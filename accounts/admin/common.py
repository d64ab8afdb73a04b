"""What the pages of this admin share: who may see them, and asking before something happens."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from accounts.enums import Permission
from accounts.models import User


def person(request: HttpRequest) -> User:
    """Who is signed in; the admin site lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


class ForOperators(ModelAdmin):
    """Seen by operators and admins, changed by nobody unless a subclass says so."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(Permission.OPERATE)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ForAdmins(ForOperators):
    """Seen by admins only."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


def change_url(obj: Model) -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=(obj.pk,))


@dataclass(frozen=True, kw_only=True)
class Question:
    """A page that asks before something is done."""

    title: Any
    text: Any
    button: Any
    variant: str = "danger"

    def page(self, request: HttpRequest, *, about: Model, form: forms.Form) -> HttpResponse:
        context = {
            **admin.site.each_context(request),
            "title": f"{self.title}: {about}",
            "text": self.text,
            "button": self.button,
            "variant": self.variant,
            "form": form,
            "back": change_url(about),
        }
        return TemplateResponse(request, "accounts/confirm.html", context)


def posted(request: HttpRequest) -> Any:
    """The data of a form; None when the page is only looked at."""
    return request.POST if request.method == "POST" else None
