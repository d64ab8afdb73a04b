"""Signing out of the console, from whatever page."""

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User
from moderation import cases


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """The admin's own, which also gives back what the person holds, in another browser too: a
    session that is still open there claims again.
    """
    if request.method == "POST" and isinstance(request.user, User):
        cases.release_all(user=request.user)
    answer: HttpResponseBase = admin.site.logout(request)
    return answer
