"""Waiting for a worker's answer without a database connection: a bounded number of callers, one
listening connection for all of them."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection

from core.envelope import Code, Declined
from upstream.enums import UNENDED
from upstream.generation.store import CHANNEL

logger = logging.getLogger(__name__)

# A notification can be lost (a restarted server, a pooler that passes none on): what is waited
# for is looked at so often, in one query for all.
LOOK_SECONDS = 2.0
# The listener ends when nobody has waited for so long.
IDLE_SECONDS = 10.0
_LISTEN = f"LISTEN {CHANNEL}"
_ENDED = (
    "SELECT id FROM upstream_generationrequest WHERE id = ANY(%s)"
    f" AND state NOT IN ({', '.join(repr(str(state.value)) for state in UNENDED)})"
)

_slots = threading.BoundedSemaphore(settings.GENERATION_WAITERS)


@contextmanager
def slot() -> Iterator[None]:
    """One of the places of callers that may wait in this process. Raises Declined without one."""
    if not _slots.acquire(blocking=False):
        raise Declined(Code.INVALID, "Too many requests, please try again later")
    try:
        yield
    finally:
        _slots.release()


class _Listener:
    """Wakes the threads of this process that wait for requests to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[uuid.UUID, list[threading.Event]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def expecting(self, request_id: uuid.UUID) -> Iterator[threading.Event]:
        """An event that is set once the request has ended, or soon after."""
        event = threading.Event()
        with self._lock:
            self._waiting.setdefault(request_id, []).append(event)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="generation-listener", daemon=True
                )
                self._thread.start()
        try:
            yield event
        finally:
            with self._lock:
                self._waiting[request_id].remove(event)
                if not self._waiting[request_id]:
                    del self._waiting[request_id]

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            try:
                parameters = connection.get_connection_params()
                with psycopg.connect(**parameters, autocommit=True) as listening:
                    listening.execute(_LISTEN)
                    while time.monotonic() - idle_since < IDLE_SECONDS:
                        if self._look(listening):
                            idle_since = time.monotonic()
                        for heard in listening.notifies(timeout=LOOK_SECONDS):
                            self._wake(uuid.UUID(heard.payload))
            # Whatever it is: without this thread everybody who waits would wait to the end.
            except Exception as error:
                logger.warning("listening for generations failed: %s", type(error).__name__)
                time.sleep(1)
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                idle_since = time.monotonic()

    def _look(self, listening: psycopg.Connection[tuple[uuid.UUID]]) -> bool:
        """Wakes those whose request has ended; whether anybody waits."""
        with self._lock:
            ids = list(self._waiting)
        if ids:
            for (request_id,) in listening.execute(_ENDED, [ids]).fetchall():
                self._wake(request_id)
        return bool(ids)

    def _wake(self, request_id: uuid.UUID) -> None:
        with self._lock:
            for event in self._waiting.get(request_id, ()):
                event.set()


listener = _Listener()
