"""The base of the views that take signed requests, and how the schema of the API names them."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.signed import SignedAuthentication, SignedCall
from core.envelope import Code, Declined, EnvelopeView

_SAID = {
    "X-Timestamp": "Unix seconds, at most 5 minutes from the server's clock.",
    "X-Request-ID": "Unique; 32 random characters advised. Again with the same body: a retry.",
    "X-User-ID": "The end user.",
}
SIGNED_HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True, description=text)
    for name, text in _SAID.items()
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
    """How the schema of the API names it."""

    target_class = "accounts.signed.SignedAuthentication"
    name = "signed"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Signature",
            "description": (
                "Lower-case hex HMAC-SHA256 of `METHOD\\nPATH\\nX-Timestamp\\nX-User-ID\\n"
                "canonicalQuery\\ncanonicalBody` with the key's secret, together with "
                "`Authorization: Bearer KEY` and the headers X-Timestamp, X-Request-ID and "
                "X-User-ID."
            ),
        }
