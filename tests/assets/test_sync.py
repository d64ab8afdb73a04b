"""The assets' sync: both group types, states that become active, moving lists, fresh links."""

from collections.abc import Iterator

import pytest

from assets.models import Asset, AssetDetail, AssetGroup
from assets.sync import fresh_urls
from media.models import Attachment
from moderation.models import Case
from tests.syncing import source_at, sync
from upstream.clients.assets import AssetsClient
from upstream.models import Source, SyncRun
from upstream.runs import run_sync, start_run
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=0, characters=1, assets=60) as sandbox:
        yield sandbox


@pytest.fixture
def source(sandbox: SandboxProcess) -> Source:
    return source_at(sandbox, "assets")


def test_each_asset_gets_the_type_of_the_list_it_stood_in(sandbox, source):
    run = sync(source)
    totals = sandbox.stats()["totals"]["assets"]
    assert (run.status, run.seen, run.expected) == ("succeeded", 60, 60)
    for group_type in ("AIGC", "LivenessFace"):
        assert Asset.objects.filter(group__group_type=group_type).count() == totals[group_type]
    assert AssetGroup.objects.count() == len(
        set(Asset.objects.values_list("group__upstream_id", flat=True))
    )


def test_real_faces_are_sensitive_and_signed_links_are_not_kept_in_the_record(source):
    sync(source)
    faces = Asset.objects.filter(group__group_type="LivenessFace").values("pk")
    sensitive = Attachment.objects.filter(sensitive=True).values_list("subject_id", flat=True)
    known = Attachment.objects.filter(subject_id__in=faces).values_list("subject_id", flat=True)
    assert set(sensitive) == set(known) != set()
    for detail in AssetDetail.objects.all():
        assert "?" not in detail.raw.get("URL", "")


def test_a_group_that_turns_out_to_be_real_faces_becomes_sensitive(source):
    sync(source)
    group = AssetGroup.objects.filter(group_type="LivenessFace", assets__status="Active").first()
    own = Attachment.objects.filter(subject_id__in=group.assets.values("pk"))
    AssetGroup.objects.filter(pk=group.pk).update(group_type="AIGC")
    own.update(sensitive=False)
    sync(source)
    assert set(own.values_list("sensitive", flat=True)) == {True}


def test_only_active_assets_have_a_case_and_wanted_bytes(source):
    sync(source)
    active = set(Asset.objects.filter(status="Active").values_list("pk", flat=True))
    assert 0 < len(active) < Asset.objects.count()
    assert set(Case.objects.values_list("subject_id", flat=True)) == active
    assert set(Attachment.objects.values_list("subject_id", flat=True)) == active


def test_a_case_opens_when_an_asset_becomes_active(sandbox, source):
    sync(source)
    waiting = Asset.objects.filter(status="Processing").first()
    sandbox.control(
        change={"kind": "assets", "ids": [waiting.upstream_id], "fields": {"Status": "Active"}}
    )
    run = sync(source)
    waiting.refresh_from_db()
    assert (run.updated, waiting.status) == (1, "Active")
    case = Case.objects.get(subject_id=waiting.pk)
    assert (case.queue, case.kind, case.ready) == ("assets", "first_look", False)
    assert Attachment.objects.get(subject_id=waiting.pk).state == "wanted"


def test_a_failed_asset_keeps_upstreams_error(source):
    sync(source)
    failed = Asset.objects.filter(status="Failed").first()
    assert failed.error_code
    assert failed.error_message


def test_a_renamed_asset_is_changed_content(sandbox, source):
    sync(source)
    asset = Asset.objects.filter(status="Active").first()
    sandbox.control(
        change={"kind": "assets", "ids": [asset.upstream_id], "fields": {"Name": "renamed"}}
    )
    assert sync(source).updated == 1
    asset.refresh_from_db()
    assert asset.name == "renamed"
    assert Case.objects.get(subject_id=asset.pk).why == ["first_look", "changed"]


def test_a_deletion_while_the_list_is_read_costs_no_other_asset(sandbox, source):
    """The page behind the deleted row moves up by one: a single pass would step over a row."""
    sync(source)
    removed: list[str] = []

    def remove_the_oldest(run: SyncRun) -> None:
        if not removed:
            removed.append(Asset.objects.earliest("created_at").upstream_id)
            sandbox.control(remove={"kind": "assets", "ids": removed})

    run = run_sync(run_id=start_run(source=source).pk, on_progress=remove_the_oldest)
    assert (run.status, run.error) == ("succeeded", "")
    assert (run.seen, run.expected, run.missing) == (60, 59, 1)
    assert any("vanished" in note for note in run.notes)
    gone = Asset.objects.filter(missing_at__isnull=False)
    assert list(gone.values_list("upstream_id", flat=True)) == removed


def test_what_is_gone_is_marked_and_comes_back(sandbox, source):
    sync(source)
    sandbox.control(faults=["gone"])
    run = sync(source)
    assert run.missing > 0
    assert Asset.objects.filter(missing_at__isnull=False).count() == run.missing
    assert Asset.objects.count() == 60
    sandbox.control(faults=[])
    back = sync(source)
    assert back.updated == run.missing
    assert not Asset.objects.filter(missing_at__isnull=False).exists()


def test_fresh_links_come_from_the_list(sandbox, source):
    sync(source)
    attachments = list(Attachment.objects.all()[:5])
    fresh = fresh_urls([each.subject_id for each in attachments])
    assert set(fresh) == {each.subject_id for each in attachments}
    for each in attachments:
        assert fresh[each.subject_id].partition("?")[0] == each.origin_url.partition("?")[0]


def test_a_list_that_says_more_than_it_shows_makes_the_run_partial(sandbox, source, monkeypatch):
    """Every answer is one row short of its total."""
    real = AssetsClient.list_assets

    def short(self, *arguments, **named):
        page = real(self, *arguments, **named)
        object.__setattr__(page, "total", page.total + 1)
        return page

    monkeypatch.setattr(AssetsClient, "list_assets", short)
    run = sync(source)
    assert run.status == "partial"
    assert any("could be read" in note for note in run.notes)
    assert (run.seen, run.expected, run.missing) == (60, 62, 0)
