"""The signature of contracts 2 and 3, against the vendor's example and the written rules."""

import hashlib
import hmac
import json

import pytest

from core.signing import (
    base_string,
    canonical_body,
    canonical_query,
    compact_json,
    is_fresh,
    parse_body,
    sign,
    verify,
)
from upstream.signing import new_request_id, signed_headers

VENDOR_EXAMPLE = (
    "POST\n/v1/chat/stream\n1742000000\nuser-123\n\n"
    "agentId=agent-uuid&conversationId=conv-uuid&text=你好"
)


def test_the_vendors_base_string_is_reproduced_byte_for_byte() -> None:
    body = {"text": "你好", "conversationId": "conv-uuid", "agentId": "agent-uuid"}
    ours = base_string(
        method="post",
        path="/v1/chat/stream",
        timestamp="1742000000",
        user_id="user-123",
        body=body,
    )
    assert ours.encode() == VENDOR_EXAMPLE.encode()


def test_the_signature_is_lower_case_hex_hmac_sha256() -> None:
    expected = hmac.new(b"secret", VENDOR_EXAMPLE.encode(), hashlib.sha256).hexdigest()
    assert sign("secret", VENDOR_EXAMPLE) == expected
    assert verify("secret", VENDOR_EXAMPLE, expected)


@pytest.mark.parametrize("wrong", ["", "0" * 64, "é" * 64, "\ud800", "x" * 10_000])
def test_a_wrong_signature_is_false_and_never_an_exception(wrong: str) -> None:
    assert not verify("secret", VENDOR_EXAMPLE, wrong)


def test_query_fields_are_sorted_and_empty_ones_dropped_and_nothing_is_encoded() -> None:
    fields = [("b", "2 &"), ("a", "你"), ("empty", ""), ("none", None)]
    assert canonical_query(fields) == "a=你&b=2 &"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  padded\u3000", "f=padded"),
        ("   ", ""),
        ("", ""),
        (None, ""),
        ({}, "f={}"),
        ([], "f=[]"),
        (True, "f=true"),
        (0, "f=0"),
        (1.0, "f=1"),
        (1.5, "f=1.5"),
        (0.00001, "f=0.00001"),
        (1e-7, "f=1e-7"),
        (1e21, "f=1e+21"),
        ({"b": "名", "a": [1, None, " x "]}, 'f={"b":"名","a":[1,null," x "]}'),
    ],
)
def test_each_kind_of_body_field_contributes_as_written(value: object, text: str) -> None:
    assert canonical_body({"f": value}) == text


@pytest.mark.parametrize("number", ["1.0", "1.50", "1e5", "1E-7", "12345678901234567890123"])
def test_a_received_number_keeps_the_text_it_was_sent_with(number: str) -> None:
    assert canonical_body(parse_body(f'{{"n":{number}}}'.encode())) == f"n={number}"


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"--boundary", b"\xff", b"[" * 200_000])
def test_a_body_that_is_no_json_object_contributes_nothing(body: bytes) -> None:
    assert canonical_body(parse_body(body)) == ""


def test_what_we_send_is_what_we_sign() -> None:
    body = {"metadata": {"weight": 2.0, "名": "值"}, "text": " hi ", "n": 0.1}
    received = parse_body(compact_json(body).encode())
    assert canonical_body(received) == canonical_body(body)
    assert json.loads(compact_json(body)) == body


def test_signed_headers_are_complete_and_verify() -> None:
    headers = signed_headers(
        key="key",
        secret="secret",
        user_id="user-123",
        path="/v1/chat/image",
        body={"text": "你好"},
        request_id=new_request_id(),
        timestamp=1742000000,
    )
    assert set(headers) == {
        "Authorization",
        "X-Timestamp",
        "X-Signature",
        "X-Request-ID",
        "X-User-ID",
    }
    base = base_string(
        method="POST",
        path="/v1/chat/image",
        timestamp="1742000000",
        user_id="user-123",
        body={"text": "你好"},
    )
    assert verify("secret", base, headers["X-Signature"])
    assert len(headers["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("timestamp", "fresh"),
    [
        ("1000", True),
        ("700", True),
        ("1300", True),
        ("699", False),
        ("1301", False),
        ("", False),
        ("-1000", False),
        ("1e3", False),
        ("１０００", False),
        ("9" * 50, False),
    ],
)
def test_a_timestamp_may_be_five_minutes_off(timestamp: str, fresh: bool) -> None:
    assert is_fresh(timestamp, now=1000) is fresh
