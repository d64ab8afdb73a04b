"""Contract 5: uploading an avatar."""

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.http.request import UnreadablePostError
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from accounts.authentication import KEY_NEEDED
from characters import services
from characters.api import schemas, wrapped_schemas
from characters.api.base import CharacterView
from characters.errors import InvalidField, TooLarge
from characters.reading import read_one
from characters.uploads import MAX_BYTES, upload_avatar

FORM = "multipart/form-data"
# A part's own lines and other fields of the form.
ENVELOPE = 64 * 1024


class Avatar(CharacterView):
    http_method_names = ["put", "post"]
    parser_classes = [MultiPartParser]

    @extend_schema(
        tags=["characters"],
        summary="Upload an avatar",
        auth=KEY_NEEDED,
        parameters=[schemas.CHARACTER_ID],
        request={FORM: schemas.AvatarRequest},
        responses={**wrapped_schemas.AVATAR, **schemas.errors(400, 401, 403, 404, 409, 413, 415)},
        examples=schemas.AVATARS,
    )
    def put(self, request: Request, characterId: str) -> HttpResponse:
        """By the character's author: a PNG, JPEG, WebP or GIF of at most 5 MB and at least 64
        pixels in width and height. Our own encoding of it is kept, without metadata; of an
        animation the first picture."""
        viewer = self.caller(request)
        services.check_own(characterId, viewer)
        attachment = upload_avatar(character_id=characterId, data=_file(request), viewer=viewer)
        shown = read_one(characterId, viewer)
        return self.success(request, {"avatar": shown.avatar, "refImageId": str(attachment.pk)})

    @extend_schema(exclude=True)
    def post(self, request: Request, characterId: str) -> HttpResponse:
        """As the vendor's live service has it."""
        return self.put(request, characterId)


def _file(request: Request) -> bytes:
    """The part `file`; nothing is read of a body that is too large."""
    if not request.META.get("CONTENT_TYPE", "").lower().startswith(FORM):
        raise UnsupportedMediaType("", detail=f"The avatar comes as {FORM}.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + ENVELOPE:
        raise TooLarge
    try:
        file = request.FILES.get("file")
    except (SuspiciousOperation, UnreadablePostError):
        raise ParseError("The form cannot be read.") from None
    if not isinstance(file, UploadedFile):
        raise InvalidField(file="It is required.")
    if (file.size or 0) > MAX_BYTES:
        raise TooLarge
    return bytes(file.read())
