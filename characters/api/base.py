"""What the endpoints of contract 5 share: who asks, both forms of bodies, and errors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import set_rollback

from accounts.authentication import OptionalBearerAuthentication, api_key_of
from accounts.enums import Scope
from accounts.models import User
from characters.enums import ErrorCode
from characters.errors import (
    ChangedMeanwhile,
    CharacterError,
    InvalidField,
    NoSuchCharacter,
    NoSuchLink,
    NotAPicture,
    NotTheAuthor,
    PrivateCharacter,
    Removed,
    TooLarge,
)  # fmt: skip
from characters.reading import Page, Shown
from characters.viewers import Viewer, viewer_of
from core.contracts import ContractView, json_response

VENDOR_TYPE = "application/vnd.momohub+json"
CODES = {
    400: ErrorCode.VALIDATION_ERROR,
    401: ErrorCode.UNAUTHORIZED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    409: ErrorCode.CONFLICT,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    429: ErrorCode.TOO_MANY_REQUESTS,
}
_STATUSES: dict[type[CharacterError], int] = {
    InvalidField: 400,
    PrivateCharacter: 403,
    NotTheAuthor: 403,
    NoSuchCharacter: 404,
    NoSuchLink: 404,
    ChangedMeanwhile: 409,
    Removed: 409,
    TooLarge: 413,
    NotAPicture: 415,
}


def iso(moment: datetime) -> str:
    """`2026-01-01T00:00:00Z`, as the contract writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def failure(status: int, message: str, errors: Mapping[str, str] | None = None) -> HttpResponse:
    return json_response(
        {
            "success": False,
            "code": CODES.get(status, ErrorCode.INTERNAL_ERROR),
            "message": message,
            "data": None,
            "errors": dict(errors or {}),
            "timestamp": iso(timezone.now()),
        },
        status,
    )


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """The vendor has more endpoints below these paths than are served here."""
    return failure(404, "Not found.")


class CharacterView(ContractView):
    """One path of contract 5. A present token has to be valid, also where guests may call."""

    authentication_classes = [OptionalBearerAuthentication]
    # Up to 22,100 characters, each of them as `\\uXXXX` or four bytes.
    body_limit = 256 * 1024

    @classmethod
    def error_response(cls, status: int, text: str) -> HttpResponse:
        return failure(status, text)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if not isinstance(exc, CharacterError):
            return super().handle_exception(exc)
        set_rollback()
        errors = exc.errors if isinstance(exc, InvalidField) else {}
        return failure(_STATUSES[type(exc)], exc.message, errors)

    def reader(self, request: Request) -> Viewer:
        """Who reads what guests may read too."""
        return _viewer(request, {Scope.PUBLIC, Scope.CHARACTERS})

    def caller(self, request: Request) -> Viewer:
        """Who acts on own characters. Raises NotAuthenticated, AuthenticationFailed."""
        if api_key_of(request) is None:
            raise NotAuthenticated("Sign in first.")
        return _viewer(request, {Scope.CHARACTERS})

    def success(self, request: Request, data: Any, status: int = 200) -> HttpResponse:
        """Bare, as the page says; in the vendor's envelope, labelled so, for who asks for it."""
        if not is_wrapped(request):
            return json_response(data, status)
        return json_response(
            {
                "success": True,
                "code": "OK",
                "message": "",
                "data": data,
                "errors": None,
                "timestamp": iso(timezone.now()),
            },
            status,
            label=VENDOR_TYPE,
        )

    def character(self, request: Request, shown: Shown, status: int = 200) -> HttpResponse:
        return self.success(request, written(shown, wrapped=is_wrapped(request)), status)

    def page(self, request: Request, page: Page) -> HttpResponse:
        wrapped = is_wrapped(request)
        return self.success(
            request,
            {
                "items": [written(shown, wrapped=wrapped) for shown in page.items],
                "total": page.total,
                "page": page.number,
                "limit": page.limit,
                "totalPages": page.pages,
                "hasNext": page.number < page.pages,
                "hasPrevious": page.number > 1,
            },
        )


def is_wrapped(request: Request) -> bool:
    return VENDOR_TYPE in request.headers.get("Accept", "").lower()


def written(shown: Shown, *, wrapped: bool) -> dict[str, Any]:
    """A character as the contract writes it; in the envelope its author is an object."""
    row = shown.character
    author = {"author": {"id": row.author_id, "name": "", "avatar": None}}
    return {
        "id": row.upstream_id or str(row.pk),
        **(author if wrapped else {"authorId": row.author_id}),
        "name": shown.name,
        "avatar": shown.avatar,
        "bio": shown.bio,
        "originPrompt": shown.origin_prompt,
        "isPublic": row.is_public,
        "createdAt": iso(row.created_at),
        "updatedAt": iso(row.updated_at),
    }


def _viewer(request: Request, scopes: set[Scope]) -> Viewer:
    key = api_key_of(request)
    if key is None:
        return viewer_of(None)
    if not scopes & set(key.scopes):
        words = " or ".join(sorted(scopes))
        raise AuthenticationFailed(f"This API key does not have the scope {words}.")
    assert isinstance(request.user, User)
    return viewer_of(request.user, only=key.source)
