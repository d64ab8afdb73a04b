"""The gateway's form of answers and errors of contract 4."""

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import Throttled
from rest_framework.views import set_rollback

from core.contracts import ContractView, json_response

_CODES = {
    400: "InvalidParameter",
    401: "AuthenticationError",
    403: "AccessDenied",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "InvalidParameter.body",
    429: "RateLimitExceeded",
}
QUOTA = "QuotaExceeded"


class Declined(Exception):
    """A call that ends in an error of the contract; the text is for the client."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


def metadata(**more: Any) -> dict[str, Any]:
    """`RequestId` is the moment and 20 hexadecimal digits."""
    return {
        "RequestId": f"{timezone.now():%Y%m%d%H%M%S}{secrets.token_hex(10).upper()}",
        "Action": "ListAssets",
        "Version": "2024-01-01",
        "Service": "ark",
        "Region": "cn-beijing",
        **more,
    }


def failure(status: int, code: str, text: str) -> HttpResponse:
    error = {"Code": code, "Message": text}
    return json_response({"ResponseMetadata": metadata(Error=error)}, status)


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """The vendor has more endpoints below this path than are served here."""
    return failure(404, _CODES[404], "There is no such endpoint.")


class AssetsView(ContractView):
    @classmethod
    def error_response(cls, status: int, text: str) -> HttpResponse:
        return failure(status, _CODES.get(status, "InternalServiceError"), text)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, Declined):
            set_rollback()
            return failure(exc.status, exc.code, exc.text)
        if isinstance(exc, Throttled) and getattr(exc, "wait", None) is None:
            # No waiting helps: the key has no calls left.
            return failure(429, QUOTA, str(exc.detail))
        return super().handle_exception(exc)
