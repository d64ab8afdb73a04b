"""The shapes of `/v1/chat/image` for OpenAPI."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from core.envelope import Code
from core.envelope_schemas import EnvelopeAnswer, failure, success


@extend_schema_serializer(component_name="ChatImageRequest")
class ChatImageRequest(serializers.Serializer[Any]):
    agentId = serializers.CharField(max_length=255)
    conversationId = serializers.CharField(max_length=255)
    text = serializers.CharField(max_length=4000)
    language = serializers.CharField(required=False, default="zh")
    metadata = serializers.DictField(required=False, help_text="Comes back as it was sent.")


@extend_schema_serializer(component_name="ChatImageData")
class ChatImageData(serializers.Serializer[Any]):
    base64Image = serializers.CharField(help_text="data:image/png;base64,…")
    metadata = serializers.DictField()


@extend_schema_serializer(component_name="ChatImageAnswer")
class ChatImageAnswer(EnvelopeAnswer):
    payload = ChatImageData


EXAMPLES = [
    OpenApiExample(
        "A picture",
        {
            "agentId": "agent-uuid",
            "conversationId": "conv-uuid",
            "text": "一个穿着红色连衣裙的女孩站在樱花树下",
            "language": "zh",
            "metadata": {},
        },
        request_only=True,
    ),
    success(
        "The picture",
        {"base64Image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA...", "metadata": {}},
    ),
    failure(Code.NOT_FOUND, "Agent not found"),
    failure(Code.INVALID, "Agent missing image generation config"),
    failure(Code.INVALID, "Too many requests, please try again later"),
    failure(Code.INVALID, "API key usage limit reached"),
    failure(Code.INVALID, "Prompt refused: minor-safety", data={"reason": "minor-safety"}),
    failure(Code.FAILED, "Generation failed: invalid_prompt"),
    failure(Code.UNAUTHORIZED, "Invalid API key", status="401"),
]
