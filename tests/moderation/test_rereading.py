"""A new or graver term of the word list: open cases whose texts it finds come sooner, all of them
and once, whatever dies on the way.
"""

import time

import psycopg
import pytest
from django.urls import reverse

from core.keys import uuid7
from gallery.models import ImageDetail, ImageLog
from moderation import cases, comparing, jobs, outbox
from moderation.actors import Actor
from moderation.enums import JobKind, JobState, Priority
from moderation.jobs import rereading
from moderation.models import Case, Job, Reason, Term
from moderation.services import Request, decide, undo
from moderation.terms import save_term
from tests.console.conftest import as_, fresh, people
from tests.factories import case_of, make_image, make_person, make_source
from tests.generation.conftest import broker
from tests.generation.workers import Worker
from tests.locks import somebody_waits
from tests.moderation.looks import families_of, make_family
from tests.servers import database_url

__all__ = ["as_", "broker", "fresh", "people"]
pytestmark = pytest.mark.django_db

WORD = "zeppelin"


@pytest.fixture
def lead(db):
    return make_person("lea", role="lead")


def add(by, text=WORD, **fields) -> Job | None:
    fields = {"kind": "word", "severity": "medium", "action": "queue", **fields}
    term = Term(text=text, language="en", reason=Reason.objects.get(slug="spam"), **fields)
    return save_term(term=term, by=by)


def work(job: Job | None) -> Job:
    assert job is not None
    while jobs.work(job.pk):
        pass
    job.refresh_from_db()
    return job


def is_marked(subject) -> bool:
    return "flagged_text" in case_of(subject).why


def test_open_cases_that_it_finds_are_raised_and_marked_and_nothing_else(lead, monkeypatch):
    monkeypatch.setattr(rereading, "CHUNK", 2)
    hit = [make_image(prompt=f"a Z e p p e l i n {number}") for number in range(3)]
    other = [make_image(prompt="a balloon") for _ in range(2)]
    decided = make_image(prompt=WORD, review_status="approved")
    urgent = make_image(prompt=WORD)
    Case.objects.filter(subject_id=urgent.pk).update(priority=Priority.TOP)
    job = work(add(lead))

    assert [case_of(each).priority for each in hit] == [Priority.RAISED] * 3
    assert all(is_marked(each) for each in [*hit, urgent])
    assert case_of(urgent).priority == Priority.TOP
    assert [(case_of(each).priority, is_marked(each)) for each in other] == [
        (Priority.NORMAL, False)
    ] * 2
    assert not Case.objects.filter(subject_id=decided.pk).exists()
    assert (job.state, job.done, job.expected) == (JobState.SUCCEEDED, 6, 6)
    assert job.outcomes == {"raised": 4}


def test_what_reaches_further_is_read_and_what_does_not_is_not(lead):
    image = make_image(prompt=f"{WORD} and airship")
    assert add(lead, action="mark") is None
    term = Term.objects.get(text=WORD)
    steps = [
        ({"action": "queue"}, Priority.RAISED),
        ({"severity": "low"}, None),
        ({"severity": "high"}, Priority.HIGH),
        ({"active": False}, None),
        ({"active": True, "severity": "low"}, Priority.HIGH),
        ({"text": "airship", "severity": "critical"}, Priority.TOP),
        ({}, None),
    ]  # fmt: skip
    for changes, expected in steps:
        for name, value in changes.items():
            setattr(term, name, value)
        job = save_term(term=term, by=lead)
        assert (job is None) == (expected is None), changes
        if expected is not None:
            work(job)
            assert case_of(image).priority == expected, changes


def test_terms_that_are_edited_one_after_the_other_are_read_together(lead):
    images = [make_image(prompt=word) for word in (WORD, "airship")]
    first, second = add(lead), add(lead, "airship")
    assert first == second
    job = work(second)

    assert job.parameters["words"] == [WORD, "airship"]
    assert all(is_marked(each) for each in images)
    assert add(lead, "third").pk != job.pk


def test_a_family_without_the_word_stays_and_what_is_marked_already_keeps_its_own(lead):
    plain = make_family(3, prompt="a balloon")
    flagged = make_family(3, prompt=WORD)
    work(add(lead))
    assert len(set(families_of(*plain))) == 1 and families_of(*plain)[0]
    assert families_of(*flagged) == [None] * 3
    comparing.compare_open()
    again = families_of(*flagged)
    assert again[0] and len(set(again)) == 1
    work(add(lead, "zeppelin*", kind="pattern"))
    assert families_of(*flagged) == again


def test_it_goes_on_when_the_account_is_closed(lead):
    image = make_image(prompt=WORD)
    job = add(lead)
    type(lead).objects.filter(pk=lead.pk).update(is_active=False)
    assert work(job).state == JobState.SUCCEEDED
    assert is_marked(image)


def test_a_case_that_an_undo_brings_back_is_read_with_the_list_in_force(lead):
    image, actor = make_image(prompt=WORD), Actor.person(lead)
    made = decide(requests=[Request("approve", subject=image.subject_key)], actor=actor)
    work(add(lead))
    undo(batch=made.batch, actor=actor)
    while outbox.deliver():
        pass

    assert is_marked(image)
    assert case_of(image).priority == Priority.RAISED


def test_the_page_of_a_term_leads_to_the_task_and_the_task_says_what_it_does(as_, people):
    make_image(prompt=WORD)
    form = {
        "text": WORD, "kind": "word", "language": "en", "severity": "high", "action": "queue",
        "reason": "spam", "active": "on",
    }  # fmt: skip
    page = as_("lead").post(reverse("admin:moderation_term_add"), form, follow=True)
    job = Job.objects.get(kind=JobKind.REREAD)
    link = reverse("console:job", args=[job.pk])
    assert link in page.content.decode()
    work(job)
    told = as_("lead").get(link).content.decode()
    assert f"Open cases against new words: {WORD}" in told
    assert "Raised or marked" in told
    assert WORD in as_("lead").get(reverse("console:jobs")).content.decode()


def many(number: int) -> list[ImageLog]:
    """Pending pictures with their cases, half of them with the word."""
    source, now = make_source(), make_image(case=False).created_at
    images = [
        ImageLog(pk=uuid7(), source=source, upstream_id=f"m-{place}", created_at=now)
        for place in range(number)
    ]
    ImageLog.objects.bulk_create(images)
    ImageDetail.objects.bulk_create(
        ImageDetail(image=image, prompt=WORD if place % 2 else "a balloon", params={}, raw={})
        for place, image in enumerate(images)
    )
    cases.open_cases(
        [
            cases.NewCase(subject_type="gallery.imagelog", subject_id=image.pk, id=uuid7())
            for image in images
        ]
    )
    return images


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_goes_on_behind_its_last_chunk(broker):
    """It waits in its second chunk for a case that somebody has, and is killed there."""
    images = many(2 * rereading.CHUNK + 100)
    late = case_of(images[rereading.CHUNK + 51])
    job = add(make_person("lea", role="lead"))
    assert job is not None
    with (
        psycopg.connect(database_url()) as somebody,
        Worker(broker, queues="default", threads=1) as worker,
    ):
        somebody.execute("SELECT id FROM moderation_case WHERE id = %s FOR UPDATE", [late.pk])
        worker.ask("moderation.tasks.run_job", str(job.pk))
        until(somebody_waits)
        worker.kill()
        somebody.rollback()
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.RUNNING, rereading.CHUNK)
    marked = Case.objects.filter(why__contains=["flagged_text"], priority=Priority.RAISED)
    assert marked.count() == rereading.CHUNK // 2

    with Worker(broker, queues="default", threads=1) as worker:
        worker.ask("moderation.tasks.run_jobs")
        until(lambda: Job.objects.get().state == JobState.SUCCEEDED)
    job.refresh_from_db()
    assert (job.done, job.expected) == (len(images), len(images))
    assert job.outcomes == {"raised": len(images) // 2}
    assert marked.count() == len(images) // 2
    others = Case.objects.exclude(priority=Priority.RAISED)
    assert set(others.values_list("priority", flat=True)) == {Priority.NORMAL}


def until(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
