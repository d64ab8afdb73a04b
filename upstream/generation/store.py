"""Requests to generate, as rows: found again by a retry, ended once, in one place."""

import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.signed import SignedCall
from core.envelope import Code, Declined, envelope
from core.keys import uuid7
from core.signing import compact_json
from upstream.enums import UNENDED, GenerationState
from upstream.generation.kinds import Generation, PictureRefused, PromptRefused
from upstream.models import GenerationRequest

logger = logging.getLogger(__name__)

CHANNEL = "gatehouse_generation"
# After so many seconds beat sends a request again that no worker took.
SEND_AGAIN = timedelta(seconds=15)


def digest_of(path: str, body: dict[str, Any]) -> bytes:
    """What makes a request another one."""
    text = f"{path}\n{compact_json(dict(sorted(body.items())))}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def find(call: SignedCall, digest: bytes) -> GenerationRequest | None:
    """The stored request of this id. Raises Declined when it was another one."""
    found = GenerationRequest.objects.filter(
        key=call.key, user_id=call.user_id, request_id=call.request_id
    ).first()
    if found is not None and bytes(found.digest) != digest:
        raise Declined(Code.INVALID, "X-Request-ID was used for another request")
    return found


def remember(
    call: SignedCall, digest: bytes, generation: Generation, parameters: dict[str, Any]
) -> GenerationRequest:
    """Stores a new request for the workers; when the same came at the same moment, that one."""
    now = timezone.now()
    row = _row(call, digest, generation)
    row.parameters = parameters
    row.due_at = now + SEND_AGAIN
    row.answer_by = now + timedelta(seconds=generation.seconds)
    return _kept(row, call)


def remember_refusal(
    call: SignedCall, digest: bytes, generation: Generation, refused: PromptRefused
) -> GenerationRequest:
    """Keeps that a prompt was refused and why, without the prompt; a retry gets the same answer."""
    row = _row(call, digest, generation)
    row.state, row.ended_at = GenerationState.REFUSED, row.created_at
    row.error = refused.reason
    row.answer = envelope(refused.code, refused.message, refused.data)
    return _kept(row, call)


def _kept(row: GenerationRequest, call: SignedCall) -> GenerationRequest:
    GenerationRequest.objects.bulk_create([row], ignore_conflicts=True)
    found = find(call, bytes(row.digest))
    assert found is not None
    return found


def _row(call: SignedCall, digest: bytes, generation: Generation) -> GenerationRequest:
    now = timezone.now()
    return GenerationRequest(
        id=uuid7(),
        kind=generation.kind,
        key=call.key,
        user_id=call.user_id,
        request_id=call.request_id,
        digest=digest,
        due_at=now,
        answer_by=now,
        created_at=now,
    )


@transaction.atomic
def finish(request: GenerationRequest, generation: Generation, prepared: Any) -> bool:
    """Makes the subject and ends the request, as refused when its picture must not leave. False
    when it had ended already.

    The first result counts, also that of a worker that was given up: a picture is a picture.
    """
    row = GenerationRequest.objects.select_for_update().filter(pk=request.pk).first()
    if row is None or row.state not in UNENDED:
        return False
    made = generation.complete(row, prepared)
    row.source_id, row.backend_id = request.source_id, request.backend_id
    if isinstance(made, PictureRefused):
        _refuse(row, made)
    else:
        _end(row, GenerationState.DONE, envelope(Code.OK, "OK", made))
    return True


def _refuse(row: GenerationRequest, refused: PictureRefused) -> None:
    row.error = f"{refused.reason}: {refused.detail}"[:300]
    logger.warning("generation %s: the picture was refused: %s", row.pk, row.error)
    message, data = f"Image refused: {refused.reason}", {"reason": refused.reason}
    _end(row, GenerationState.REFUSED, envelope(Code.INVALID, message, data))


@transaction.atomic
def fail(request: GenerationRequest, *, code: str, detail: str = "", mine: bool = True) -> bool:
    """Ends the request without a picture. `mine`: only while this worker still has it."""
    rows = GenerationRequest.objects.select_for_update().filter(pk=request.pk, state__in=UNENDED)
    row = rows.filter(token=request.token).first() if mine else rows.first()
    if row is None:
        return False
    row.error = f"{code}: {detail}"[:300] if detail else code
    row.source_id, row.backend_id = request.source_id, request.backend_id
    _end(row, GenerationState.FAILED, envelope(Code.FAILED, f"Generation failed: {code}"))
    return True


def _end(row: GenerationRequest, state: GenerationState, answer: dict[str, Any]) -> None:
    """Ends a locked row, and wakes whoever waits for it once that is committed."""
    row.state, row.answer, row.ended_at = state, answer, timezone.now()
    row.parameters, row.token = {}, None
    row.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(row.pk)])
