"""Exports: what is in the file, what is not, and who is told."""

import csv
import io
import json
import tracemalloc

import pytest
from django.test.utils import CaptureQueriesContext

from moderation import exporting
from moderation.models import Export
from tests.factories import make_asset, make_character, make_image

pytestmark = pytest.mark.django_db


def take(browser, listing, form="csv", **query):
    """(the file's text, its Export)"""
    address = f"/admin/exports/new/{listing}/"
    if query:
        address += "?" + "&".join(f"{name}={value}" for name, value in query.items())
    page = browser.post(address, {"format": form})["Location"]
    answer = browser.get(f"{page}file/")
    return b"".join(answer.streaming_content).decode("utf-8-sig"), Export.objects.latest("pk")


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_filtered_list_is_taken_out_newest_first(as_, people):
    images = [make_image(user_id="u-1", prompt=f"hills {n}, 山") for n in range(3)]
    make_image(user_id="u-2")
    text, export = take(as_("lead"), "gallery.imagelog", user="u-1", status="pending")
    rows = rows_of(text)
    assert [row["id"] for row in rows] == [str(image.pk) for image in reversed(images)]
    assert rows[0]["text"] == "hills 2, 山" and rows[0]["user_id"] == "u-1"
    assert rows[0]["source"] == images[0].source.name
    assert (export.state, export.rows, export.expected) == ("complete", 3, 3)
    assert export.user == people["lead"]
    assert export.filters == {"user": "u-1", "status": "pending"}


def test_json_holds_the_same_rows(as_):
    make_image(prompt='a "quoted" line\nand another')
    made, _ = take(as_("lead"), "gallery.imagelog", "json")
    (row,) = json.loads(made)
    assert row["text"] == 'a "quoted" line\nand another'
    empty, _ = take(as_("lead"), "gallery.imagelog", "json", user="nobody")
    assert json.loads(empty) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(as_, text):
    make_character(name=text, bio="")
    (row,) = rows_of(take(as_("lead"), "characters.character")[0])
    assert row["name"] == "'" + text
    assert not row["text"].startswith(tuple("=+-@\t\r\n＝"))


def test_held_and_escalated_subjects_leave_in_no_export(as_):
    shown = make_image()
    make_image(held=True)
    make_image(hidden=True)
    rows = rows_of(take(as_("lead"), "gallery.imagelog")[0])
    assert [row["id"] for row in rows] == [str(shown.pk)]


def test_a_purged_subject_leaves_without_its_text(as_):
    make_image(review_status="purged", prompt="gone")
    (row,) = rows_of(take(as_("lead"), "gallery.imagelog")[0])
    assert row["review_status"] == "purged" and row["text"] == ""


def test_a_search_is_exported_like_a_filter(as_):
    from moderation import search

    wanted = make_asset(name="heron")
    make_asset(name="stork")
    search.fill()
    (row,) = rows_of(take(as_("lead"), "assets.asset", q="heron")[0])
    assert row["id"] == str(wanted.pk)


def test_the_log_of_decisions_is_exported(as_):
    image = make_image()
    as_("moderator").post(
        f"/admin/subjects/gallery.imagelog/{image.pk}/decide/",
        {"action": "reject", "reason": "violence", "note": "=note"},
    )
    (row,) = rows_of(take(as_("lead"), "moderation.decision")[0])
    assert (row["action"], row["note"]) == ("reject", "'=note")


@pytest.mark.parametrize("role", ["viewer", "moderator", "operator"])
def test_only_leads_take_rows_out(as_, role):
    make_image()
    lead = as_("lead")
    page = lead.post("/admin/exports/new/gallery.imagelog/", {"format": "csv"})["Location"]
    assert as_(role).post("/admin/exports/new/gallery.imagelog/").status_code == 403
    assert as_(role).get(f"{page}file/").status_code == 403
    assert "exports/new" not in as_(role).get("/admin/gallery/imagelog/").content.decode()
    assert as_("admin").get(page).status_code == 404, "an export belongs to who asked for it"


@pytest.mark.parametrize(
    "listing", ["accounts.user", "upstream.source", "no.such", "nothing", "accounts.apikey"]
)
def test_what_has_no_export_has_none(as_, listing):
    answer = as_("admin").post(f"/admin/exports/new/{listing}/", {"format": "csv"})
    assert answer.status_code == 404 and not Export.objects.exists()


def test_a_filter_that_makes_no_sense_exports_nothing(as_):
    answer = as_("lead").post(
        "/admin/exports/new/gallery.imagelog/?status=nonsense", {"format": "csv"}, follow=True
    )
    assert "make no sense" in str(next(iter(answer.context["messages"])))
    assert not Export.objects.exists()


def test_a_file_is_sent_once(as_):
    make_image()
    lead = as_("lead")
    take(lead, "gallery.imagelog")
    page = f"/admin/exports/{Export.objects.get().pk}/"
    assert lead.get(f"{page}file/")["Location"] == page
    assert lead.get(f"{page}state/").json()["status"] == "complete"


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_goes_away_is_seen_in_the_log(as_, monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 2)
    for _ in range(6):
        make_image()
    lead = as_("lead")
    page = lead.post("/admin/exports/new/gallery.imagelog/", {"format": "csv"})["Location"]
    answer = lead.get(f"{page}file/")
    pieces = iter(answer.streaming_content)
    next(pieces), next(pieces)
    answer.close()
    export = Export.objects.get()
    assert (export.state, export.rows) == ("cut_off", 2)


def test_memory_and_queries_do_not_grow_with_the_rows(as_, monkeypatch):
    from django.db import connection

    monkeypatch.setattr(exporting, "CHUNK", 20)
    for _ in range(200):
        make_image(prompt="x" * 5_000)
    lead = as_("lead")
    take(lead, "gallery.imagelog")
    page = lead.post("/admin/exports/new/gallery.imagelog/", {"format": "csv"})["Location"]
    answer = lead.get(f"{page}file/")
    tracemalloc.start()
    with CaptureQueriesContext(connection) as queries:
        sizes = [len(piece) for piece in answer.streaming_content]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) > 1_000_000 > peak
    # A page, its details and the audit row for each chunk.
    assert len(queries) <= 10 * 5 + 5
