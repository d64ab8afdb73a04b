"""What the views of the moderation API share."""

from typing import Any

from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from accounts.permissions import CanView
from moderation.errors import (
    IdempotencyConflict,
    ModerationError,
    NotAllowed,
    SearchTooBroad,
    StaleClaim,
    UnknownBatch,
    UnknownQueue,
    UnknownSubject,
    UnknownSubjectType,
)


class TooBroad(APIException):
    status_code = 422
    default_code = "too_broad"


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


_STATUS: dict[type[ModerationError], type[APIException]] = {
    UnknownQueue: NotFound,
    UnknownSubjectType: NotFound,
    UnknownBatch: NotFound,
    UnknownSubject: NotFound,
    NotAllowed: PermissionDenied,
    SearchTooBroad: TooBroad,
    StaleClaim: Conflict,
    IdempotencyConflict: Conflict,
}


class ModerationView(APIView):
    """Reading needs a role; the engine's errors become problem documents."""

    permission_classes = [CanView]

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, ModerationError):
            exc = _STATUS.get(type(exc), APIException)(str(exc))
        return super().handle_exception(exc)


def user_of(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def purpose_of(request: Request) -> str:
    """Pictures for a key are links that work by themselves; for the console they need its
    session.
    """
    return "claim" if isinstance(request.auth, ApiKey) else "console"
