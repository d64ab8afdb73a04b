"""Who works on a run: a token that every write names, a heartbeat, succession of the dead."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Self

from django.db import Error, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from upstream.enums import RunStatus
from upstream.errors import LeaseLost, RunTaken
from upstream.models import SyncRun

HEARTBEAT_SECONDS = 5.0
STALE = timedelta(seconds=90)
# A worker that freezes in mid-page holds locks: the server ends its transaction after this.
FROZEN = "60s"


class Lease:
    """The right to write for a run, from `take()` to `give_back()`."""

    def __init__(self, run_id: uuid.UUID) -> None:
        self.run_id = run_id
        self.token = uuid.uuid4()
        self._locked = False
        self.cancelled = threading.Event()
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{run_id}", daemon=True)

    @classmethod
    def take(cls, run_id: uuid.UUID) -> Self:
        """Takes the run over when nobody works on it. Raises RunTaken.

        A worker holds a session lock of the database, which ends with its process: the dead are
        succeeded at once. One whose heartbeat stopped for 90 s is succeeded although it may live;
        from then on it can write nothing.
        """
        lease = cls(run_id)
        free = Q() if lease._lock() else Q(heartbeat_at__lt=timezone.now() - STALE)
        taken = SyncRun.objects.filter(free, pk=run_id, status=RunStatus.RUNNING).update(
            lease_token=lease.token, heartbeat_at=Now()
        )
        if not taken:
            lease._unlock()
            raise RunTaken("Another worker has the run, or it has ended.")
        lease._thread.start()
        return lease

    def give_back(self) -> None:
        """Ends the heartbeat; a run that has not ended can be taken up again by anyone at once."""
        self._stop.set()
        self._thread.join()
        self._mine().update(lease_token=None)
        self._unlock()

    def _mine(self) -> "QuerySet[SyncRun]":
        return SyncRun.objects.filter(
            pk=self.run_id, lease_token=self.token, status=RunStatus.RUNNING
        )

    @contextmanager
    def page(self) -> Iterator[SyncRun]:
        """A transaction in which the run is ours: yields its row, locked. Raises LeaseLost.

        Whoever wants to take over waits for the end of the page, then continues behind it.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [FROZEN]
                )
            run = self._mine().select_for_update(no_key=True, of=("self",)).first()
            if run is None:
                raise LeaseLost("The run was ended or given to another worker.")
            yield run

    def pause(self, seconds: float) -> None:
        """Waits; returns early when the run is cancelled or lost."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.lost.is_set():
            if self.cancelled.wait(min(left, 1.0)):
                return

    def _beat(self) -> None:
        try:
            while not self._stop.wait(HEARTBEAT_SECONDS):
                try:
                    self._beat_once()
                except Error:
                    # The database is away: the page in work will say so, or the next beat succeeds.
                    connection.close()
        finally:
            connection.close()

    def _beat_once(self) -> None:
        if not self._mine().update(heartbeat_at=Now()):
            self.lost.set()
        elif self._mine().filter(cancel_requested=True).exists():
            self.cancelled.set()

    def _lock(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._number])
            self._locked = bool(cursor.fetchone()[0])
        return self._locked

    def _unlock(self) -> None:
        if not self._locked:
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self._number])

    @property
    def _number(self) -> int:
        return int.from_bytes(self.run_id.bytes[8:], signed=True)
