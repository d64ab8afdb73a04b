"""What the pages leave open of requests: chunks, HEAD, odd bytes, large bodies, exact signatures.

Against Gatehouse only: the sandbox is nobody's server.
"""

import json

import httpx
import pytest

from tests.conformance.test_signed import declined, envelope
from tests.generation.signing import OPTIONS, Signing

pytestmark = pytest.mark.django_db

CATALOGUE = {"namespace": "custom_agent"}
GALLERY, CHARACTERS = "/api/list-character-images", "/characters"
ASSETS = "/v1/private-avatar/assets/list"


@pytest.fixture
def signer(gatehouse) -> Signing:
    return Signing(gatehouse.url, gatehouse.signed_key, gatehouse.secret, None)  # type: ignore[arg-type]


def chunks(body):
    """Sent without a Content-Length, in two pieces."""
    data = json.dumps(body).encode()
    yield data[:5]
    yield data[5:]


def test_a_body_may_come_in_chunks(gatehouse, signer):
    album = gatehouse.call("POST", GALLERY, content=chunks({"characterId": gatehouse.album}))
    assert (album.status_code, len(album.json()["items"])) == (200, 6)
    body = {"model": "doubao-seedance-2-0-260128", "PageSize": 3}
    assets = gatehouse.call("POST", ASSETS, gatehouse.assets, content=chunks(body))
    assert len(assets.json()["Result"]["Items"]) == 3
    made = gatehouse.call("POST", CHARACTERS, gatehouse.member, content=chunks({"name": "Mira"}))
    assert made.status_code == 201
    gatehouse.call("DELETE", f"{CHARACTERS}/{made.json()['id']}", gatehouse.member)
    signed = httpx.post(
        gatehouse.url + OPTIONS,
        content=chunks(CATALOGUE),
        headers=signer.headers(OPTIONS, CATALOGUE),
    )
    assert envelope(signed)["code"] == 10200


def test_chunks_without_end_are_413_in_each_form(gatehouse):
    def endless():
        for _ in range(33):
            yield b" " * 1024 * 1024

    for path, token in ((GALLERY, None), (CHARACTERS, gatehouse.member), (OPTIONS, None)):
        answer = gatehouse.call("POST", path, token, content=endless())
        assert answer.status_code == 413
        assert "error" in answer.text or "code" in answer.json()


def test_a_signed_body_has_a_limit_that_is_told_before_it_is_read(gatehouse, signer):
    body = CATALOGUE | {"metadata": {"kept": "x" * 256 * 1024}}
    answer = envelope(signer.post(OPTIONS, body), 413)
    assert (answer["code"], answer["message"]) == (10400, "The body is too large.")
    most = CATALOGUE | {"metadata": {"kept": "x" * 255 * 1024}}
    assert envelope(signer.post(OPTIONS, most))["code"] == 10200


@pytest.mark.parametrize("path", ["/characters/public", "/characters/{album}"])
def test_head_is_get_without_its_body(gatehouse, path):
    at = path.format(album=gatehouse.album)
    answer = gatehouse.call("HEAD", at)
    assert (answer.status_code, answer.content) == (200, b"")
    assert gatehouse.call("HEAD", "/characters/none-such").status_code == 404
    assert gatehouse.call("HEAD", "/characters").status_code == 401


@pytest.mark.parametrize(
    "body",
    [b'{"a": ' + b"[" * 50_000, b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": "\\ud800"}', b'{"a": NaN}',
     b"\xef\xbb\xbf{}", '{"characterId": "x"}'.encode("utf-16"), b"null", b'"x"', b"7"],
)  # fmt: skip
def test_a_body_that_is_no_json_of_the_contracts_is_400(gatehouse, body):
    tokens = {GALLERY: None, CHARACTERS: gatehouse.member, ASSETS: gatehouse.assets}
    for path, token in tokens.items():
        assert gatehouse.call("POST", path, token, content=body).status_code == 400, path


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data", "application/xml", ""]
)
def test_json_is_read_under_any_label(gatehouse, content_type):
    answer = gatehouse.call(
        "POST", GALLERY, json={"characterId": gatehouse.album},
        headers={"Content-Type": content_type},
    )  # fmt: skip
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [GALLERY, CHARACTERS, ASSETS, OPTIONS, "/v1/chat/image"])
def test_a_slash_behind_a_path_is_another_path(gatehouse, path):
    answer = gatehouse.call("POST", f"{path}/", gatehouse.member, json={})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"


SIGNED_AS_SENT = {
    "a long whole number": (
        b'{"n":123456789012345678901234567890}',
        "n=123456789012345678901234567890",
    ),
    "a fraction": (b'{"n":1.0}', "n=1.0"),
    "an exponent": (b'{"n":1E5}', "n=1E5"),
    "half a character": (b'{"n":"\\ud800"}', "n=\ud800"),
    "an escape": (b'{"n":"\\u4f60 \\/"}', "n=你 /"),
    "spaces between": (b' { "n" : [ 1 , { "b":2, "a":null } ] } ', 'n=[1,{"b":2,"a":null}]'),
    "the last of two": (b'{"n":"1","n":"2"}', "n=2"),
    "blank ones": (b'{"a":" ","b":null,"c":"","n":" x "}', "n=x"),
    "a deep one": (b'{"n":' + b"[" * 300 + b"]" * 300 + b"}", "n=" + "[" * 300 + "]" * 300),
}


@pytest.mark.parametrize("what", SIGNED_AS_SENT)
def test_the_base_string_is_made_of_what_was_sent_to_the_byte(signer, what, monkeypatch):
    sent, canonical = SIGNED_AS_SENT[what]
    monkeypatch.setattr("tests.generation.signing.canonical", lambda body: canonical)
    # Rightly signed, and then without a namespace.
    declined(
        signer.send(OPTIONS, sent, signer.headers(OPTIONS, {})), 10400, "namespace is required"
    )
    monkeypatch.setattr("tests.generation.signing.canonical", lambda body: canonical + " ")
    declined(signer.send(OPTIONS, sent, signer.headers(OPTIONS, {})), 10401, "Invalid signature")


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("?a=%E4%BD%A0", "a=你"),
        ("?a=x+y", "a=x y"),
        ("?a=1;b=2", "a=1;b=2"),
        ("?b=1&a=2&c", "a=2&b=1"),
    ],
)
def test_a_query_is_signed_as_it_reads_decoded(signer, sent, signed):
    headers = signer.headers(OPTIONS, CATALOGUE, query=signed)
    assert envelope(signer.send(OPTIONS + sent, CATALOGUE, headers))["code"] == 10200
