"""Every key that the help lists does what it says, in both modes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from moderation.models import Case, Decision
from tests.console.review.desk import Desk
from tests.console.review.test_review_deciding import APPROVED, log

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# By heading and keys; each starts at a large picture, with nothing selected, and ends so.
KEYS: dict[str, Callable[[Desk], None]] = {}


def key(name: str):
    def keep(check: Callable[[Desk], None]) -> Callable[[Desk], None]:
        KEYS[name] = check
        return check

    return keep


def decided(desk: Desk, *keys: str) -> Decision:
    """What pressing them leaves in the log about the picture in view."""
    case = desk.case
    desk.press(*keys).all_sent()
    return Decision.objects.get(case_id=case)


@key("Decide: A")
def approve(desk):
    assert decided(desk, "a").action == "approve"


@key("Decide: R 1–9")
def reject(desk):
    assert decided(desk, "r", "4").reason == "violence"
    assert decided(desk, "r", "9").reason


@key("Decide: R 0")
def search_reasons(desk):
    desk.press("r", "0")
    desk.page.keyboard.type("self")
    assert decided(desk, "Enter").reason == "self-harm"


@key("Decide: R R")
def reject_again(desk):
    assert decided(desk, "r", "5").reason == decided(desk, "r", "r").reason == "hate"


@key("Decide: E")
def escalate(desk):
    row = decided(desk, "e", "4")
    assert (row.action, row.reason) == ("escalate", "violence")


@key("Decide: S")
def skip(desk):
    case = desk.case
    desk.press("s").all_sent()
    assert Case.objects.get(pk=case).claimed_by is None
    assert desk.case != case


@key("Decide: U or Ctrl Z")
def undo(desk):
    for number, press in enumerate(("u", "Control+z"), start=1):
        case = desk.approve()
        desk.all_sent().press(press).all_sent()
        expect(desk.page.locator("#stage-note-text")).to_contain_text("open again")
        assert desk.case == case
        assert log()[case] == [APPROVED, ("undo", "")] * number


@key("Look: Space")
def reveal(desk):
    is_open = "() => document.documentElement.classList.contains('is-revealing')"
    desk.page.keyboard.down("Space")
    assert desk.page.evaluate(is_open)
    desk.page.keyboard.up("Space")
    assert not desk.page.evaluate(is_open)


@key("Look: B")
def step_blur(desk):
    veil = "() => getComputedStyle(document.querySelector('#media > img')).filter"
    steps = []
    for _ in range(3):
        steps.append(desk.page.evaluate(veil))
        desk.press("b")
    assert len(set(steps)) == 3 and steps[-1] == "none"
    assert desk.page.evaluate(veil) == steps[0]


def goes(desk: Desk, forth: str, back: str) -> None:
    first = desk.case
    desk.press(forth)
    assert desk.case != first
    desk.press(back)
    assert desk.case == first


@key("Look: J → · K ←")
def next_and_previous(desk):
    goes(desk, "j", "k")
    goes(desk, "ArrowRight", "ArrowLeft")


@key("Look: ↑ ↓")
def up_and_down(desk):
    goes(desk, "ArrowDown", "ArrowUp")
    desk.press("g")
    columns = desk.page.evaluate(
        "() => getComputedStyle(document.querySelector('#cells')).gridTemplateColumns.split(' ')"
        ".length"
    )
    assert steps_between(desk, "ArrowDown") == columns
    assert steps_between(desk, "ArrowUp") == -columns
    desk.press("g")


def steps_between(desk: Desk, press: str) -> int:
    """By how many cells a key moves the focus."""
    ids = desk.page.locator(".cell").evaluate_all("(cells) => cells.map((c) => c.dataset.card)")
    before = ids.index(focused(desk))
    desk.press(press)
    return ids.index(focused(desk)) - before


def focused(desk: Desk) -> str:
    return desk.page.locator(".cell.is-present").get_attribute("data-card") or ""


def to_the_family(desk: Desk) -> None:
    """Back to where the bursts are: the first cards of the batch."""
    while desk.page.locator("#family").is_hidden():
        desk.press("k")


@key("Look: Shift → ←")
def through_a_family(desk):
    to_the_family(desk)
    chosen = desk.page.locator("#family-members [aria-pressed=true]")
    first = chosen.get_attribute("data-card")
    desk.press("Shift+ArrowRight")
    expect(chosen).not_to_have_attribute("data-card", first)
    desk.press("Shift+ArrowLeft")
    expect(chosen).to_have_attribute("data-card", first)


@key("Look: X")
def peel(desk):
    to_the_family(desk)
    members = desk.page.locator("#family-members .member")
    count = members.count()
    desk.press("Shift+ArrowRight", "x")
    expect(members).to_have_count(count - 1)
    desk.press("j", "j")


@key("Look: C")
def context(desk):
    pane = desk.page.locator("#pane")
    desk.press("c")
    expect(pane).to_be_hidden()
    desk.press("c")
    expect(pane).to_be_visible()


def opens(desk: Desk, press: str, dialog: str, *, closed_by: str) -> None:
    desk.press(press)
    expect(desk.page.locator(dialog)).to_be_visible()
    desk.press(closed_by)
    expect(desk.page.locator(dialog)).to_be_hidden()


@key("Look: H")
def history(desk):
    opens(desk, "h", "#history", closed_by="h")


@key("Look: ?")
def help_itself(desk):
    opens(desk, "?", "#help", closed_by="?")


@key("Look: /")
def filter_by_words(desk):
    tiles = desk.page.locator(".tile")
    before = tiles.count()
    desk.press("/")
    desk.page.keyboard.type("picture-09")
    desk.press("Enter")
    expect(tiles).to_have_count(1)
    desk.press("/", "Escape")
    expect(tiles).to_have_count(before)


@key("Look: Esc")
def let_go(desk):
    for press, dialog in (("h", "#history"), ("?", "#help"), ("r", "#palette"), ("e", "#palette")):
        opens(desk, press, dialog, closed_by="Escape")
    desk.press("g", "x", "Escape")
    expect(selected(desk)).to_have_count(0)
    desk.press("g")


def selected(desk: Desk):
    return desk.page.locator(".cell[aria-selected=true]")


@key("Grid: G")
def grid(desk):
    desk.press("g")
    expect(desk.page.locator(".cell").first).to_be_visible()
    expect(desk.page.locator("#frame")).to_be_hidden()
    desk.press("g")
    expect(desk.page.locator("#frame")).to_be_visible()


@key("Grid: X")
def select(desk):
    desk.press("g", "x")
    expect(selected(desk)).to_have_attribute("data-card", focused(desk))
    desk.press("x")
    expect(selected(desk)).to_have_count(0)
    desk.press("g")


@key("Grid: Shift ←↑↓→")
def select_on_the_way(desk):
    desk.press("g", "Home")
    for press, back in (("Right", "Left"), ("Down", "Up")):
        desk.press(f"Shift+Arrow{press}")
        assert selected(desk).count() > 1
        desk.press(f"Shift+Arrow{back}")
        expect(selected(desk)).to_have_count(1)
        desk.press("Escape")
    desk.press("g")


@key("Grid: Ctrl A")
def select_all(desk):
    desk.press("g", "Control+a")
    expect(selected(desk)).to_have_count(desk.page.locator(".cell[data-mark=open]").count())
    desk.press("Control+a")
    expect(selected(desk)).to_have_count(0)
    desk.press("g")


@key("Grid: Home End")
def to_the_ends(desk):
    desk.press("g", "Home")
    ids = desk.page.locator(".cell").evaluate_all("(cells) => cells.map((c) => c.dataset.card)")
    assert focused(desk) == ids[0]
    desk.press("End")
    assert focused(desk) == ids[-1]
    assert steps_between(desk, "PageUp") < 0 < steps_between(desk, "PageDown")
    desk.press("g")


@key("Grid: Enter")
def open_large(desk):
    desk.press("g", "End")
    card = focused(desk)
    desk.press("Enter")
    assert desk.case == card


@key("Grid: M")
def claim_more(desk):
    desk.press("g")
    before = desk.page.locator(".cell").count()
    desk.press("m")
    desk.page.wait_for_function(f"() => document.querySelectorAll('.cell').length > {before}")
    desk.press("g")


def test_every_key_that_the_help_lists_does_what_it_says(sit_down, bursts, pictures, alice):
    bursts(4)
    pictures(50)
    desk = sit_down(alice).ready()
    listed = desk.page.locator("#help section").evaluate_all(
        "(sections) => sections.flatMap((section) => [...section.querySelectorAll('dt')]"
        ".map((dt) => section.querySelector('h3').textContent + ': ' + dt.textContent.trim()))"
    )
    assert sorted(listed) == sorted(KEYS)
    for name in sorted(KEYS, key=lambda each: each.startswith("Decide")):  # while all is open
        desk.ready()
        KEYS[name](desk)
        assert desk.page.locator("dialog[open]").count() == 0, name
        assert desk.page.locator(".cell:visible").count() == 0, name
