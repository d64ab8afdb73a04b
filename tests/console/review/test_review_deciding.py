"""Deciding at the review page: each decision once, whatever happens to line and page."""

import re
import time
import uuid

import pytest
from playwright.sync_api import expect

from moderation import cases, services
from moderation.actors import Actor
from moderation.enums import ReviewStatus
from moderation.models import Case, Decision
from moderation.services import Request
from tests.factories import make_character, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What `approve()` and `reject()` leave in the log, by the id of the case.
APPROVED, VIOLENCE, HATE = ("approve", ""), ("reject", "violence"), ("reject", "hate")


def log() -> dict[str, list[tuple[str, str]]]:
    """The actions of the log by case, oldest first; an undo finds its case closed."""
    found: dict[str, list[tuple[str, str]]] = {}
    cases_of: dict[uuid.UUID, str] = {}
    for row in Decision.objects.order_by("id"):
        case = cases_of.setdefault(row.subject_id, str(row.case_id))
        found.setdefault(case, []).append((row.action, row.reason))
    return found


def test_twenty_pictures_are_decided_by_keyboard_through_a_lost_connection_each_exactly_once(
    sit_down, pictures, alice, server
):
    pictures(26)
    desk = sit_down(alice)
    wanted: dict[str, list[tuple[str, str]]] = {}
    desk.ready().page.wait_for_load_state("networkidle")
    for number in range(20):
        if number == 7:
            desk.all_sent().context.set_offline(True)
        if number == 14:
            expect(desk.page.locator("#banners")).to_contain_text("No connection")
            expect(desk.page.locator("#unsent")).to_have_text("7 unsent")
            desk.context.set_offline(False)
        if number % 4 == 1:
            wanted[desk.reject(4)] = [VIOLENCE]
        elif number % 4 == 3:
            wanted[desk.reject(5)] = [HATE]
        else:
            wanted[desk.approve()] = [APPROVED]
    desk.all_sent()
    expect(desk.page.locator("#unsent")).to_have_text("all sent")
    assert len(wanted) == 20
    assert log() == wanted

    last = list(wanted)[-1]
    desk.press("u")
    expect(desk.page.locator("#stage-note-text")).to_contain_text("open again")
    assert desk.case == last
    assert log() == wanted | {last: [HATE, ("undo", "")]}
    assert Case.objects.get(pk=last).claimed_by == alice
    desk.approve()
    desk.all_sent()
    assert log() == wanted | {last: [HATE, ("undo", ""), APPROVED]}
    assert Decision.objects.filter(action="undo").count() == 1


def test_signing_in_through_the_form_leads_to_the_first_picture(browser, server, alice, pictures):
    pictures(1)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/admin/queues/images/")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", "alice")
    page.keyboard.press("Enter")
    page.wait_for_selector("#frame[data-state=ready]")
    context.close()


def test_unsent_decisions_survive_a_reload_and_are_sent_once(sit_down, pictures, alice):
    pictures(4)
    desk = sit_down(alice).ready()
    desk.page.route("**/api/moderation/decisions/", lambda route: route.abort())
    first, second = desk.approve(), desk.reject(4)
    third = desk.case
    assert desk.unsent == 2
    assert Decision.objects.count() == 0
    desk.page.unroute_all()
    desk.page.reload()
    desk.ready().all_sent()
    assert log() == {first: [APPROVED], second: [VIOLENCE]}
    # The reloaded page goes on with what this browser holds, and shows nothing decided again.
    assert desk.case == third
    assert desk.page.locator(".tile").count() == 2


def test_an_answer_that_was_lost_on_its_way_decides_nothing_twice(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice).ready()
    lost = []

    def lose_the_first_answer(route):
        route.fetch()
        if lost:
            return route.fallback()
        lost.append(route.request.headers["idempotency-key"])
        return route.abort()

    desk.page.route("**/api/moderation/decisions/", lose_the_first_answer)
    first = desk.approve()
    desk.all_sent()
    assert lost
    assert log() == {first: [APPROVED]}


def test_an_unsent_decision_is_taken_back_without_the_server(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice).ready()
    desk.context.set_offline(True)
    first = desk.approve()
    desk.ready().press("Control+z")
    assert desk.case == first
    assert desk.unsent == 0
    desk.context.set_offline(False)
    desk.reject(4)
    desk.all_sent()
    assert log() == {first: [VIOLENCE]}


def test_after_a_reload_u_still_takes_the_last_decision_back(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice).ready()
    first = desk.approve()
    desk.all_sent().page.reload()
    present = desk.case
    desk.press("u").all_sent()
    # The picture in view does not change under the finger: the one taken back comes right after it.
    desk.page.wait_for_function("() => document.querySelectorAll('.tile').length === 3")
    assert desk.case == present
    assert log() == {first: [APPROVED, ("undo", "")]}
    desk.press("j")
    assert desk.case == first


def test_a_skipped_picture_goes_back_and_undo_brings_it_again(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice).ready()
    first = desk.case
    desk.press("s").all_sent()
    assert desk.case != first
    assert Case.objects.get(pk=first).claimed_by is None
    desk.press("u")
    expect(desk.page.locator("#stage-note-text")).to_contain_text("open again")
    assert desk.case == first
    assert Case.objects.get(pk=first).claimed_by == alice
    assert log() == {}


def test_two_moderators_on_one_queue_never_see_the_same_card(sit_down, pictures, alice, bob):
    pictures(82)
    left, right = sit_down(alice), sit_down(bob)
    seen: dict[str, set[str]] = {"left": set(), "right": set()}
    for _ in range(24):
        seen["left"].add(left.approve())
        seen["right"].add(right.approve())
    left.all_sent()
    right.all_sent()
    assert len(seen["left"]) == len(seen["right"]) == 24
    assert not seen["left"] & seen["right"]
    assert set(log()) == seen["left"] | seen["right"]


def test_one_person_in_two_browsers_and_two_tabs_sees_no_card_twice(sit_down, pictures, alice):
    pictures(65)
    one, other = sit_down(alice).ready(), sit_down(alice).ready()
    first = one.page
    second = one.new_tab()
    second.wait_for_selector("#frame[data-state=ready]")

    def ids(page):
        page.wait_for_function("() => document.querySelectorAll('.tile').length > 0")
        key = "Object.keys(localStorage).filter((k) => k.startsWith('gatehouse.claims.'))"
        return page.evaluate(f"() => {key}.flatMap((k) => JSON.parse(localStorage.getItem(k)).ids)")

    mine = ids(first)
    assert len(mine) == len(set(mine)) == 40
    assert not set(mine) & set(ids(other.page))


def test_two_tabs_send_each_decision_once(sit_down, pictures, alice):
    pictures(45)
    desk = sit_down(alice).ready()
    asked: list[str] = []
    desk.context.on(
        "request",
        lambda request: (
            asked.append(request.headers["idempotency-key"])
            if "idempotency-key" in request.headers
            else None
        ),
    )
    desk.page.route("**/api/moderation/decisions/", lambda route: route.abort())
    decided = [desk.approve() for _ in range(3)]
    # The page that made them is gone; two new ones find its decisions at the same time.
    first, second = desk.new_tab(), desk.new_tab()
    desk.page.close()
    asked.clear()
    for page in (first, second):
        page.bring_to_front()
        page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.page = first
    desk.all_sent()
    assert sorted(asked) == sorted(set(asked))
    assert log() == {case: [APPROVED] for case in decided}


def test_a_decision_that_somebody_else_overtook_comes_back_with_its_reason(
    sit_down, pictures, alice
):
    image, *_ = pictures(3)
    desk = sit_down(alice).ready()
    lead = make_person("lea", role="lead")
    case = Case.objects.get(pk=desk.case)
    assert case.subject_id == image.pk
    services.decide(
        requests=[
            Request(action="reject", subject=image.subject_key, reason="violence"),
        ],
        actor=Actor.person(lead),
    )
    desk.approve()
    desk.says(re.compile("a landscape with.*was not saved"))
    desk.all_sent()
    image.refresh_from_db()
    assert image.review_status == ReviewStatus.REJECTED
    assert Decision.objects.count() == 1
    expect(desk.page.locator(".tile[data-mark=lost]")).to_have_count(1)


def test_a_refused_decision_comes_right_after_the_picture_in_view(sit_down, pictures, alice):
    pictures(4)
    desk = sit_down(alice).ready()
    first = desk.case
    Case.objects.filter(pk=first).update(claim_token=None, claimed_by=None)
    desk.approve()
    desk.says("was not saved")
    present = desk.case
    assert present != first
    desk.page.wait_for_function(
        "() => document.querySelectorAll('.tile[data-mark=open]').length === 4"
    )
    assert desk.case == present
    desk.approve()
    assert desk.case == first
    expect(desk.page.locator("#stage-note-text")).to_contain_text("was not saved")
    desk.approve()
    desk.all_sent()
    assert log() == {present: [APPROVED], first: [APPROVED]}


def test_a_claim_that_was_lost_says_so_and_the_next_key_decides_nothing(
    sit_down, pictures, alice, bob
):
    pictures(3)
    desk = sit_down(alice).ready()
    first = desk.case
    Case.objects.filter(pk=first).update(claimed_by=None, claim_token=None)
    cases.claim_one(user=bob, case_id=Case.objects.get(pk=first).pk)
    desk.page.wait_for_timeout(2_100)  # two heartbeats are never closer than that
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(desk.page.locator("#stage-note-text")).to_contain_text("no longer yours")
    desk.press("a")
    assert desk.case != first
    assert desk.unsent == 0
    assert Case.objects.get(pk=first).claimed_by == bob


def test_unsent_decisions_are_sent_only_in_the_session_of_who_made_them(
    sit_down, pictures, alice, bob
):
    pictures(45)
    desk = sit_down(alice).ready()
    desk.page.wait_for_load_state("networkidle")
    # Every answer renews the cookie: one under way would bring alice's session back.
    desk.context.set_offline(True)
    first = desk.approve()
    # Somebody else signs in, in the same browser: the old page may not speak in that name.
    desk.sign_in(bob)
    desk.context.set_offline(False)
    expect(desk.page.locator("#banners")).to_contain_text("signed out")
    desk.page.reload()
    desk.ready().page.wait_for_load_state("networkidle")
    assert desk.unsent == 1
    assert log() == {}
    desk.sign_in(alice)
    desk.page.reload()
    desk.ready().all_sent()
    assert log() == {first: [APPROVED]}
    assert Decision.objects.get().actor_id == alice.pk


def test_signing_out_warns_about_unsent_decisions_and_releases_the_claims(
    sit_down, pictures, alice
):
    pictures(4)
    desk = sit_down(alice).ready()
    desk.page.route("**/api/moderation/decisions/", lambda route: route.abort())
    desk.approve()
    desk.page.click("#signout button")
    expect(desk.page.locator("#leaving-text")).to_contain_text("1 decision is not sent yet")
    desk.page.click("#leaving-stay")
    desk.page.unroute_all()
    desk.all_sent()
    desk.page.click("#signout button")
    desk.page.wait_for_url(re.compile("/admin/logout/"))
    assert not Case.objects.filter(claimed_by=alice).exists()
    assert Case.objects.count() == 3


def test_a_lead_decides_what_was_escalated_with_the_card_of_its_kind(sit_down, alice):
    character = make_character(name="白洲梓", bio="An adult sailor.")
    services.decide(
        requests=[Request(action="escalate", subject=character.subject_key, note="Is this ours?")],
        actor=Actor.person(alice),
    )
    desk = sit_down(make_person("lea", role="lead"), "escalations")
    card = desk.page.locator("#card")
    expect(card.get_by_role("heading", name="Biography")).to_be_visible()
    expect(card).to_contain_text("An adult sailor.")
    desk.press("a").all_sent()
    character.refresh_from_db()
    assert character.review_status == ReviewStatus.APPROVED
    desk.shows("clear")


def test_a_queue_is_clear_only_when_nothing_is_open(sit_down, pictures, alice, bob):
    pictures(2)
    desk = sit_down(alice).ready()
    waiting = sit_down(bob)
    waiting.shows("waiting")
    expect(waiting.page.locator("#waiting-count")).to_have_text("2 open")
    desk.approve()
    desk.approve()
    desk.shows("clear")
    expect(desk.page.locator("#clear-count")).to_have_text("2 decisions today")


@pytest.mark.parametrize("reload", [True, False], ids=["after-a-reload", "on-the-same-page"])
def test_a_claim_whose_answer_was_lost_is_found_again_however_long_the_line_is_down(
    sit_down, pictures, alice, reload
):
    pictures(3)
    desk = sit_down(alice).ready()
    desk.page.wait_for_load_state("networkidle")  # it asked for the batch behind, too
    cases.release_all(user=alice)
    claims = []
    refused = []

    def lose_the_answer(route):
        if not claims:
            claims.append(route.fetch().json()["cases"])
        refused.append(route.request.url)
        route.abort()

    desk.page.evaluate("() => localStorage.clear()")
    line = re.compile("/(claim|claims)/$")
    desk.page.route(line, lose_the_answer)
    desk.page.reload()
    desk.shows("error")
    if reload:
        desk.page.reload()
    deadline = time.monotonic() + 60
    while len(refused) < 2:  # without a reload it looks again by itself
        assert time.monotonic() < deadline
        desk.page.wait_for_timeout(200)
    desk.shows("error")
    assert refused[-1].endswith("/claims/")
    desk.page.unroute(line)
    # By itself it may be looking again at this very moment, and the button be gone.
    desk.page.locator("#state-error [data-do=again]").dispatch_event("click")
    desk.ready()
    assert len(claims[0]) == 3
    assert desk.page.locator(".tile").count() == 3
    assert Case.objects.filter(claimed_by=alice).count() == 3
