"""From an HTTP answer in any of the vendors' forms to its payload or an UpstreamError."""

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from upstream.clients.errors import UpstreamError

MAX_DIGITS = 40
MAX_RETRY_AFTER = 86_400.0

# Vendor codes and their prefixes, by what they mean to us; anything else goes by the status.
_CODES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("unauthorized", ("10401", "UNAUTHORIZED", "AuthenticationError", "InvalidApiKey")),
    ("forbidden", ("FORBIDDEN", "AccessDenied")),
    ("not_found", ("10404", "NOT_FOUND", "NotFound")),
    ("invalid", ("10400", "VALIDATION_ERROR", "MissingParameter", "InvalidParameter")),
    ("rate_limited", ("Throttling", "RateLimitExceeded", "QuotaExceeded", "TOO_MANY_REQUESTS")),
    ("unavailable", ("10500", "INTERNAL", "Internal", "ServiceUnavailable")),
)
_STATUSES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    408: "unavailable",
    410: "not_found",
    422: "invalid",
    425: "unavailable",
    429: "rate_limited",
}
_TRANSIENT = {"rate_limited", "unavailable", "not_json", "malformed", "rejected"}
# Contract 3 sends these under 10400; the page's words are the only difference.
_RATE_MESSAGE = "Too many requests, please try again later"
_KEY_MESSAGE = "Invalid API key"


def payload(status: int, body: bytes, headers: Any) -> Any:
    """The JSON payload of a successful answer, unwrapped from `{success, code, data, …}`.

    Raises UpstreamError for an error status, an error under status 200, a page of HTML and JSON
    that ends early.
    """
    value = parsed_json(status, body)
    failure = _failure(status, value)
    if failure is not None:
        code, vendor_code, message = failure
        raise UpstreamError(
            code,
            message or f"the upstream answered {status}",
            permanent=code not in _TRANSIENT,
            retry_after=retry_after(headers.get("retry-after", "")),
            status=status,
            vendor_code=vendor_code,
        )
    if isinstance(value, dict) and "success" in value and "data" in value:
        return value["data"]
    return value


def retry_after(value: str) -> float | None:
    """Seconds from a Retry-After header, which is a number or an HTTP date."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), MAX_RETRY_AFTER)


def clean(text: Any, limit: int = 200) -> str:
    """An upstream's words on one short line without control characters and query strings."""
    line = " ".join(str(text).split()) if isinstance(text, str | int | float) else ""
    line = re.sub(r"\?\S+", "?…", line)
    printable = "".join(mark for mark in line if mark.isprintable())
    return printable[:limit]


def parsed_json(status: int, body: bytes) -> Any:
    """The JSON of an answer; None for an error status with something else. Raises
    UpstreamError."""
    try:
        return json.loads(body, parse_int=_integer, parse_constant=float)
    except (ValueError, RecursionError) as error:
        if status >= 300:
            return None
        if body.lstrip()[:1] in {b"{", b"["}:
            code, message = "malformed", "the JSON of the answer is broken or ends early"
        else:
            code, message = "not_json", "the answer is not JSON"
        raise UpstreamError(code, message, permanent=False, status=status) from error


def _integer(text: str) -> int | float:
    """An absurdly long number becomes infinite, which its record's check refuses by itself."""
    return int(text) if len(text) <= MAX_DIGITS else math.inf


def _failure(status: int, value: Any) -> tuple[str, str, str] | None:
    """(our code, vendor's code, message) of an error in any of the contracts' forms."""
    vendor_code, message, failed = "", "", status >= 300
    if isinstance(value, dict):
        metadata = value.get("ResponseMetadata")
        error = metadata.get("Error") if isinstance(metadata, dict) else None
        if isinstance(error, dict) and error:
            failed, vendor_code, message = (
                True,
                clean(error.get("Code")),
                clean(error.get("Message")),
            )
        elif value.get("success") is False or (failed and "success" not in value):
            failed = True
            vendor_code = clean(value.get("code"))
            message = clean(value.get("message")) or clean(value.get("error"))
            inner = value.get("error")
            if isinstance(inner, dict):
                message = message or clean(inner.get("message"))
    if not failed:
        return None
    return _meaning(status, vendor_code, message), vendor_code, message


def _meaning(status: int, vendor_code: str, message: str) -> str:
    if message == _KEY_MESSAGE:
        return "unauthorized"
    if vendor_code == "10400" and message == _RATE_MESSAGE:
        return "rate_limited"
    for code, prefixes in _CODES:
        if vendor_code.startswith(prefixes):
            return code
    if status < 300:
        return "rejected"
    if 300 <= status < 400:
        return "invalid"
    return _STATUSES.get(status, "invalid" if status < 500 else "unavailable")
