"""Reports and appeals: what they open and raise, who looks, what their sender learns; over real
HTTP.
"""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils.translation import override

from moderation import cases
from moderation.actors import Actor
from moderation.api.presenting import present_subjects
from moderation.enums import Priority, ReportKind, Why
from moderation.models import Case, Report
from moderation.registry import queue_for
from moderation.reports import MOST, Statement, outcomes, report, reports_of
from moderation.services import Request, decide, undo
from tests.factories import (
    case_of,
    make_asset,
    make_character,
    make_image,
    make_person,
    make_reason,
    make_source,
)
from tests.moderation.test_rest import api

__all__ = ["api"]

pytestmark = pytest.mark.django_db(transaction=True)


def said(subject, **words) -> dict[str, Any]:
    target = {"type": subject.subject_type(), "id": str(subject.pk)}
    return {
        "subject": target,
        "reporter": "bob",
        "category": "violence",
        "text": "Too red.",
    } | words


def judge(user, subject, action, **words):
    words = {"reason": "violence"} | words if action == "reject" else words
    request = Request(action, subject=subject.subject_key, **words)
    made = decide(requests=[request], actor=Actor.person(user))
    assert made.results[0].status in {"applied", "unchanged"}, made.results
    return made.batch


def offered(user, queue="images") -> list[uuid.UUID]:
    return [case.subject_id for case in cases.claim(user=user, queue=queue, limit=100)]


@pytest.mark.parametrize("make", [make_image, make_character, make_asset])
@pytest.mark.parametrize("kind", ["report", "appeal"])
def test_it_opens_a_case_of_its_kind_for_any_subject(api, make, kind):
    subject = make(review_status="approved")
    answer = api("viewer").post("reports/", json=said(subject, kind=kind))
    assert answer.status_code == 201
    assert answer.json() | {"id": "", "at": ""} == {
        "id": "", "kind": kind, "subject": {"type": subject.subject_type(), "id": str(subject.pk)},
        "reporter": "bob", "category": "violence", "text": "Too red.", "at": "",
        "status": "open", "outcome": None, "reason": None, "decided_at": None,
    }  # fmt: skip
    case = case_of(subject)
    why = {"report": Why.REPORTED, "appeal": Why.APPEALED}[kind]
    assert (case.kind, case.why, case.ready) == (kind, [why], True)


def test_it_raises_the_open_case_and_adds_to_its_reasons(api):
    image = make_image()
    api("viewer").post("reports/", json=said(image))
    case = case_of(image)
    assert (case.priority, case.why) == (Priority.HIGH, [Why.FIRST_LOOK, Why.REPORTED])


@pytest.mark.parametrize(
    ("category", "priority"),
    [
        ("minor-safety", Priority.TOP),
        ("hate", Priority.HIGH),
        ("spam", Priority.RAISED),
        ("ugly", Priority.RAISED),
        ("", Priority.RAISED),
    ],
)
def test_the_gravity_of_the_category_says_how_soon(api, category, priority):
    image = make_image(review_status="approved")
    api("viewer").post("reports/", json=said(image, category=category))
    assert case_of(image).priority == priority


def test_many_reporters_make_it_urgent_one_reporter_twice_does_not(api):
    image, client = make_image(review_status="approved"), api("viewer")
    for text in ("One.", "Two.", "Three.", "Three."):
        client.post("reports/", json=said(image, category="spam", text=text))
    assert case_of(image).priority == Priority.RAISED
    assert Report.objects.count() == 3
    for reporter in ("carol", "dan"):
        client.post("reports/", json=said(image, category="spam", reporter=reporter))
    assert case_of(image).priority == Priority.HIGH
    assert Case.objects.count() == 1


def test_the_same_words_again_are_the_same_report_until_it_is_decided(api):
    image, client = make_image(review_status="approved"), api("viewer")
    first = client.post("reports/", json=said(image)).json()
    assert client.post("reports/", json=said(image)).json() == first
    judge(make_person(role="moderator"), image, "approve")
    again = client.post("reports/", json=said(image)).json()
    assert again["id"] != first["id"]
    assert again["status"] == "open"


def test_who_decided_is_not_offered_it_nor_anybody_who_decided_before(api):
    alice, bob, chen = (make_person(name, role="moderator") for name in ("alice", "bob", "chen"))
    image = make_image()
    judge(alice, image, "approve")
    judge(bob, image, "reject")
    api("viewer").post("reports/", json=said(image, kind="appeal"))
    assert case_of(image).not_for == bob.pk
    assert offered(alice) == offered(bob) == []
    for who in (alice, bob):
        with pytest.raises(cases.StaleClaim):
            cases.claim_one(user=who, case_id=case_of(image).pk)
        request = Request("approve", subject=image.subject_key)
        made = decide(requests=[request], actor=Actor.person(who))
        assert made.results[0].status == "conflict"
    assert offered(chen) == [image.pk]


def test_who_holds_the_case_that_an_appeal_joins_loses_it_when_they_judged_before(api):
    alice, image = make_person(role="moderator"), make_image()
    judge(alice, image, "approve")
    cases.open_cases([cases.NewCase(image.subject_type(), image.pk, why=["changed"])])
    (held,) = cases.claim(user=alice, queue="images", limit=1)
    api("viewer").post("reports/", json=said(image))
    request = Request("approve", case=held.pk, claim_token=held.claim_token)
    made = decide(requests=[request], actor=Actor.person(alice))
    assert made.results[0].status == "conflict"


def test_an_appeal_of_what_only_leads_reverse_goes_to_the_leads(api):
    moderator, lead = make_person(role="moderator"), make_person(role="lead")
    image = make_image()
    judge(lead, image, "reject")
    api("viewer").post("reports/", json=said(image, kind="appeal"))
    assert case_of(image).queue == "escalations"
    with pytest.raises(cases.NotAllowed):
        offered(moderator, "escalations")
    assert offered(lead, "escalations") == []
    assert offered(make_person(role="lead"), "escalations") == [image.pk]


def test_an_appeal_of_a_held_picture_joins_the_leads_case_and_says_nothing_of_the_hold(api):
    image = make_image()
    make_reason("grave", severity="critical")
    judge(make_person(role="moderator"), image, "reject", reason="grave")
    image.refresh_from_db()
    assert image.held
    answer = api("viewer").post("reports/", json=said(image, kind="appeal"))
    assert answer.status_code == 201
    assert "held" not in answer.text
    case = case_of(image)
    assert (case.queue, case.kind) == ("escalations", "escalation")
    assert Why.APPEALED in case.why


def test_the_outcome_is_told_to_the_account_that_sent_it_alone(api):
    image, client = make_image(review_status="approved"), api("viewer")
    report = client.post("reports/", json=said(image)).json()
    judge(make_person(role="moderator"), image, "reject")
    answer = client.get(f"reports/{report['id']}/").json()
    assert (answer["status"], answer["outcome"], answer["reason"]) == (
        "closed",
        "rejected",
        "violence",
    )
    assert answer["decided_at"]
    other = api("viewer")
    assert other.get(f"reports/{report['id']}/").status_code == 404
    assert other.get("reports/").json() == {"items": [], "next_cursor": None}


def test_an_undone_judgement_is_no_outcome(api):
    image, client = make_image(review_status="approved"), api("viewer")
    report = client.post("reports/", json=said(image)).json()
    lead = make_person(role="lead")
    batch = judge(lead, image, "reject")
    undo(batch=batch, actor=Actor.person(lead))
    answer = client.get(f"reports/{report['id']}/").json()
    assert (answer["status"], answer["outcome"]) == ("open", None)
    assert case_of(image).kind == "report"


def test_a_granted_appeal_says_so(api):
    image, client = make_image(), api("viewer")
    judge(make_person(role="moderator"), image, "reject")
    report = client.post("reports/", json=said(image, kind="appeal")).json()
    judge(make_person(role="moderator"), image, "approve")
    assert client.get(f"reports/{report['id']}/").json()["outcome"] == "approved"


def test_a_critical_rejection_is_no_outcome_until_a_lead_has_spoken(api):
    make_reason("grave", severity="critical")
    image, client = make_image(review_status="approved"), api("viewer")
    report = client.post("reports/", json=said(image)).json()
    judge(make_person(role="moderator"), image, "reject", reason="grave")
    assert client.get(f"reports/{report['id']}/").json()["status"] == "open"
    judge(make_person(role="lead"), image, "reject", reason="grave")
    assert client.get(f"reports/{report['id']}/").json()["outcome"] == "rejected"


def test_a_report_of_what_is_rejected_is_kept_and_closed(api):
    image = make_image(review_status="rejected")
    answer = api("viewer").post("reports/", json=said(image)).json()
    assert (answer["status"], answer["outcome"]) == ("closed", "rejected")
    assert not Case.objects.exists()
    assert Report.objects.count() == 1


def test_undoing_the_decision_that_opened_a_case_keeps_what_was_reported_since(api):
    image, alice = make_image(review_status="approved"), make_person(role="lead")
    batch = judge(alice, image, "reopen", note="look again")
    api("viewer").post("reports/", json=said(image))
    undo(batch=batch, actor=Actor.person(alice))
    assert Why.REPORTED in case_of(image).why


def test_a_sync_that_follows_upstream_does_not_end_a_report(api):
    source = make_source()
    image = make_image(source=source)
    api("viewer").post("reports/", json=said(image))
    request = Request("follow", subject=image.subject_key, follow="approved")
    decide(requests=[request], actor=Actor.sync(source))
    assert Why.REPORTED in case_of(image).why


def test_own_reports_are_listed_newest_first_page_by_page(api):
    client = api("viewer")
    images = [make_image(review_status="approved") for _ in range(5)]
    for number, image in enumerate(images):
        client.post("reports/", json=said(image, reporter=f"user-{number % 2}"))
    first = client.get("reports/", params={"limit": 3}).json()
    rest = client.get("reports/", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    ids = [item["subject"]["id"] for item in first["items"] + rest["items"]]
    assert ids == [str(image.pk) for image in reversed(images)]
    assert rest["next_cursor"] is None
    mine = client.get("reports/", params={"reporter": "user-1"}).json()["items"]
    assert [item["reporter"] for item in mine] == ["user-1", "user-1"]


def test_reading_takes_the_same_queries_however_many(django_assert_num_queries):
    images = [make_image() for _ in range(4)]
    for image in images:
        Report.objects.create(
            kind="report", subject_type=image.subject_type(), subject_id=image.pk, client_id=1,
            reporter="bob", status_then="pending",
        )  # fmt: skip
    rows = list(Report.objects.all())
    with django_assert_num_queries(2):
        assert len(outcomes(rows)) == 4
    with django_assert_num_queries(3):
        assert len(reports_of([image.pk for image in images])) == 4
    with django_assert_num_queries(1):
        assert reports_of([uuid.uuid4()]) == {}


@pytest.mark.parametrize(("role", "status"), [("", 401), ("none", 403), ("viewer", 201)])
def test_a_role_is_needed(api, role, status):
    image = make_image(review_status="approved")
    assert api(role).post("reports/", json=said(image)).status_code == status


def test_a_machine_is_slowed_down_and_its_neighbours_are_not(api):
    client = api("viewer")
    image = make_image(review_status="approved")
    for number in range(MOST):
        assert client.post("reports/", json=said(image, text=f"{number}")).status_code == 201
    answer = client.post("reports/", json=said(image, text="one more"))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post("reports/", json=said(image, reporter="carol")).status_code == 201


def test_without_a_reporter_the_account_itself_says_it(api):
    image = make_image(review_status="approved")
    body = said(image)
    del body["reporter"]
    assert api("viewer", "desk").post("reports/", json=body).json()["reporter"] == "desk"


def test_moderators_are_shown_what_was_said(api):
    image = make_image(review_status="approved")
    api("viewer").post("reports/", json=said(image, text="<b>Look</b>"))
    queue = queue_for("gallery.imagelog")
    user = make_person(role="moderator")
    with override("en"):
        shown = present_subjects(queue, queue.load([image.pk]), user=user, purpose="claim")
    (found,) = shown[image.pk]["context"]["reports"]
    at = found.pop("at")
    assert at and found == {
        "kind": "report", "reporter": "bob", "category": "violence", "label": "Violence, gore",
        "text": "<b>Look</b>", "open": True,
    }  # fmt: skip


def test_a_word_of_the_clients_own_stays_as_it_is():
    image = make_image(review_status="approved")
    said_so = Statement(ReportKind.REPORT, "bob", "not-ours")
    report(subject=image.subject_key, said=said_so, client=make_person(role="viewer"))
    [shown] = reports_of([image.pk])[image.pk]
    assert (shown["category"], shown["label"]) == ("not-ours", "not-ours")


def test_what_was_said_cannot_be_changed():
    with pytest.raises(IntegrityError, match="append-only"):
        Report.objects.update(text="other")
