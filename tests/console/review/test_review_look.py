"""What the review page shows: text as text, every screen size, both themes, both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from gallery.models import ImageLog
from moderation.actors import Actor
from moderation.enums import ReportKind
from moderation.models import Decision
from moderation.reports import Statement, report
from moderation.services import Request, decide
from tests.factories import make_character, make_image, make_person
from tests.moderation.test_words import add

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
EVIL = '<img src=x onerror="document.title=1"><b>bold</b>'

# WCAG contrast of each element's own text against the first opaque ground behind it.
CONTRAST = """
(selectors) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour[3] > 230) return colour;
    }
    return rgb(getComputedStyle(document.body).backgroundColor);
  };
  const found = {};
  for (const element of document.querySelectorAll(selectors)) {
    if (!element.checkVisibility() || !element.innerText?.trim()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const name = `${element.tagName}.${element.className} ${element.innerText.slice(0, 30)}`;
    found[name] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}
"""


def overflow(page: Page) -> float:
    return page.evaluate("() => document.documentElement.scrollWidth - innerWidth")


def test_markup_in_names_and_prompts_is_text(sit_down, pictures, alice):
    character = make_character(upstream_id="evil", name=f"{EVIL} مرحبا", bio=EVIL, case=False)
    pictures(1, character_id=character.upstream_id, prompt=EVIL, message_id=EVIL, user_id=EVIL)
    desk = sit_down(alice).ready()
    card = desk.page.locator("#card")
    expect(card).to_contain_text(EVIL)
    assert desk.page.locator("#card b, #card img:not(.person img)").count() == 0
    assert desk.page.title() == "Images · Gatehouse"
    name = card.locator(".person strong")
    expect(name).to_have_attribute("dir", "auto")
    desk.press("a")
    expect(desk.page.locator("#last")).to_contain_text(EVIL[:48])


# Signs that JavaScript counts as two stand before and inside what is marked.
DISGUISED = (
    "👩\u200d🚀🎈 a z e p p e l i n over 🏝️ 𝐳𝐞𝐩𝐩𝐞𝐥𝐢𝐧, ｚｅｐｐｅｌｉｎ and Ze\u0301ppelin\u0336"
    " · 一位手持左轮手枪的侦探 🎈"
)
MARKED = ["z e p p e l i n", "𝐳𝐞𝐩𝐩𝐞𝐥𝐢𝐧", "ｚｅｐｐｅｌｉｎ", "Ze\u0301ppelin\u0336", "左轮手枪"]


def test_flagged_terms_are_marked_where_they_stand_in_any_disguise(
    sit_down, visit, pictures, alice
):
    add("zeppelin")
    add("左轮手枪")
    (image,) = pictures(1, prompt=DISGUISED, params={"negative_prompt": "🎈zeppelin<b>"})
    desk = sit_down(alice).ready()
    prompt, negative = desk.page.locator("#card .prose").all()
    assert prompt.text_content() == DISGUISED
    assert prompt.locator("mark").all_text_contents() == MARKED
    assert negative.text_content() == "🎈zeppelin<b>"
    assert negative.locator("mark").all_text_contents() == ["zeppelin"]
    desk.press("g")
    name = desk.page.locator(".cell-name")
    expect(name).to_have_text(DISGUISED)
    assert name.locator("mark").all_text_contents() == MARKED

    page = visit(alice).open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    prose = page.locator(".gh-prose").first
    assert prose.text_content() == DISGUISED
    assert prose.locator("mark").all_text_contents() == MARKED


def test_a_long_text_is_cut_between_signs_in_the_grid(sit_down, pictures, alice):
    add("zeppelin")
    pictures(1, prompt="🎈" * 396 + " zeppelin at the end")
    desk = sit_down(alice).ready()
    desk.press("g")
    name = desk.page.locator(".cell-name")
    expect(name).to_have_text("🎈" * 396 + " zep")
    assert name.locator("mark").all_text_contents() == ["zep"]


@pytest.mark.parametrize(
    ("prompt", "called"),
    [
        ("  手持左轮手枪的侦探\nat night", "手持左轮手枪的侦探"),
        ("🎈" * 47 + "👩 and more", "🎈" * 47 + "👩…"),
        ("", "picture-00"),
    ],
    ids=["first-line", "whole-signs", "no-text"],
)
def test_messages_call_a_picture_by_how_its_text_begins(sit_down, pictures, alice, prompt, called):
    pictures(1, prompt=prompt)
    desk = sit_down(alice).ready()
    expect(desk.page.locator("#live-card")).to_contain_text(f"{called}\u2069: First look")
    desk.approve()
    expect(desk.page.locator("#last")).to_have_text(f"Approved “\u2068{called}\u2069”")


def test_texts_of_a_character_are_marked_each_by_itself(sit_down, alice):
    make_character(name="aged 9 🎈", bio="🎈 u n d e r a g e sailor", case=True)
    desk = sit_down(alice, "characters")
    card = desk.page.locator("#card")
    expect(card.locator("mark")).to_have_text(["9", "u n d e r a g e"])
    expect(desk.page.locator("#plate mark")).to_have_text(["9", "u n d e r a g e"])


def test_a_character_shows_its_texts_and_what_changed(sit_down, alice):
    make_character(name="白洲梓", bio="An adult sailor.")
    desk = sit_down(alice, "characters")
    card = desk.page.locator("#card")
    expect(card).to_contain_text("白洲梓")
    expect(card).to_contain_text("An adult sailor.")
    expect(desk.page.locator("#plate")).to_contain_text("An adult sailor.")
    desk.press("a").all_sent()
    decision = Decision.objects.get()
    assert (decision.action, decision.seen) == ("approve", "none")


def test_a_picture_that_cannot_be_loaded_says_so_and_is_loaded_again(sit_down, pictures, alice):
    pictures(1)
    desk = sit_down(alice)
    desk.page.route(re.compile("/media/"), lambda route: route.abort())
    desk.page.reload()
    expect(desk.page.locator("#plate")).to_contain_text("could not be loaded")
    desk.page.unroute_all()
    desk.page.get_by_role("button", name="Load again").click()
    desk.ready()


def test_nothing_is_approved_before_its_picture_is_there(sit_down, pictures, alice):
    pictures(1)
    desk = sit_down(alice)
    held = []
    let_go = False
    desk.page.route(
        re.compile("/media/"), lambda route: route.continue_() if let_go else held.append(route)
    )
    desk.page.reload()
    desk.page.wait_for_selector("#plate")
    desk.press("a")
    desk.says("not on the screen yet")
    assert desk.unsent == 0
    let_go = True
    for route in held:
        route.continue_()
    desk.approve()
    desk.all_sent()
    assert Decision.objects.get().action == "approve"


def test_a_phone_has_room_for_thumbs_and_reveals_by_touch(sit_down, pictures, alice):
    pictures(3)
    desk = sit_down(alice, **PHONE).ready()
    assert overflow(desk.page) <= 0
    for name in ("approve", "reject", "escalate", "skip", "undo", "veil"):
        box = desk.page.locator(f".actions [data-do={name}]").bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 44
        assert box["y"] + box["height"] <= 844
    frame = desk.page.locator("#frame").bounding_box()
    assert frame
    assert frame["height"] > 844 / 2
    session = desk.context.new_cdp_session(desk.page)
    point = {"x": frame["x"] + frame["width"] / 2, "y": frame["y"] + frame["height"] / 2}
    shown = "() => document.documentElement.classList.contains('is-revealing')"
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    desk.page.wait_for_function(shown)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    desk.page.wait_for_function(f"() => !({shown})()")
    desk.page.tap("[data-do=veil]")
    expect(desk.page.locator("#veil-step")).to_have_text("lighter")
    expect(desk.page.locator(".actions kbd").first).to_be_hidden()  # nothing to press them with
    desk.page.tap("[data-do=approve]")
    desk.ready().page.tap("[data-do=reject]")
    desk.page.get_by_role("button", name="Violence, gore").tap()
    desk.all_sent()
    assert set(Decision.objects.values_list("action", flat=True)) == {"approve", "reject"}


def test_at_200_percent_zoom_picture_and_decisions_are_in_reach(sit_down, pictures, alice):
    pictures(2)
    desk = sit_down(alice, viewport={"width": 640, "height": 400}, device_scale_factor=2).ready()
    assert overflow(desk.page) <= 0
    for name in ("approve", "reject", "undo", "veil", "context"):
        button = desk.page.locator(f".actions [data-do={name}]")
        expect(button).to_be_in_viewport(ratio=1)
        expect(button.locator("kbd")).to_be_visible()
    frame = desk.page.locator("#frame").bounding_box()
    assert frame
    assert frame["height"] > 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_all_text_has_the_contrast_that_wcag_asks_for(sit_down, pictures, alice, scheme, options):
    make_image(message_id="picture-late")
    pictures(4)
    desk = sit_down(alice, color_scheme=scheme, **options)
    desk.page.wait_for_selector("#card .rows", state="attached")
    everything = "body *:not(:has(*)):not(:disabled)"
    found = desk.page.evaluate(CONTRAST, everything)
    desk.press("r")
    found |= desk.page.evaluate(CONTRAST, "#palette *:not(:has(*))")
    desk.press("Escape", "?")
    found |= desk.page.evaluate(CONTRAST, "#help *:not(:has(*))")
    assert len(found) > 40
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}


def test_the_theme_is_the_one_chosen_in_the_admin(sit_down, pictures, alice):
    pictures(1)
    desk = sit_down(alice, color_scheme="light").ready()
    dark = "() => document.documentElement.classList.contains('dark')"
    assert not desk.page.evaluate(dark)
    desk.page.evaluate("() => localStorage.setItem('adminTheme', JSON.stringify('dark'))")
    desk.page.reload()
    assert desk.page.evaluate(dark)


def test_a_screen_reader_is_told_what_happened(sit_down, pictures, alice):
    pictures(2)
    desk = sit_down(alice).ready()
    live = desk.page.locator("#live")
    desk.approve()
    expect(live).to_contain_text("Approved")
    expect(desk.page.locator("#live-card")).to_contain_text("First look, due in 4 h")
    for role, name in (
        ("toolbar", "Decisions"),
        ("region", "This batch"),
        ("navigation", "Console"),
    ):
        expect(desk.page.get_by_role(role, name=name)).to_be_visible()
    unnamed = desk.page.evaluate(
        "() => [...document.querySelectorAll('button, a[href]')]"
        ".filter((each) => each.checkVisibility() && !each.innerText.trim() && !each.ariaLabel"
        " && !each.querySelector('[alt]:not([alt=\"\"])'))"
        ".map((each) => each.outerHTML)"
    )
    assert unnamed == []


def test_without_javascript_the_page_says_what_it_needs(sit_down, alice):
    desk = sit_down(alice, java_script_enabled=False)
    desk.shows("script")
    expect(desk.page.locator("#state-script")).to_contain_text("needs JavaScript")
    expect(desk.page.locator("#state-loading")).to_be_hidden()


def test_times_are_in_the_users_zone(sit_down, pictures, alice):
    alice.time_zone = "Asia/Shanghai"
    alice.save()
    made = pictures(1)[0]
    desk = sit_down(alice, timezone_id="America/New_York").ready()
    hour = (made.created_at.hour + 8) % 24
    shown = re.search(r"(\d\d):\d\d (AM|PM)", desk.fact("Created"))
    assert shown
    assert int(shown[1]) % 12 + 12 * (shown[2] == "PM") == hour


def test_todays_count_follows_the_users_day(sit_down, pictures, alice):
    first, *_ = pictures(2)
    desk = sit_down(alice)
    desk.page.clock.install()
    desk.page.reload()
    today = desk.ready().page.locator("#today")
    expect(today).to_have_text("0 today")
    decide(
        requests=[Request(action="approve", subject=first.subject_key)], actor=Actor.person(alice)
    )
    with desk.page.expect_response("**/api/moderation/me/"):
        desk.page.clock.fast_forward("24:00:00")
    expect(today).to_have_text("1 today")


def test_the_next_picture_is_painted_soon_after_the_key(sit_down, pictures, alice):
    """The middle one of the present batch: the slowest of them say more about a shared machine."""
    pictures(20)
    desk = sit_down(alice).ready()
    desk.page.wait_for_load_state("networkidle")
    desk.page.wait_for_timeout(500)
    desk.page.evaluate(
        "() => { window.waits = []; new PerformanceObserver((list) => { for (const each of list"
        ".getEntries()) if (each.name === 'keydown') waits.push(each.duration); })"
        ".observe({ type: 'event', durationThreshold: 16 }); }"
    )
    for _ in range(19):
        desk.approve()
        desk.page.wait_for_timeout(60)
    # Shorter than a frame is not even listed.
    waits = sorted(desk.page.evaluate("() => waits"))
    waits = [0] * (19 - len(waits)) + waits
    assert waits[len(waits) // 2] < 50


def test_what_people_said_stands_on_the_card(sit_down, pictures, alice):
    pictures(1)
    image = ImageLog.objects.get()
    said = Statement(ReportKind.REPORT, "bob", "violence", "<b>Too red</b>")
    report(subject=image.subject_key, said=said, client=make_person("client", role="viewer"))
    desk = sit_down(alice).ready()
    expect(desk.page.locator("#card .changes li").first).to_contain_text("<b>Too red</b>")
    expect(desk.page.locator("#card .changes li").first).to_contain_text("bob")
    expect(desk.page.locator("#why")).to_contain_text("Reported")
