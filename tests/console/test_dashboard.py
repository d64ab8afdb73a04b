"""The dashboard: numbers that are right, notices that name what is wrong, at a fixed price."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from moderation import audit, cases
from moderation.actors import Actor
from moderation.console import dashboard
from moderation.models import Decision
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
    for kept in (dashboard.trouble, dashboard.flow, dashboard.fresh_counts):
        kept.forget()
    cache.clear()


def texts():
    return [notice["text"] for notice in dashboard.attention()]


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
    assert [row.link for row in rows] == ["", "", "", ""]
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
    rows = dashboard.flow()
    assert len(rows) == 24
    assert sum(arrived for _, arrived, _ in rows) == 3
    assert sum(done for _, _, done in rows) == 1
    assert rows[-4][1] == 3
    assert rows[-1][2] == 1


def test_what_needs_attention_is_named(as_, people):
    assert texts() == []
    make_case(make_image(case=False), due_at=timezone.now() - timedelta(minutes=1))
    broken, partial, fine = (make_source(name) for name in ("broken", "partial", "fine"))
    make_run(source=broken, status=RunStatus.FAILED)
    make_fault(make_run(source=partial, status=RunStatus.PARTIAL, failed=1))
    make_run(source=fine, status=RunStatus.FAILED)
    make_run(source=fine)
    later = timezone.now() + timedelta(minutes=9)
    make_source("shut", circuit_open_until=later)
    forget()
    assert texts() == [
        "1 case is overdue.",
        "The last run of broken failed.",
        "The last run of partial is partial.",
        f"shut is not being asked until {later:%H:%M}: it failed repeatedly.",
        "1 failed record is kept.",
    ]
    page = as_("viewer").get("/admin/").content.decode()
    assert "The last run of broken failed." in page


@pytest.mark.django_db(transaction=True)
def test_decisions_that_stay_unsealed_are_named(people, settings, tmp_path):
    settings.GATEHOUSE_HOME = tmp_path
    with time_machine.travel(timezone.now(), tick=True):
        approve(people["lead"], make_image())
        assert texts() == []
    ten = timezone.now() + timedelta(minutes=10)
    with time_machine.travel(ten, tick=True):
        dashboard.trouble.forget()
        assert [text for text in texts() if "not sealed" in text]
        audit.seal()
        dashboard.trouble.forget()
        assert not [text for text in texts() if "not sealed" in text]
    assert Decision.objects.count() == 1


def test_it_costs_the_same_number_of_queries_however_much_there_is(
    as_, people, django_assert_num_queries, django_assert_max_num_queries
):
    browser = as_("lead")
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
    with django_assert_max_num_queries(12):
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
