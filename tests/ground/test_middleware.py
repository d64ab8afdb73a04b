"""What every request passes: its id, its real sender, its size, and the headers of its answer."""

from typing import Any

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core.middleware import (
    BodyLimitMiddleware,
    ClientAddressMiddleware,
    RequestIdMiddleware,
    SecurityHeadersMiddleware,
    is_loopback,
)
from core.requests import current_request_id


def sender_seen(**meta: Any) -> tuple[str, bool]:
    """REMOTE_ADDR as the view sees it, and whether it counts as this machine."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    ClientAddressMiddleware(view)(RequestFactory().get("/", **meta))
    return seen[0].META["REMOTE_ADDR"], is_loopback(seen[0])


def test_without_proxies_a_forwarded_address_is_nobodys_word():
    assert sender_seen(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="127.0.0.1") == (
        "203.0.113.9",
        False,
    )


def test_behind_a_trusted_proxy_the_last_foreign_hop_is_the_client(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    forged = "127.0.0.1, 203.0.113.9, 10.2.2.2"
    assert sender_seen(REMOTE_ADDR="10.1.1.1", HTTP_X_FORWARDED_FOR=forged)[0] == "203.0.113.9"


def test_a_hop_that_is_no_address_ends_the_search(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert sender_seen(REMOTE_ADDR="10.1.1.1", HTTP_X_FORWARDED_FOR="1.2.3.4, x")[0] == "10.1.1.1"


def test_an_ipv4_sender_on_a_dual_stack_socket_is_recognised(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    seen = sender_seen(REMOTE_ADDR="::ffff:10.1.1.1", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert seen[0] == "198.51.100.7"


def test_loopback_counts_only_without_an_unknown_proxy_in_between():
    assert sender_seen(REMOTE_ADDR="127.0.0.1") == ("127.0.0.1", True)
    assert sender_seen(REMOTE_ADDR="::1")[1]
    assert not sender_seen(REMOTE_ADDR="127.0.0.1", HTTP_X_REAL_IP="203.0.113.9")[1]


def test_a_wrong_network_stops_the_start(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/99"]
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        ClientAddressMiddleware(lambda request: HttpResponse())


@pytest.mark.parametrize(
    ("length", "status"),
    [("10", 200), ("", 200), (str(configured.API_MAX_BYTES), 200),
     (str(configured.API_MAX_BYTES + 1), 413), ("many", 400)],
)  # fmt: skip
def test_a_body_over_the_limit_is_refused_unread(length, status):
    request = RequestFactory().post("/", data=b"{}", content_type="application/json")
    request.META["CONTENT_LENGTH"] = length
    response = BodyLimitMiddleware(lambda request: HttpResponse())(request)
    assert response.status_code == status
    if status != 200:
        assert response.headers["Content-Type"] == "application/problem+json"


def test_somebody_at_a_browser_is_told_of_a_large_body_on_a_page():
    request = RequestFactory().post(
        "/admin/", headers={"Accept": "text/html,*/*", "Accept-Language": "zh-hans"}
    )
    request.META["CONTENT_LENGTH"] = str(configured.API_MAX_BYTES + 1)
    response = BodyLimitMiddleware(lambda request: HttpResponse())(request)

    assert response.status_code == 413
    assert response.headers["Content-Type"].startswith("text/html")
    assert "32 MB" in response.content.decode()
    assert "文件" in response.content.decode()


def test_a_request_has_one_id_in_its_log_lines_and_its_answer():
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_request_id())
        return HttpResponse()

    wrapped = RequestIdMiddleware(view)
    made = wrapped(RequestFactory().get("/")).headers["X-Request-ID"]
    taken = wrapped(RequestFactory().get("/", HTTP_X_REQUEST_ID="from-the-proxy-1"))
    forged = wrapped(RequestFactory().get("/", HTTP_X_REQUEST_ID="two\nlines of log"))
    assert seen == [made, "from-the-proxy-1", forged.headers["X-Request-ID"]]
    assert taken.headers["X-Request-ID"] == "from-the-proxy-1"
    assert "\n" not in forged.headers["X-Request-ID"]
    assert current_request_id() == "-"


def test_a_view_may_tighten_the_policy_for_scripts():
    def answer(**headers: str) -> str:
        view = SecurityHeadersMiddleware(lambda request: HttpResponse(headers=headers))
        return view(RequestFactory().get("/")).headers["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval'" in answer()
    assert "unsafe-inline" not in answer().partition("script-src")[2]
    assert answer(**{"Content-Security-Policy": "script-src 'self'"}) == "script-src 'self'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/api/list-character-images", True), ("/v1/agent/cover", True), ("/characters/public", True),
     ("/api/moderation/queues/", False), ("/admin/", False), ("/healthz", False)],
)  # fmt: skip
def test_browser_clients_reach_the_five_contracts_only(client, settings, path, allowed):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    response = client.options(
        path,
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-signature",
        },
    )
    assert (response.headers.get("Access-Control-Allow-Origin") is not None) is allowed
    if allowed:
        assert "x-signature" in response.headers["Access-Control-Allow-Headers"]
    stranger = client.options(path, headers={"Origin": "https://evil.example.org"})
    assert "Access-Control-Allow-Origin" not in stranger.headers
