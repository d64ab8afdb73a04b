"""The shapes of `/v1/config/options` for OpenAPI."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from characters.enums import Category, Gender
from core.envelope import Code
from core.envelope_schemas import EnvelopeAnswer, Field, failure, success


@extend_schema_serializer(component_name="OptionsRequest")
class OptionsRequest(serializers.Serializer[Any]):
    namespace = serializers.ChoiceField(["custom_agent"])
    gender = serializers.ChoiceField(Gender.choices, required=False)
    language = serializers.CharField(required=False, default="en", help_text="en, zh")


@extend_schema_serializer(component_name="OptionItem")
class OptionItem(serializers.Serializer[Any]):
    # By a method: `label` is an attribute of every serializer.
    def get_fields(self) -> dict[str, Field]:
        return {
            "code": serializers.CharField(),
            "label": serializers.CharField(),
            "previewUrl": serializers.URLField(allow_null=True),
        }


@extend_schema_serializer(component_name="OptionsData")
class OptionsData(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Field]:
        return {category: OptionItem(many=True) for category in Category.values}


@extend_schema_serializer(component_name="OptionsAnswer")
class OptionsAnswer(EnvelopeAnswer):
    payload = OptionsData


EXAMPLES = [
    OpenApiExample(
        "All for a woman, in Chinese",
        {"namespace": "custom_agent", "gender": "female", "language": "zh"},
        request_only=True,
    ),
    success(
        "Options",
        {
            category: [{"code": code, "label": label, "previewUrl": None}]
            for category, code, label in (
                ("Age", "18-25", "18-25岁"), ("Ethnicity", "Asian", "亚洲"),
                ("BodyType", "Slim", "苗条"), ("BreastSize", "Medium", "中"),
                ("ButtSize", "Medium", "中"), ("HairColor", "black", "黑色"),
                ("HairStyle", "Long", "长发"),
            )
        },
    ),
    failure(Code.INVALID, "namespace is required"),
    failure(Code.UNAUTHORIZED, "Timestamp expired", status="401"),
]  # fmt: skip
