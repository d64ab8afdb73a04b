"""Workers killed with SIGKILL at any moment: the next one continues to the same end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from media.models import Attachment
from moderation.models import Case
from tests.servers import ROOT, database_url
from tests.syncing import balances, counts, source_at, state_of, sync
from tests.upstream.forked import work_in_a_child
from upstream.enums import RunStatus
from upstream.models import SeenRecord, Source, SyncRun
from upstream.runs import run_sync, start_run
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

MOST_KILLS = 200
# Another seed, other moments of death.
SEED = int(os.environ.get("KILL_SEED", "1"))


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=260, characters=24, assets=120) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], latency=0, reset=True)
    return running


def work_under_fire(source: Source, *, longest: float, seed: int) -> tuple[SyncRun, int]:
    """A full run whose workers are killed one after the other; the run and the number of kills."""
    run = start_run(source=source, full=True)
    dice = random.Random(seed)
    kills = 0
    while SyncRun.objects.get(pk=run.pk).status == RunStatus.RUNNING:
        # Patience grows, so that the run ends however slow the machine is.
        longest *= 1.05
        kills += not work_in_a_child(run.pk, seconds=dice.uniform(0.01, longest))
        assert kills < MOST_KILLS
    return SyncRun.objects.get(pk=run.pk), kills


@pytest.mark.parametrize("kind", ["characters", "gallery", "assets"])
def test_a_run_killed_many_times_ends_like_an_undisturbed_one(sandbox, kind):
    if kind == "gallery":
        sync(source_at(sandbox, "characters"))
    small = {"page_size": 4, "portion": 5}
    calm, killed = (source_at(sandbox, kind, name, options=small) for name in ("calm", "killed"))
    started = time.monotonic()
    undisturbed = sync(calm, full=True)
    calm_seconds = time.monotonic() - started
    run, kills = work_under_fire(killed, longest=0.05 + calm_seconds / 8, seed=SEED)
    assert kills >= 3
    assert (run.status, run.error, run.notes) == ("succeeded", "", undisturbed.notes)
    assert counts(run) == counts(undisturbed)
    assert run.expected == undisturbed.expected
    assert balances(run)
    assert state_of(killed) == state_of(calm)
    assert not SeenRecord.objects.exists()
    subjects = [row.subject_id for row in Attachment.objects.all()]
    assert len(subjects) == len(set(subjects))


def test_a_killed_run_over_bad_rows_lists_each_once(sandbox):
    sandbox.control(faults=["badrows"])
    small = {"page_size": 4}
    calm, killed = (
        source_at(sandbox, "assets", name, options=small) for name in ("calm", "killed")
    )
    undisturbed = sync(calm, full=True)
    run, _ = work_under_fire(killed, longest=0.2, seed=SEED)
    assert run.status == undisturbed.status == "partial"
    assert counts(run) == counts(undisturbed)
    assert run.faults.count() == undisturbed.faults.count() == run.failed
    assert (
        Case.objects.filter(source_id=killed.pk).count()
        == Case.objects.filter(source_id=calm.pk).count()
    )


@pytest.mark.slow
def test_the_command_continues_a_run_whose_process_was_killed(sandbox):
    source = source_at(sandbox, "assets", options={"page_size": 1})
    sandbox.control(latency=0.25)
    first = start_command("sync", source.name)
    end = time.monotonic() + 60
    while not SyncRun.objects.filter(seen__gt=3).exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    first.kill()
    first.wait()
    run = SyncRun.objects.get()
    assert run.status == "running"
    sandbox.control(latency=0)
    second = start_command("sync", source.name)
    output, errors = second.communicate(timeout=90)
    assert second.returncode == 0, errors
    assert "goes on" in errors
    assert "succeeded" in output
    run.refresh_from_db()
    assert (run.status, run.seen) == ("succeeded", sandbox.stats()["totals"]["assets"]["records"])


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_the_next_command_continues(sandbox):
    source = source_at(sandbox, "assets", options={"page_size": 1})
    sandbox.control(latency=0.25)
    first = start_command("sync", source.name)
    end = time.monotonic() + 60
    while not SyncRun.objects.filter(seen__gt=3).exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    run = SyncRun.objects.get()
    assert (run.status, run.lease_token) == ("running", None)
    sandbox.control(latency=0)
    assert run_sync(run_id=run.pk).status == "succeeded"


def start_command(*arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
    }
    # Whoever runs the suite in the background may have it ignored, and a child inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
