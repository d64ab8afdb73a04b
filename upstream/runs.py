"""Sync runs: starting, working through, cancelling and ending one; one implementation for the
command, the button, the REST call and the schedule."""

import logging
import traceback
import uuid
from collections.abc import Callable

import psycopg
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from accounts.models import User
from upstream import circuit
from upstream.adapters import Adapter, Progress, Step, adapter_class
from upstream.clients.errors import UpstreamError
from upstream.enums import RunStatus
from upstream.errors import LeaseLost, RunAlreadyActive, RunTaken, SyncError
from upstream.leases import Lease
from upstream.ledger import DryLedger, RunLedger
from upstream.models import SeenRecord, Source, SyncRun
from upstream.replays import replay_fault

__all__ = ["cancel_run", "dry_run", "replay_fault", "run_sync", "start_run"]

logger = logging.getLogger(__name__)

OnProgress = Callable[[SyncRun], None]
# A page that lost a deadlock is written again; upstream's outages are waited out so many times.
PAGE_ATTEMPTS = 4
# The database went away, or a lock was lost; Django does not translate the errors of a COPY.
UNREACHABLE = (OperationalError, psycopg.OperationalError)
COUNTERS = ("seen", "created", "updated", "unchanged", "failed")


def start_run(*, source: Source, full: bool = False, started_by: User | None = None) -> SyncRun:
    """A new running run for a worker to take up. Raises RunAlreadyActive and NotSyncable."""
    adapter_class(source)
    try:
        with transaction.atomic():
            return SyncRun.objects.create(source=source, full=full, started_by=started_by)
    except IntegrityError:
        active = SyncRun.objects.filter(source=source, status=RunStatus.RUNNING).first()
        if active is None:  # it ended at this very moment
            return start_run(source=source, full=full, started_by=started_by)
        raise RunAlreadyActive(active) from None


def run_sync(*, run_id: uuid.UUID, on_progress: OnProgress | None = None) -> SyncRun:
    """Works on a run until it ends; returns it. Raises RunTaken when another worker has it.

    Killed at any moment, the next worker continues behind the last page that was written. Losing
    the lease ends the work without an error: the run belongs to somebody else.
    """
    lease = Lease.take(run_id)
    run = SyncRun.objects.select_related("source").get(pk=run_id)
    try:
        _Worker(run, lease, on_progress or _silent).work()
    except LeaseLost:
        logger.warning("run %s: the lease was lost", run_id)
    finally:
        lease.give_back()
    run.refresh_from_db()
    return run


def dry_run(
    *, source: Source, full: bool = False, on_progress: OnProgress | None = None
) -> tuple[SyncRun, list[str]]:
    """Reads everything and writes nothing: an unsaved run with what a real one would count, and
    what is wrong with the records that it could not take. Raises UpstreamError and SyncError."""
    run = SyncRun(source=source, full=full, started_at=timezone.now())
    ledger = DryLedger()
    with adapter_class(source)(source=source, run=run, ledger=ledger) as adapter:
        while not run.cursor.get("done"):
            step = adapter.read(run.cursor)
            with transaction.atomic():
                _add(run, adapter.store(step))
            (on_progress or _silent)(run)
    run.status = _final_status(run)
    return run, [f"{error.upstream_id or '?'}: {error.message}" for error in ledger.faults]


def cancel_run(*, run_id: uuid.UUID) -> bool:
    """Asks the worker to stop after its page; ends at once what nobody works on.

    Returns whether the run was running.
    """
    asked = SyncRun.objects.filter(pk=run_id, status=RunStatus.RUNNING).update(
        cancel_requested=True
    )
    if not asked:
        return False
    try:
        lease = Lease.take(run_id)
    except RunTaken:
        return True
    try:
        _end(lease, RunStatus.CANCELLED)
    finally:
        lease.give_back()
    return True


class _Worker:
    """One process's work on one run."""

    def __init__(self, run: SyncRun, lease: Lease, on_progress: OnProgress) -> None:
        self.run = run
        self.lease = lease
        self.on_progress = on_progress
        self.patience = circuit.Patience(run.source)

    def work(self) -> None:
        try:
            adapter = adapter_class(self.run.source)(
                source=self.run.source, run=self.run, ledger=RunLedger(self.run)
            )
            with adapter:
                while not self.run.cursor.get("done"):
                    self._one_page(adapter)
                    self.on_progress(self.run)
                self._finish(adapter)
        except _Cancelled:
            _end(self.lease, RunStatus.CANCELLED)
        except (LeaseLost, *UNREACHABLE):
            raise  # the run stays as it is: whoever takes it up continues
        except (UpstreamError, SyncError) as error:
            circuit.note_failure(self.run.source, error)
            _end(self.lease, RunStatus.FAILED, str(error))
        except Exception as error:
            # The message may quote a record: only the place and the kind are told.
            place = "".join(traceback.format_tb(error.__traceback__)[-3:])
            logger.error("run %s: %s\n%s", self.run.pk, type(error).__name__, place)
            _end(self.lease, RunStatus.FAILED, f"Internal error: {type(error).__name__}.")

    def _one_page(self, adapter: Adapter) -> None:
        step = self._read(adapter)
        for attempt in range(PAGE_ATTEMPTS):
            try:
                self._write(adapter, step)
                return
            except UNREACHABLE as error:
                if attempt + 1 == PAGE_ATTEMPTS or not _worth_repeating(error):
                    raise

    def _read(self, adapter: Adapter) -> Step:
        while True:
            self._check()
            try:
                step = adapter.read(self.run.cursor)
            except UpstreamError as error:
                self.lease.pause(self.patience.wait_after(error))
            else:
                self.patience.answered()
                return step

    def _check(self) -> None:
        if self.lease.lost.is_set():
            raise LeaseLost("The run was ended or given to another worker.")
        if self.lease.cancelled.is_set():
            raise _Cancelled

    def _write(self, adapter: Adapter, step: Step) -> None:
        with self.lease.page() as run:
            if run.cancel_requested:
                raise _Cancelled
            adapter.run = run
            _add(run, adapter.store(step))
            run.heartbeat_at = timezone.now()
            run.save(update_fields=["cursor", "expected", "notes", "heartbeat_at", *COUNTERS])
        self.run = run

    def _finish(self, adapter: Adapter) -> None:
        with self.lease.page() as run:
            adapter.run = run
            run.missing = adapter.mark_missing(run.cursor)
            _close(run, _final_status(run), "")
            source = Source.objects.get(pk=run.source_id)
            if run.full:
                source.last_full_at = run.started_at
                source.save(update_fields=["last_full_at"])
        self.run = run
        self.on_progress(run)


class _Cancelled(Exception):
    """Somebody asked for the end."""


def _add(run: SyncRun, progress: Progress) -> None:
    """Books a portion on the run in memory; the place, counters and notes belong together."""
    for name in COUNTERS:
        setattr(run, name, getattr(run, name) + getattr(progress.counts, name))
    partial = run.cursor.get("partial", False) or progress.partial or progress.counts.faults > 0
    run.cursor = {**progress.state, "partial": partial, "done": progress.done}
    if progress.expected is not None:
        run.expected = progress.expected
    run.notes = list(dict.fromkeys([*run.notes, *(note[:300] for note in progress.notes)]))[:50]


def _final_status(run: SyncRun) -> RunStatus:
    balanced = run.seen == run.created + run.updated + run.unchanged + run.failed
    if run.failed or run.cursor.get("partial") or not balanced:
        return RunStatus.PARTIAL
    return RunStatus.SUCCEEDED


def _end(lease: Lease, status: RunStatus, error: str = "") -> None:
    with lease.page() as run:
        _close(run, status, error)


def _close(run: SyncRun, status: RunStatus, error: str) -> None:
    """Ends the run in the caller's transaction."""
    run.status, run.error = status, error
    run.finished_at = timezone.now()
    run.save(update_fields=["status", "error", "missing", "finished_at"])
    SeenRecord.objects.filter(run=run).delete()


def _worth_repeating(error: Exception) -> bool:
    lost = DeadlockDetected | LockNotAvailable | SerializationFailure
    return isinstance(error.__cause__ or error, lost)


def _silent(run: SyncRun) -> None:
    """Nobody watches."""
