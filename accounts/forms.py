"""Forms of signing in, of passwords and of the own preferences."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    BASE_INPUT_CLASSES,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.attempts import Locked, count_mail, sign_in_attempt
from accounts.models import MAX_BLUR, User


def _locked(error: Locked) -> forms.ValidationError:
    return forms.ValidationError(
        _("Too many tries. Try again in %(minutes)d min."),
        code="locked",
        params={"minutes": error.minutes},
    )


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's sign-in, with bad tries counted; no message tells whether a name exists."""

    def clean(self) -> Any:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password"):
            return self.cleaned_data
        try:
            with sign_in_attempt(self.request, name=name):
                return super().clean()
        except Locked as error:
            raise _locked(error) from error


def _style(form: forms.Form) -> None:
    for field in form.fields.values():
        field.widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)


class ForgottenPasswordForm(PasswordResetForm):
    """Asks for the mail address; the answer is the same whether or not an account has it."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        _style(self)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        try:
            count_mail(self.request, email=email)
        except Locked as error:
            raise _locked(error) from error
        return email

    def save(self, *args: Any, **options: Any) -> None:
        """Sends the mail; its link is to PUBLIC_URL, whatever host the request named."""
        public = urlsplit(settings.PUBLIC_URL)
        options |= {"domain_override": public.netloc, "use_https": public.scheme == "https"}
        super().save(*args, **options)


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """The new password, twice, behind the link of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _style(self)


@cache
def time_zones() -> list[tuple[str, str]]:
    """What the browser's list offers: the places and UTC, not the aliases without one."""
    names = sorted(name for name in available_timezones() if "/" in name)
    places = [name for name in names if not name.startswith(("Etc/", "SystemV/"))]
    return [(name, name.replace("_", " ")) for name in ["UTC", *places]]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's own language, time zone and way of showing pictures."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, widget=UnfoldAdminSelectWidget()
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        widget=UnfoldAdminSelect2Widget({"translate": "no"}),
    )
    blur = forms.IntegerField(
        label=_("Blur strength"),
        min_value=0,
        max_value=MAX_BLUR,
        help_text=_("In pixels, 0 to 60; 0 shows pictures as they are."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    greyscale = forms.BooleanField(
        label=_("Pictures in greyscale"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = User
        fields = ("language", "time_zone", "blur", "greyscale")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("language", [("", _("As the browser asks")), *settings.LANGUAGES])
        self._offer("time_zone", [("", _("UTC, unless chosen")), *time_zones()])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def save(self, commit: bool = True) -> Any:
        """Writes these columns and no other of the row."""
        self.instance.save(update_fields=list(self.Meta.fields))
        return self.instance
