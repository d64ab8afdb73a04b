"""The sandbox's form of contracts 2 and 3: envelopes, signatures, covers, chat images."""

import time
from typing import Any

import httpx
import pytest

from tests.upstream.test_sandbox import COVER, http, public, running, sandbox, signed
from upstream.sandbox.process import SandboxProcess

__all__ = ["http", "running", "sandbox"]


def test_an_envelope_is_complete(http: httpx.Client) -> None:
    answer = signed(http, "/v1/agent/cover", COVER, user_id="complete")
    body = answer.json()
    assert (answer.status_code, body["code"], body["success"]) == (200, 10200, True)
    assert len(body["traceId"]) == 32 and body["timestamp"].isdigit()
    assert body["data"]["imageData"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "wrong"},
        {"skew": -301},
        {"skew": 330},
        {"Authorization": "Bearer unknown"},
        {"X-Signature": ""},
        {"X-Request-ID": ""},
        {"X-User-ID": "someone-else"},
    ],
)
def test_a_bad_signature_is_401_in_the_envelope(
    http: httpx.Client, changes: dict[str, Any]
) -> None:
    for path in ("/v1/agent/cover", "/v1/chat/image", "/v1/config/options"):
        told = {name: value for name, value in changes.items() if name != "skew"}
        if skew := changes.get("skew"):
            told["timestamp"] = int(time.time()) + skew
        answer = signed(http, path, {**COVER, "namespace": "custom_agent"}, **told)
        assert (answer.status_code, answer.json()["code"]) == (401, 10401)


def test_a_replay_is_refused_and_a_retry_is_answered(
    sandbox: SandboxProcess, http: httpx.Client
) -> None:
    moment, body = int(time.time()), COVER | {"hairColor": "silver"}
    first = signed(http, "/v1/agent/cover", body, request_id="first", timestamp=moment)
    stolen = signed(http, "/v1/agent/cover", body, request_id="second", timestamp=moment)
    assert (stolen.status_code, stolen.json()["code"]) == (401, 10401)
    sandbox.control(clock={"shift": 3600})
    retry = signed(http, "/v1/agent/cover", body, request_id="first", timestamp=moment)
    assert retry.json()["data"] == first.json()["data"]
    other = signed(http, "/v1/agent/cover", COVER, request_id="first", timestamp=moment)
    assert (other.status_code, other.json()["code"]) == (200, 10400)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gender": ""}, "gender is required"),
        ({"hairStyle": None}, "hairStyle is required"),
        ({"age": "17"}, "age is invalid"),
        ({"hairStyle": "Bun"}, "hairStyle is invalid"),
        ({"gender": "female"}, "breastSize is required for female"),
        ({"gender": "female", "breastSize": "Small"}, "buttSize is required for female"),
        ({"refImageId": "550e8400"}, "refImageId not found"),
    ],
)
def test_a_cover_with_a_wrong_option_is_10400(
    http: httpx.Client, changes: dict[str, Any], message: str
) -> None:
    answer = signed(http, "/v1/agent/cover", COVER | changes)
    assert (answer.status_code, answer.json()["code"]) == (200, 10400)
    assert answer.json()["message"] == message


def test_a_chat_image_knows_its_agents(http: httpx.Client) -> None:
    found: dict[tuple[int, str], Any] = {}
    for row in public(http):
        body = {"agentId": row["id"], "conversationId": "c", "text": "山"}
        answer = signed(http, "/v1/chat/image", body).json()
        found.setdefault((answer["code"], answer["message"]), answer)
    assert set(found) == {(10200, "OK"), (10400, "Agent missing image generation config")}
    unknown = {"agentId": "nobody", "conversationId": "c", "text": "x"}
    assert signed(http, "/v1/chat/image", unknown).json()["message"] == "Agent not found"
    for bad in ({"text": ""}, {"text": "x" * 4001}, {"conversationId": ""}):
        assert signed(http, "/v1/chat/image", unknown | bad).json()["code"] == 10400


def test_no_offered_age_is_under_eighteen(http: httpx.Client) -> None:
    body = {"namespace": "custom_agent"}
    data = signed(http, "/v1/config/options", body).json()["data"]
    assert set(data) == {
        "Age",
        "Ethnicity",
        "BodyType",
        "BreastSize",
        "ButtSize",
        "HairColor",
        "HairStyle",
    }
    assert all(int(item["code"].split("-")[0]) >= 18 for item in data["Age"])
    assert signed(http, "/v1/config/options", {}).json()["code"] == 10400
