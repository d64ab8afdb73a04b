"""System checks of what can be misconfigured about accounts."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.forms import SignInForm

AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
PREFERENCES = "accounts.middleware.PreferencesMiddleware"


@register
def check_mail(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Mails for new passwords can be sent as configured."""
    found: list[CheckMessage] = []
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        found.append(
            Error(
                "EMAIL_USE_TLS and EMAIL_USE_SSL are both on.",
                hint="Port 587 mostly wants EMAIL_USE_TLS, port 465 EMAIL_USE_SSL.",
                id="accounts.E001",
            )
        )
    if settings.EMAIL_HOST and settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        found.append(
            Error(
                "EMAIL_HOST is set, but mails would come from an address at localhost.",
                hint="Set EMAIL_FROM to an address that the mail server may send from.",
                id="accounts.E002",
            )
        )
    return found


@register
def check_sign_in(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The sign-in page counts bad tries."""
    form = admin.site.login_form
    if form is not None and issubclass(form, SignInForm):
        return []
    return [
        Error(
            "The sign-in page does not count bad tries.",
            hint="UNFOLD['LOGIN']['form'] must be accounts.forms.SignInForm or derived from it.",
            id="accounts.E003",
        )
    ]


@register
def check_preferences(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Languages and time zones of people take effect."""
    found: list[CheckMessage] = []
    order = [name for name in settings.MIDDLEWARE if name in {AUTHENTICATION, PREFERENCES}]
    if order != [AUTHENTICATION, PREFERENCES]:
        found.append(
            Error(
                f"{PREFERENCES} must come after {AUTHENTICATION} in MIDDLEWARE.",
                hint="It asks who is signed in.",
                id="accounts.E004",
            )
        )
    if not available_timezones():
        found.append(
            Warning(
                "This machine has no time zones, so that nobody can choose one.",
                hint="Install the system's tzdata package, or tzdata from PyPI.",
                id="accounts.W005",
            )
        )
    return found
