"""Contract 3, line by line: POST /v1/chat/image."""

import pytest

from tests.conformance.test_signed import DATA_URI, declined, envelope, signer
from tests.generation.signing import CHAT

__all__ = ["signer"]

pytestmark = pytest.mark.django_db


def chat(target, **changes):
    body = {
        "agentId": target.agent, "conversationId": "conv-1", "text": "一艘在海边的船",
        "language": "zh", "metadata": {"b": [1, 2.5, None], "a": {}},
    }  # fmt: skip
    return {name: value for name, value in (body | changes).items() if value is not ...}


def test_a_chat_image_is_answered_with_its_picture_and_the_metadata_as_sent(target, signer):
    body = chat(target)
    made = envelope(signer.post(CHAT, body))
    assert (made["code"], made["message"]) == (10200, "OK")
    assert set(made["data"]) == {"base64Image", "metadata"}
    assert DATA_URI.match(made["data"]["base64Image"])
    assert made["data"]["metadata"] == body["metadata"]


@pytest.mark.parametrize("name", ["agentId", "conversationId", "text"])
def test_required_fields_of_a_chat_image(target, signer, name):
    declined(signer.post(CHAT, chat(target, **{name: ...})), 10400)
    declined(signer.post(CHAT, chat(target, **{name: "  "})), 10400)
    declined(signer.post(CHAT, chat(target, **{name: 7})), 10400)


def test_a_text_has_at_most_4000_characters_which_is_said_before_the_agent_is_looked_up(
    target, signer
):
    declined(signer.post(CHAT, chat(target, text="x" * 4001, agentId="nobody")), 10400)


def test_an_unknown_agent_and_one_without_a_configuration(target, signer):
    declined(signer.post(CHAT, chat(target, agentId="nobody")), 10404, "Agent not found")
    declined(
        signer.post(CHAT, chat(target, agentId=target.agent_without_config)),
        10400,
        "Agent missing image generation config",
    )


@pytest.mark.parametrize(
    "header", ["Authorization", "X-Timestamp", "X-Signature", "X-Request-ID", "X-User-ID"]
)
def test_every_header_is_required(target, signer, header):
    body = chat(target)
    headers = signer.headers(CHAT, body)
    del headers[header]
    declined(signer.send(CHAT, body, headers), 10401)
