"""Contract 2 as server: `POST /v1/agent/cover`."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.signed_view import SIGNED_HEADERS, SignedView
from characters.api import cover_schemas as schemas
from characters.covers.fields import read_cover
from core.envelope_schemas import FAILURES, answered
from upstream.enums import GenerationKind
from upstream.generation.calls import answer_call


class CoverView(SignedView):
    @extend_schema(
        operation_id="agent_cover",
        tags=["generation"],
        summary="Generate a cover",
        parameters=SIGNED_HEADERS,
        request=schemas.CoverRequest,
        responses={200: answered(schemas.CoverAnswer), **FAILURES},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Blocks until the picture is there: allow 350 s. The codes come from
        `/v1/config/options`; `breastSize` and `buttSize` are asked for a woman only. `coverId` is
        good for 30 minutes. The same X-Request-ID with the same body gets the same answer."""
        call, body = self.signed(request)
        return answer_call(
            call=call,
            path=request.path,
            body=body,
            kind=GenerationKind.COVER,
            check=lambda: read_cover(body, key=call.key, user_id=call.user_id),
        )
