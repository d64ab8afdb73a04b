"""Bodies that a client should not have sent to the album: a 400 in its form, never more."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gallery.albums import PATH, member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(world):
    """A member's key."""
    return member("alice")


# Values are tried in loops: what they are refused for needs no fresh database.
NO_OBJECTS = [
    b"", b" ", b"{", b"null", b"[]", b'"mira"', b"7", b"characterId=mira", b"\xff\xfe", b"\0",
    b'{"characterId": "\xff"}', b'{"characterId": "\\ud800"}', b'{"characterId": NaN}',
    b"[" * 50_000, b'{"a":' * 10_000,
]  # fmt: skip
NO_IDS: list[Any] = [
    None,
    7,
    7.5,
    True,
    [],
    ["mira"],
    {},
    "",
    "   ",
    "\0",
    "mi\0ra",
    "x" * 256,
    10**30,
]
NO_CURSORS = [
    "", " ", "x", "~", "a~b", "eyJ2IjoxNzAwMDAwMDAwMDAwLCJwIjoxfQ", "é", "\0", "x" * 5000, 7, True,
    [], {}, 10**30,
]  # fmt: skip
ODD_IDS = ["x" * 255, "'; DROP TABLE x; --", "%s", "%", "角色", "💫", "../..", "\u202e"]


def refused(answer, status=400):
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert set(body) == {"success", "error"}
    assert body["success"] is False
    return body["error"]


def test_a_body_that_is_no_json_object_is_400(gallery, world):
    for body in NO_OBJECTS:
        answer = gallery.post(body, headers={"Content-Type": "application/json"})
        assert "body" in refused(answer), body[:40]


def test_a_character_id_that_is_none_is_400(gallery, world, alice):
    for value in NO_IDS:
        for key in (None, alice):
            error = refused(gallery.post({"characterId": value}, key))
            assert "characterId" in error, value


def test_a_missing_character_id_is_400(gallery, world):
    for body in ({}, {"characterid": "mira"}, {"cursor": "x"}):
        assert "characterId" in refused(gallery.post(body))


def test_any_other_text_is_an_id_that_may_be_unknown(gallery, world, alice):
    for value in ODD_IDS:
        assert gallery.ids(value, alice) == [], value


def test_json_is_read_whatever_the_content_type(gallery, world):
    world.picture("one")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", ""):
        answer = gallery.post(b'{"characterId": "mira"}', headers={"Content-Type": kind})
        assert [item["id"] for item in answer.json()["items"]] == ["one"], kind


def test_the_answer_is_json_whatever_is_accepted(gallery, world):
    for accept in ("text/html", "image/png", "nonsense", "*/*"):
        answer = gallery.post({"characterId": "mira"}, headers={"Accept": accept})
        assert answer.status_code == 200, accept
        assert answer.headers["Content-Type"] == "application/json"


def test_unknown_fields_are_ignored(gallery, world):
    world.picture("one")

    assert gallery.ids("mira", page=9, limit=10**30, items=[{"id": "x"}]) == ["one"]


def test_a_large_body_is_413_before_it_is_read(gallery, world):
    answer = gallery.post({"characterId": "mira", "padding": "x" * 70_000})

    assert "too large" in refused(answer, 413)


def test_a_body_over_the_servers_limit_is_refused_in_this_form_too(gallery):
    parts = urlsplit(gallery.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sender:
        sender.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Length: {40 * 1024 * 1024}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while chunk := sender.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == b"413"
    assert json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["success"] is False


def test_a_malformed_cursor_of_a_member_is_400(gallery, world, alice):
    world.pictures(3)
    for cursor in NO_CURSORS:
        for character in ("mira", "unknown"):
            answer = gallery.post({"characterId": character, "cursor": cursor}, alice)
            assert "cursor" in refused(answer), cursor


def test_no_cursor_may_be_written_as_null(gallery, world, alice):
    world.picture("one")

    assert gallery.ids("mira", alice, cursor=None) == ["one"]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.fixed_dictionaries(
        {"characterId": JSON_VALUES}, optional={"cursor": JSON_VALUES, "createdAfter": JSON_VALUES}
    )
)
def test_whatever_is_sent_the_answer_is_200_or_400(gallery, world, alice, body):
    for key in (None, alice):
        answer = gallery.post(body, key)
        assert answer.status_code in {200, 400}, answer.text
        assert ("error" in answer.json()) is (answer.status_code == 400)
