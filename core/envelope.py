"""The envelope of contracts 2 and 3: one form for what succeeded and for what did not."""

import secrets
import string
import time
from enum import IntEnum
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from core.contracts import ContractView, json_response

FIELDS = ("code", "success", "message", "data", "traceId", "timestamp")
_ALPHABET = string.ascii_letters + string.digits
_TRACE_LETTERS = 32


class Code(IntEnum):
    """The vendor's codes. Only a failed authentication, and what is not one of the contract's
    calls at all, is told by the HTTP status too."""

    OK = 10200
    INVALID = 10400
    UNAUTHORIZED = 10401
    NOT_FOUND = 10404
    FAILED = 10500


# HTTP statuses of failures that no view foresaw; every other one is 200.
_STATUS = {401: 401, 403: 401, 404: 404, 405: 405, 413: 413}
_CODES = {401: Code.UNAUTHORIZED, 403: Code.UNAUTHORIZED, 404: Code.NOT_FOUND}


class Declined(Exception):
    """A call that ends with `success: false`. The message is the contract's, and stays English."""

    def __init__(self, code: Code, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def envelope(code: Code, message: str, data: Any = None) -> dict[str, Any]:
    """`traceId` has 32 characters, `timestamp` is a string of milliseconds."""
    return {
        "code": int(code),
        "success": code == Code.OK,
        "message": message,
        "data": data,
        "traceId": "".join(secrets.choice(_ALPHABET) for _ in range(_TRACE_LETTERS)),
        "timestamp": str(time.time_ns() // 1_000_000),
    }


def succeeded(data: Any) -> HttpResponse:
    return json_response(envelope(Code.OK, "OK", data))


class EnvelopeView(ContractView):
    """One call of contracts 2 and 3; views raise Declined."""

    http_method_names = ["post", "options"]

    @classmethod
    def error_response(cls, status: int, text: str) -> HttpResponse:
        code = _CODES.get(status, Code.FAILED if status >= 500 else Code.INVALID)
        return json_response(envelope(code, text), _STATUS.get(status, 200))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, Declined):
            return json_response(envelope(exc.code, exc.message, exc.data))
        return super().handle_exception(exc)


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """The vendor has more calls than those that are served here."""
    return EnvelopeView.error_response(404, "Not found")
