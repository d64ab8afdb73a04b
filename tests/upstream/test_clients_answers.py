"""Answers in all of the vendors' forms become a payload or the right UpstreamError."""

import json
import math
import time
from email.utils import formatdate
from typing import Any

import pytest

from upstream.clients.answers import clean, payload, retry_after
from upstream.clients.errors import UpstreamError
from upstream.clients.limits import RateLimit, limit_of


def failed(status: int, body: Any, **headers: str) -> UpstreamError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(UpstreamError) as caught:
        payload(status, content, headers)
    return caught.value


def ark(code: str) -> dict[str, Any]:
    return {"ResponseMetadata": {"Error": {"Code": code, "Message": "why"}}}


def test_bare_and_wrapped_bodies_give_the_same_payload() -> None:
    wrapped = {"success": True, "code": "OK", "data": {"items": []}, "errors": None}
    assert payload(200, b'{"items": []}', {}) == {"items": []}
    assert payload(200, json.dumps(wrapped).encode(), {}) == {"items": []}


@pytest.mark.parametrize(
    ("status", "body", "code", "permanent"),
    [
        (401, {"success": False, "error": "Token invalid"}, "unauthorized", True),
        (400, {"success": False, "error": "characterId missing"}, "invalid", True),
        (403, {}, "forbidden", True),
        (404, b"<html>", "not_found", True),
        (429, b"", "rate_limited", False),
        (500, b"<html>", "unavailable", False),
        (503, {"message": "later"}, "unavailable", False),
        (418, {}, "invalid", True),
        (304, b"", "invalid", True),
        (200, {"success": False, "error": "hiccup"}, "rejected", False),
        (200, {"success": False, "code": "NOT_FOUND", "message": "x"}, "not_found", True),
        (200, {"success": False, "code": 10500, "message": "x"}, "unavailable", False),
        (200, {"success": False, "code": 10404, "message": "x"}, "not_found", True),
        (200, {"success": False, "code": 10400, "message": "x"}, "invalid", True),
        (
            200,
            {
                "success": False,
                "code": 10400,
                "message": "Too many requests, please try again later",
            },
            "rate_limited",
            False,
        ),
        (
            200,
            {"success": False, "code": 10400, "message": "API key usage limit reached"},
            "invalid",
            True,
        ),
        (
            200,
            {"success": False, "code": 10400, "message": "Invalid API key"},
            "unauthorized",
            True,
        ),
        (401, {"success": False, "code": 10401, "message": "x"}, "unauthorized", True),
        (200, ark("AccessDenied"), "forbidden", True),
        (200, ark("MissingParameter.model"), "invalid", True),
        (200, ark("InvalidParameterValue"), "invalid", True),
        (404, ark("NotFound.group_id"), "not_found", True),
        (200, ark("Throttling"), "rate_limited", False),
        (429, ark("RateLimitExceeded"), "rate_limited", False),
        (200, ark("QuotaExceeded"), "rate_limited", False),
        (200, ark("Mystery"), "rejected", False),
        (200, b"<!doctype html><h1>Bad gateway", "not_json", False),
        (200, b"", "not_json", False),
        (200, b'{"items": [{"id": "1', "malformed", False),
        (200, b"[" * 200_000, "malformed", False),
        (200, b'{"a": "\xff"}', "malformed", False),
    ],
)
def test_every_form_of_failure_has_one_meaning(
    status: int, body: Any, code: str, permanent: bool
) -> None:
    error = failed(status, body)
    assert (error.code, error.permanent, error.status) == (code, permanent, status)


def test_an_absurd_number_does_not_fail_the_page() -> None:
    body = b'{"items": [{"seed": ' + b"9" * 10_000 + b"}]}"
    assert payload(200, body, {})["items"][0]["seed"] == math.inf


def test_messages_are_one_short_line_without_query_strings() -> None:
    error = failed(400, {"message": "bad\n\x1b[31m link https://x/y?sig=s3cret " + "z" * 500})
    assert "\n" not in error.message and "\x1b" not in error.message
    assert "s3cret" not in error.message and len(error.message) <= 200
    assert clean({"a": 1}) == ""


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert failed(429, b"", **{"retry-after": "7"}).retry_after == 7
    later = retry_after(formatdate(time.time() + 30, usegmt=True))
    assert later is not None and 25 < later <= 30
    assert retry_after(formatdate(time.time() - 30)) == 0
    assert retry_after("9" * 30) == 86_400
    assert retry_after("soon") is None and retry_after("") is None


def test_the_rate_limit_spaces_calls_and_is_shared_by_base_url() -> None:
    limit = RateLimit(50)
    for _ in range(13):
        limit.wait()
    started = time.monotonic()
    for _ in range(5):
        limit.wait()
    assert time.monotonic() - started >= 0.08
    assert limit_of("http://a", 5) is limit_of("http://a", 5)
    assert limit_of("http://a", 5) is not limit_of("http://b", 5)
    assert limit_of("http://a", 0) is None
