"""The shapes of `/v1/agent/cover` for OpenAPI."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from characters.enums import Gender
from core.envelope import Code
from core.envelope_schemas import EnvelopeAnswer, failure, success


@extend_schema_serializer(component_name="CoverRequest")
class CoverRequest(serializers.Serializer[Any]):
    gender = serializers.ChoiceField(Gender.choices)
    age = serializers.CharField(help_text="A code of the category Age; always an adult's.")
    ethnicity = serializers.CharField()
    bodyType = serializers.CharField(help_text="Depends on the gender.")
    breastSize = serializers.CharField(required=False, help_text="Required for female.")
    buttSize = serializers.CharField(required=False, help_text="Required for female.")
    hairColor = serializers.CharField()
    hairStyle = serializers.CharField(help_text="Depends on the gender.")
    refImageId = serializers.CharField(
        required=False, help_text="An approved picture of this user: of an upload, or a coverId."
    )


@extend_schema_serializer(component_name="CoverData")
class CoverData(serializers.Serializer[Any]):
    coverId = serializers.CharField(help_text="Good for 30 minutes.")
    imageData = serializers.CharField(help_text="data:image/png;base64,…")


@extend_schema_serializer(component_name="CoverAnswer")
class CoverAnswer(EnvelopeAnswer):
    payload = CoverData


EXAMPLES = [
    OpenApiExample(
        "A woman",
        {
            "gender": "female", "age": "18-25", "ethnicity": "Asian", "bodyType": "Slim",
            "breastSize": "Medium", "buttSize": "Medium", "hairColor": "black",
            "hairStyle": "Long",
        },
        request_only=True,
    ),
    success(
        "A cover",
        {
            "coverId": "3f6a9b2e-1c4d-4e8f-a7b2-9d0e1f2a3b4c",
            "imageData": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA...",
        },
    ),
    failure(Code.INVALID, "breastSize is required for female"),
    failure(Code.INVALID, "buttSize is required for female"),
    failure(Code.INVALID, "Too many requests, please try again later"),
    failure(Code.FAILED, "Generation timed out"),
    failure(Code.UNAUTHORIZED, "Invalid signature", status="401"),
]  # fmt: skip
