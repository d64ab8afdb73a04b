"""The shapes of contract 5 for OpenAPI; requests are read and answers written by the views."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_serializer,
)  # fmt: skip
from rest_framework import serializers

from characters.api.bodies import (
    BIO,
    LARGEST_PAGE,
    MOST_PRIORITY,
    NAME,
    PAGE_SIZE,
    PROMPT,
    URL,
)
from characters.enums import ErrorCode


@extend_schema_serializer(component_name="CharacterChange")
class ChangeRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=NAME)
    avatar = serializers.URLField(required=False, allow_null=True, max_length=URL)
    bio = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=BIO)
    originPrompt = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=PROMPT
    )
    isPublic = serializers.BooleanField(required=False, allow_null=True)


@extend_schema_serializer(component_name="CharacterRequest")
class CharacterRequest(ChangeRequest):
    coverId = serializers.CharField(
        required=False, allow_null=True, help_text="A cover of the caller's becomes the avatar."
    )


@extend_schema_serializer(component_name="Character")
class CharacterAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    authorId = serializers.CharField()
    name = serializers.CharField()
    avatar = serializers.URLField(
        allow_null=True, help_text="A link of ours, good for an hour and until the next decision."
    )
    bio = serializers.CharField(allow_blank=True)
    originPrompt = serializers.CharField(allow_blank=True, help_text="Empty but for the author.")
    isPublic = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


@extend_schema_serializer(component_name="CharacterPage")
class PageAnswer(serializers.Serializer[Any]):
    items = CharacterAnswer(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    totalPages = serializers.IntegerField()
    hasNext = serializers.BooleanField()
    hasPrevious = serializers.BooleanField()


@extend_schema_serializer(component_name="AvatarRequest")
class AvatarRequest(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PNG, JPEG, WebP or GIF, at most 5 MB.")


@extend_schema_serializer(component_name="Avatar")
class AvatarAnswer(serializers.Serializer[Any]):
    avatar = serializers.URLField(allow_null=True)
    refImageId = serializers.CharField(
        help_text="Names the picture in a request for a cover, once it is approved."
    )


@extend_schema_serializer(component_name="KnowledgeBaseLinkRequest")
class LinkRequest(serializers.Serializer[Any]):
    knowledgeBaseId = serializers.UUIDField()
    priority = serializers.IntegerField(
        required=False, allow_null=True, default=0, min_value=0, max_value=MOST_PRIORITY
    )


@extend_schema_serializer(component_name="KnowledgeBaseLink")
class Link(serializers.Serializer[Any]):
    knowledgeBaseId = serializers.CharField()
    priority = serializers.IntegerField()


@extend_schema_serializer(component_name="CharacterError")
class ErrorAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField(help_text="Always false.")
    code = serializers.ChoiceField(ErrorCode.choices)
    message = serializers.CharField()

    # By a method: `data` and `errors` are attributes of every serializer.
    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "data": serializers.CharField(allow_null=True, help_text="Always null."),
            "errors": serializers.DictField(
                child=serializers.CharField(), help_text="What is wrong, by field."
            ),
            "timestamp": serializers.DateTimeField(),
        }


_WORDS = {
    400: "A parameter or field is wrong",
    401: "No token, or one that is not valid here",
    403: "Another author's character",
    404: "No such character, or none that the caller may know of",
    409: "It was changed at the same moment, or removed",
    413: "The body is too large",
    415: "The file is of another type",
    429: "The key is over its limits",
    500: "A failure of ours",
}


_ERROR = {
    "success": False,
    "code": "VALIDATION_ERROR",
    "message": "The input is not valid.",
    "data": None,
    "errors": {"name": "It is required."},
    "timestamp": "2026-01-20T10:00:00Z",
}
# What every endpoint that has the status says; of several sentences the commonest.
_SAID = {
    401: ("UNAUTHORIZED", "Invalid API key"),
    403: ("FORBIDDEN", "The character is private."),
    404: ("NOT_FOUND", "The character does not exist."),
}


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Those that the page names, and what can always happen."""
    return {
        status: OpenApiResponse(ErrorAnswer, _WORDS[status], examples=_said(status))
        for status in sorted({*statuses, 429, 500})
    }


def _said(status: int) -> list[OpenApiExample]:
    if status not in _SAID:
        return []
    code, message = _SAID[status]
    body = _ERROR | {"code": code, "message": message, "errors": {}}
    return [OpenApiExample(message, body, response_only=True, status_codes=[str(status)])]


CHARACTER_ID = OpenApiParameter(
    "characterId", str, OpenApiParameter.PATH, description="The upstream's id, or ours."
)
BASE_ID = OpenApiParameter("knowledgeBaseId", str, OpenApiParameter.PATH)
WORDS = OpenApiParameter("q", str, description="Part of a name, in whatever case.")


def _number(name: str, default: int, **limits: int) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": 1, **limits, "default": default}
    return OpenApiParameter(name, schema)


PAGING = [_number("page", 1), _number("limit", PAGE_SIZE, maximum=LARGEST_PAGE)]

_ONE = {
    "id": "967217c8-4e26-4404-bcc4-03e084b5d6f9",
    "authorId": "8ebc8550-6d4b-4dd0-967b-3e1367a4abf1",
    "name": "白洲梓",
    "avatar": "https://gatehouse.example.org/media/TOKEN.png",
    "bio": "Vanitas Vanitatum Et Omnia Vanitas",
    "originPrompt": "",
    "isPublic": True,
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-15T08:30:00Z",
}
_NEW = _ONE | {"avatar": None, "updatedAt": _ONE["createdAt"]}
_PAGE = {
    "items": [_ONE], "total": 42, "page": 1, "limit": 20, "totalPages": 3, "hasNext": True,
    "hasPrevious": False,
}  # fmt: skip
_UNLINKABLE = _ERROR | {"errors": {"knowledgeBaseId": "A UUID."}}
_LINK = {"knowledgeBaseId": "660e8400-e29b-41d4-a716-446655440000", "priority": 1}


def _answer(name: str, body: Any, *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, body, response_only=True, status_codes=statuses)


_FAILED = _answer("A field is wrong", _ERROR, "400")
PAGES = [_answer("A page", _PAGE, "200")]
ONES = [
    OpenApiExample(
        "A public character",
        {"name": "白洲梓", "bio": "Vanitas Vanitatum Et Omnia Vanitas", "isPublic": True},
        request_only=True,
    ),
    _answer("A character", _ONE, "200"),
    _answer("A new character", _NEW, "201"),
    _FAILED,
]
AVATARS = [
    _answer(
        "An avatar",
        {
            "avatar": "https://gatehouse.example.org/media/TOKEN.png",
            "refImageId": "01a2100d-c92b-76a6-a67c-7ebd7e34cf77",
        },
        "200",
    )
]
LINKS = [_answer("A link", _LINK, "200")]
LINKED = [
    OpenApiExample("A link", _LINK, request_only=True),
    *LINKS,
    _answer("A field is wrong", _UNLINKABLE, "400"),
]
