"""Middleware that gives every request the language and time zone its user chose."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts.models import User

Handler = Callable[[HttpRequest], HttpResponseBase]


class PreferencesMiddleware:
    """After AuthenticationMiddleware: an account's own choice wins over cookie and browser."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if (
            isinstance(user, User)
            and user.language
            and translation.check_for_language(user.language)
        ):
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        zone = _zone(user.time_zone) if isinstance(user, User) else None
        with timezone.override(zone):  # None is the default zone, never the last request's
            return self.handler(request)


def _zone(name: str) -> ZoneInfo | None:
    """None when nothing was chosen, or when this machine does not know the zone."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
