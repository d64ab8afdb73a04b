"""Who makes a REST call: the bearer of an API key (sessions are DRF's own)."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from accounts.errors import CallLimitReached, InvalidKey, TooManyCalls
from accounts.keys import count_call, find_key
from accounts.models import ApiKey, User


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`: `request.user` is the key's owner, `request.auth` the ApiKey.

    No such header, or another scheme, leaves the request to the next class. A key that is present
    but invalid (unknown, revoked, expired, or of a banned account) is 401, over its limits 429.
    """

    keyword = "bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, key = get_authorization_header(request).partition(b" ")
        if scheme.decode("latin-1").lower() != self.keyword:
            return None
        try:
            found = find_key(key.strip().decode("latin-1"))
            count_call(found.key)
        except InvalidKey as error:
            raise AuthenticationFailed(str(error)) from error
        except TooManyCalls as error:
            raise Throttled(wait=error.wait, detail=str(error)) from error
        except CallLimitReached as error:
            raise Throttled(detail=str(error)) from error
        return found.key.user, found.key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


class OptionalBearerAuthentication(BearerAuthentication):
    """For endpoints that guests may call: no Authorization at all is a guest, any other has to be
    a valid key, so that nobody with a mistyped one is taken for a guest."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        found = super().authenticate(request)
        if found is None and get_authorization_header(request).strip():
            raise AuthenticationFailed(str(InvalidKey()))
        return found


BEARER = {"type": "http", "scheme": "bearer"}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema of the API names it."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return BEARER


class OptionalBearerScheme(BearerScheme):  # type: ignore[no-untyped-call]
    """The same key, which a guest leaves out."""

    target_class = "accounts.authentication.OptionalBearerAuthentication"
    name = "optionalBearer"

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:
        return [{self.name: []}, {}]


# How the schema says that an endpoint is not for guests although they get as far as its view.
# Any: drf-spectacular's annotation knows no requirement objects, which it takes.
KEY_NEEDED: Any = [{"bearer": []}]


def api_key_of(request: Request) -> ApiKey | None:
    """The key that a call was made with; None for a session and for guests."""
    return request.auth if isinstance(request.auth, ApiKey) else None
