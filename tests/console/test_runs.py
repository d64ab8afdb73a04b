"""Runs on their pages: what is shown, and the operators' buttons."""

import pytest
from django.utils.translation import override

from tests.factories import make_fault, make_run, make_source
from upstream import notes
from upstream.enums import RunStatus
from upstream.models import Fault, SyncRun

pytestmark = pytest.mark.django_db


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def test_the_runs_of_all_sources_are_listed_newest_first(as_):
    older, newer = make_run(), make_run(status=RunStatus.PARTIAL)
    page = as_("viewer").get("/admin/runs/")
    assert page.context["runs"] == [newer, older]
    assert "Partial" in page.content.decode()


def test_the_runs_of_one_source_can_be_chosen(as_):
    one, other = make_source("one"), make_source("other")
    wanted = make_run(source=one)
    make_run(source=other)
    assert as_("viewer").get("/admin/runs/?source=one").context["runs"] == [wanted]


def test_a_run_shows_its_counts_notes_error_and_failed_records(as_):
    run = make_run(
        status=RunStatus.PARTIAL, failed=1, missing=7, notes=["Previews only."], error="503 twice"
    )
    make_fault(run, upstream_id="bad-1", payload='{"a": {"b": "<script>alert(1)</script>"}}')
    page = as_("viewer").get(f"/admin/runs/{run.pk}/").content.decode()
    for text in ("Previews only.", "503 twice", "bad-1", "createdAt: not a time"):
        assert text in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&quot;a&quot;: {\n" in page


def test_notes_are_told_in_the_readers_language_and_unknown_ones_are_marked_as_english(as_, people):
    told_of = [
        notes.VANISHED % {"number": 3, "place": "album a: b"},
        notes.REPEATED % {"place": "album a", "number": 2},
        notes.UNREAD % {"place": "album a", "total": 9, "number": 7},
        notes.NO_CHARACTERS,
        notes.PREVIEWS_ONLY,
        notes.ALBUM_REFUSED % {"character": "c-1", "error": "No <b>access</b>: 403"},
        notes.LINKS_REFUSED % {"character": "c-1", "error": "404"},
        notes.PUBLIC_ONLY,
    ]
    for note in told_of:
        with override("en"):
            assert notes.in_words(note) == note
        with override("zh-hans"):
            assert notes.in_words(note) not in {note, None}
    run = make_run(status=RunStatus.PARTIAL, notes=[*told_of, "Something else."])
    people["viewer"].language = "zh-hans"
    people["viewer"].save()
    page = as_("viewer").get(f"/admin/runs/{run.pk}/").content.decode()
    assert "<span>album a: b 在读取期间有 3 条记录消失。</span>" in page
    assert "No &lt;b&gt;access&lt;/b&gt;: 403" in page
    assert page.count('<span lang="en">') == 1 and '<span lang="en">Something else.</span>' in page


@pytest.mark.parametrize("payload", ["[" * 100_000, r'{"name": "\ud83d"}', "not json", ""])
def test_a_strange_payload_breaks_no_page(as_, payload):
    run = make_run(status=RunStatus.PARTIAL, failed=1)
    make_fault(run, payload=payload)
    assert as_("viewer").get(f"/admin/runs/{run.pk}/").status_code == 200


def test_failed_records_are_paged(as_):
    run = make_run(status=RunStatus.PARTIAL, failed=60)
    for _ in range(60):
        make_fault(run)
    page = as_("viewer").get(f"/admin/runs/{run.pk}/")
    assert len(page.context["faults"]) == 50
    assert "60 not taken yet" in page.content.decode()
    last = as_("viewer").get(f"/admin/runs/{run.pk}/?last=1")
    assert len(last.context["faults"]) == 50
    assert last.context["faults"][-1] == run.faults.order_by("pk").first()


def test_a_viewer_sees_no_button(as_):
    run = make_run(status=RunStatus.PARTIAL, failed=1)
    make_fault(run)
    for url in ("/admin/runs/", f"/admin/runs/{run.pk}/"):
        page = as_("viewer").get(url).content.decode()
        main = page.partition('id="content"')[2]
        assert 'method="post"' not in main


def test_an_operator_starts_a_run_and_lands_on_its_page(as_, people):
    source = make_source("walked", kind="characters")
    answer = as_("operator").post("/admin/runs/start/", {"source": "walked", "full": "1"})
    run = SyncRun.objects.get(source=source)
    assert answer["Location"] == f"/admin/runs/{run.pk}/"
    assert (run.full, run.started_by) == (True, people["operator"])


def test_a_source_that_runs_already_is_not_started_again(as_):
    source = make_source("walked", kind="characters")
    make_run(source=source, status=RunStatus.RUNNING)
    answer = as_("operator").post("/admin/runs/start/", {"source": "walked"}, follow=True)
    assert len(told(answer)) == 1
    assert SyncRun.objects.count() == 1


def test_a_generation_source_has_nothing_to_run(as_):
    make_source("painter", kind="generation")
    assert "painter" not in as_("operator").get("/admin/runs/").content.decode()
    answer = as_("operator").post("/admin/runs/start/", {"source": "painter"}, follow=True)
    assert len(told(answer)) == 1
    assert not SyncRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_run_that_nobody_works_on_ends_when_it_is_cancelled(as_):
    run = make_run(status=RunStatus.RUNNING)
    as_("operator").post(f"/admin/runs/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    answer = as_("operator").post(f"/admin/runs/{run.pk}/cancel/", follow=True)
    assert told(answer) == ["The run had ended already."]


@pytest.mark.django_db(transaction=True)
def test_a_failed_record_is_replayed_and_its_fate_is_told(as_):
    source = make_source("cast", kind="characters")
    run = make_run(source=source, status=RunStatus.PARTIAL, failed=2)
    good = make_fault(
        run,
        upstream_id="c-1",
        payload='{"id": "c-1", "name": "Mira", "isPublic": true,'
        ' "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}',
    )
    bad = make_fault(run, upstream_id="c-2", payload='{"id": "c-2"}')
    operator = as_("operator")
    assert told(operator.post(f"/admin/faults/{good.pk}/replay/", follow=True)) == [
        "The record was taken."
    ]
    answer = operator.post(f"/admin/faults/{bad.pk}/replay/", follow=True)
    assert told(answer)[0].startswith("The record failed again:")
    answer = operator.post(f"/admin/runs/{run.pk}/replay/", follow=True)
    assert told(answer) == ["1 record failed again."]
    assert Fault.objects.filter(resolved_at__isnull=True).get() == bad
