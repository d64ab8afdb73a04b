"""Runs against a real HTTP upstream: the ledger, faults, endings, and who may write."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assets.models import Asset
from characters.models import Character
from gallery.models import ImageLog
from moderation.models import Reviewable
from tests.factories import make_source
from tests.syncing import MODELS, balances, counts, source_at, state_of, sync
from upstream.errors import NotReplayable, NotSyncable, RunTaken
from upstream.models import Fault, SeenRecord, Source, SyncRun
from upstream.runs import dry_run, replay_fault, run_sync, start_run
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("characters", "gallery", "assets")
TOTALS = {"characters": "characters", "gallery": "images", "assets": "assets"}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=150, characters=15, assets=50) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], clock={}, latency=0, dialect="page", reset=True)
    return running


@pytest.fixture
def sources(sandbox: SandboxProcess) -> dict[str, Source]:
    return {kind: source_at(sandbox, kind) for kind in KINDS}


def records(sandbox: SandboxProcess, kind: str, what: str = "records") -> int:
    found: int = sandbox.stats()["totals"][TOTALS[kind]][what]
    return found


def test_a_first_run_takes_every_record_and_the_ledger_balances(sandbox, sources):
    for kind, source in sources.items():
        run = sync(source)
        assert (run.status, run.error) == ("succeeded", "")
        assert counts(run) == {
            "seen": records(sandbox, kind),
            "created": records(sandbox, kind),
            "updated": 0,
            "unchanged": 0,
            "failed": 0,
        }
        assert MODELS[kind].objects.filter(source=source).count() == run.seen
        assert run.expected == (None if kind == "gallery" else run.seen)
        assert run.finished_at is not None
    assert not SeenRecord.objects.exists()


@pytest.mark.parametrize("full", [False, True])
def test_a_second_run_finds_everything_unchanged_and_writes_no_row(sandbox, sources, full):
    for source in sources.values():
        sync(source)
    written = {kind: row_versions(MODELS[kind]) for kind in KINDS}
    for kind, source in sources.items():
        run = sync(source, full=full)
        assert run.status == "succeeded"
        assert counts(run) == {
            "seen": records(sandbox, kind),
            "created": 0,
            "updated": 0,
            "unchanged": records(sandbox, kind),
            "failed": 0,
        }
        assert row_versions(MODELS[kind]) == written[kind]


def row_versions(model: type[Reviewable]) -> list[tuple[str, str, str]]:
    """Each row's physical place, writer and last locker: any UPDATE changes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ctid::text, xmin::text, xmax::text FROM {model._meta.db_table} ORDER BY id"
        )
        return cursor.fetchall()


def test_transient_faults_end_in_a_complete_run(sandbox, sources):
    sandbox.control(faults=["500", "429", "truncated", "html200", "error200", "reset"], period=3)
    for kind, source in sources.items():
        run = sync(source)
        assert (run.status, run.error) == ("succeeded", "")
        assert run.created == records(sandbox, kind)
    assert sandbox.stats()["fired"]


def test_bad_rows_make_a_run_partial_and_each_is_listed(sandbox, sources):
    sandbox.control(faults=["badrows"])
    for kind, source in sources.items():
        run = sync(source)
        assert run.status == "partial"
        assert (run.created, run.failed) == (records(sandbox, kind), records(sandbox, kind, "bad"))
        assert balances(run)
        faults = list(Fault.objects.filter(run=run))
        assert len(faults) == run.failed
        assert all(fault.error and fault.payload for fault in faults)


def test_pages_that_shift_while_they_are_read_lose_nothing(sandbox, sources):
    for kind, source in sources.items():
        sandbox.control(faults=["shifting"])
        run = sync(source)
        assert (run.status, run.error) == ("succeeded", "")
        assert balances(run)
        if kind == "gallery":
            # What arrives in front of an album's cursor is the next run's.
            sandbox.control(faults=[])
            run = sync(source)
        listed = records(sandbox, kind)
        assert MODELS[kind].objects.filter(source=source).count() == listed
        assert run.expected in {None, listed}


def test_a_cursor_seen_twice_ends_the_run_with_an_error(sandbox):
    with SandboxProcess(images=300, characters=3, faults=("cursorloop",)) as looping:
        sync(source_at(looping, "characters"))
        run = sync(source_at(looping, "gallery"))
        requests = sum(looping.stats()["requests"].values())
    assert run.status == "failed"
    assert "second time" in run.error
    assert requests < 40


def test_a_source_without_its_token_fails_with_a_clear_sentence(sandbox):
    run = sync(source_at(sandbox, "assets", token=""))
    assert (run.status, run.seen) == ("failed", 0)
    assert "no token" in run.error


def test_a_refused_token_fails_the_run_without_being_repeated_in_the_error(sandbox):
    run = sync(source_at(sandbox, "characters", token=credentials.BANNED_TOKEN))
    assert run.status == "failed"
    assert run.error
    assert credentials.BANNED_TOKEN not in run.error


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_an_address_that_does_not_answer_fails_the_run(url):
    source = source_at(url, "assets")
    run = sync(source)
    assert run.status == "failed"
    assert run.error
    source.refresh_from_db()
    assert source.failures_in_row == 1


def test_a_generation_source_cannot_be_synced():
    with pytest.raises(NotSyncable):
        start_run(source=make_source(kind="generation"))


def test_an_expired_token_is_refreshed_once_and_kept_encrypted(sandbox):
    source = source_at(
        sandbox,
        "characters",
        token=credentials.EXPIRED_TOKEN,
        refresh_token=credentials.REFRESH_TOKEN,
    )
    run = sync(source)
    assert (run.status, run.error) == ("succeeded", "")
    assert Source.objects.get(pk=source.pk).token == credentials.MEMBER_TOKEN_REFRESHED
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM upstream_source WHERE id = %s", [source.pk])
        assert credentials.MEMBER_TOKEN_REFRESHED not in cursor.fetchone()[0]


def test_previews_only_make_a_run_partial_that_says_so(sandbox, sources):
    sync(sources["characters"])
    Source.objects.filter(pk=sources["gallery"].pk).update(token="")
    sources["gallery"].token = credentials.NON_MEMBER_TOKEN
    sources["gallery"].save()
    run = sync(sources["gallery"], full=True)
    assert run.status == "partial"
    assert any("previews only" in note for note in run.notes)
    assert run.missing == 0


def test_a_dry_run_counts_everything_and_writes_nothing(sandbox, sources):
    sync(sources["characters"])
    sandbox.control(faults=["badrows"])
    before = table_sizes()
    for kind, source in sources.items():
        run, faults = dry_run(source=source)
        assert run.failed == records(sandbox, kind, "bad") == len(faults)
        assert balances(run)
        if kind != "characters":
            assert run.created == records(sandbox, kind)
        assert run.status == "partial"
    assert table_sizes() == before


def table_sizes() -> dict[str, tuple[int, str]]:
    """By table: rows, and the newest transaction that wrote one."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), coalesce(max(xmin::text::bigint), 0)::text FROM {table}"
            )
            found[table] = cursor.fetchone()
    return found


def test_faults_are_replayed_once_upstream_or_we_were_mended(sandbox, sources):
    sandbox.control(faults=["badrows"])
    run = sync(sources["assets"])
    fault = Fault.objects.filter(run=run, error__contains="Status").get()
    again = replay_fault(fault_id=fault.pk)
    assert (again.resolved_at, again.replayed_at is not None) == (None, True)
    fault.payload = fault.payload.replace("Exploded", "Active")
    fault.save(update_fields=["payload"])
    assert replay_fault(fault_id=fault.pk).resolved_at is not None
    assert Asset.objects.filter(upstream_id=fault.upstream_id, source=sources["assets"]).exists()
    with pytest.raises(NotReplayable):
        replay_fault(fault_id=fault.pk)


def test_an_image_that_is_replayed_keeps_the_character_it_was_listed_under(sandbox, sources):
    sync(sources["characters"])
    sandbox.control(faults=["badrows"])
    run = sync(sources["gallery"])
    fault = Fault.objects.filter(run=run, error__contains="createdAt").first()
    fault.payload = fault.payload.replace('"yesterday"', "1760000000000")
    fault.save(update_fields=["payload"])
    assert replay_fault(fault_id=fault.pk).resolved_at is not None
    image = ImageLog.objects.get(upstream_id=fault.upstream_id)
    assert image.character_id == fault.context["character_id"]


def test_an_unforeseen_error_in_our_own_code_fails_the_run_without_quoting_a_record(
    sandbox, sources, monkeypatch
):
    def explode(raw: object, **_: object) -> None:
        raise LookupError(f"secret of {raw}")

    monkeypatch.setattr("assets.sync.parse_asset", explode)
    run = sync(sources["assets"])
    assert (run.status, run.error) == ("failed", "Internal error: LookupError.")


def test_three_failures_open_the_circuit_and_an_answer_closes_it(sandbox):
    source = source_at("http://127.0.0.1:9", "assets", options={"attempts": 1})
    for _ in range(3):
        sync(source)
    source.refresh_from_db()
    assert source.failures_in_row == 3
    assert source.circuit_open_until > timezone.now()
    source.base_url = sandbox.url
    source.save()
    assert sync(source).status == "succeeded"
    source.refresh_from_db()
    assert (source.failures_in_row, source.circuit_open_until) == (0, None)


def test_the_live_dialect_gives_the_same_state_as_the_documented_one(sandbox, sources):
    sync(sources["characters"])
    sandbox.control(dialect="live")
    other = source_at(sandbox, "characters", "live")
    assert sync(other).status == "succeeded"
    assert state_of(other) == state_of(sources["characters"])
    assert Character.objects.filter(source=other).exclude(author_id="").exists()


def test_counters_place_and_heartbeat_are_live_while_a_run_works(sources):
    run_id = start_run(source=sources["assets"]).pk
    stages: list[tuple[int, int | None]] = []

    def look(run: SyncRun) -> None:
        stored = SyncRun.objects.get(pk=run_id)
        stages.append((stored.seen, stored.expected))
        assert stored.heartbeat_at > timezone.now() - timedelta(seconds=10)

    run_sync(run_id=run_id, on_progress=look)
    seen = [stage[0] for stage in stages]
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert stages[0][1] is not None


def test_an_unknown_run_is_nobodys(db):
    with pytest.raises(RunTaken):
        run_sync(run_id=uuid.uuid4())
