"""Contract 1 as server: `POST /api/list-character-images`."""

from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.request import Request

from accounts.authentication import OptionalBearerAuthentication, api_key_of
from accounts.enums import Scope
from accounts.models import User
from core.contracts import NUL, ContractView, json_response
from gallery.album import Album, Shown, Viewer, open_album, read_page
from gallery.api import schemas
from gallery.cursors import BadCursor, Place, milliseconds, read_cursor, write_cursor

PREVIEWS = 6
MAX_ID = 255
# What an item says by itself; a kept parameter never takes one of these names.
NAMED = frozenset(
    {
        "id", "userId", "archiveId", "messageId", "characterId", "url", "prompt", "createdAt",
        "reviewStatus",
    }
)  # fmt: skip


class GalleryView(ContractView):
    """Errors are `{"success": false, "error": "…"}`."""

    @classmethod
    def error_response(cls, status: int, text: str) -> HttpResponse:
        return json_response({"success": False, "error": text}, status)


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """The vendor has more endpoints than the one that is served here."""
    return GalleryView.error_response(404, "Not found")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's body. `cursor` is as it came: whether it has to be right depends on who asks."""

    character_id: str
    cursor: object
    created_after: int | None

    @classmethod
    def read(cls, body: dict[str, Any]) -> Self:
        """Raises ParseError with a sentence for its author."""
        character_id, after = body.get("characterId"), body.get("createdAfter")
        if not isinstance(character_id, str):
            raise ParseError("characterId is required, and is a string.")
        if not character_id.strip():
            raise ParseError("characterId is empty.")
        if len(character_id) > MAX_ID or NUL in character_id:
            raise ParseError(f"characterId is no id of at most {MAX_ID} characters.")
        whole = isinstance(after, int) and not isinstance(after, bool)
        return cls(character_id, body.get("cursor"), after if whole else None)

    def place(self, album: Album) -> Place | None:
        """Where the page before this one ended. Raises ParseError."""
        if self.cursor is None:
            return None
        if not isinstance(self.cursor, str):
            raise ParseError("cursor is not a string.")
        try:
            return read_cursor(self.cursor, album=album.key)
        except BadCursor:
            raise ParseError("cursor is not one that this album gave.") from None


class ListCharacterImages(GalleryView):
    authentication_classes = [OptionalBearerAuthentication]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="list_character_images",
        tags=["gallery"],
        summary="Pictures of a character",
        request=schemas.ListRequest,
        responses={
            200: schemas.ListAnswer,
            400: OpenApiResponse(schemas.ErrorAnswer, "The body or the cursor is wrong"),
            401: OpenApiResponse(schemas.ErrorAnswer, "The token is invalid, or its user banned"),
            413: OpenApiResponse(schemas.ErrorAnswer, "The body is too large"),
            429: OpenApiResponse(schemas.ErrorAnswer, "The key is over its limits"),
            500: OpenApiResponse(schemas.ErrorAnswer, "A failure of ours"),
        },
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Newest first, of the last 90 days. Without a token, or without a membership, the first
        six and `membershipRequired`; members page on with `nextCursor`, and may narrow the 90 days
        by `createdAfter`. `prompt` and generation parameters are sent to a picture's owner and to
        staff. `url` is absent while there is nothing to show; links are good for an hour and end
        with the next decision on their picture."""
        viewer = _viewer(request)
        asked = Asked.read(self.json_object(request))
        album = open_album(character_id=asked.character_id, viewer=viewer)
        if viewer.is_member:
            return _member_page(asked, album)
        page = read_page(album=album, limit=PREVIEWS, created_after=asked.created_after)
        items = [_item(shown) for shown in page.items]
        return json_response({"items": items, "nextCursor": None, "membershipRequired": True})


def _viewer(request: Request) -> Viewer:
    key = api_key_of(request)
    if key is None:
        return Viewer()
    if Scope.PUBLIC not in key.scopes:
        raise AuthenticationFailed("This API key does not have the scope public.")
    assert isinstance(request.user, User)
    return Viewer(user=request.user, source=key.source)


def _member_page(asked: Asked, album: Album) -> HttpResponse:
    page = read_page(
        album=album,
        limit=settings.GALLERY_PAGE_SIZE,
        below=asked.place(album),
        created_after=asked.created_after,
    )
    items = [_item(shown) for shown in page.items]
    following = write_cursor(page.end, album=album.key) if page.end else None
    return json_response({"items": items, "nextCursor": following})


def _item(shown: Shown) -> dict[str, Any]:
    image = shown.image
    item = {
        "id": image.upstream_id or str(image.id),
        "userId": image.user_id,
        "archiveId": image.archive_id,
        "messageId": image.message_id,
        "characterId": image.character_id,
        "createdAt": milliseconds(image.created_at),
        "reviewStatus": image.review_status,
    }
    if shown.url is not None:
        item["url"] = shown.url
    if shown.prompt is not None:
        item["prompt"] = shown.prompt
    kept = shown.params or {}
    return item | {
        name: value
        for name, value in kept.items()
        if name not in NAMED and not _leads_elsewhere(value)
    }


def _leads_elsewhere(value: Any) -> bool:
    """Whether a parameter holds an address at any depth: foreign ones are never passed on."""
    if isinstance(value, str):
        return "://" in value or value.startswith("//")
    if isinstance(value, dict):
        return any(_leads_elsewhere(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_leads_elsewhere(each) for each in value)
