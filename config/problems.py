"""Answers outside any view, in the form of the caller: problem documents for the REST API."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found, server_error

from core.problems import problem_response

REST = "/api/moderation/"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(REST):
        return problem_response(404, _("There is nothing at this address."))
    return page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(REST):
        return problem_response(500, _("The server failed; the failure is logged."))
    return server_error(request)
