"""`POST /v1/config/options`, and the previews that its answers link to."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.signed import count_signed, require_fresh
from accounts.signed_view import SIGNED_HEADERS, SignedView
from characters.api import option_schemas as schemas
from characters.enums import Gender
from characters.models import Option
from characters.options import NAMESPACE, catalogue
from core.envelope import Code, Declined, succeeded
from core.envelope_schemas import FAILURES, answered


class OptionsView(SignedView):
    @extend_schema(
        operation_id="config_options",
        tags=["generation"],
        summary="Options of a cover",
        parameters=SIGNED_HEADERS,
        request=schemas.OptionsRequest,
        responses={200: answered(schemas.OptionsAnswer), **FAILURES},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Category → list of codes with labels. `gender` leaves out what is offered for the other
        one; `language` falls back to English, then to the code. Repeated requests are fine."""
        call, body = self.signed(request)
        require_fresh(call)
        count_signed(call)
        gender, language = _text(body, "gender"), _text(body, "language") or "en"
        if _text(body, "namespace") == "":
            raise Declined(Code.INVALID, "namespace is required")
        if body["namespace"].strip() != NAMESPACE:
            raise Declined(Code.INVALID, "namespace is invalid")
        if gender and gender not in Gender.values:
            raise Declined(Code.INVALID, "gender is invalid")
        return succeeded(catalogue(gender=gender, language=language))


def _text(body: dict[str, Any], name: str) -> str:
    """A field's text, "" without one. Raises Declined when it is something else."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Declined(Code.INVALID, f"{name} is invalid")
    return value.strip()


def option_preview(request: HttpRequest, option_id: uuid.UUID, mark: str) -> HttpResponse:
    """A preview's bytes; its address changes with them, so it may be kept for long."""
    option = Option.objects.filter(pk=option_id, preview_mark=mark).only("preview").first()
    if option is None or option.preview is None:
        raise Http404
    return HttpResponse(
        bytes(option.preview),
        content_type="image/webp",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
