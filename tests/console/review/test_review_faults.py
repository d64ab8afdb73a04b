"""What may go wrong during a shift: the server goes, a claim runs out, somebody was faster."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from moderation import cases, services
from moderation.actors import Actor
from moderation.models import Case, Decision
from moderation.services import Request
from tests.console.review.desk import Desk
from tests.console.review.test_review_deciding import APPROVED, VIOLENCE, log
from tests.factories import make_character, make_person
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def own_server(browser):
    """A server that a test may kill, and desks at it."""
    desks = []
    with WebServer() as running:

        def open_page(person):
            desks.append(Desk(browser, running.url, person, "images", {}))
            return desks[-1]

        yield running, open_page
        for desk in desks:
            desk.leave()


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(own_server, pictures, alice):
    server, open_page = own_server
    pictures(8)
    desk = open_page(alice).ready()
    desk.page.wait_for_load_state("networkidle")
    wanted = {desk.approve(): [APPROVED]}
    server.kill()
    wanted |= {desk.reject(4): [VIOLENCE], desk.approve(): [APPROVED], desk.approve(): [APPROVED]}
    expect(desk.page.locator("#unsent")).to_contain_text("unsent")
    expect(desk.page.locator("#banners")).to_contain_text("No connection")
    server.start()
    desk.all_sent()
    assert log() == wanted
    wanted[desk.approve()] = [APPROVED]
    desk.all_sent()
    assert log() == wanted


def test_a_lease_that_ran_out_unclaimed_is_still_good_and_is_renewed(sit_down, pictures, alice):
    """An outage does not turn honest work into conflicts."""
    pictures(2)
    desk = sit_down(alice).ready()
    first = desk.case
    Case.objects.filter(pk=first).update(claimed_until=timezone.now() - timedelta(minutes=1))
    desk.approve()
    desk.all_sent()
    assert log() == {first: [APPROVED]}


def test_a_claim_that_went_to_somebody_else_unnoticed_is_decided_once_by_them(
    sit_down, pictures, alice, bob
):
    pictures(2)
    desk = sit_down(alice).ready()
    first = desk.case
    Case.objects.filter(pk=first).update(claimed_until=timezone.now() - timedelta(minutes=1))
    taken = cases.claim(user=bob, queue="images", limit=1)[0]
    assert str(taken.pk) == first
    desk.approve()
    desk.says("somebody else acted on it, or your claim was lost")
    desk.all_sent()
    assert log() == {}
    row = Request(action="reject", case=taken.pk, claim_token=taken.claim_token, reason="violence")
    services.decide(requests=[row], actor=Actor.person(bob))
    assert log() == {first: [VIOLENCE]}


def test_turning_a_decision_from_the_history_is_a_conflict_when_somebody_acted_since(
    sit_down, pictures, alice
):
    image, *_ = pictures(2)
    desk = sit_down(alice).ready()
    desk.approve()
    desk.all_sent()
    desk.page.route("**/admin/shift/", lambda route: route.fulfill(json=late(route)))
    desk.press("h")
    turn = desk.page.get_by_role("button", name="Reject after all")
    expect(turn).to_be_visible()
    lead = make_person("lea", role="lead")
    services.decide(
        requests=[Request(action="reject", subject=image.subject_key, reason="violence")],
        actor=Actor.person(lead),
    )
    turn.click()
    desk.press("5")
    desk.says(re.compile("picture-00.*was not saved: somebody else acted"))
    desk.all_sent()
    assert [row.actor_id for row in Decision.objects.order_by("id")] == [alice.pk, lead.pk]


def test_u_takes_back_what_was_turned_in_the_history_before_older_cards(sit_down, pictures, alice):
    pictures(4)
    desk = sit_down(alice).ready()
    first, second = desk.approve(), desk.approve()
    desk.all_sent().page.route("**/admin/shift/", lambda route: route.fulfill(json=late(route)))
    desk.press("h")
    row = desk.page.locator(".past", has_text="picture-00")
    row.get_by_role("button", name="Reject after all").click()
    desk.press("4").all_sent()
    present = desk.case
    desk.press("u").all_sent()
    expect(desk.page.locator("#last")).to_contain_text(re.compile("Undone:.*picture-00"))
    assert desk.case == present
    assert log() == {first: [APPROVED, VIOLENCE, ("undo", "")], second: [APPROVED]}
    desk.press("u").all_sent()
    assert log()[second] == [APPROVED, ("undo", "")]
    turned = Decision.objects.get(action="reject")
    assert turned.seen == "thumb"


def test_what_is_turned_without_a_picture_was_seen_as_none(sit_down, alice):
    make_character(name="白洲梓", bio="An adult sailor.")
    desk = sit_down(alice, "characters")
    desk.page.wait_for_selector("#plate.is-text")
    desk.press("a").all_sent()
    desk.page.route("**/admin/shift/", lambda route: route.fulfill(json=late(route)))
    desk.press("h")
    desk.page.get_by_role("button", name="Reject after all").click()
    desk.press("4").all_sent()
    assert Decision.objects.get(action="reject").seen == "none"


def test_after_a_reload_u_takes_back_what_is_still_unsent_before_what_was_sent(
    sit_down, pictures, alice
):
    pictures(4)
    desk = sit_down(alice).ready()
    first = desk.approve()
    desk.all_sent().page.route("**/api/moderation/decisions/", lambda route: route.abort())
    second = desk.reject(4)
    desk.page.reload()
    desk.shows("error")
    desk.press("u")
    expect(desk.page.locator("#unsent")).to_have_text("1 unsent")
    desk.page.unroute_all()
    desk.ready().all_sent()
    # Nobody knew whether the server had it: it was asked, and then undone.
    assert log() == {first: [APPROVED], second: [VIOLENCE, ("undo", "")]}
    expect(desk.page.locator("#last")).to_contain_text("is open again")
    desk.page.wait_for_load_state("networkidle")
    assert Case.objects.get(pk=second).claimed_by == alice


def test_the_history_lists_each_decision_once_however_fast_it_is_opened(sit_down, pictures, alice):
    pictures(2)
    desk = sit_down(alice).ready()
    desk.approve()
    desk.all_sent()
    held = []

    def hold(route):
        held.append(route)

    desk.page.route("**/admin/shift/", hold)
    desk.press("h", "h", "h")
    desk.page.wait_for_timeout(200)
    assert len(held) == 2
    for route in held:
        with desk.page.expect_response("**/admin/shift/"):
            route.continue_()
    expect(desk.page.locator(".past")).to_have_count(1)
    desk.page.wait_for_timeout(200)
    assert desk.page.locator(".past").count() == 1


def late(route):
    """The shift as it looks once the time for undoing is over."""
    answer = route.fetch().json()
    for item in answer["items"]:
        item["undo"] = False
    return answer


def test_what_was_decided_together_is_undone_together_from_the_history(sit_down, pictures, alice):
    pictures(4)
    desk = sit_down(alice).ready()
    desk.press("g")
    desk.page.wait_for_function("() => document.querySelectorAll('.cell .blurred').length === 4")
    desk.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "r", "4").all_sent()
    desk.page.reload()
    desk.page.wait_for_selector(".cell")
    desk.press("h")
    expect(desk.page.locator(".past")).to_have_count(3)
    undo = desk.page.get_by_role("button", name="Undo all 3")
    expect(undo).to_have_count(1)
    undo.click()
    desk.all_sent()
    expect(desk.page.locator("#last")).to_contain_text("3 cards are open again")
    assert list(log().values()) == [[VIOLENCE, ("undo", "")]] * 3
    expect(desk.page.locator(".cell")).to_have_count(4)


def test_one_of_a_batch_is_turned_by_itself_and_the_batchs_undo_leaves_it(
    sit_down, pictures, alice
):
    pictures(4)
    desk = sit_down(alice).ready()
    desk.press("g")
    desk.page.wait_for_function("() => document.querySelectorAll('.cell .blurred').length === 4")
    desk.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "r", "4").all_sent()
    batch = Decision.objects.values_list("batch", flat=True).distinct().get()
    desk.page.route("**/admin/shift/", lambda route: route.fulfill(json=late(route)))
    desk.press("h")
    row = desk.page.locator(".past", has_text="picture-01")
    row.get_by_role("button", name="Approve after all").click()
    desk.all_sent()
    turned = Decision.objects.get(action="approve")
    lead = make_person("lea", role="lead")
    results = services.undo(batch=batch, actor=Actor.person(lead)).results
    assert sorted(str(one.status) for one in results) == ["applied", "applied", "conflict"]
    assert log()[case_before(turned)] == [VIOLENCE, APPROVED]
    actions = [[action for action, _ in rows] for rows in log().values()]
    assert sorted(actions) == [["reject", "approve"], ["reject", "undo"], ["reject", "undo"]]


def case_before(turned):
    rows = Decision.objects.filter(subject_id=turned.subject_id).order_by("id")
    return str(rows.values_list("case_id", flat=True)[0])


def test_a_server_killed_while_a_selection_is_on_its_way_decides_each_card_once(
    own_server, pictures, alice
):
    server, open_page = own_server
    pictures(20)
    desk = open_page(alice).ready()
    desk.press("g")
    desk.page.wait_for_function("() => document.querySelectorAll('.cell .blurred').length >= 12")
    desk.page.wait_for_load_state("networkidle")
    desk.press("x", *["Shift+ArrowRight"] * 9, "a")
    server.kill()
    server.start()
    desk.all_sent()
    assert list(log().values()) == [[APPROVED]] * 10
    assert Decision.objects.values("batch").distinct().count() == 1


def test_the_history_goes_back_as_far_as_the_shift(sit_down, pictures, alice):
    pictures(1)
    cases.claim(user=alice, queue="images", limit=1)  # the shift begins
    cases.release_all(user=alice)
    for number in range(63):
        (image,) = pictures(1, message_id=f"old-{number:02}")
        services.decide(
            requests=[Request(action="approve", subject=image.subject_key)],
            actor=Actor.person(alice),
        )
    desk = sit_down(alice).ready()
    desk.press("h")
    expect(desk.page.locator(".past")).to_have_count(60)
    desk.page.get_by_role("button", name="Show older ones").dblclick()
    expect(desk.page.locator(".past")).to_have_count(63)
    expect(desk.page.locator(".past").last).to_contain_text("old-00")


def run_out() -> None:
    """Every lease ends, as in an outage that is longer than one."""
    Case.objects.filter(claimed_by__isnull=False).update(
        claimed_until=timezone.now() - timedelta(minutes=1)
    )


@pytest.mark.parametrize("reload", [False, True], ids=["on-the-same-page", "after-a-reload"])
def test_an_outage_longer_than_the_leases_brings_no_decision_back(
    own_server, pictures, alice, reload
):
    """The page claims again as soon as the server is back: first it sends what it still has."""
    server, open_page = own_server
    pictures(6)
    desk = open_page(alice).ready()
    desk.page.wait_for_load_state("networkidle")
    server.kill()
    wanted = {}
    for _ in range(3):
        wanted |= {desk.approve(): [APPROVED], desk.reject(4): [VIOLENCE]}
    desk.shows("error")
    run_out()
    server.start()
    if reload:
        desk.page.reload()
    desk.all_sent()
    desk.shows("clear")
    assert log() == wanted
    expect(desk.page.locator("#toasts")).to_be_empty()


def test_at_the_normal_pace_the_next_batch_does_not_wait_for_the_outbox(sit_down, pictures, alice):
    pictures(30)
    desk = sit_down(alice).ready()
    desk.page.wait_for_load_state("networkidle")
    held = []
    let_go = False
    desk.page.route(
        "**/api/moderation/decisions/",
        lambda route: route.continue_() if let_go else held.append(route),
    )
    with desk.page.expect_response("**/claim/") as claimed:
        for _ in range(10):
            desk.approve()
    assert claimed.value.status == 200
    assert desk.unsent == 10
    assert log() == {}
    assert len(held) == 1  # one after the other
    let_go = True
    held[0].continue_()
    desk.all_sent()
    assert len(log()) == 10


def test_the_lease_of_what_is_decided_but_not_sent_is_renewed(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice).ready()
    desk.page.route("**/api/moderation/decisions/", lambda route: route.abort())
    first = desk.approve()
    run_out()
    desk.page.wait_for_timeout(2_100)  # two heartbeats are never closer than that
    with desk.page.expect_response("**/claims/renew/"):
        desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    assert (Case.objects.get(pk=first).claimed_until or timezone.now()) > timezone.now()
    desk.page.unroute_all()
    desk.all_sent()
    assert log() == {first: [APPROVED]}
