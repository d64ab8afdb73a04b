"""One form for every error of the REST API: `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, detail: str, *, kind: str = "about:blank", errors: Any = None
) -> dict[str, Any]:
    """The body: `type`, `title` (the status in words), `status`, `detail`, `errors` (by field)."""
    return {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or {},
    }


def problem_response(status: int, detail: str, *, errors: Any = None) -> JsonResponse:
    """The same as a plain Django response, for middleware and handlers outside DRF."""
    body = problem(status, detail, errors=errors)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None (a 500) only for what nobody foresaw."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    detail = error.detail
    errors = None if isinstance(detail, str) else detail
    text = str(detail) if isinstance(detail, str) else _("Some fields are wrong; see errors.")
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if auth := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    return Response(
        problem(error.status_code, text, errors=errors),
        status=error.status_code,
        headers=headers,
        content_type=CONTENT_TYPE,
    )
