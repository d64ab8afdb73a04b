"""The base of the views that take signed requests, and how the schema of the API names them."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.authentication import BEARER
from accounts.signed import MAX_HEADER, SignedAuthentication, SignedCall
from core.envelope import Code, Declined, EnvelopeView

_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_HEADER}
_SAID: dict[str, tuple[dict[str, Any], str]] = {
    "X-Timestamp": (
        {"type": "string", "pattern": "^[0-9]{1,12}$"},
        "Unix seconds, at most 5 minutes from the server's clock; of any age for a retry.",
    ),
    "X-Signature": (
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "Of this request, with the key's secret; also a security scheme, which says how.",
    ),
    "X-Request-ID": (
        _TEXT,
        "Unique; 32 random characters advised. Again with the same body: a retry.",
    ),
    "X-User-ID": (_TEXT, "The end user."),
}
SIGNED_HEADERS = [
    OpenApiParameter(name, schema, OpenApiParameter.HEADER, required=True, description=text)
    for name, (schema, text) in _SAID.items()
]


class SignedView(EnvelopeView):
    """One signed call; `request.auth` is the SignedCall."""

    authentication_classes = [SignedAuthentication]
    # A text of 4,000 characters, and what a client keeps in `metadata`: both are stored.
    body_limit = 256 * 1024

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises BodyTooLarge before the body is read, and so before it is authenticated."""
        self.check_length(request)
        super().initial(request, *args, **kwargs)

    def signed(self, request: Request) -> tuple[SignedCall, dict[str, Any]]:
        """The call and its body. Raises Declined for a body that is no JSON object."""
        call = request.auth
        assert isinstance(call, SignedCall)
        if call.body is None:
            raise Declined(Code.INVALID, "The body is not a JSON object")
        return call, call.body


class SignedScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema of the API names it: the key and the signature, both of them."""

    target_class = "accounts.signed.SignedAuthentication"
    name = ["signingKey", "signed"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        signature = {
            "type": "apiKey",
            "in": "header",
            "name": "X-Signature",
            "description": (
                "Lower-case hex HMAC-SHA256 of `METHOD\\nPATH\\nX-Timestamp\\nX-User-ID\\n"
                "canonicalQuery\\ncanonicalBody` with the key's secret, together with "
                "`Authorization: Bearer KEY` and the headers X-Timestamp, X-Request-ID and "
                "X-User-ID. canonicalQuery: the fields that are not empty, sorted by name, `k=v` "
                "joined with `&`. canonicalBody: the same over the JSON body's top-level fields, "
                "texts trimmed, everything else as its compact JSON. Nothing is URL-encoded."
            ),
        }
        return [BEARER, signature]
