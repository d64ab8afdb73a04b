"""Contract 5: one character, and its knowledge bases."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.authentication import KEY_NEEDED
from characters import services
from characters.api import schemas, wrapped_schemas
from characters.api.base import CharacterView
from characters.api.bodies import base_in_path, read_fields, read_link
from characters.reading import links_of, read_one


class OneCharacter(CharacterView):
    http_method_names = ["get", "head", "put", "delete"]

    @extend_schema(
        tags=["characters"],
        summary="A character",
        parameters=[schemas.CHARACTER_ID],
        responses={**wrapped_schemas.ONE, **schemas.errors(401, 403, 404)},
        examples=schemas.ONES,
    )
    def get(self, request: Request, characterId: str) -> HttpResponse:
        """Public ones for everybody, private ones for their author."""
        return self.character(request, read_one(characterId, self.reader(request)))

    @extend_schema(
        tags=["characters"],
        summary="Change a character",
        auth=KEY_NEEDED,
        parameters=[schemas.CHARACTER_ID],
        request=schemas.ChangeRequest,
        responses={**wrapped_schemas.ONE, **schemas.errors(400, 401, 403, 404, 409, 413)},
        examples=schemas.ONES,
    )
    def put(self, request: Request, characterId: str) -> HttpResponse:
        """By its author. Optional fields that are left out, or null, stay as they are."""
        viewer = self.caller(request)
        # Whether there is such a character is said before what is wrong with the body.
        services.check_own(characterId, viewer)
        fields = read_fields(self.json_object(request))
        services.update(character_id=characterId, fields=fields, viewer=viewer)
        return self.character(request, read_one(characterId, viewer))

    @extend_schema(
        tags=["characters"],
        summary="Delete a character",
        auth=KEY_NEEDED,
        parameters=[schemas.CHARACTER_ID],
        responses={204: None, **schemas.errors(401, 403, 404, 409)},
    )
    def delete(self, request: Request, characterId: str) -> HttpResponse:
        """By its author, for good."""
        services.delete(character_id=characterId, viewer=self.caller(request))
        return HttpResponse(status=204)


class KnowledgeBases(CharacterView):
    http_method_names = ["get", "head", "post"]

    @extend_schema(
        tags=["characters"],
        summary="Knowledge bases of a character",
        parameters=[schemas.CHARACTER_ID],
        responses={**wrapped_schemas.LINKS, **schemas.errors(401, 403, 404)},
        examples=schemas.LINKS,
    )
    def get(self, request: Request, characterId: str) -> HttpResponse:
        """By priority."""
        links = links_of(characterId, self.reader(request))
        return self.success(
            request,
            [
                {"knowledgeBaseId": each.knowledge_base_id, "priority": each.priority}
                for each in links
            ],
        )

    @extend_schema(
        tags=["characters"],
        summary="Link a knowledge base",
        auth=KEY_NEEDED,
        parameters=[schemas.CHARACTER_ID],
        request=schemas.LinkRequest,
        responses={**wrapped_schemas.LINK, **schemas.errors(400, 401, 403, 404, 409, 413)},
        examples=schemas.LINKED,
    )
    def post(self, request: Request, characterId: str) -> HttpResponse:
        """By the author. Linking twice sets the priority anew."""
        viewer = self.caller(request)
        services.check_own(characterId, viewer)
        base, priority = read_link(self.json_object(request))
        services.link(character_id=characterId, base=base, priority=priority, viewer=viewer)
        return self.success(request, {"knowledgeBaseId": base, "priority": priority})


class KnowledgeBase(CharacterView):
    http_method_names = ["delete"]

    @extend_schema(
        tags=["characters"],
        summary="Unlink a knowledge base",
        auth=KEY_NEEDED,
        parameters=[schemas.CHARACTER_ID, schemas.BASE_ID],
        responses={204: None, **schemas.errors(401, 403, 404, 409)},
    )
    def delete(self, request: Request, characterId: str, knowledgeBaseId: str) -> HttpResponse:
        """By the author."""
        base = base_in_path(knowledgeBaseId)
        services.unlink(character_id=characterId, base=base, viewer=self.caller(request))
        return HttpResponse(status=204)
