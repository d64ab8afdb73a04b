"""Giving out bytes: one view, which checks the token, the person and the state, and logs."""

import logging
import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.enums import Permission, Scope
from accounts.errors import InvalidKey
from accounts.keys import find_key
from accounts.models import User
from media.enums import Purpose
from media.errors import StorageFailed
from media.models import Attachment, ViewLog
from media.naming import EXTENSIONS
from media.storage import storage
from media.tokens import Pass, read_token

logger = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# Pictures are small: one piece, without a file left open. Clips are streamed.
WHOLE = 4 * 1024 * 1024


@require_safe
def serve(request: HttpRequest, token: str) -> HttpResponseBase:
    """`/media/<token>[.ext]`: the bytes, or a 404 that is the same whatever the reason."""
    try:
        return _answer(request, read_token(token.partition(".")[0]))
    finally:
        # Without it the session middleware writes the session's new age for every picture.
        if hasattr(request, "session"):
            del request.session


def _answer(request: HttpRequest, link: Pass | None) -> HttpResponseBase:
    row = _attachment(link) if link is not None else None
    if link is None or row is None or row.file is None or not _may_see(request, link):
        return _not_found()
    rendition = row.file.rendition(link.variant)
    if rendition is None:
        return _not_found()
    if request.method == "GET" and (row.sensitive or row.held or link.purpose == Purpose.LEAD):
        _log(row, link)
    try:
        return _bytes(request, *rendition)
    except FileNotFoundError:
        logger.error("attachment %s: its bytes are not in the storage", row.pk)
        return _not_found()
    except StorageFailed:
        logger.exception("attachment %s: the storage does not answer", row.pk)
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=HEADERS)


def _attachment(link: Pass) -> Attachment | None:
    """The attachment as long as this link is good for it; one query."""
    row = Attachment.objects.select_related("file").filter(pk=link.attachment_id).first()
    if row is None or row.epoch != link.epoch or not row.is_served:
        return None
    return None if row.held and link.purpose != Purpose.LEAD else row


def _may_see(request: HttpRequest, link: Pass) -> bool:
    """Personal links: the person they name, signed in or with an own key, still in that role."""
    if not link.purpose.is_personal:
        return True
    user = _person(request)
    if user is None or user.pk != link.user_id:
        return False
    return user.has_perm(Permission.LEAD) if link.purpose == Purpose.LEAD else user.is_staff


def _person(request: HttpRequest) -> User | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        try:
            found = find_key(key.strip()).key
        except InvalidKey:
            return None
        return found.user if Scope.MODERATION in found.scopes else None
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def _log(row: Attachment, link: Pass) -> None:
    """Before the first byte: a view that cannot be logged does not happen."""
    ViewLog.objects.create(
        attachment_id=row.pk,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        user_id=link.user_id,
        purpose=link.purpose,
        variant=link.variant,
    )


def _not_found() -> HttpResponse:
    return HttpResponse(
        b"Not found.\n", status=HTTPStatus.NOT_FOUND, content_type="text/plain", headers=HEADERS
    )


def _bytes(request: HttpRequest, name: str, mime: str) -> HttpResponseBase:
    """The answer. Raises FileNotFoundError or StorageFailed."""
    size = storage().size(name)
    headers = {**HEADERS, "Content-Disposition": "inline" if mime in EXTENSIONS else "attachment"}
    start, end, status = 0, size, HTTPStatus.OK
    if not mime.startswith("image/"):
        headers["Accept-Ranges"] = "bytes"
        if asked := RANGE.fullmatch(request.headers.get("Range", "")):
            start, end = _span(asked[1], asked[2], size)
            status = HTTPStatus.PARTIAL_CONTENT
            if start >= end:
                headers["Content-Range"] = f"bytes */{size}"
                return HttpResponse(
                    status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers
                )
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=mime, headers=headers)
    pieces = storage().read(name, start, end - start)
    if end - start <= WHOLE:
        return HttpResponse(b"".join(pieces), status=status, content_type=mime, headers=headers)
    return StreamingHttpResponse(pieces, status=status, content_type=mime, headers=headers)


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """The half-open span of a single byte range; empty when it cannot be given."""
    if not first:
        return (max(0, size - int(last)), size) if last else (0, 0)
    return int(first), min(int(last) + 1, size) if last else size
