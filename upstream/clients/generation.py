"""Contracts 2 and 3 as a client: covers, chat images and their options, signed."""

import base64
import binascii
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from core.http import Timeouts
from upstream.clients.base import UpstreamClient
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import UpstreamError
from upstream.clients.fields import is_adult
from upstream.signing import new_request_id, signed_headers

COVER_SECONDS = 350.0
CHAT_IMAGE_SECONDS = 120.0
SECONDS_BACK = 60
DATA_URI = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """A picture as it came, its type as declared; sniff it before use."""

    data: bytes = field(repr=False)
    media_type: str
    cover_id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict, repr=False)


class GenerationClient(UpstreamClient):
    """Blocking calls of 30 to 300 s; `timeout` of the endpoint bounds only `options`.

    A generation call is never repeated by this client, unless its signature was refused. To ask
    again for the same picture, call with the same `request_id`.
    """

    max_bytes = 96 * 1024 * 1024

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._token = ""  # the signed contracts carry the key in its place

    def timeouts(self) -> Timeouts:
        return Timeouts(read=COVER_SECONDS, total=COVER_SECONDS)

    def cover(self, *, user_id: str, request_id: str, options: Mapping[str, str]) -> GeneratedImage:
        """`POST /v1/agent/cover`; `options` as the page's body: gender, age, ethnicity, …"""
        if not is_adult(options.get("age")):
            raise UpstreamError("invalid", "the age is not adult", permanent=True)
        value = self._signed("/v1/agent/cover", user_id, request_id, options, COVER_SECONDS)
        cover_id = value.get("coverId")
        data, media_type = _picture(value.get("imageData"))
        return GeneratedImage(
            data=data, media_type=media_type, cover_id=cover_id if isinstance(cover_id, str) else ""
        )

    def chat_image(
        self,
        *,
        user_id: str,
        request_id: str,
        agent_id: str,
        conversation_id: str,
        text: str,
        language: str = "zh",
        metadata: Mapping[str, Any] | None = None,
    ) -> GeneratedImage:
        """`POST /v1/chat/image`."""
        body = {
            "agentId": agent_id,
            "conversationId": conversation_id,
            "text": text,
            "language": language,
            "metadata": dict(metadata or {}),
        }
        value = self._signed("/v1/chat/image", user_id, request_id, body, CHAT_IMAGE_SECONDS)
        data, media_type = _picture(value.get("base64Image"))
        echoed = value.get("metadata")
        return GeneratedImage(
            data=data,
            media_type=media_type,
            metadata=echoed if isinstance(echoed, dict) else {},
        )

    def options(
        self,
        *,
        user_id: str,
        namespace: str = "custom_agent",
        gender: str = "",
        language: str = "en",
    ) -> dict[str, list[dict[str, Any]]]:
        """`POST /v1/config/options`: category → list of {code, label, previewUrl}."""
        body = {"namespace": namespace, "gender": gender, "language": language}
        sent = {name: value for name, value in body.items() if value}
        path, seconds = "/v1/config/options", self.endpoint.timeout
        value = self._repeating(
            lambda: self._signed(path, user_id, new_request_id(), sent, seconds)
        )
        return {
            category: [
                item for item in items if isinstance(item, dict) and _offered(category, item)
            ]
            for category, items in value.items()
            if isinstance(items, list)
        }

    def _signed(
        self,
        path: str,
        user_id: str,
        request_id: str,
        body: Mapping[str, Any],
        seconds: float,
    ) -> dict[str, Any]:
        def call(*, earlier: int) -> Any:
            headers = signed_headers(
                key=self.endpoint.key,
                secret=self.endpoint.secret,
                user_id=user_id,
                path=urlsplit(self.endpoint.url(path)).path,
                body=body,
                request_id=request_id,
                timestamp=int(time.time()) - earlier,
            )
            return self._call("POST", path, body=body, headers=headers, total=seconds)

        try:
            value = call(earlier=0)
        except UpstreamError as error:
            if error.code != "unauthorized":
                raise
            # The id is not signed: whoever asks for the same in the same second sends the same
            # signature, and is taken for a replay. Another second within the window is not.
            value = call(earlier=1 + secrets.randbelow(SECONDS_BACK))
        if not isinstance(value, dict):
            raise UpstreamError("malformed", "the answer holds no data", permanent=False)
        return value


def _offered(category: str, item: Mapping[str, Any]) -> bool:
    """An age that is not adult is not offered, whatever the upstream says."""
    return category.lower() != "age" or is_adult(item.get("code"))


def _picture(value: Any) -> tuple[bytes, str]:
    """(bytes, declared media type) of a data URI or of bare base64."""
    if not isinstance(value, str) or not value:
        raise UpstreamError("malformed", "the answer holds no picture", permanent=False)
    found = DATA_URI.match(value)
    encoded = value[found.end() :] if found else value
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UpstreamError("malformed", "the picture is not base64", permanent=False) from error
    if not data:
        raise UpstreamError("malformed", "the picture is empty", permanent=False)
    return data, found.group(1).lower() if found else "application/octet-stream"
