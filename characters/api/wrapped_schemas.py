"""Contract 5's answers for OpenAPI in both their forms: bare, and in the vendor's envelope for
those who ask for its media type.
"""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from characters.api import schemas
from characters.api.base import VENDOR_TYPE
from core.contracts import JSON

Shape = type[serializers.BaseSerializer[Any]] | serializers.BaseSerializer[Any]


class _Envelope(serializers.Serializer[Any]):
    payload: ClassVar[type[serializers.Serializer[Any]]]
    is_list: ClassVar[bool] = False

    # By a method: `data` and `errors` are attributes of every serializer.
    def get_fields(self) -> dict[str, Any]:
        return {
            "success": serializers.BooleanField(help_text="Always true."),
            "code": serializers.CharField(help_text="Always OK."),
            "message": serializers.CharField(help_text="Always empty."),
            "data": self.payload(many=self.is_list),
            "errors": serializers.CharField(allow_null=True, help_text="Always null."),
            "timestamp": serializers.DateTimeField(),
        }


@extend_schema_serializer(component_name="CharacterAuthor")
class Author(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(help_text="Always empty.")
    avatar = serializers.CharField(allow_null=True, help_text="Always null.")


@extend_schema_serializer(component_name="CharacterWithAuthor")
class CharacterWithAuthor(schemas.CharacterAnswer):
    authorId = None  # type: ignore[assignment]  # how DRF leaves out a field of the base
    author = Author()


@extend_schema_serializer(component_name="CharacterWithAuthorPage")
class PageWithAuthors(schemas.PageAnswer):
    items = CharacterWithAuthor(many=True)


@extend_schema_serializer(component_name="WrappedCharacter")
class WrappedCharacter(_Envelope):
    payload = CharacterWithAuthor


@extend_schema_serializer(component_name="WrappedCharacterPage")
class WrappedPage(_Envelope):
    payload = PageWithAuthors


@extend_schema_serializer(component_name="WrappedAvatar")
class WrappedAvatar(_Envelope):
    payload = schemas.AvatarAnswer


@extend_schema_serializer(component_name="WrappedKnowledgeBaseLink")
class WrappedLink(_Envelope):
    payload = schemas.Link


@extend_schema_serializer(component_name="WrappedKnowledgeBaseLinks")
class WrappedLinks(_Envelope):
    payload = schemas.Link
    is_list = True


def _both(status: int, bare: Shape, wrapped: Shape) -> dict[tuple[int, str], Shape]:
    return {(status, JSON): bare, (status, VENDOR_TYPE): wrapped}


PAGE = _both(200, schemas.PageAnswer, WrappedPage)
ONE = _both(200, schemas.CharacterAnswer, WrappedCharacter)
CREATED = _both(201, schemas.CharacterAnswer, WrappedCharacter)
AVATAR = _both(200, schemas.AvatarAnswer, WrappedAvatar)
LINK = _both(200, schemas.Link, WrappedLink)
LINKS = _both(200, schemas.Link(many=True), WrappedLinks)
