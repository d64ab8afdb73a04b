"""Who may open a console page, and what every page's template is given."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.enums import Permission
from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

VIEW, MODERATE, LEAD, OPERATE = (
    Permission.VIEW.value,
    Permission.MODERATE.value,
    Permission.LEAD.value,
    Permission.OPERATE.value,
)


def console_page(
    permission: str = VIEW, *, methods: Collection[str] = ("GET",)
) -> Callable[[View[P]], View[P]]:
    """Anonymous people sign in first; signed-in people without the permission get 403."""
    allowed = {*methods, "HEAD"} if "GET" in methods else set(methods)

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not (request.user.is_active and request.user.has_perm(permission)):
                raise PermissionDenied
            if request.method not in allowed:
                return HttpResponseNotAllowed(sorted(allowed))
            return view(request, *args, **kwargs)

        return cast(View[P], never_cache(guarded))

    return decorate


def person(request: HttpRequest) -> User:
    """Who is signed in, on pages that nobody else reaches."""
    assert isinstance(request.user, User)
    return request.user


def page_context(request: HttpRequest, **extra: Any) -> dict[str, Any]:
    """unfold's shell plus what the page adds (`title` at least)."""
    return {**admin.site.each_context(request), **extra}
