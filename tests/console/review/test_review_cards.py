"""The cards of every kind: pictures and what is beside them, clips, sounds, changed texts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from characters.avatars import keep_approved
from characters.models import CharacterText
from media.services import store_bytes
from moderation.actors import Actor
from moderation.models import Decision
from moderation.services import Request, decide
from tests.factories import make_asset, make_case, make_character, make_image
from tests.media.samples import jpeg, video, wav

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_picture_shows_its_conversation_and_what_was_decided_of_its_character(
    sit_down, pictures, alice
):
    talk = {"archive_id": "talk", "character_id": "ida"}
    (image,) = pictures(1, **talk)
    earlier = image.created_at - timedelta(minutes=2)
    for fields in (
        {"review_status": "approved", "created_at": earlier},
        {"review_status": "rejected", "created_at": earlier, "held": True},
    ):
        other = make_image(**talk, **fields)
        store_bytes(data=jpeg(90, 120), subject_type=other.subject_type(), subject_id=other.pk)
    desk = sit_down(alice).ready()
    for title in ("In the same conversation", "Decided pictures of this character"):
        row = desk.page.locator("#card section", has_text=title).locator(".near > a")
        expect(row).to_have_count(1)
        expect(row).to_have_attribute("data-mark", "approved")
        expect(row).to_have_attribute("aria-label", "Approved")
        expect(row).to_have_attribute("href", f"/admin/subjects/gallery.imagelog/{_other(image)}/")
        assert row.locator("img").evaluate("(image) => image.decode().then(() => true)")


def _other(image):
    rows = type(image)._default_manager.filter(held=False).exclude(pk=image.pk)
    return rows.get().pk


def test_a_changed_text_is_marked_word_by_word_against_the_version_last_approved(sit_down, alice):
    character = make_character(name="Ida", bio="A calm adult sailor.", case=False)
    decide(
        requests=[Request(action="approve", subject=character.subject_key)],
        actor=Actor.person(alice),
    )
    CharacterText.objects.create(
        character=character,
        name="Ida",
        bio="A calm adult painter.",
        origin_prompt="You are a calm adult sailor.",
    )
    make_case(character, why=["changed"])
    desk = sit_down(alice, "characters")
    changes = desk.page.locator("#card .changes")
    expect(changes.locator("del")).to_have_text("sailor")
    expect(changes.locator("ins")).to_have_text("painter")
    expect(changes).to_contain_text("A calm adult")
    expect(changes.locator("strong")).to_have_text("Biography")


def test_a_video_has_a_poster_and_its_own_controls_and_plays_while_revealed(sit_down, alice):
    asset = make_asset(name="A clip", asset_type="Video")
    store_bytes(data=video("webm"), subject_type=asset.subject_type(), subject_id=asset.pk)
    desk = sit_down(alice, "assets").ready()
    player = desk.page.locator("#media > video")
    expect(player).to_have_attribute("controls", "")
    assert "/media/" in (player.get_attribute("poster") or "")
    playing = "() => !document.querySelector('#media > video').paused"
    desk.page.keyboard.down("Space")
    desk.page.wait_for_function(playing)
    desk.page.keyboard.up("Space")
    desk.page.wait_for_function(f"() => !({playing})()")
    # Its bytes come in ranges, so that any place of a long clip can be reached.
    answer = player.evaluate(
        "(video) => fetch(video.src, {headers: {Range: 'bytes=0-9'}}).then((a) => a.status)"
    )
    assert answer == 206
    desk.press("a").all_sent()
    assert Decision.objects.get().seen == "full"


def test_a_clip_that_this_browser_cannot_play_shows_its_still_and_says_so(sit_down, alice):
    asset = make_asset(name="A clip", asset_type="Video")
    store_bytes(data=video(), subject_type=asset.subject_type(), subject_id=asset.pk)
    desk = sit_down(alice, "assets")
    desk.page.route("**/media/*.mp4", lambda route: route.fulfill(body=b"no clip at all"))
    desk.page.reload()
    desk.ready()
    expect(desk.page.locator("#media > img:not(.blurred)")).to_have_count(1)
    expect(desk.page.locator("#veil-step")).to_contain_text("Only a still")


def test_a_sound_has_its_own_controls_and_a_card_in_the_grid(sit_down, alice):
    asset = make_asset(name="A voice", asset_type="Audio")
    store_bytes(data=wav(), subject_type=asset.subject_type(), subject_id=asset.pk)
    desk = sit_down(alice, "assets").ready()
    expect(desk.page.locator("#media > audio")).to_have_attribute("controls", "")
    desk.press("g")
    expect(desk.page.locator(".cell-plate svg")).to_be_visible()
    expect(desk.page.locator(".cell-name")).to_have_text("A voice")
    desk.press("a").all_sent()
    assert Decision.objects.get().action == "approve"


def test_a_character_shows_its_authors_record_and_both_avatars_side_by_side(sit_down, visit, alice):
    long_ago = timezone.now() - timedelta(days=40)
    for status, fields in (
        ("approved", {}), ("rejected", {}), ("rejected", {"created_at": long_ago}),
    ):  # fmt: skip
        make_image(user_id="ida", review_status=status, **fields)
    character = make_character(name="Mira", author_id="ida", case=False)
    keep = {"subject_type": character.subject_type(), "subject_id": character.pk, "role": "avatar"}
    store_bytes(data=jpeg(300, 400, seed=1), **keep)
    approve = Request(action="approve", subject=character.subject_key)
    decide(requests=[approve], actor=Actor.person(alice))
    keep_approved([character.pk])
    store_bytes(data=jpeg(200, 200, seed=2), **keep)
    make_case(character, why=["changed"])

    desk = sit_down(alice, "characters").ready()
    record = desk.page.locator("#card .record dd")
    assert record.all_text_contents() == ["3", "2", "1"]
    pair = desk.page.locator("#card .pair img")
    expect(pair).to_have_count(2)
    sizes = [
        each.evaluate(
            "(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
        )
        for each in pair.all()
    ]
    assert sizes == [[240, 320], [200, 200]]
    expect(desk.page.locator("#card .pair del")).to_contain_text("300 × 400")
    left, right = (each.bounding_box() for each in pair.all())
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 1
    veil = "(image) => getComputedStyle(image).filter"
    assert "blur" in pair.first.evaluate(veil)
    desk.page.keyboard.down("Space")
    assert pair.first.evaluate(veil) == pair.last.evaluate(veil) == "none"
    desk.page.keyboard.up("Space")

    visitor = visit(alice)
    page = visitor.open(f"/admin/subjects/characters.character/{character.pk}/")
    both = page.locator(".gh-pair img")
    expect(both).to_have_count(2)
    assert both.first.evaluate("(image) => image.decode().then(() => image.naturalHeight)") == 400
    page.locator("[data-reveal]").hover()
    page.mouse.down()
    assert both.first.evaluate(veil) == "none"
    expect(page.get_by_text("3 pictures, 2 rejected, 1 in 30 days")).to_be_visible()
    assert visitor.wrong == []
