"""Pages about the own account: preferences, language, and passwords."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse_lazy
from django.utils.translation import check_for_language
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.i18n import LANGUAGE_QUERY_PARAMETER
from django.views.i18n import set_language as django_set_language
from unfold.forms import AdminOwnPasswordChangeForm

from accounts.audit import record
from accounts.forms import ForgottenPasswordForm, NewPasswordForm, PreferencesForm
from accounts.models import User


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's language switch, which also remembers the choice of a signed-in user."""
    response = django_set_language(request)
    language = request.POST.get(LANGUAGE_QUERY_PARAMETER, "")
    offered = language in dict(settings.LANGUAGES) and check_for_language(language)
    if isinstance(request.user, User) and offered:
        User.objects.filter(pk=request.user.pk).update(language=language)
    return response


class PreferencesView(View):
    """`/admin/preferences/`: everybody who may open the console sets their own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, PreferencesForm(instance=_me(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PreferencesForm(request.POST, instance=_me(request))
        if not form.is_valid():
            return self._page(request, form)
        form.save()
        messages.success(request, _("Your preferences are saved."))
        response = redirect("preferences")
        # The cookie serves the sign-in page, and must not outlive the choice "as the browser asks".
        if form.instance.language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                form.instance.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        else:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response

    def _page(self, request: HttpRequest, form: PreferencesForm) -> HttpResponse:
        context = {**admin.site.each_context(request), "title": _("Preferences"), "form": form}
        return TemplateResponse(request, "accounts/preferences.html", context)


def _me(request: HttpRequest) -> User:
    """A fresh row: an invalid form writes into its instance, which the page's frame shows too."""
    return User.objects.get(username=request.user.get_username())


class OwnPasswordView(auth_views.PasswordChangeView):
    """The admin's page for changing the own password; it also leaves a trace."""

    form_class = AdminOwnPasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")
    template_name = "registration/password_change_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        record(by=form.user, about=form.user, message="Password changed")
        return response


class _Unfolded:
    """What unfold's frame for people who are not signed in needs."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return admin.site.each_context(self.request) | context


class ForgottenPasswordView(_Unfolded, auth_views.PasswordResetView):
    """Asks where to send the link for a new password."""

    form_class = ForgottenPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


class MailSentView(_Unfolded, auth_views.PasswordResetDoneView):
    """Says that a mail is on its way, if there is such an account."""


class NewPasswordView(_Unfolded, auth_views.PasswordResetConfirmView):
    """Behind the link of the mail."""

    form_class = NewPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        record(by=form.user, about=form.user, message="Password changed by mail")
        return response


class PasswordIsSetView(_Unfolded, auth_views.PasswordResetCompleteView):
    """The way back to signing in."""
