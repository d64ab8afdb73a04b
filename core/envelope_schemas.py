"""The shapes of the envelope for OpenAPI, and examples of failures in it."""

from typing import Any, ClassVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema_serializer,
)
from rest_framework import serializers

from core.envelope import Code

Field = serializers.Field[Any, Any, Any, Any]
TRACE = {"traceId": "xEo3sQwB6KRuwFfG2BxNWwlLQhKrvg38", "timestamp": "1773298769366"}


CODES = [(int(code), code.name.lower()) for code in Code]


@extend_schema_serializer(component_name="Refusal")
class Refusal(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="The slug of a policy reason.")


@extend_schema_serializer(component_name="Envelope")
class EnvelopeAnswer(serializers.Serializer[Any]):
    """A failure; `data` is null unless there is a reason to tell."""

    payload: ClassVar[type[serializers.Serializer[Any]] | None] = None

    # By a method: some of the contract's names are attributes of a serializer.
    def get_fields(self) -> dict[str, Field]:
        return {
            "code": serializers.ChoiceField(CODES, help_text="10200 succeeded."),
            "success": serializers.BooleanField(),
            "message": serializers.CharField(),
            "data": self.payload() if self.payload else Refusal(allow_null=True),
            "traceId": serializers.CharField(min_length=32, max_length=32),
            "timestamp": serializers.CharField(help_text="Milliseconds since 1970."),
        }


def answered(answer: type[EnvelopeAnswer]) -> PolymorphicProxySerializer:
    """What comes with 200: the answer, or a failure. Their `data` tells them apart."""
    return PolymorphicProxySerializer(
        component_name=f"{answer.__name__}OrFailure",
        serializers=[answer, EnvelopeAnswer],
        resource_type_field_name=None,
    )


FAILURES = {
    401: OpenApiResponse(EnvelopeAnswer, "A header is missing or wrong, or the key is"),
    413: OpenApiResponse(EnvelopeAnswer, "The body is too large"),
}


def success(name: str, data: dict[str, Any]) -> OpenApiExample:
    body = {"code": int(Code.OK), "success": True, "message": "OK", "data": data, **TRACE}
    return OpenApiExample(name, body, response_only=True, status_codes=["200"])


def failure(
    code: Code, message: str, *, data: dict[str, Any] | None = None, status: str = "200"
) -> OpenApiExample:
    body = {"code": int(code), "success": False, "message": message, "data": data, **TRACE}
    return OpenApiExample(message, body, response_only=True, status_codes=[status])
