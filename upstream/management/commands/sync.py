"""`manage.py sync`: a run in the foreground, with a progress bar on a terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from upstream.clients.errors import UpstreamError
from upstream.enums import RunStatus
from upstream.errors import RunAlreadyActive, RunTaken, SyncError
from upstream.models import Source, SyncRun
from upstream.runs import dry_run, run_sync, start_run

EXAMPLE = "Example: manage.py sync gallery --full"
EXIT_CODES = {RunStatus.SUCCEEDED: 0, RunStatus.PARTIAL: 2}
INTERRUPTED = 130
# Without a terminal: a line so often.
SECONDS_BETWEEN_LINES = 5.0
FAULTS_SHOWN = 20

Watch = Callable[[SyncRun], None]


class Command(BaseCommand):
    help = (
        "Syncs sources now; exit code 0: succeeded, 2: partial, 1: failed. Ctrl-C leaves a run "
        f"that the next sync of the source continues. {EXAMPLE}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="names of sources")
        parser.add_argument("--all", action="store_true", help="every enabled source")
        parser.add_argument("--full", action="store_true", help="read everything again")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="read everything, write nothing, say what would be",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        codes = [0]
        for source in _sources(options["names"], every=options["all"]):
            try:
                codes.append(self._sync(source, full=options["full"], dry=options["dry_run"]))
            except (SyncError, UpstreamError) as error:
                self.stderr.write(f"{source}: failed: {error}")
                codes.append(1)
            except KeyboardInterrupt:
                note = "" if options["dry_run"] else "; the next sync of this source continues"
                self.stderr.write(f"\n{source}: interrupted{note}.")
                sys.exit(INTERRUPTED)
        if worst := (1 if 1 in codes else max(codes)):
            sys.exit(worst)

    def _sync(self, source: Source, *, full: bool, dry: bool) -> int:
        with self._progress(source.name) as watch:
            if dry:
                run, faults = dry_run(source=source, full=full, on_progress=watch)
            else:
                run, faults = self._run(source, full, watch), []
        self.stdout.write(_summary(run, dry=dry))
        for line in [*run.notes, *faults[:FAULTS_SHOWN]]:
            self.stdout.write(f"  {line}")
        if run.error:
            self.stderr.write(f"  {run.error}")
        return EXIT_CODES.get(RunStatus(run.status), 1)

    def _run(self, source: Source, full: bool, watch: Watch) -> SyncRun:
        """A run of ours, or the one under way: continued if its worker died, else watched."""
        while True:
            try:
                run = start_run(source=source, full=full)
            except RunAlreadyActive as error:
                run = error.run
                run.source = source
                self.stderr.write(f"{source}: the run of {run.started_at:%H:%M:%S} goes on.")
            run = _work_or_watch(run, watch)
            if run.full or not full:
                return run

    @contextmanager
    def _progress(self, name: str) -> Iterator[Watch]:
        if not self.stdout.isatty():
            yield self._lines(name)
            return
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]} failed"),
            TimeRemainingColumn(),
            console=Console(file=sys.stdout),
            transient=True,
        )
        with bar:
            task = bar.add_task(name, total=None, failed=0)
            yield lambda run: bar.update(
                task, total=run.expected, completed=run.seen, failed=run.failed
            )

    def _lines(self, name: str) -> Watch:
        last = time.monotonic()

        def write(run: SyncRun) -> None:
            nonlocal last
            if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                total = "" if run.expected is None else f" of {run.expected}"
                self.stdout.write(f"{name}: {run.seen}{total} seen, {run.failed} failed …")
                self.stdout.flush()

        return write


def _sources(names: list[str], *, every: bool) -> list[Source]:
    """Characters first: galleries walk them."""
    if every == bool(names):
        raise CommandError("Name the sources to sync, or say --all.")
    order = list(settings.SYNCS)
    if every:
        found = list(Source.objects.filter(enabled=True, kind__in=order))
        return sorted(found, key=lambda source: (order.index(source.kind), source.pk))
    known = {source.name: source for source in Source.objects.filter(name__in=names)}
    if unknown := [name for name in names if name not in known]:
        raise CommandError(f"There is no source {', '.join(unknown)}.")
    return [known[name] for name in dict.fromkeys(names)]


def _work_or_watch(run: SyncRun, watch: Watch) -> SyncRun:
    while True:
        try:
            run = run_sync(run_id=run.pk, on_progress=watch)
        except RunTaken:
            run.refresh_from_db()
            watch(run)
        if run.status != RunStatus.RUNNING:
            return run
        time.sleep(1)


def _summary(run: SyncRun, *, dry: bool) -> str:
    total = "" if run.expected is None else f" of {run.expected}"
    would = "would be " if dry else ""
    head = "dry run, nothing was written" if dry else RunStatus(run.status).value
    missing = "" if dry else f", {run.missing} missing"
    return (
        f"{run.source}: {head}; {run.seen}{total} seen: {run.created} {would}created, "
        f"{run.updated} {would}updated, {run.unchanged} unchanged, {run.failed} failed{missing}."
    )
