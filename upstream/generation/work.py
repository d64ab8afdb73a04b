"""A worker's part: taking a stored request, keeping it alive, ending it; and what beat mends."""

import logging
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from upstream.enums import UNENDED, GenerationState
from upstream.generation import store
from upstream.generation.backends import GenerationFailed
from upstream.generation.choosing import backend_of, choose_source
from upstream.generation.kinds import Generation, generation_of
from upstream.models import GenerationRequest

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 3
# How long an ended request is kept, so that a retry finds its answer.
KEPT = timedelta(days=30)
SENT_AT_ONCE = 500


def run(request_id: uuid.UUID) -> None:
    """Generates for one request, unless another worker has it or it has ended."""
    request = workshop.take(request_id)
    if request is None:
        return
    generation = generation_of(request.kind)
    try:
        with workshop.busy(request):
            _generate(request, generation)
    except GenerationFailed as failed:
        store.fail(request, code=failed.code, detail=failed.detail)
    except Exception as error:
        # A fault of ours, or the database is away: beat gives it to a worker again.
        # Its place, not its words: a message may quote what was asked.
        logger.error("generation %s broke off: %s", request.pk, _place(error))
        with suppress(DatabaseError):
            workshop.give_back(request)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _generate(request: GenerationRequest, generation: Generation) -> None:
    source = choose_source(named_id=generation.source_id(request))
    request.source = source
    job = replace(generation.job(request), keep_id=lambda found: _keep_id(request, found))
    # Minutes may pass: the connection is somebody else's until there is a picture.
    connection.close()
    prepared = generation.prepare(generation.make(backend_of(source), job))
    store.finish(request, generation, prepared)


def _keep_id(request: GenerationRequest, backend_id: str) -> None:
    request.backend_id = backend_id[:255]
    GenerationRequest.objects.filter(pk=request.pk, token=request.token).update(
        backend_id=request.backend_id
    )
    connection.close()


class Workshop:
    """The requests that this process works on, and the one thread that keeps their leases."""

    def __init__(self) -> None:
        self._token = uuid.uuid4()
        self._lock = threading.Lock()
        self._busy: set[uuid.UUID] = set()
        self._thread: threading.Thread | None = None

    def take(self, request_id: uuid.UUID) -> GenerationRequest | None:
        """The request, from now on this process's; None when it is not free."""
        taken = GenerationRequest.objects.filter(
            pk=request_id, state=GenerationState.WAITING, answer_by__gt=timezone.now()
        ).update(
            state=GenerationState.WORKING,
            token=self._token,
            attempts=F("attempts") + 1,
            due_at=timezone.now() + LEASE,
        )
        return GenerationRequest.objects.get(pk=request_id) if taken else None

    def give_back(self, request: GenerationRequest) -> None:
        """Another worker may have it at once."""
        GenerationRequest.objects.filter(
            pk=request.pk, token=self._token, state=GenerationState.WORKING
        ).update(due_at=timezone.now())

    @contextmanager
    def busy(self, request: GenerationRequest) -> Iterator[None]:
        """Keeps the lease inside."""
        with self._lock:
            self._busy.add(request.pk)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="generation-heartbeat", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(request.pk)

    def _beat(self) -> None:
        """One UPDATE for all; ends when there is nothing to keep."""
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            with self._lock:
                ids = list(self._busy)
                if not ids:
                    self._thread = None
                    return
            # The database is away: the next beat succeeds, or the lease ends.
            with suppress(DatabaseError):
                GenerationRequest.objects.filter(
                    pk__in=ids, token=self._token, state=GenerationState.WORKING
                ).update(due_at=timezone.now() + LEASE)
            connection.close()


workshop = Workshop()


def revive() -> list[uuid.UUID]:
    """Requests to send to the workers (again): those that none took, and those of dead workers.

    What nobody may begin with any more, or was tried too often, ends here as failed.
    """
    now = timezone.now()
    due = GenerationRequest.objects.filter(state__in=UNENDED, due_at__lte=now)
    for request in due.filter(answer_by__lte=now)[:SENT_AT_ONCE]:
        store.fail(request, code="timeout", detail="no worker had finished it", mine=False)
    for request in due.filter(attempts__gte=MAX_ATTEMPTS)[:SENT_AT_ONCE]:
        store.fail(request, code="internal", detail="given up after several tries", mine=False)
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:SENT_AT_ONCE])
    due.filter(pk__in=ids).update(
        state=GenerationState.WAITING, token=None, due_at=now + store.SEND_AGAIN
    )
    return ids


def forget() -> int:
    """Drops ended requests whose answer nobody will ask for again; how many."""
    old = GenerationRequest.objects.filter(ended_at__lt=timezone.now() - KEPT)
    dropped, _ = old.delete()
    return dropped
