"""`addsource` and `sync` as their users meet them."""

import io
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from gallery.models import ImageLog
from tests.factories import make_source
from tests.syncing import source_at
from upstream.models import Source, SyncRun
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=60, characters=6, assets=40) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], reset=True)
    return running


def addsource(*arguments: str) -> str:
    output = io.StringIO()
    call_command("addsource", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def run_command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what went to stdout, what went to stderr."""
    output, errors = io.StringIO(), io.StringIO()
    try:
        call_command("sync", *arguments, stdout=output, stderr=errors)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue(), errors.getvalue()
    return 0, output.getvalue(), errors.getvalue()


@pytest.mark.django_db
class TestAddsource:
    URL = ("--url", "https://upstream.example/")

    def test_a_source_is_added_and_its_secrets_are_shown_nowhere(self):
        said = addsource(
            "one", "--kind", "gallery", *self.URL, "--token", "s3cret", "--every", "30"
        )
        source = Source.objects.get(name="one")
        assert (source.base_url, source.token) == ("https://upstream.example", "s3cret")
        assert (source.kind, source.every_minutes) == ("gallery", 30)
        assert "one" in said
        assert "s3cret" not in said
        with connection.cursor() as cursor:
            cursor.execute("SELECT token FROM upstream_source")
            assert "s3cret" not in cursor.fetchone()[0]

    def test_secrets_come_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("UPSTREAM_KEY", "the key")
        monkeypatch.setenv("UPSTREAM_SECRET", "the secret\n")
        addsource(
            *("two", "--kind", "generation", *self.URL, "--backend", "open-platform"),
            *("--key-env", "UPSTREAM_KEY", "--secret-env", "UPSTREAM_SECRET", "--default"),
        )
        source = Source.objects.get(name="two")
        assert (source.key, source.secret, source.is_default) == ("the key", "the secret", True)
        with pytest.raises(CommandError, match="NOT_THERE is not set"):
            addsource("two", "--update", "--token-env", "NOT_THERE")

    def test_secrets_are_asked_for_on_a_terminal_only(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO())
        with pytest.raises(CommandError, match="--token-env"):
            addsource("one", "--kind", "gallery", *self.URL, "--token")
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("upstream.management.commands.addsource.getpass", lambda text: "typed")
        addsource("one", "--kind", "gallery", *self.URL, "--token")
        assert Source.objects.get(name="one").token == "typed"

    def test_update_changes_only_what_is_named(self):
        addsource("one", "--kind", "characters", *self.URL, "--token", "first", "--every", "30")
        with pytest.raises(CommandError, match="--update"):
            addsource("one", "--kind", "characters", *self.URL)
        addsource("one", "--update", "--token", "second")
        source = Source.objects.get(name="one")
        assert (source.token, source.every_minutes) == ("second", 30)
        addsource("one", "--update", "--every", "0")
        assert Source.objects.get(name="one").every_minutes is None

    def test_update_also_adds_a_source_that_is_not_there_yet(self):
        said = addsource("one", "--kind", "characters", *self.URL, "--update")
        assert said.startswith("Added")
        assert addsource("one", "--update", "--every", "5").startswith("Changed")
        assert Source.objects.filter(name="one").exists()

    def test_a_new_default_takes_the_place_of_the_old(self):
        for name in ("first", "second"):
            addsource(name, "--kind", "generation", *self.URL, "--default")
        assert [source.name for source in Source.objects.filter(is_default=True)] == ["second"]
        assert Source.objects.get(name="second").backend == "sandbox"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["x", "--kind", "gallery"], "--url"),
            (["x", "--url", "https://upstream.example"], "--kind"),
            (["x", "--kind", "gallery", "--url", "ftp://upstream.example"], "http"),
            (["x", "--kind", "gallery", "--url", "nonsense"], "http"),
            (["x", "--kind", "gallery", "--url", "https://a:b@upstream.example"], "user name"),
            (["no spaces", "--kind", "gallery", "--url", "https://upstream.example"], "name"),
            (["x", "--kind", "gallery", *URL, "--backend", "comfyui"], "generation"),
            (["x", "--kind", "gallery", *URL, "--default"], "generation"),
            (["x", "--kind", "gallery", *URL, "--characters", "nobody"], "nobody"),
            (["x", "--kind", "gallery", *URL, "--every", "often"], "minutes"),
            (["x", "--kind", "gallery", *URL, "--per-second", "0"], "above 0"),
        ],
    )
    def test_mistakes_are_explained_and_add_nothing(self, arguments, message):
        with pytest.raises(CommandError, match=message):
            addsource(*arguments)
        assert not Source.objects.exists()

    def test_the_kind_of_a_source_does_not_change(self):
        addsource("one", "--kind", "characters", *self.URL)
        with pytest.raises(CommandError, match="cannot change"):
            addsource("one", "--kind", "gallery", "--update")


@pytest.mark.django_db(transaction=True)
class TestSync:
    def test_all_syncs_the_enabled_sources_characters_first(self, sandbox):
        for kind in ("gallery", "assets", "characters"):
            source_at(sandbox, kind)
        source_at("http://127.0.0.1:9", "assets", "off", enabled=False)
        make_source("drawing", kind="generation")
        code, output, errors = run_command("--all")
        assert (code, errors) == (0, "")
        heads = [line.partition(":")[0] for line in output.splitlines()]
        assert heads == ["characters", "gallery", "assets"]
        assert "40 of 40 seen: 40 created, 0 updated, 0 unchanged, 0 failed, 0 missing" in output
        assert ImageLog.objects.exists()

    def test_a_partial_run_exits_with_2_and_a_failed_one_with_1(self, sandbox):
        sandbox.control(faults=["badrows"])
        source_at(sandbox, "assets")
        source_at(sandbox, "assets", "tokenless", token="")
        assert run_command("assets")[0] == 2
        code, output, errors = run_command("tokenless", "assets")
        assert code == 1
        assert "tokenless: failed" in output
        assert "no token" in errors

    def test_a_dry_run_names_what_would_be_and_leaves_no_run(self, sandbox):
        sandbox.control(faults=["badrows"])
        source_at(sandbox, "assets")
        code, output, _ = run_command("assets", "--dry-run")
        assert code == 2
        assert "nothing was written" in output
        assert "would be created" in output
        assert "Status is none of" in output
        assert not SyncRun.objects.exists()

    @pytest.mark.parametrize("arguments", [[], ["--all", "assets"], ["unknown"]])
    def test_mistakes_are_explained(self, arguments):
        with pytest.raises(CommandError):
            run_command(*arguments)

    def test_a_generation_source_cannot_be_synced(self):
        make_source("drawing", kind="generation")
        code, _, errors = run_command("drawing")
        assert code == 1
        assert "nothing to sync" in errors

    def test_the_token_appears_in_no_output(self, sandbox):
        source_at(sandbox, "characters", token=credentials.BANNED_TOKEN)
        code, output, errors = run_command("characters")
        assert code == 1
        assert credentials.BANNED_TOKEN not in output + errors
