"""Contract 2 and the options, line by line, with signatures made by code of our own."""

import base64
import re
import secrets
import time

import pytest

from tests.generation.signing import COVER, MAN, OPTIONS, WOMAN, Signing

pytestmark = pytest.mark.django_db

ENVELOPE = {"code", "success", "message", "data", "traceId", "timestamp"}
CATEGORIES = {"Age", "Ethnicity", "BodyType", "BreastSize", "ButtSize", "HairColor", "HairStyle"}
DATA_URI = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


@pytest.fixture
def signer(target) -> Signing:
    return Signing(target.url, target.signed_key, target.secret, None)  # type: ignore[arg-type]


def envelope(answer, status=200):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == ENVELOPE
    assert len(body["traceId"]) == 32
    assert isinstance(body["timestamp"], str) and body["timestamp"].isdigit()
    assert body["success"] is (body["code"] == 10200)
    return body


def declined(answer, code, message=None):
    body = envelope(answer, 401 if code == 10401 else 200)
    assert body["code"] == code, body
    assert message is None or body["message"] == message


@pytest.mark.parametrize("body", [MAN, WOMAN], ids=["man", "woman"])
def test_a_cover_is_answered_with_its_id_and_picture(signer, body):
    made = envelope(signer.post(COVER, body))
    assert (made["code"], made["message"]) == (10200, "OK")
    assert set(made["data"]) == {"coverId", "imageData"}
    picture = DATA_URI.fullmatch(made["data"]["imageData"])
    assert picture and base64.b64decode(picture[1]).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["breastSize", "buttSize"])
def test_a_woman_needs_both_sizes(signer, name):
    body = {key: value for key, value in WOMAN.items() if key != name}
    declined(signer.post(COVER, body), 10400, f"{name} is required for female")


@pytest.mark.parametrize(
    "name", ["gender", "age", "ethnicity", "bodyType", "hairColor", "hairStyle"]
)
def test_required_fields_of_a_cover(signer, name):
    declined(signer.post(COVER, {key: value for key, value in MAN.items() if key != name}), 10400)
    declined(signer.post(COVER, MAN | {name: "no such code"}), 10400)


@pytest.mark.parametrize("age", ["17", "10-17", "0-99"])
def test_an_age_below_18_does_not_exist(signer, age):
    declined(signer.post(COVER, MAN | {"age": age}), 10400)


def test_an_unknown_reference_picture_is_10400(signer):
    declined(
        signer.post(COVER, MAN | {"refImageId": "550e8400-e29b-41d4-a716-446655440000"}), 10400
    )


def test_a_code_of_the_other_gender_is_not_offered(signer):
    declined(signer.post(COVER, MAN | {"hairStyle": "Bun"}), 10400)


def test_the_options_of_a_namespace(signer):
    data = envelope(signer.post(OPTIONS, {"namespace": "custom_agent"}))["data"]
    assert set(data) == CATEGORIES
    for items in data.values():
        assert items
        assert all(set(item) == {"code", "label", "previewUrl"} for item in items)
    assert all(int(re.findall(r"\d+", item["code"])[0]) >= 18 for item in data["Age"])


def test_options_are_filtered_by_gender_and_named_by_language(signer):
    def codes(category, **body):
        data = envelope(signer.post(OPTIONS, {"namespace": "custom_agent", **body}))["data"]
        return [(item["code"], item["label"]) for item in data[category]]

    women, men = (dict(codes("HairStyle", gender=gender)) for gender in ("female", "male"))
    assert set(women) != set(men)
    assert set(women) | set(men) == set(dict(codes("HairStyle")))
    assert dict(codes("Ethnicity", language="zh")) != dict(codes("Ethnicity", language="en"))
    assert dict(codes("Ethnicity", language="fr")) == dict(codes("Ethnicity"))


def test_a_namespace_is_required(signer):
    declined(signer.post(OPTIONS, {}), 10400)


@pytest.mark.parametrize("path", [COVER, OPTIONS])
@pytest.mark.parametrize(
    "header", ["Authorization", "X-Timestamp", "X-Signature", "X-Request-ID", "X-User-ID"]
)
def test_every_header_is_required(signer, path, header):
    headers = signer.headers(path, MAN)
    del headers[header]
    declined(signer.send(path, MAN, headers), 10401)


def test_an_unknown_key_is_401(signer):
    signer.key = "unknown"
    declined(signer.post(COVER, MAN), 10401, "Invalid API key")


TAMPERED = {
    "the body": {"body": MAN | {"hairColor": "black"}},
    "the path": {"path": COVER},
    "the user": {"X-User-ID": "somebody-else"},
    "the time": {"X-Timestamp": str(int(time.time()) - 7)},
    "the signature": {"X-Signature": "0" * 64},
    "upper case": {"upper": "yes"},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_signed_is_what_counts(signer, what):
    path = OPTIONS if what == "the path" else COVER
    headers = signer.headers(path, MAN)
    change = TAMPERED[what]
    headers |= {name: str(value) for name, value in change.items() if name.startswith("X-")}
    if "upper" in change:
        headers["X-Signature"] = headers["X-Signature"].upper()
    declined(signer.send(COVER, change.get("body", MAN), headers), 10401)


def test_a_query_is_signed_too(signer):
    headers = signer.headers(OPTIONS, {"namespace": "custom_agent"}, query="a=1&b=2")
    answer = signer.send(f"{OPTIONS}?b=2&a=1&c=", {"namespace": "custom_agent"}, headers)
    assert envelope(answer)["code"] == 10200
    declined(signer.send(f"{OPTIONS}?a=2", {"namespace": "custom_agent"}, headers), 10401)


@pytest.mark.parametrize(
    ("seconds", "passes"), [(-280, True), (280, True), (-330, False), (330, False)]
)
def test_a_clock_may_be_five_minutes_off(signer, seconds, passes):
    answer = signer.post(OPTIONS, {"namespace": "custom_agent"}, at=int(time.time()) + seconds)
    assert envelope(answer, 200 if passes else 401)["success"] is passes


def test_the_same_request_id_gets_the_stored_answer_whatever_the_time(signer):
    name = secrets.token_hex(16)
    first = envelope(signer.post(COVER, MAN, request_id=name))
    again = signer.headers(COVER, MAN, at=int(time.time()) - 4_000, request_id=name)
    assert envelope(signer.send(COVER, MAN, again))["data"] == first["data"]


def test_the_same_request_id_with_another_body_is_10400(signer):
    name = secrets.token_hex(16)
    signer.post(COVER, MAN, request_id=name)
    declined(signer.post(COVER, MAN | {"hairColor": "black"}, request_id=name), 10400)


def test_the_same_signature_under_another_request_id_is_401(signer):
    headers = signer.headers(COVER, MAN)
    assert envelope(signer.send(COVER, MAN, headers))["success"]
    declined(signer.send(COVER, MAN, headers | {"X-Request-ID": secrets.token_hex(16)}), 10401)


def test_options_may_repeat(signer):
    headers = signer.headers(OPTIONS, {"namespace": "custom_agent"})
    for _ in range(2):
        assert envelope(signer.send(OPTIONS, {"namespace": "custom_agent"}, headers))["success"]


def test_a_body_that_is_no_json_object_is_10400(signer):
    headers = signer.headers(COVER, {})
    declined(signer.send(COVER, b"[]", headers), 10400)
