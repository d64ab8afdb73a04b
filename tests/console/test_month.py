"""The leads' page of a month."""

import csv
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from moderation import month
from moderation.actors import Actor
from moderation.services import Request, decide
from tests.factories import make_image

URL = "/admin/month/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(people):
    wanted = [
        Request(action="reject", subject=make_image().subject_key, reason="violence"),
        Request(action="approve", subject=make_image().subject_key),
    ]
    decide(requests=wanted, actor=Actor.person(people["moderator"]))


def test_it_shows_the_present_month_by_queue_reason_source_and_actor(as_, decided):
    page = as_("lead").get(URL)
    shown = {section["name"]: section["rows"] for section in page.context["sections"]}
    assert [label for label, _line in shown["queue"]] == ["Images"]
    assert [label for label, _line in shown["reason"]] == ["Violence, gore"]
    assert [(label, line.decided) for label, line in shown["actor"]] == [("Person", 2)]
    assert page.context["after"] == ""
    text = page.content.decode()
    assert "By person or rule" in text
    assert "0.0 %" in text


def test_an_empty_month_says_so_and_leads_to_its_neighbours(as_):
    page = as_("lead").get(f"{URL}?month=2025-12")
    assert (page.context["before"], page.context["after"]) == ("2025-11", "2026-01")
    assert page.content.decode().count("Nothing was decided in this month.") == 4


@pytest.mark.parametrize("text", ["yesterday", "2026-13", "2999-01"])
def test_a_bad_month_leads_back_with_a_word_about_it(as_, text):
    answer = as_("lead").get(URL, {"month": text}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert len(list(answer.context["messages"])) == 1


def test_the_csv_says_the_same_and_its_export_is_logged(as_, people, decided):
    now = month.month_of(timezone.now())
    answer = as_("lead").get(URL, {"month": now, "format": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"gatehouse-{now}.csv" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["decided"] for row in rows if row["section"] in {"total", "queue"}] == ["2", "2"]
    entry = LogEntry.objects.latest("pk")
    assert (entry.user, entry.change_message) == (people["lead"], f"Exported the report of {now}")
