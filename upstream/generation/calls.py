"""A signed call for a picture, from its arrival to its answer: stored first, then waited for."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse

from accounts.signed import SignedCall, bind_signature, count_signed, require_fresh
from core.contracts import json_response
from core.envelope import FIELDS, Code, Declined
from upstream import tasks
from upstream.enums import GenerationKind, GenerationState
from upstream.generation.kinds import Generation, PromptRefused, generation_of
from upstream.generation.store import digest_of, find, remember, remember_refusal
from upstream.generation.waiting import listener, slot
from upstream.models import GenerationRequest

Check = Callable[[], dict[str, Any]]


def answer_call(
    *, call: SignedCall, path: str, body: dict[str, Any], kind: GenerationKind, check: Check
) -> HttpResponse:
    """The stored answer of a retry, else that of a new request; blocks until there is one.

    `check` reads the fields and says what the worker needs; it raises Declined. Limits come
    before the fields, and a retry counts against none of them.
    """
    generation, digest = generation_of(kind), digest_of(path, body)
    if call.is_fresh:
        bind_signature(call)
    request = find(call, digest)
    if request is None:
        require_fresh(call)
    elif request.has_ended:
        return _answer(request, generation)
    with slot():
        if request is None:
            count_signed(call)
            request = _begin(call, digest, generation, check)
        return _answer(_ended(request, generation), generation)


def _begin(
    call: SignedCall, digest: bytes, generation: Generation, check: Check
) -> GenerationRequest:
    try:
        parameters = check()
    except PromptRefused as refused:
        return remember_refusal(call, digest, generation, refused)
    request = remember(call, digest, generation, parameters)
    tasks.generate.delay(str(request.pk))
    return request


def _ended(request: GenerationRequest, generation: Generation) -> GenerationRequest:
    """Waits for the worker, without a connection. Raises Declined when it takes too long."""
    with listener.expecting(request.pk) as event:
        request.refresh_from_db()
        if not request.has_ended:
            connection.close()
            event.wait(generation.seconds)
            request.refresh_from_db()
    if not request.has_ended:
        raise Declined(Code.FAILED, "Generation timed out")
    return request


def _answer(request: GenerationRequest, generation: Generation) -> HttpResponse:
    """The envelope as it was sent first, with its picture as long as that may be shown."""
    stored: dict[str, Any] = request.answer or {}
    # The database keeps no order.
    answer = {name: stored[name] for name in FIELDS}
    if request.state == GenerationState.DONE:
        answer["data"] = generation.data(request, answer["data"])
    return json_response(answer)
