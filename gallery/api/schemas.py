"""The shapes of contract 1 for OpenAPI; requests are read and answers written by the view."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from moderation.enums import ReviewStatus


@extend_schema_serializer(component_name="ListCharacterImagesRequest")
class ListRequest(serializers.Serializer[Any]):
    characterId = serializers.CharField(max_length=255)
    cursor = serializers.CharField(
        required=False, allow_null=True, help_text="The `nextCursor` of the page before; members."
    )
    createdAfter = serializers.IntegerField(
        required=False, help_text="Milliseconds since 1970; can only narrow the 90 days."
    )


@extend_schema_serializer(component_name="ImageGenLog")
class ImageItem(serializers.Serializer[Any]):
    """Generation parameters follow under their own names, for the owner and staff."""

    id = serializers.CharField()
    userId = serializers.CharField()
    archiveId = serializers.CharField()
    messageId = serializers.CharField()
    characterId = serializers.CharField()
    url = serializers.URLField(required=False)
    prompt = serializers.CharField(required=False)
    createdAt = serializers.IntegerField(help_text="Milliseconds since 1970.")
    reviewStatus = serializers.ChoiceField(ReviewStatus.choices)


@extend_schema_serializer(component_name="ListCharacterImagesResponse")
class ListAnswer(serializers.Serializer[Any]):
    items = ImageItem(many=True)
    nextCursor = serializers.CharField(allow_null=True)
    membershipRequired = serializers.BooleanField(
        required=False, help_text="True for guests and non-members, else absent."
    )


@extend_schema_serializer(component_name="GalleryError")
class ErrorAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField(help_text="Always false.")
    error = serializers.CharField()


_ITEM = {
    "id": "img-0000042-3fa9c1",
    "userId": "user-7",
    "archiveId": "archive-3",
    "messageId": "message-42",
    "characterId": "abc123",
    "createdAt": 1700000000000,
    "reviewStatus": "approved",
    "url": "https://gatehouse.example.org/media/TOKEN.jpg",
}
EXAMPLES = [
    OpenApiExample("First page", {"characterId": "abc123"}, request_only=True),
    OpenApiExample("Next page", {"characterId": "abc123", "cursor": "AAYK…~…"}, request_only=True),
    OpenApiExample(
        "A member's page",
        {"items": [_ITEM], "nextCursor": "AAYK…~…"},
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "A preview",
        {"items": [_ITEM], "nextCursor": None, "membershipRequired": True},
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "An error",
        {"success": False, "error": "characterId is required, and is a string."},
        response_only=True,
        status_codes=["400"],
    ),
    OpenApiExample(
        "A wrong token",
        {"success": False, "error": "Invalid API key"},
        response_only=True,
        status_codes=["401"],
    ),
]
