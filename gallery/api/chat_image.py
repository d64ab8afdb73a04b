"""Contract 3 as server: `POST /v1/chat/image`."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.signed_view import SIGNED_HEADERS, SignedView
from core.envelope_schemas import FAILURES, answered
from gallery.api import chat_schemas as schemas
from gallery.chat import read_chat_image
from upstream.enums import GenerationKind
from upstream.generation.calls import answer_call


class ChatImageView(SignedView):
    @extend_schema(
        operation_id="chat_image",
        tags=["generation"],
        summary="Generate a picture in a conversation",
        parameters=SIGNED_HEADERS,
        request=schemas.ChatImageRequest,
        responses={200: answered(schemas.ChatImageAnswer), **FAILURES},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Blocks until the picture is there: allow 120 s. `agentId` is a character with an image
        configuration. `metadata` comes back as it was sent. The picture is logged and reviewed,
        also when the caller has gone away; the same X-Request-ID with the same body gets it."""
        call, body = self.signed(request)
        return answer_call(
            call=call,
            path=request.path,
            body=body,
            kind=GenerationKind.CHAT_IMAGE,
            check=lambda: read_chat_image(body, key=call.key, user_id=call.user_id),
        )
