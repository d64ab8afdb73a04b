"""Deciding all that a list shows: the page, at once or by a worker, and its undo."""

import pytest

from moderation import jobs
from moderation.console import bulk, subjects
from moderation.models import Decision, Job
from tests.factories import make_image

pytestmark = pytest.mark.django_db

URL = "/admin/bulk/gallery.imagelog/"


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def upto(answer):
    return str(answer.context["upto"])


def test_the_page_says_what_would_be_decided(as_):
    images = [make_image(user_id="u-1") for _ in range(3)]
    make_image(user_id="u-2")
    page = as_("moderator").get(URL, {"user": "u-1", "status": "pending"})
    text = page.content.decode()
    assert "3 rows" in text and "u-1" in text and "Pending" in text
    assert upto(page) == str(images[-1].pk)


def test_a_few_are_decided_at_once_and_undone_as_one(as_):
    images = [make_image(user_id="u-1") for _ in range(3)]
    browser = as_("moderator")
    address = f"{URL}?user=u-1"
    given = {"action": "reject", "reason": "violence", "upto": upto(browser.get(address))}
    late = make_image(user_id="u-1")
    answer = browser.post(address, given, follow=True)
    assert told(answer)[0].startswith("3 decisions applied.")
    assert set(Decision.objects.values_list("subject_id", flat=True)) == {i.pk for i in images}
    late.refresh_from_db()
    assert late.review_status == "pending"
    batch = Decision.objects.first().batch
    browser.post(f"/admin/batches/{batch}/")
    assert Decision.objects.filter(action="undo").count() == 3


def test_many_are_left_to_a_worker_whose_task_the_page_shows(as_, people, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(subjects, "AT_ONCE", 2)
    for _ in range(3):
        make_image(user_id="u-1")
    browser = as_("moderator")
    address = f"{URL}?user=u-1&after=abc"
    given = {"action": "approve", "upto": upto(browser.get(address))}
    answer = browser.post(address, given)
    job = Job.objects.get()
    assert answer["Location"] == f"/admin/tasks/{job.pk}/"
    assert job.parameters["query"] == {"user": "u-1"} and not Decision.objects.exists()
    assert "Waiting" in browser.get(answer["Location"]).content.decode()
    jobs.work(job.pk)
    page = browser.get(answer["Location"]).content.decode()
    assert "undo it" in page and "Approve · Images · User: u-1" in page
    state = browser.get(f"/admin/tasks/{job.pk}/state/").json()
    assert (state["status"], state["seen"], state["expected"]) == ("succeeded", 3, 3)
    assert state["outcomes"] == [["Applied", 3]]
    undo = browser.post(f"/admin/batches/{job.batch}/")
    assert undo["Location"] == f"/admin/tasks/{Job.objects.latest('pk').pk}/"


@pytest.mark.parametrize(
    "given",
    [
        {"action": "reject"}, {"action": "escalate"}, {"action": "purge"}, {"action": ""}, {},
        {"action": "reject", "reason": "no-such-reason"}, {"action": "reopen", "note": "x" * 4001},
    ],
)  # fmt: skip
def test_an_incomplete_order_is_asked_for_again(as_, given):
    make_image()
    browser = as_("moderator")
    answer = browser.post(URL, given | {"upto": upto(browser.get(URL))})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    assert not Decision.objects.exists() and not Job.objects.exists()


@pytest.mark.parametrize("query", ["status=nonsense", "unknown=1", "since=yesterday"])
def test_a_filter_that_makes_no_sense_stops_it(as_, query):
    make_image()
    answer = as_("moderator").post(f"{URL}?{query}", {"action": "approve"}, follow=True)
    assert "make no sense" in told(answer)[0]
    assert not Decision.objects.exists()


def test_nothing_that_fits_is_said(as_):
    answer = as_("moderator").get(URL, {"user": "nobody"}, follow=True)
    assert told(answer) == ["Nothing fits these filters."]


def test_only_those_who_moderate_get_there(as_):
    make_image()
    for role, status in {"viewer": 403, "operator": 403, "moderator": 200, "lead": 200}.items():
        assert as_(role).get(URL).status_code == status
    assert as_("moderator").get("/admin/bulk/no.such/").status_code == 404


def test_others_tasks_are_not_found(as_, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    make_image()
    browser = as_("moderator")
    browser.post(URL, {"action": "approve", "upto": upto(browser.get(URL))})
    path = f"/admin/tasks/{Job.objects.get().pk}/"
    assert as_("viewer").get(path).status_code == 404
    assert as_("viewer").post(f"{path}cancel/").status_code == 404
    assert as_("lead").get(path).status_code == 200
    assert "Approve" in as_("lead").get("/admin/tasks/").content.decode()
    as_("lead").post(f"{path}cancel/")
    jobs.work(Job.objects.get().pk)
    assert Job.objects.get().state == "cancelled" and not Decision.objects.exists()
