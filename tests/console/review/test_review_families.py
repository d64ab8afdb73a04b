"""Families on the review page: one card for many, decided by one key, taken apart and undone."""

import re
import time

import pytest
from playwright.sync_api import expect

from media.models import Attachment, Fingerprint
from moderation import cases, precedents
from moderation.actors import Actor
from moderation.models import Case, Decision, Sight
from moderation.services import Request, decide
from tests.factories import make_person, make_reason

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS = "#family-members .member"


def painted(desk, number):
    """Waits until so many members' small pictures are here and seen."""
    expect(desk.page.locator(MEMBERS)).to_have_count(number)
    desk.page.wait_for_function(
        "() => ![...document.querySelectorAll('#family-members img')]"
        ".some((image) => !image.complete)"
    )
    desk.page.wait_for_timeout(400)  # a frame or two, in which they are painted
    return desk


def statuses(images):
    for image in images:
        image.refresh_from_db()
    return [image.review_status for image in images]


def test_one_key_decides_a_family_and_one_undo_takes_it_back(sit_down, alice, bursts, pictures):
    (burst,) = bursts(7)
    (single,) = pictures(1)
    desk = sit_down(alice).ready()
    painted(desk, 7)
    expect(desk.page.locator("#family-count")).to_have_text("7 that look alike")
    expect(desk.page.locator("#strip .tile").first).to_have_attribute("data-times", "×7")
    desk.press("a").all_sent()
    assert statuses(burst) == ["approved"] * 7
    assert statuses([single]) == ["pending"]
    rows = Decision.objects.filter(action="approve")
    assert len(set(rows.values_list("batch", flat=True))) == 1
    assert set(rows.values_list("seen", flat=True)) <= {"thumb", "blurred"}
    desk.press("u").all_sent()
    expect(desk.page.locator("#stage-note-text")).to_contain_text("open again")
    expect(desk.page.locator(MEMBERS)).to_have_count(7)
    assert statuses(burst) == ["pending"] * 7
    painted(desk, 7).press("a").all_sent()
    assert statuses(burst) == ["approved"] * 7


def test_a_member_is_peeled_off_and_decided_by_itself(sit_down, alice, bursts):
    make_reason("violence", digit=1)
    (burst,) = bursts(4)
    desk = painted(sit_down(alice).ready(), 4)
    desk.press("Shift+ArrowRight", "Shift+ArrowRight")
    third = desk.page.locator(MEMBERS).nth(2)
    expect(third).to_have_attribute("aria-pressed", "true")
    chosen = third.get_attribute("data-card")
    desk.press("x")
    painted(desk, 3).press("a")
    expect(desk.page.locator("#family")).to_be_hidden()
    assert desk.case == chosen
    desk.reject(1)
    desk.all_sent()
    assert sorted(statuses(burst)) == ["approved"] * 3 + ["rejected"]


def test_b_steps_the_blur_of_the_member_that_is_in_view(sit_down, alice, bursts):
    bursts(3)
    desk = painted(sit_down(alice).ready(), 3)
    step = desk.page.locator("#veil-step")
    desk.press("Shift+ArrowRight").ready().press("b")
    expect(step).to_have_text("lighter")
    desk.press("Shift+ArrowLeft")
    expect(step).to_have_text("")
    desk.press("Shift+ArrowRight")
    expect(step).to_have_text("lighter")
    # The grid shows a family by its first picture.
    desk.press("g", "b", "b")
    expect(desk.page.locator(".cell .cell-picture.is-bare")).to_have_count(1)
    desk.press("g")
    expect(step).to_have_text("not blurred")


def test_the_first_of_a_prepared_family_is_lost_and_the_others_still_come(
    sit_down, alice, bob, bursts, pictures
):
    pictures(20)
    (burst,) = bursts(3)
    desk = sit_down(alice).ready()
    for _ in range(12):  # the next batch is claimed ahead
        desk.approve()
    desk.all_sent().page.wait_for_load_state("networkidle")
    members = Case.objects.filter(subject_id__in=[image.pk for image in burst])
    assert {case.claimed_by for case in members} == {alice}
    first = cases.held(alice)[-3]
    members.filter(pk=first.pk).update(claimed_by=None, claim_token=None)
    cases.claim_one(user=bob, case_id=first.pk)
    desk.page.wait_for_timeout(2_100)  # two heartbeats are never closer than that
    with desk.page.expect_response("**/claims/renew/"):
        desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    for _ in range(8):
        desk.approve()
    painted(desk, 2)
    expect(desk.page.locator("#strip .tile")).to_have_count(1)
    desk.press("a").all_sent()
    assert sorted(statuses(burst)) == ["approved", "approved", "pending"]


def test_a_family_of_more_than_fifty_asks_once_and_shows_all_of_it(sit_down, alice, bursts):
    (burst,) = bursts(53)
    desk = painted(sit_down(alice).ready(), 50)
    expect(desk.page.locator("#family-more")).to_have_text("+3")
    desk.press("a")
    sheet = desk.page.locator("#confirm-sheet .thumb")
    expect(sheet).to_have_count(53)
    sheet.last.scroll_into_view_if_needed()
    go = desk.page.locator("#confirm-go")
    expect(go).to_be_enabled()
    assert statuses(burst) == ["pending"] * 53
    desk.press("Enter").all_sent()
    assert statuses(burst) == ["approved"] * 53


def test_the_grid_shows_a_family_as_one_cell(sit_down, alice, bursts, pictures):
    (burst,) = bursts(3)
    pictures(2)
    desk = sit_down(alice).ready()
    desk.press("g")
    cells = desk.page.locator("#cells .cell")
    expect(cells).to_have_count(3)
    expect(cells.first.locator(".family-badge")).to_have_text("×3")
    expect(cells.first.locator(".cell-extra .thumb")).to_have_count(2)
    desk.page.wait_for_timeout(600)  # painted
    desk.press("a").all_sent()
    assert statuses(burst) == ["approved"] * 3


def test_two_moderators_never_share_a_family(sit_down, alice, bob, bursts):
    bursts(*[3] * 20)  # the first batch, the one prepared behind it, and some more
    left, right = sit_down(alice).ready(), sit_down(bob).ready()
    by_family: dict[object, set[object]] = {}
    for family, user in Case.objects.values_list("family", "claimed_by"):
        by_family.setdefault(family, set()).add(user)
    assert all(len(users) == 1 for users in by_family.values())
    assert {user for users in by_family.values() for user in users} >= {alice.pk, bob.pk}
    for desk in (left, right):
        painted(desk, 3).press("a").all_sent()
    assert Decision.objects.filter(actor_id=alice.pk).count() == 3
    assert Decision.objects.filter(actor_id=bob.pk).count() == 3


def test_a_family_is_taken_apart_in_the_large_view_and_the_grid_shows_both_parts(
    sit_down, alice, bursts
):
    (burst,) = bursts(4)
    desk = painted(sit_down(alice).ready(), 4)
    desk.press("g")
    cells = desk.page.locator("#cells .cell")
    expect(cells).to_have_count(1)
    expect(cells.locator(".family-badge")).to_have_text("×4")
    desk.press("Enter")
    painted(desk, 4).press("Shift+ArrowRight")
    chosen = desk.page.locator(f"{MEMBERS}[aria-pressed=true]").get_attribute("data-card")
    desk.press("x", "g")
    expect(cells).to_have_count(2)
    expect(cells.first.locator(".family-badge")).to_have_text("×3")
    expect(cells.last.locator(".family-badge")).to_have_count(0)
    expect(cells.last).to_have_attribute("data-card", chosen)
    desk.page.wait_for_timeout(600)  # painted
    desk.press("End", "r", "4").all_sent()
    alone = Case.objects.filter(subject_id__in=[image.pk for image in burst])
    assert alone.count() == 3
    desk.press("Home", "a").all_sent()
    assert sorted(statuses(burst)) == ["approved"] * 3 + ["rejected"]
    assert str(Decision.objects.get(action="reject").case_id) == chosen
    desk.press("u").all_sent()
    assert sorted(statuses(burst)) == ["pending"] * 3 + ["rejected"]


def rejected_before(pictures):
    """A picture that Carla rejected; its fingerprint."""
    make_reason("violence")
    (old,) = pictures(1)
    request = Request("reject", subject=old.subject_key, reason="violence")
    decide(requests=[request], actor=Actor.person(make_person("carla", role="moderator")))
    return Fingerprint.objects.get(file__attachments__subject_id=old.pk).pdq


def looks_like(image, pdq):
    file = Attachment.objects.get(subject_id=image.pk).file_id
    Fingerprint.objects.filter(pk=file).update(pdq=pdq)


def until_known(desk, look):
    """Opens the page anew until the server, who knows older pictures only, has read the newest."""
    deadline = time.monotonic() + 2 * precedents.CATCH_UP.total_seconds()
    while not look() and time.monotonic() < deadline:
        desk.page.wait_for_timeout(1000)
        desk.page.reload()


def test_breaking_with_a_precedent_takes_one_more_press(sit_down, alice, bursts, pictures):
    pdq = rejected_before(pictures)
    (new,) = pictures(1)
    looks_like(new, pdq)
    desk = sit_down(alice).ready()
    row = desk.page.locator("#precedent-list li")
    until_known(desk, lambda: desk.ready() and row.count())
    expect(row).to_contain_text("carla")
    expect(row).to_contain_text("0 of 256 bits")
    desk.press("a")
    desk.says(re.compile("carla.*rejected one that is 0 bits away"))
    assert statuses([new]) == ["pending"]
    desk.press("a").all_sent()
    assert statuses([new]) == ["approved"]


def test_a_precedent_of_any_member_warns_before_the_whole_family(sit_down, alice, bursts, pictures):
    pdq = rejected_before(pictures)
    (burst,) = bursts(3)
    *_, last = cases.claim(user=alice, queue="images", limit=3)
    cases.release_all(user=alice)
    looks_like(next(image for image in burst if image.pk == last.subject_id), pdq)
    desk = sit_down(alice)
    found: list[str] = []

    def known():
        with desk.page.expect_response("**/precedents/") as answer:
            desk.page.reload()
        rows = answer.value.json()["items"]
        found[:] = [row["subject"]["id"] for row in rows if row["precedents"]]
        return found

    until_known(desk, known)
    assert found == [str(last.subject_id)]
    painted(desk, 3).press("a")
    desk.says("1 of these looks like one decided otherwise")
    assert statuses(burst) == ["pending"] * 3
    desk.press("a").all_sent()
    assert statuses(burst) == ["approved"] * 3


def test_in_the_grid_precedents_of_all_cards_stand_by_and_warn_before_a_whole_selection(
    sit_down, alice, pictures
):
    pdq = rejected_before(pictures)
    images = pictures(18)
    for image in images[-2:]:  # beyond what is asked about before a single picture
        looks_like(image, pdq)
    desk = sit_down(alice).ready()
    desk.press("g", "c")  # the pane is closed at first there
    row = desk.page.locator("#precedent-list li")

    def last_has_one():
        # All are here before the keys leave the first ones behind, or those would never be seen.
        expect(desk.page.locator("#cells .cell .blurred")).to_have_count(18)
        desk.press("End")
        desk.page.wait_for_timeout(1000)
        return row.count()

    until_known(desk, last_has_one)
    expect(row).to_contain_text("carla")
    desk.press("Home")
    expect(row).to_have_count(0)
    desk.press("Control+a", "a")
    desk.says("2 of these look like ones decided otherwise")
    assert statuses(images) == ["pending"] * 18
    # A rejection does not break with it.
    desk.press("r")
    expect(desk.page.locator("#palette")).to_be_visible()
    desk.press("Escape", "a").all_sent()
    assert statuses(images) == ["approved"] * 18
    rows = Decision.objects.filter(action="approve")
    assert rows.count() == 18 and rows.values("batch").distinct().count() == 1


def test_the_page_tells_what_was_on_the_screen(sit_down, alice, pictures):
    pictures(2)
    desk = sit_down(alice).ready()
    with desk.page.expect_response(lambda answer: answer.url.endswith("/exposure/")) as told:
        pass
    assert told.value.status == 204
    assert Sight.objects.filter(user=alice).exists()
