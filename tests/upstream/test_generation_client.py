"""The client of the signed contracts against the sandbox: covers, chat images, options, errors."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.upstream.test_clients import COVER, endpoint, running, sandbox, walk_characters
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import UpstreamError
from upstream.clients.generation import GenerationClient
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.signing import new_request_id

__all__ = ["endpoint", "running", "sandbox"]


def test_a_cover_comes_as_a_picture_with_an_id(endpoint: Callable[..., Endpoint]) -> None:
    with GenerationClient(endpoint()) as client:
        cover = client.cover(user_id="user-1", request_id=new_request_id(), options=COVER)
    with Image.open(io.BytesIO(cover.data)) as image:
        assert (image.format, image.size) == ("PNG", (512, 768))
    assert cover.media_type == "image/png" and cover.cover_id


def test_the_same_request_id_gets_the_stored_picture(endpoint: Callable[..., Endpoint]) -> None:
    request_id = new_request_id()
    with GenerationClient(endpoint()) as client:
        first = client.cover(user_id="same", request_id=request_id, options=COVER)
        again = client.cover(user_id="same", request_id=request_id, options=COVER)
        with pytest.raises(UpstreamError) as caught:
            client.cover(user_id="same", request_id=request_id, options=COVER | {"age": "51-70"})
    assert first.cover_id == again.cover_id
    assert (caught.value.code, caught.value.vendor_code) == ("invalid", "10400")


def test_an_age_that_is_not_adult_never_leaves(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    with GenerationClient(endpoint()) as client, pytest.raises(UpstreamError):
        client.cover(user_id="user-5", request_id=new_request_id(), options=COVER | {"age": "17"})
    assert "POST /v1/agent/cover" not in sandbox.stats()["requests"]


def test_a_chat_image_echoes_its_metadata(endpoint: Callable[..., Endpoint]) -> None:
    agent = next(iter(walk_characters(endpoint())))
    with GenerationClient(endpoint()) as client:
        picture = client.chat_image(
            user_id="user-6",
            request_id=new_request_id(),
            agent_id=agent,
            conversation_id="conv",
            text=" 山上的日出 ",
            metadata={"scale": 1.0, "tags": ["a", None]},
        )
        with pytest.raises(UpstreamError) as caught:
            client.chat_image(
                user_id="user-7",
                request_id=new_request_id(),
                agent_id="unknown",
                conversation_id="conv",
                text="x",
            )
    assert picture.data.startswith(b"\x89PNG")
    assert picture.metadata == {"scale": 1, "tags": ["a", None]}
    assert (caught.value.code, caught.value.message) == ("not_found", "Agent not found")


def test_a_generation_call_is_sent_once_even_when_it_fails(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    sandbox.control(faults=["500"], period=2, reset=True)
    with GenerationClient(endpoint()) as client:
        client.cover(user_id="user-8", request_id=new_request_id(), options=COVER)
        with pytest.raises(UpstreamError) as caught:
            client.cover(user_id="user-9", request_id=new_request_id(), options=COVER)
    assert (caught.value.code, caught.value.permanent) == ("unavailable", False)
    assert sandbox.stats()["requests"]["POST /v1/agent/cover"] == 2


@pytest.mark.parametrize(
    ("key", "secret", "code", "permanent"),
    [
        (credentials.SIGNED_KEY, "wrong", "unauthorized", True),
        ("unknown", credentials.SIGNED_SECRET, "unauthorized", True),
        (credentials.DISABLED_KEY, credentials.SIGNED_SECRET, "unauthorized", True),
        (credentials.LIMITED_KEY, credentials.SIGNED_SECRET, "rate_limited", False),
        (credentials.SPENT_KEY, credentials.SIGNED_SECRET, "invalid", True),
    ],
)
def test_refused_keys_have_their_meaning(
    endpoint: Callable[..., Endpoint], key: str, secret: str, code: str, permanent: bool
) -> None:
    with (
        GenerationClient(endpoint(key=key, secret=secret)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.cover(user_id="user-10", request_id=new_request_id(), options=COVER)
    assert (caught.value.code, caught.value.permanent) == (code, permanent)


def test_options_are_localised_and_filtered_by_gender(endpoint: Callable[..., Endpoint]) -> None:
    with GenerationClient(endpoint()) as client:
        found = client.options(user_id="user-11", gender="male", language="zh")
    assert {"Age", "BodyType", "HairStyle"} <= set(found)
    assert {item["code"] for item in found["HairStyle"]} == {"Long", "Short", "Undercut"}
    assert found["HairColor"][0]["label"] == "黑色"
