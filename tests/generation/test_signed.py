"""Signed requests over real HTTP: the vendor's vectors, tampering, age, keys, limits."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.keys import issue_key, revoke_key
from accounts.models import ApiKey
from accounts.services import ban_user
from tests.factories import make_person
from tests.generation.signing import OPTIONS, Signing, canonical, hmac_hex

BODY = {"namespace": "custom_agent"}
EXAMPLE = (
    "POST\n/v1/chat/stream\n1742000000\nuser-123\n\n"
    "agentId=agent-uuid&conversationId=conv-uuid&text=你好"
)


def refused(answer):
    """The message of a 401 in the envelope."""
    assert answer.status_code == 401
    body = answer.json()
    assert (body["code"], body["success"], body["data"]) == (10401, False, None)
    assert len(body["traceId"]) == 32
    assert (
        isinstance(body["timestamp"], str) and abs(int(body["timestamp"]) / 1000 - time.time()) < 60
    )
    return body["message"]


def test_the_tests_own_signature_is_the_vendors():
    body = {"text": "你好", "conversationId": "conv-uuid", "agentId": "agent-uuid"}
    base = "\n".join(["POST", "/v1/chat/stream", "1742000000", "user-123", "", canonical(body)])
    assert base.encode() == EXAMPLE.encode()
    assert hmac_hex("k", base) == hmac_hex("k", EXAMPLE)


def test_a_right_signature_is_answered_in_the_envelope(ada):
    answer = ada.post(OPTIONS, BODY)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], body["success"], body["message"]) == (10200, True, "OK")
    assert set(body) == {"code", "success", "message", "data", "traceId", "timestamp"}
    assert len(body["traceId"]) == 32 and body["traceId"].isalnum()
    assert body["timestamp"].isdigit() and len(body["timestamp"]) == 13
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Timestamp", "X-Signature", "X-Request-ID", "X-User-ID"]
)
def test_every_header_is_required(ada, name):
    for value in (None, ""):
        headers = ada.headers(OPTIONS, BODY)
        if value is None:
            del headers[name]
        else:
            headers[name] = value
        assert refused(ada.send(OPTIONS, BODY, headers)) == f"Missing header {name}"


def test_whatever_is_signed_cannot_be_changed(ada, ben):
    good = ada.headers(OPTIONS, BODY)
    signed_for = {
        "method": ada.headers(OPTIONS, BODY, method="GET"),
        "path": ada.headers("/v1/agent/cover", BODY),
        "query": ada.headers(OPTIONS, BODY, query="a=1"),
        "body": ada.headers(OPTIONS, {**BODY, "gender": "male"}),
        "user": {**good, "X-User-ID": "somebody-else"},
        "time": {**good, "X-Timestamp": str(int(good["X-Timestamp"]) - 1)},
        "key": {**good, "Authorization": f"Bearer {ben.key}"},
        "case": {**good, "X-Signature": good["X-Signature"].upper()},
        "cut": {**good, "X-Signature": good["X-Signature"][:-1]},
        "text": {**good, "X-Signature": "not hex"},
    }
    for what, headers in signed_for.items():
        assert refused(ada.send(OPTIONS, BODY, headers)) == "Invalid signature", what
    assert ada.send(OPTIONS, BODY, good).json()["success"]


def test_a_query_is_signed_sorted_and_without_empty_fields(ada):
    headers = ada.headers(OPTIONS, BODY, query="a=你 好&b=2")
    answer = ada.send(f"{OPTIONS}?b=2&empty=&a=%E4%BD%A0%20%E5%A5%BD", BODY, headers)
    assert answer.json()["success"]
    answer = ada.send(f"{OPTIONS}?b=3&a=%E4%BD%A0%20%E5%A5%BD", BODY, headers)
    assert refused(answer) == "Invalid signature"


@pytest.mark.parametrize(
    ("seconds", "passes"), [(-295, True), (295, True), (-310, False), (310, False)]
)
def test_clocks_may_be_five_minutes_apart(ada, seconds, passes):
    answer = ada.post(OPTIONS, BODY, at=int(time.time()) + seconds)
    if passes:
        assert answer.json()["success"]
    else:
        assert refused(answer) == "Timestamp expired"


@pytest.mark.parametrize("moment", ["soon", "-5", "1e9", "99999999999999"])
def test_a_timestamp_that_is_none_is_expired(ada, moment):
    assert refused(ada.post(OPTIONS, BODY, at=moment)) == "Timestamp expired"


def test_options_may_be_repeated(ada):
    headers = ada.headers(OPTIONS, BODY)
    assert ada.send(OPTIONS, BODY, headers).json()["success"]
    assert ada.send(OPTIONS, BODY, {**headers, "X-Request-ID": "another"}).json()["success"]


def test_only_live_signing_keys_with_the_scope_open_it(ada, server):
    plain = issue_key(user=make_person("carol"), scopes=["generation"]).plain
    narrow = Signing.of("dan", server.url, scopes=["public"])
    unknown = Signing(server.url, "gh_aaaaaaaaaa_" + "x" * 32, "secret", ada.row)
    assert refused(narrow.post(OPTIONS, BODY)) == "This API key does not have the scope generation"
    assert refused(unknown.post(OPTIONS, BODY)) == "Invalid API key"
    assert refused(Signing(server.url, plain, "", ada.row).post(OPTIONS, BODY)) == "Invalid API key"
    assert refused(Signing(server.url, "nonsense", "", ada.row).post(OPTIONS, BODY)) == (
        "Invalid API key"
    )
    revoke_key(key=ada.row)
    assert refused(ada.post(OPTIONS, BODY)) == "Invalid API key"


def test_a_banned_account_and_an_expired_key_are_refused(ada, ben):
    ban_user(user=ada.row.user, reason="spam")
    assert refused(ada.post(OPTIONS, BODY)) == "Invalid API key"
    ApiKey.objects.filter(pk=ben.row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(ben.post(OPTIONS, BODY)) == "Invalid API key"


def test_limits_speak_in_the_vendors_words(server, transactional_db):
    spent = Signing.of("eve", server.url, call_limit=1)
    fast = Signing.of("fay", server.url, per_minute=0)
    assert spent.options()["success"]
    for client, message in (
        (spent, "API key usage limit reached"),
        (fast, "Too many requests, please try again later"),
    ):
        answer = client.post(OPTIONS, BODY)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["code"], body["success"], body["message"]) == (10400, False, message)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_object_is_10400(ada, body):
    answer = ada.send(OPTIONS, body, ada.headers(OPTIONS, {}))
    assert answer.status_code == 200
    assert answer.json()["code"] == 10400
    assert answer.json()["message"] == "The body is not a JSON object"


def test_a_body_nested_very_deeply_is_refused_and_breaks_nothing(ada):
    deep = b'{"metadata":' + b"[" * 900 + b"]" * 900 + b"}"
    answer = ada.send(OPTIONS, deep, ada.headers(OPTIONS, {}))
    assert answer.json()["code"] in {10400, 10401}


def test_what_the_vendor_has_besides_is_404_in_the_contracts_own_form(ada, server):
    for path in ("/v1/chat/stream", "/v1/agent", "/v1/", "/v1/chat/image/", "/v1/config/other"):
        answer = ada.post(path, {})
        assert answer.status_code == 404, path
        assert (answer.json()["code"], answer.json()["success"]) == (10404, False), path


def test_another_method_is_refused_in_the_envelope(ada):
    import httpx

    answer = httpx.get(ada.url + OPTIONS, headers=ada.headers(OPTIONS, {}, method="GET"))
    assert answer.status_code == 405
    assert (answer.json()["code"], answer.json()["success"]) == (10400, False)
