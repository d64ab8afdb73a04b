"""What opens over the review page, and its grid, families and states: accessible on any screen."""

import json

import pytest
from playwright.sync_api import expect

from tests.console.walking import CUT, WIDE, violations

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
SCREENS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "zoomed": ZOOMED | {"color_scheme": "dark"},
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]


class Looker:
    """Collects what is wrong at each step."""

    def __init__(self, desk):
        self.desk, self.page = desk, desk.page
        self.found: dict[str, list[str]] = {}

    def look(self, step, *keys, at=""):
        self.desk.press(*keys)
        if at:
            expect(self.page.locator(at).first).to_be_visible()
        self.page.wait_for_timeout(300)  # dialogs have moved in

        wrong = violations(self.page) + self.page.evaluate(WIDE) + self.page.evaluate(CUT)
        if wrong:
            self.found[step] = wrong


@pytest.mark.parametrize("screen", SCREENS)
def test_all_that_opens_is_accessible_and_fits(sit_down, alice, bursts, pictures, screen):
    pictures(5)
    bursts(3)
    desk = sit_down(alice, **SCREENS[screen]).ready()

    looker = Looker(desk)
    looker.look("a card", at="#frame")
    looker.look("the reasons", "r", at="#palette")
    looker.look("all reasons", "0", at="#palette-all")
    desk.press("Escape", "Escape").ready()
    looker.look("an escalation", "e", at="#palette")
    desk.press("Escape")
    desk.reject(4)
    desk.all_sent()
    looker.look("own decisions", "h", at="#history .past")
    looker.look("all keys", "Escape", "?", at="#help")
    looker.look("the filter", "Escape", "/", at="#filter")
    desk.page.keyboard.type("nothing like it")
    looker.look("nothing in the filter", at="#state-filtered")
    looker.look("the grid", "Escape", "Escape", "g", at=".cell")
    looker.look("a selection", "Control+a", at=".cell[aria-selected=true]")
    looker.look("the reasons of a selection", "r", at="#palette")
    desk.press("Escape", "Escape", "g")
    looker.look("the context", "c")
    assert looker.found == {}, json.dumps(looker.found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_family_and_the_question_about_all_of_it(sit_down, alice, bursts, screen):
    bursts(52)

    looker = Looker(sit_down(alice, **SCREENS[screen]).ready())
    looker.look("a family", at="#family")
    looker.look("the question before it is decided", "a", at="#confirm-sheet .thumb:last-child")
    assert looker.found == {}, json.dumps(looker.found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_without_a_card_is_accessible_and_fits(sit_down, alice, screen):
    looker = Looker(sit_down(alice, **SCREENS[screen]))
    looker.look("queue clear", at="#state-clear")
    looker.page.route("**/claim/", lambda route: route.abort())
    looker.page.reload()
    looker.look("no answer", at="#state-error")
    looker.page.unroute("**/claim/")
    looker.page.evaluate("() => { document.body.dataset.phase = 'loading'; }")
    for state in ("waiting", "sending", "denied", "signed-out"):
        looker.page.evaluate(
            "(name) => { for (const each of document.querySelectorAll('.state'))"
            " each.hidden = each.id !== `state-${name}`; document.body.dataset.phase = name; }",
            state,
        )
        looker.look(state, at=f"#state-{state}")
    assert looker.found == {}, json.dumps(looker.found, indent=1, ensure_ascii=False)
