"""The keyboard of the review page: what each key does, and when keys do nothing."""

import pytest
from playwright.sync_api import expect

from moderation.models import Decision
from tests.factories import make_reason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILTER = "() => getComputedStyle(document.querySelector('#media > img')).filter"


@pytest.fixture
def desk(sit_down, pictures, alice):
    pictures(4)
    return sit_down(alice).ready()


def seen_layer(desk) -> str:
    """Which layer of the picture shows: its blurred copy, or the picture itself."""
    return desk.page.evaluate(
        "() => [...document.querySelector('#media').children]"
        ".filter((layer) => getComputedStyle(layer).visibility === 'visible')"
        ".map((layer) => layer.className || layer.tagName.toLowerCase()).join()"
    )


def test_where_a_canvas_gives_back_noise_the_picture_itself_is_blurred(desk):
    desk.page.add_init_script(
        "CanvasRenderingContext2D.prototype.getImageData = () => ({ data: [9, 9, 9, 255] })"
    )
    desk.page.reload()
    desk.ready()
    assert seen_layer(desk) == "img"
    veil = "() => getComputedStyle(document.querySelector('#media > img')).filter"
    assert "blur(24px)" in desk.page.evaluate(veil)
    assert not desk.page.locator(".blurred").count()


def test_a_small_picture_that_comes_late_counts_as_seen(desk):
    def without_large_ones(route):
        answer = route.fetch().json()
        for row in answer["cases"]:
            row["subject"]["image"]["url"] = "/media/gone"
        route.fulfill(json=answer)

    late = []

    def hold_back(route):
        late.append(route)

    desk.page.route("**/claims/", without_large_ones)
    desk.page.route("**/claim/", without_large_ones)
    desk.page.route("**/media/**", hold_back)
    desk.page.route("**/media/gone", lambda route: route.abort())
    desk.page.reload()
    desk.page.wait_for_selector("#frame[data-state=failed]")
    for route in late:
        route.continue_()
    expect(desk.page.locator(".tile[aria-current] .blurred")).to_be_visible()
    desk.press("a")
    assert only_decision(desk).seen == "thumb"


def only_decision(desk) -> Decision:
    desk.all_sent()
    return Decision.objects.get()


def test_a_picture_arrives_blurred_and_shows_while_space_is_held(desk):
    assert seen_layer(desk) == "blurred"
    assert "blur(24px) grayscale(1)" in desk.page.evaluate(FILTER)
    desk.page.keyboard.down("Space")
    assert seen_layer(desk) == "img"
    assert desk.page.evaluate(FILTER) == "none"
    desk.page.keyboard.up("Space")
    assert seen_layer(desk) == "blurred"


def test_how_much_was_seen_is_on_the_decision(desk):
    desk.page.wait_for_timeout(100)
    desk.approve()
    desk.ready().page.keyboard.down("Space")
    desk.page.wait_for_timeout(100)
    desk.page.keyboard.up("Space")
    desk.approve()
    desk.all_sent()
    seen = list(Decision.objects.order_by("id").values_list("seen", flat=True))
    assert seen == ["blurred", "full"]


def test_b_steps_from_blurred_over_lighter_to_off_for_this_picture_only(desk):
    desk.press("b")
    assert "blur(8px) grayscale(1)" in desk.page.evaluate(FILTER)
    desk.press("b")
    assert desk.page.evaluate(FILTER) == "none"
    desk.press("b")
    assert seen_layer(desk) == "blurred"
    desk.press("b", "j").ready()
    assert seen_layer(desk) == "blurred"


def test_without_the_wish_for_a_blur_pictures_arrive_open(sit_down, pictures, alice):
    pictures(1)
    alice.blur, alice.greyscale = 0, False
    alice.save()
    desk = sit_down(alice).ready()
    assert seen_layer(desk) == "img"
    assert desk.page.evaluate(FILTER) == "none"
    expect(desk.page.locator("#reveal")).to_be_hidden()


@pytest.mark.parametrize(
    "combination", ["Control+a", "Shift+a", "Alt+a", "Meta+a", "Control+s", "Shift+Control+z"]
)
def test_keys_with_modifiers_they_do_not_name_do_nothing(desk, combination):
    first = desk.case
    desk.press(combination)
    assert desk.case == first
    assert desk.unsent == 0


def test_a_held_key_decides_one_picture_only(desk):
    desk.page.keyboard.down("a")
    for _ in range(5):
        desk.page.keyboard.down("a")  # the keyboard's own repetition
    desk.page.keyboard.up("a")
    assert only_decision(desk).action == "approve"


@pytest.mark.parametrize("key", ["A", "ａ", "Process", "ф"])
def test_keys_go_by_their_place_with_caps_lock_full_width_an_input_method_or_another_alphabet(
    desk, key
):
    session = desk.context.new_cdp_session(desk.page)
    event = {"code": "KeyA", "key": key, "windowsVirtualKeyCode": 229 if key == "Process" else 65}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    assert only_decision(desk).action == "approve"


def test_keys_are_ignored_while_typing(desk):
    first = desk.case
    desk.press("e", "n")
    desk.page.keyboard.type("as ur 1 note ?")
    expect(desk.page.locator("#palette-note")).to_have_value("as ur 1 note ?")
    assert desk.case == first
    desk.press("Escape")
    expect(desk.page.locator("#palette")).to_be_hidden()
    assert desk.case == first
    assert desk.unsent == 0


def test_enter_that_ends_a_word_of_an_input_method_sends_nothing(desk):
    desk.press("e", "n")
    desk.page.fill("#palette-note", "未成年")
    desk.page.evaluate(
        "() => document.querySelector('#palette-note').dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', code: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(desk.page.locator("#palette")).to_be_visible()
    desk.press("Enter")
    decision = only_decision(desk)
    assert (decision.action, decision.note) == ("escalate", "未成年")


def test_r_and_a_digit_reject_for_that_reason_and_r_r_repeats_it(desk):
    desk.press("r", "6")
    desk.ready().press("r", "r").all_sent()
    assert list(Decision.objects.values_list("action", "reason")) == [("reject", "self-harm")] * 2
    expect(desk.page.locator("#palette")).to_be_hidden()


def test_minor_safety_is_one_and_locks(desk):
    desk.press("r")
    first = desk.page.locator("#palette-reasons .reason").first
    expect(first).to_contain_text("1")
    expect(first).to_contain_text("Minor safety")
    expect(first).to_contain_text("locks and escalates")
    desk.press("1")
    decision = only_decision(desk)
    assert (decision.reason, decision.to_held, decision.to_hidden) == ("minor-safety", True, True)


def test_r_zero_searches_all_reasons(sit_down, pictures, alice):
    make_reason("watermark-of-others", severity="low")
    pictures(2)
    desk = sit_down(alice).ready()
    desk.press("r", "0")
    desk.page.keyboard.type("waterm")
    expect(desk.page.locator("#palette-list .reason")).to_have_count(1)
    desk.press("Enter")
    assert only_decision(desk).reason == "watermark-of-others"


def test_e_escalates_with_a_reason_or_with_a_note(desk):
    desk.press("e", "4")
    desk.ready().press("e", "n")
    desk.page.keyboard.type("Is this ours?")
    desk.press("Enter").all_sent()
    rows = list(Decision.objects.order_by("id").values_list("action", "reason", "note"))
    assert rows == [("escalate", "violence", ""), ("escalate", "", "Is this ours?")]


def test_j_k_and_the_arrows_go_through_the_batch_without_deciding(desk):
    first = desk.case
    desk.press("j")
    second = desk.case
    desk.press("ArrowRight")
    third = desk.case
    desk.press("k")
    assert desk.case == second
    desk.press("ArrowLeft")
    assert desk.case == first
    assert len({first, second, third}) == 3
    assert desk.unsent == 0


def test_what_is_decided_is_not_decided_again_by_going_back_to_it(desk):
    desk.approve()
    desk.ready().press("k", "a")
    desk.says("This one is decided")
    desk.all_sent()
    assert Decision.objects.count() == 1


def test_the_question_mark_lists_every_key(desk):
    desk.press("?")
    keys = desk.page.locator("#help kbd").all_inner_texts()
    assert {"A", "R", "E", "S", "U", "J", "K", "C", "H", "B", "Space", "Esc", "?"} <= set(keys)
    desk.press("a")
    assert desk.unsent == 0
    desk.press("?")
    expect(desk.page.locator("#help")).to_be_hidden()


def test_c_hides_the_context_and_remembers_it(desk):
    expect(desk.page.locator("#pane")).to_be_visible()
    desk.press("c")
    expect(desk.page.locator("#pane")).to_be_hidden()
    desk.page.reload()
    desk.ready()
    expect(desk.page.locator("#pane")).to_be_hidden()


def test_h_lists_my_decisions_with_their_way_back(desk):
    first = desk.reject(4)
    desk.all_sent().press("h")
    row = desk.page.locator(".past")
    expect(row).to_contain_text("picture-00")
    expect(row).to_contain_text("Rejected · Violence, gore")
    row.get_by_role("button", name="Undo").click()
    expect(desk.page.locator("#stage-note-text")).to_contain_text("open again")
    assert desk.case == first
    expect(desk.page.locator("#today")).to_have_text("0 today")


def test_past_the_undo_time_a_decision_is_reopened_or_turned_from_the_history(desk, settings):
    """The page asks; whether it may still be undone is the server's word."""
    desk.approve()
    desk.all_sent()
    desk.page.route(
        "**/admin/shift/",
        lambda route: route.fulfill(json=late(route.fetch().json())),
    )
    desk.press("h")
    desk.page.get_by_role("button", name="Reject after all").click()
    desk.press("4").all_sent()
    assert list(Decision.objects.order_by("id").values_list("action", flat=True)) == [
        "approve", "reject",
    ]  # fmt: skip
    desk.press("h")
    desk.page.get_by_role("button", name="Reopen").first.click()
    desk.page.keyboard.type("Looked again")
    desk.press("Enter").all_sent()
    assert Decision.objects.latest("id").note == "Looked again"
    expect(desk.page.locator("#today")).to_have_text("2 today")


def late(answer):
    for item in answer["items"]:
        item["undo"] = False
    return answer


def test_a_button_pressed_by_mouse_does_not_catch_the_next_space(desk):
    desk.page.click("[data-do=approve]")
    desk.ready().page.keyboard.down("Space")
    assert seen_layer(desk) == "img"
    desk.page.keyboard.up("Space")
    desk.all_sent()
    assert Decision.objects.count() == 1


def test_by_keyboard_alone_every_button_is_reached_and_pressed(desk):
    reached: set[str] = set()
    for _ in range(60):
        desk.press("Tab")
        reached.add(desk.page.evaluate("() => document.activeElement?.dataset?.do ?? ''"))
    assert {"approve", "reject", "escalate", "skip", "undo", "history", "context"} <= reached
    desk.page.focus("[data-do=approve]")
    desk.press("Space")
    assert only_decision(desk).action == "approve"
