"""The hand-over page: what is open, who holds what, and a word to the next shift."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from moderation import cases
from moderation.actors import Actor
from moderation.models import Case, HandOver, Note
from moderation.services import Request, decide
from tests.factories import make_character, make_fault, make_image, make_run, make_source
from upstream.enums import RunStatus
from upstream.models import SyncRun

URL = "/admin/handover/"

pytestmark = pytest.mark.django_db


def told(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def escalate(person, *subjects, note="Is this ours?"):
    wanted = [
        Request(action="escalate", subject=subject.subject_key, note=note) for subject in subjects
    ]
    decide(requests=wanted, actor=Actor.person(person))


def note_on(subject, person, text, *, hours=0):
    made = Note.objects.create(
        subject_type=subject.subject_type(), subject_id=subject.pk, user=person, text=text
    )
    Note.objects.filter(pk=made.pk).update(at=timezone.now() - timedelta(hours=hours))


def test_leads_see_open_escalations_with_the_words_they_came_with(as_, people):
    character = make_character(name="Mira")
    escalate(people["moderator"], character)
    [row] = as_("lead").get(URL).context["escalations"]
    assert (row.title, row.note, row.by) == ("Mira", "Is this ours?", "moderator")
    page = as_("moderator").get(URL)
    assert page.context["escalations"] == []
    text = page.content.decode()
    assert "1 escalation waits for a lead." in text
    assert "Is this ours?" not in text


def test_it_costs_the_same_however_many_are_open(as_, people, django_assert_max_num_queries):
    lead = as_("lead")
    escalate(people["moderator"], *[make_image() for _ in range(12)])
    escalate(people["moderator"], *[make_character() for _ in range(12)])
    for number in range(6):
        note_on(make_image(), people["moderator"], f"note {number}")
        make_fault(make_run(source=make_source(f"s{number}"), status=RunStatus.PARTIAL))
    with django_assert_max_num_queries(32):
        page = lead.get(URL)
    assert len(page.context["escalations"]) == 24


def test_notes_of_the_last_hours_are_listed_and_older_ones_on_request(as_, people):
    image = make_image()
    note_on(image, people["moderator"], "fresh <b>note</b>", hours=1)
    note_on(image, people["moderator"], "older note", hours=20)
    page = as_("viewer").get(URL).content.decode()
    assert "fresh &lt;b&gt;note&lt;/b&gt;" in page
    assert "older note" not in page
    assert "older note" in as_("viewer").get(f"{URL}?hours=24").content.decode()


@pytest.mark.parametrize("hours", ["0", "-8", "x", "99999999999999", ""])
def test_an_odd_number_of_hours_means_a_shift(as_, hours):
    assert as_("viewer").get(URL, {"hours": hours}).context["hours"] == 8


def test_a_note_on_what_is_held_is_for_leads(as_, people):
    image = make_image()
    note_on(image, people["lead"], "evidence number nine")
    wanted = Request(action="hold", subject=image.subject_key, note="court order")
    decide(requests=[wanted], actor=Actor.person(people["lead"]))
    assert "evidence number nine" in as_("lead").get(URL).content.decode()
    assert "evidence number nine" not in as_("moderator").get(URL).content.decode()


def test_runs_that_failed_or_left_records_are_listed(as_):
    fine = make_run(source=make_source("fine"))
    partial = make_run(source=make_source("partial"), status=RunStatus.PARTIAL, failed=2)
    make_fault(partial)
    make_fault(partial, resolved_at=timezone.now())
    failed = make_run(source=make_source("failed"), status=RunStatus.FAILED, error="503 twice")
    old = make_run(source=make_source("old"), status=RunStatus.FAILED)
    SyncRun.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(hours=30))
    page = as_("operator").get(URL)
    assert [(run, run.left) for run in page.context["runs"]] == [(failed, 0), (partial, 1)]
    assert fine not in page.context["runs"]
    assert "503 twice" in page.content.decode()


def test_who_holds_what_and_what_was_left_behind(as_, people):
    for _ in range(5):
        make_image()
    cases.claim(user=people["moderator"], queue="images", limit=2)
    cases.claim(user=people["lead"], queue="images", limit=3)
    gone = timezone.now() - timedelta(minutes=5)
    Case.objects.filter(claimed_by=people["lead"]).update(claimed_until=gone)
    rows = as_("viewer").get(URL).context["holdings"]
    assert [(row.who, row.queue, row.number, row.left) for row in rows] == [
        ("moderator", "Images", 2, False),
        ("lead", "Images", 3, True),
    ]


def test_a_word_to_the_next_shift_is_read_by_everybody_and_logged(as_, people):
    answer = as_("moderator").post(URL, {"text": " Watch the <gallery> source. "}, follow=True)
    assert told(answer) == "The next shift will read it here."
    made = HandOver.objects.get()
    assert (made.user, made.text) == (people["moderator"], "Watch the <gallery> source.")
    assert "Watch the &lt;gallery&gt; source." in as_("viewer").get(URL).content.decode()
    assert LogEntry.objects.latest("pk").user == people["moderator"]


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 4001])
def test_a_word_that_says_nothing_or_too_much_is_refused(as_, text):
    answer = as_("moderator").post(URL, {"text": text}, follow=True)
    assert told(answer) in {"The note is empty.", "The note is too long."}
    assert not HandOver.objects.exists()


def test_viewers_read_but_do_not_write(as_):
    assert as_("viewer").get(URL).status_code == 200
    assert as_("viewer").post(URL, {"text": "hello"}).status_code == 403
    assert as_("operator").post(URL, {"text": "hello"}).status_code == 302
