"""The dashboard: numbers that are right, notices that name what is wrong, at a fixed price."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from media.enums import AttachmentState
from media.models import Attachment
from moderation import audit, cases, flow
from moderation.actors import Actor
from moderation.console.freshness import forget_everything
from moderation.models import Decision, Tombstone
from moderation.registry import queues
from moderation.services import Request, decide
from tests.factories import (
    make_asset,
    make_case,
    make_fault,
    make_image,
    make_run,
    make_source,
)
from upstream.enums import RunStatus


def approve(person, *subjects):
    wanted = [Request(action="approve", subject=subject.subject_key) for subject in subjects]
    return decide(requests=wanted, actor=Actor.person(person))


def forget():
    """As if nobody had looked at the dashboard for a minute."""
    forget_everything()
    cache.clear()


def texts(browser):
    forget()
    return [notice.text for notice in browser.get("/admin/").context["attention"]]


def test_it_shows_each_queue_with_its_depth_and_what_is_overdue(as_):
    for _ in range(3):
        make_image()
    late = make_asset(case=False)
    make_case(late, due_at=timezone.now() - timedelta(minutes=5))
    rows = {row.slug: row for row in as_("viewer").get("/admin/").context["queues"]}
    assert (rows["images"].open, rows["images"].overdue) == (3, 0)
    assert (rows["assets"].open, rows["assets"].overdue) == (1, 1)


def test_a_viewer_sees_the_queues_without_the_way_into_them(as_):
    rows = as_("viewer").get("/admin/").context["queues"]
    assert [row.link for row in rows] == [""] * len(queues())
    links = {row.slug: row.link for row in as_("moderator").get("/admin/").context["queues"]}
    assert links["images"] == "/admin/queues/images/"
    assert links["escalations"] == ""


def test_my_day_counts_my_decisions_of_today_and_of_this_shift(as_, people):
    now = timezone.now().replace(hour=15, minute=0)
    with time_machine.travel(now - timedelta(days=1), tick=False):
        yesterday = make_image()
    images = [make_image() for _ in range(4)]
    cases.claim(user=people["moderator"], queue="images", limit=1)
    approve(people["moderator"], *images[:2])
    approve(people["lead"], yesterday)
    wanted = Request(action="reject", subject=images[2].subject_key, reason="violence")
    decide(requests=[wanted], actor=Actor.person(people["moderator"]))
    day = as_("moderator").get("/admin/").context["my_day"]
    assert (day["today"], day["shift"]) == (3, 3)
    assert day["actions"] == [("approve", 2), ("reject", 1)]


def test_the_flow_counts_arrivals_and_decisions_by_the_hour(people):
    now = timezone.now()
    three_ago = now - timedelta(hours=3)
    for _ in range(2):
        make_case(make_image(case=False), opened_at=three_ago)
    make_case(make_image(case=False), opened_at=now - timedelta(days=3))
    decided = make_image(case=False)
    make_case(decided, opened_at=three_ago)
    approve(people["lead"], decided)
    rows = flow.last_day().hours
    assert len(rows) == 24
    assert sum(arrived for _, arrived, _ in rows) == 3
    assert sum(done for _, _, done in rows) == 1
    assert rows[-4][1] == 3
    assert rows[-1][2] == 1


def test_what_needs_attention_is_named(as_, people):
    assert texts(as_("viewer")) == []
    make_case(make_image(case=False), due_at=timezone.now() - timedelta(minutes=1))
    broken, partial, fine = (make_source(name) for name in ("broken", "partial", "fine"))
    make_run(source=broken, status=RunStatus.FAILED)
    make_fault(make_run(source=partial, status=RunStatus.PARTIAL, failed=1))
    make_run(source=fine, status=RunStatus.FAILED)
    make_run(source=fine)
    later = timezone.now() + timedelta(minutes=9)
    make_source("shut", circuit_open_until=later)
    assert texts(as_("viewer")) == [
        "1 case is overdue.",
        "The last run of broken failed.",
        "The last run of partial is partial.",
        f"shut is not being asked until {later:%H:%M}: it failed repeatedly.",
        "1 failed record is kept.",
    ]
    page = as_("viewer").get("/admin/").content.decode()
    assert "The last run of broken failed." in page


def test_lost_pictures_and_bytes_that_should_be_gone_are_named(as_, people):
    image = make_image()
    lost = {"subject_type": image.subject_type(), "state": AttachmentState.FAILED}
    Attachment.objects.create(subject_id=image.pk, **lost)
    old = Attachment.objects.create(subject_id=make_image().pk, **lost)
    Attachment.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    purge = Request(action="purge", subject=image.subject_key, reason="violence")
    reject = Request(action="reject", subject=image.subject_key, reason="violence")
    for wanted in (reject, purge):
        decide(requests=[wanted], actor=Actor.person(people["lead"]))
    assert texts(as_("viewer")) == ["1 picture could not be fetched since yesterday."]
    Tombstone.objects.update(erase_after=timezone.now() - timedelta(minutes=20))
    assert texts(as_("viewer")) == [
        "1 picture could not be fetched since yesterday.",
        "The bytes of 1 purge should have been erased by now.",
    ]


def test_escalations_call_the_leads_alone(as_, people):
    wanted = Request(action="escalate", subject=make_image().subject_key, note="Is this ours?")
    decide(requests=[wanted], actor=Actor.person(people["moderator"]))
    assert texts(as_("lead")) == ["1 escalation waits for a lead."]
    assert texts(as_("moderator")) == []


def test_rejections_are_counted_by_reason_in_the_words_of_the_policy(as_, people):
    def reject(reason, *subjects):
        wanted = [
            Request(action="reject", subject=subject.subject_key, reason=reason)
            for subject in subjects
        ]
        decide(requests=wanted, actor=Actor.person(people["lead"]))

    reject("violence", *[make_image() for _ in range(3)])
    reject("minor-safety", make_image())
    approve(people["lead"], make_image())
    rows = as_("viewer").get("/admin/").context["reasons"]
    assert [(row["label"], row["number"], row["share"]) for row in rows] == [
        ("Violence, gore", 3, 100.0),
        ("Minor safety", 1, pytest.approx(100 / 3)),
    ]


def test_leads_see_who_decided_how_much_and_nobody_else_does(as_, people):
    images = [make_image() for _ in range(4)]
    approve(people["moderator"], *images[:2])
    wanted = Request(action="reject", subject=images[2].subject_key, reason="violence")
    decide(requests=[wanted], actor=Actor.person(people["moderator"]))
    approve(people["lead"], images[3])
    gone = people["lead"].pk
    people["lead"].delete()
    rows = as_("admin").get("/admin/").context["work"]
    assert [(row["who"], row["total"], row["approved"], row["rejected"]) for row in rows] == [
        ("moderator", 3, 2, 1),
        (f"#{gone}", 1, 1, 0),
    ]
    page = as_("viewer").get("/admin/")
    assert "work" not in page.context
    assert "Decisions by moderator" not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_decisions_that_stay_unsealed_are_named(as_, people, settings, tmp_path):
    settings.GATEHOUSE_HOME = tmp_path
    with time_machine.travel(timezone.now(), tick=True):
        approve(people["lead"], make_image())
        assert texts(as_("viewer")) == []
    ten = timezone.now() + timedelta(minutes=10)
    with time_machine.travel(ten, tick=True):
        assert [text for text in texts(as_("viewer")) if "not sealed" in text]
        audit.seal()
        assert not [text for text in texts(as_("viewer")) if "not sealed" in text]
    assert Decision.objects.count() == 1


def test_it_costs_the_same_number_of_queries_however_much_there_is(
    as_, people, django_assert_num_queries, django_assert_max_num_queries
):
    browser = as_("lead")
    approve(people["lead"], make_image())
    browser.get("/admin/")

    forget()
    with django_assert_max_num_queries(36) as few:
        browser.get("/admin/")
    price = len(few)
    for number in range(12):
        image = make_image()
        if number % 2:
            approve(people["lead"], image)
    for number in range(5):
        make_fault(make_run(source=make_source(f"s{number}"), status=RunStatus.PARTIAL))
    forget()
    with django_assert_num_queries(price):
        browser.get("/admin/")
    # Within seconds, the next page needs far less.
    with django_assert_max_num_queries(13):
        browser.get("/admin/")


def test_the_chart_can_be_read_as_a_table_and_without_colour(as_):
    page = as_("viewer").get("/admin/")
    chart = page.context["flow"]["data"]
    assert '"borderDash": [5, 4]' in chart
    assert '"pointStyle": "rect"' in chart
    assert page.content.decode().count('<td class="gh-n">0</td>') >= 48


def test_somebody_without_a_role_is_told_so(as_, people):
    nobody = people["nobody"]
    nobody.is_staff = True
    nobody.save()
    page = as_("nobody").get("/admin/")
    assert page.status_code == 200
    assert "You have no role yet." in page.content.decode()
    assert "queues" not in page.context
