"""What the endpoints of the wire contracts share: JSON bodies under any label, own error forms."""

import json
import logging
from collections.abc import Iterable
from typing import Any, ClassVar

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView, set_rollback

logger = logging.getLogger(__name__)

JSON = "application/json"
# PostgreSQL's text cannot hold it, so no id or name that has it exists.
NUL = "\0"


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is too large."


class OneForm(BaseContentNegotiation):
    """The contracts know one form of answer, whatever `Accept` and `Content-Type` say."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return next(iter(renderers)), JSON


def json_response(body: Any, status: int = 200, *, label: str = JSON) -> HttpResponse:
    """Contract answers hold signed links and what only their reader may see: kept by nobody."""
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(_written(body), status=status, content_type=label, headers=headers)


def _written(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        # A kept parameter may be a number of more than 64 bits: PostgreSQL writes 1e30 in full.
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class ContractView(APIView):
    """One endpoint of a contract. A subclass for each contract says how its errors look."""

    authentication_classes = []
    permission_classes = []
    content_negotiation_class = OneForm
    # In bytes; bodies of uploads are larger and say so.
    body_limit: ClassVar[int] = 64 * 1024

    @classmethod
    def error_response(cls, status: int, text: str) -> HttpResponse:
        """An error in the contract's form; the middleware that refuses bodies asks it too."""
        raise NotImplementedError

    def check_length(self, request: Request) -> None:
        """Raises BodyTooLarge."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.body_limit:
            raise BodyTooLarge

    def json_object(self, request: Request) -> dict[str, Any]:
        """The body, which is JSON whatever its Content-Type. Raises ParseError, BodyTooLarge."""
        self.check_length(request)
        try:
            value = orjson.loads(request._request.body)
        except (orjson.JSONDecodeError, UnreadablePostError):
            raise exceptions.ParseError("The body is not JSON.") from None
        if not isinstance(value, dict):
            raise exceptions.ParseError("The body is not a JSON object.")
        return value

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Every failure in the contract's form; one that nobody foresaw is logged and a 500."""
        set_rollback()
        if isinstance(exc, Http404):
            exc = exceptions.NotFound()
        elif isinstance(exc, PermissionDenied):
            exc = exceptions.PermissionDenied()
        if not isinstance(exc, exceptions.APIException):
            logger.exception("%s failed", self.request.path)
            return self.error_response(500, "Internal server error")
        response = self.error_response(exc.status_code, str(exc.detail))
        if exc.status_code == 401:
            response.headers["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        if wait := getattr(exc, "wait", None):
            response.headers["Retry-After"] = str(int(wait) + 1)
        return response
