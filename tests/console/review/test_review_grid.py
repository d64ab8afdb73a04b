"""The grid of the review page: many cards at once, selected and decided together."""

import re

import pytest
from playwright.sync_api import expect

from moderation import cases, services
from moderation.actors import Actor
from moderation.models import Case, Decision
from moderation.services import Request
from tests.console.review.test_review_deciding import APPROVED, VIOLENCE, log
from tests.factories import make_character, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Grid:
    """What a desk shows in its grid."""

    def __init__(self, desk):
        self.desk, self.page = desk, desk.page
        desk.ready().press("g")
        expect(self.cells().first).to_be_visible()
        self.painted()

    def cells(self, state=""):
        return self.page.locator(f".cell{state}")

    def painted(self):
        """Waits until the small pictures of the cells on the screen are there."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.cell img')].every((image) => image.complete)"
        )
        self.page.wait_for_timeout(100)
        return self

    @property
    def ids(self):
        return self.cells().evaluate_all("(cells) => cells.map((cell) => cell.dataset.card)")

    @property
    def present(self):
        return self.page.locator(".cell.is-present").get_attribute("data-card")

    @property
    def selected(self):
        cells = self.cells("[aria-selected=true]")
        return cells.evaluate_all("(cells) => cells.map((cell) => cell.dataset.card)")

    def scroll_through(self):
        """Down to the end, so that every card was on the screen."""
        while True:
            self.painted()
            before = self.present
            self.desk.press("PageDown")
            if self.present == before:
                return self.painted()


@pytest.fixture
def sit_at_grid(sit_down, alice):
    return lambda person=None, **options: Grid(sit_down(person or alice, **options))


@pytest.fixture
def grid(sit_at_grid, pictures):
    pictures(14)
    return sit_at_grid()


def test_g_changes_between_focus_and_grid_and_the_browser_remembers_it(grid):
    assert len(grid.ids) == 14
    expect(grid.page.locator("#frame")).to_be_hidden()
    expect(grid.page.locator("#strip")).to_be_hidden()
    grid.page.reload()
    expect(grid.cells()).to_have_count(14)
    grid.desk.press("g")
    expect(grid.page.locator("#frame")).to_be_visible()
    expect(grid.cells().first).to_be_hidden()


def test_arrows_go_by_cards_and_rows_and_j_k_by_cards(grid):
    ids = grid.ids
    columns = grid.page.evaluate(
        "() => getComputedStyle(document.querySelector('#cells'))"
        ".gridTemplateColumns.split(' ').length"
    )
    assert 4 <= columns <= 8
    for keys, place in (
        (["ArrowRight"], 1), (["ArrowDown"], 1 + columns), (["ArrowLeft"], columns),
        (["ArrowUp"], 0), (["j", "j"], 2), (["k"], 1), (["End"], 13), (["Home"], 0),
        (["ArrowUp"], 0),
    ):  # fmt: skip
        grid.desk.press(*keys)
        assert grid.present == ids[place], keys
    assert grid.desk.unsent == 0


def test_x_and_shift_with_the_arrows_select_and_escape_lets_go(grid):
    ids = grid.ids
    grid.desk.press("x", "j", "j", "x")
    assert grid.selected == [ids[0], ids[2]]
    grid.desk.press("x")
    assert grid.selected == [ids[0]]
    grid.desk.press("j", "j", "Shift+ArrowRight", "Shift+ArrowRight")
    assert grid.selected == [ids[0], *ids[4:7]]
    grid.desk.press("Shift+ArrowLeft")
    assert grid.selected == [ids[0], *ids[4:6]]
    expect(grid.page.locator("#selected")).to_have_text("3 selected")
    grid.desk.press("Escape")
    assert grid.selected == []


def test_the_pointer_selects_and_with_shift_a_range(grid):
    ids = grid.ids
    grid.cells().nth(1).click()
    grid.cells().nth(4).click(modifiers=["Shift"])
    assert grid.selected == ids[1:5]
    grid.cells().nth(2).click()
    assert grid.selected == [ids[1], ids[3], ids[4]]


def test_without_a_selection_the_keys_decide_the_card_with_the_focus(grid):
    first, second, third, fourth, fifth = grid.ids[:5]
    grid.desk.press("a", "r", "4", "e", "5", "s").all_sent()
    assert log() == {first: [APPROVED], second: [VIOLENCE], third: [("escalate", "hate")]}
    assert Case.objects.get(pk=fourth).claimed_by is None
    assert grid.present == fifth
    expect(grid.cells("[data-mark=reject]")).to_contain_text("Rejected")
    # The first one was in view before the grid was.
    seen = Decision.objects.order_by("id").values_list("seen", flat=True)
    assert list(seen) == ["blurred", "thumb", "thumb"]


def test_a_selection_is_one_batch_with_one_undo(grid, alice):
    ids = grid.ids
    grid.desk.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "r")
    expect(grid.page.locator("#palette-title")).to_have_text("Reject 3 cards, because of")
    grid.desk.press("4").all_sent()
    assert log() == {case: [VIOLENCE] for case in ids[:3]}
    assert Decision.objects.values("batch").distinct().count() == 1
    expect(grid.page.locator("#last")).to_contain_text("3 cards rejected")
    assert grid.selected == []
    grid.desk.press("u").all_sent()
    expect(grid.page.locator("#last")).to_contain_text("3 cards are open again")
    expect(grid.cells(".is-returned")).to_have_count(3)
    assert log() == {case: [VIOLENCE, ("undo", "")] for case in ids[:3]}
    assert Case.objects.filter(pk__in=ids[:3], claimed_by=alice).count() == 3
    # In the grid nothing moves.
    assert grid.ids == ids
    grid.desk.press("Control+a", "a").all_sent()
    assert {rows[-1] for rows in log().values()} == {APPROVED}
    assert len(log()) == 14


def test_two_hundred_cards_are_decided_together_once_after_one_question(
    sit_at_grid, pictures, alice
):
    pictures(204)
    grid = sit_at_grid()
    for _ in range(2):
        count = len(grid.ids)
        grid.desk.press("m")
        grid.page.wait_for_function(f"() => document.querySelectorAll('.cell').length > {count}")
    grid.desk.press("Control+a", "a")
    # What was never on the screen is not approved: the grid goes there instead.
    grid.desk.says(re.compile(r"\d+ of them were not on the screen yet"))
    assert grid.desk.unsent == 0
    grid.scroll_through()
    held = len(grid.ids)
    assert held >= 200
    expect(grid.page.locator("#selected")).to_have_text(f"{held} selected")
    grid.desk.press("a")
    question = grid.page.locator("#confirm")
    expect(question).to_contain_text(f"Approve {held} cards?")
    grid.desk.press("Escape")
    assert grid.desk.unsent == 0
    grid.desk.press("a", "Enter").all_sent()
    assert Decision.objects.filter(action="approve").count() == held
    assert Decision.objects.values("subject_id").distinct().count() == held
    assert Decision.objects.values("batch").distinct().count() == 1
    assert Decision.objects.filter(seen="thumb").count() == held - 1  # one was in view before
    grid.page.wait_for_function(f"() => document.querySelectorAll('.cell').length != {held}")
    grid.desk.press("u").all_sent()
    assert Decision.objects.filter(action="undo").count() == held
    grid.page.wait_for_function(
        "() => document.querySelectorAll('.cell[data-mark=open]').length >= 200"
    )
    assert Case.objects.filter(claimed_by=alice).count() >= held


def test_a_batch_that_was_partly_overtaken_says_so_card_by_card(grid):
    ids = grid.ids
    lead = make_person("lea", role="lead")
    overtaken = Case.objects.get(pk=ids[1])
    services.decide(
        requests=[
            Request(
                action="reject",
                subject=(overtaken.subject_type, overtaken.subject_id),
                reason="violence",
            )
        ],
        actor=Actor.person(lead),
    )
    grid.desk.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "a")
    grid.desk.says("was not saved: somebody else acted on it")
    grid.desk.all_sent()
    assert log() == {ids[0]: [APPROVED], ids[1]: [VIOLENCE], ids[2]: [APPROVED]}
    expect(grid.cells("[data-mark=lost]")).to_have_attribute("data-card", ids[1])
    grid.desk.press("u").all_sent()
    assert log() == {
        ids[0]: [APPROVED, ("undo", "")], ids[1]: [VIOLENCE], ids[2]: [APPROVED, ("undo", "")],
    }  # fmt: skip


def test_a_selection_survives_a_lost_connection_and_a_closed_tab_once(grid):
    ids = grid.ids
    grid.desk.page.route("**/api/moderation/decisions/", lambda route: route.abort())
    grid.desk.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "a")
    expect(grid.page.locator("#unsent")).to_have_text("4 unsent")  # cards, not acts
    grid.page.click("#signout button")
    expect(grid.page.locator("#leaving-text")).to_contain_text("4 decisions are not sent yet")
    grid.page.click("#leaving-stay")
    assert log() == {}
    reopened = grid.desk.new_tab()
    grid.page.close()
    grid.desk.page = reopened
    reopened.evaluate("() => dispatchEvent(new Event('online'))")
    grid.desk.all_sent()
    assert log() == {case: [APPROVED] for case in ids[:4]}


def test_space_shows_the_card_with_the_focus_large_while_held_and_b_opens_it_in_its_place(grid):
    frame = grid.page.locator("#frame")
    grid.desk.press("j")
    grid.page.keyboard.down("Space")
    expect(frame).to_be_visible()
    assert frame.get_attribute("data-card") == grid.ids[1]
    grid.page.wait_for_timeout(100)
    grid.page.keyboard.up("Space")
    expect(frame).to_be_hidden()
    bare = grid.cells(".is-present").locator(".cell-picture.is-bare")
    grid.desk.press("b")
    expect(bare).to_have_count(1)
    grid.desk.press("b", "b")
    expect(bare).to_have_count(0)
    grid.desk.press("a").all_sent()
    assert Decision.objects.get().seen == "full"


def test_a_press_held_on_a_card_reveals_it_and_selects_nothing(grid):
    box = grid.cells().nth(3).bounding_box()
    grid.page.mouse.move(box["x"] + 50, box["y"] + 50)
    grid.page.mouse.down()
    expect(grid.page.locator("#frame")).to_be_visible()
    grid.page.mouse.up()
    expect(grid.page.locator("#frame")).to_be_hidden()
    assert grid.selected == []
    assert grid.present == grid.ids[3]


def test_enter_opens_the_card_large(grid):
    third = grid.ids[2]
    grid.desk.press("j", "j", "Enter")
    expect(grid.page.locator("#frame")).to_be_visible()
    assert grid.desk.case == third


def test_a_claim_lost_under_the_grid_drops_out_of_the_selection(grid, bob):
    first, second = grid.ids[:2]
    grid.desk.press("x", "Shift+ArrowRight")
    Case.objects.filter(pk=first).update(claimed_by=None, claim_token=None)
    cases.claim_one(user=bob, case_id=Case.objects.get(pk=first).pk)
    grid.page.wait_for_timeout(2_100)
    grid.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(grid.cells("[data-mark=lost]")).to_have_attribute("data-card", first)
    assert grid.selected == [second]
    grid.desk.press("a").all_sent()
    assert log() == {second: [APPROVED]}


def test_the_next_grid_is_there_when_this_one_is_decided(sit_at_grid, pictures):
    pictures(30)
    grid = sit_at_grid()
    first = grid.ids
    grid.page.wait_for_load_state("networkidle")
    grid.scroll_through()
    grid.desk.press("Control+a", "a")
    expect(grid.cells("[data-mark=open]")).to_have_count(30 - len(first))
    assert not set(grid.ids) & set(first)


def test_two_moderators_at_grids_never_see_the_same_card(sit_at_grid, pictures, bob):
    pictures(60)
    left, right = sit_at_grid(), sit_at_grid(bob)
    seen = [set(left.ids), set(right.ids)]
    for grid in (left, right):
        grid.scroll_through().desk.press("Control+a", "a").all_sent()
    assert not seen[0] & seen[1]
    assert set(log()) == seen[0] | seen[1]
    assert {len(rows) for rows in log().values()} == {1}


def test_texts_stand_in_the_grid_where_there_is_no_picture(sit_down, alice):
    make_character(name="白洲梓", bio="An adult sailor.")
    desk = sit_down(alice, "characters")
    desk.page.wait_for_selector("#frame")
    desk.press("g")
    expect(desk.page.locator(".cell-plate")).to_contain_text("An adult sailor.")
    desk.press("Control+a", "a").all_sent()
    assert Decision.objects.get().action == "approve"


def test_the_filter_narrows_to_words_and_ctrl_a_takes_only_those(sit_at_grid, pictures):
    pictures(3, prompt="a lighthouse at night", user_id="ida")
    pictures(2, prompt="手持左轮手枪的侦探", user_id="bo")
    grid = sit_at_grid()
    grid.desk.press("/")
    grid.page.keyboard.type("LIGHTHOUSE ida")
    expect(grid.cells()).to_have_count(3)
    expect(grid.page.locator("#filter-count")).to_have_text("3 of 5")
    grid.desk.press("Enter", "Control+a", "a").all_sent()
    assert len(log()) == 3
    grid.desk.press("/")
    grid.page.keyboard.type("nothing like it")
    grid.desk.shows("filtered")
    grid.desk.press("Escape")
    grid.desk.press("/")
    grid.page.keyboard.insert_text("左轮")
    expect(grid.cells()).to_have_count(2)


def test_the_grid_is_a_list_box_that_a_screen_reader_can_follow(grid):
    box = grid.page.get_by_role("listbox", name="Cards")
    expect(box).to_have_attribute("aria-multiselectable", "true")
    grid.desk.press("j")
    expect(box).to_have_attribute("aria-activedescendant", f"cell-{grid.present}")
    options = grid.page.get_by_role("option")
    expect(options).to_have_count(14)
    expect(options.nth(1)).to_have_accessible_name(
        re.compile("a landscape with .*, 2 of 14, open, First look")
    )
    grid.desk.press("x")
    expect(grid.page.locator("#live")).to_contain_text("1 selected")
    expect(grid.page.locator("#live-card")).to_contain_text(": First look, due in 4 h")


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_on_a_phone_a_tap_selects_and_the_buttons_decide(sit_down, pictures, alice):
    pictures(6)
    desk = sit_down(alice, **PHONE).ready()
    desk.page.locator("[data-do=mode]").tap()
    cells = desk.page.locator(".cell")
    expect(cells).to_have_count(6)
    cells.nth(0).tap()
    cells.nth(1).tap()
    assert desk.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    desk.page.wait_for_timeout(200)
    desk.page.locator("[data-do=approve]").tap()
    desk.all_sent()
    assert Decision.objects.filter(action="approve").count() == 2
