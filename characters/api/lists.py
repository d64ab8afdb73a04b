"""Contract 5: the lists of characters, and creating one."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.authentication import KEY_NEEDED
from characters import services
from characters.api import schemas, wrapped_schemas
from characters.api.base import CharacterView
from characters.api.bodies import read_cover, read_fields, read_page, read_words
from characters.reading import own_list, public_list, search, show_own


class PublicCharacters(CharacterView):
    http_method_names = ["get", "head"]

    @extend_schema(
        tags=["characters"],
        summary="Public characters",
        parameters=schemas.PAGING,
        responses={**wrapped_schemas.PAGE, **schemas.errors(400, 401)},
        examples=schemas.PAGES,
    )
    def get(self, request: Request) -> HttpResponse:
        """Newest first. `originPrompt` is sent to a character's author alone."""
        number, limit = read_page(request.query_params)
        return self.page(request, public_list(self.reader(request)).page(number, limit))


class CharacterSearch(CharacterView):
    http_method_names = ["get", "head"]

    @extend_schema(
        tags=["characters"],
        summary="Search by name",
        auth=KEY_NEEDED,
        parameters=[schemas.WORDS, *schemas.PAGING],
        responses={**wrapped_schemas.PAGE, **schemas.errors(400, 401)},
        examples=schemas.PAGES,
    )
    def get(self, request: Request) -> HttpResponse:
        """Public characters and own ones whose name holds `q`, in whatever case; without `q` all of
        them."""
        viewer = self.caller(request)
        number, limit = read_page(request.query_params)
        return self.page(
            request, search(read_words(request.query_params), viewer).page(number, limit)
        )


class Characters(CharacterView):
    http_method_names = ["get", "head", "post"]

    @extend_schema(
        tags=["characters"],
        summary="My characters",
        auth=KEY_NEEDED,
        parameters=schemas.PAGING,
        responses={**wrapped_schemas.PAGE, **schemas.errors(400, 401)},
        examples=schemas.PAGES,
    )
    def get(self, request: Request) -> HttpResponse:
        """What the caller is the author of, private and rejected ones too, newest first."""
        viewer = self.caller(request)
        number, limit = read_page(request.query_params)
        return self.page(request, own_list(viewer).page(number, limit))

    @extend_schema(
        tags=["characters"],
        summary="Create a character",
        auth=KEY_NEEDED,
        request=schemas.CharacterRequest,
        responses={**wrapped_schemas.CREATED, **schemas.errors(400, 401, 409, 413)},
        examples=schemas.ONES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Private unless `isPublic`. An `avatar` is an address that the picture is fetched from;
        until it is here, `avatar` is null. A `coverId` goes before it."""
        viewer = self.caller(request)
        body = self.json_object(request)
        character = services.create(
            fields=read_fields(body), viewer=viewer, cover_id=read_cover(body)
        )
        return self.character(request, show_own(character, viewer.user), 201)
