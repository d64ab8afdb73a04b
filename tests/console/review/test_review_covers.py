"""The card of a cover: its picture, what it was made from, and a decision by one key."""

import pytest
from playwright.sync_api import expect

from moderation.models import Decision
from tests.console.conftest import with_bytes
from tests.console.walking import violations
from tests.factories import make_character, make_cover

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cover(transactional_db):
    return with_bytes(make_cover(character=make_character(name="Ida", case=False)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_cover_shows_its_picture_and_what_it_was_made_from(sit_down, alice, cover, theme):
    desk = sit_down(alice, "covers", color_scheme=theme).ready()
    card = desk.page.locator("#card")
    expect(card.locator("section", has_text="Cover of").first).to_contain_text("Male, 26-35")
    assert desk.fact("Kept by") == "Ida"
    assert desk.fact("Hair colour") == "brown"
    size = "(image) => [image.naturalWidth, image.naturalHeight]"
    assert desk.page.locator("#media > img:not(.blurred)").evaluate(size) == [240, 320]
    assert violations(desk.page) == []
    desk.press("g")
    expect(desk.page.locator(".cell-name")).to_have_text("Male, 26-35")
    assert violations(desk.page) == []
    desk.press("a").all_sent()
    decision = Decision.objects.get()
    assert (decision.subject_id, decision.action) == (cover.pk, "approve")


def test_the_page_of_a_cover_shows_the_same(visit, alice, cover):
    visitor = visit(alice)
    page = visitor.open(f"/admin/subjects/characters.cover/{cover.pk}/")
    picture = page.locator("[data-reveal] img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalHeight)") == 320
    for text in ("26-35", "brown", "Kept by", "Ida"):
        expect(page.locator("#content").get_by_text(text).first).to_be_visible()
    assert violations(page) == []
    assert visitor.wrong == []
