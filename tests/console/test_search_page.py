"""The search page: what it shows for what was asked."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation import search
from moderation.console import searching
from moderation.errors import SearchTooBroad
from tests.factories import make_asset, make_character, make_image

pytestmark = pytest.mark.django_db

URL = "/admin/search/"


def shown(answer):
    assert answer.status_code == 200
    return [row["subject"].pk for row in answer.context["rows"]]


def test_results_of_all_types_stand_on_one_page_with_what_was_found_marked(as_):
    image = make_image(prompt="A <b>lighthouse</b> by the sea")
    character = make_character(name="Mira", bio="Keeps the Lighthouse.")
    asset = make_asset(name="lighthouse.png")
    make_image()
    search.fill()
    page = as_("viewer").get(URL, {"q": "lighthouse"})
    assert shown(page) == [asset.pk, character.pk, image.pk]
    text = page.content.decode()
    assert "&lt;b&gt;<mark>lighthouse</mark>&lt;/b&gt;" in text and "<b>lighthouse" not in text
    assert "<mark>Lighthouse</mark>" in text
    assert text.count("gh-badge gh-pending") >= 3


def test_type_and_status_narrow_it(as_):
    make_image(prompt="lighthouse")
    approved = make_image(prompt="lighthouse", review_status="approved")
    asset = make_asset(name="lighthouse")
    search.fill()
    browser = as_("viewer")
    given = {"q": "lighthouse", "type": "gallery.imagelog", "status": "approved"}
    assert shown(browser.get(URL, given)) == [approved.pk]
    assert shown(browser.get(URL, {"q": "lighthouse", "type": "assets.asset"})) == [asset.pk]
    assert len(shown(browser.get(URL, {"q": "lighthouse", "type": "x", "status": "y"}))) == 3


def test_pages_follow_each_other_without_gaps(as_, monkeypatch):
    monkeypatch.setattr(searching, "SHOWN", 2)
    images = [make_image(prompt="灯塔", case=False) for _ in range(5)]
    search.fill()
    seen, address, browser = [], f"{URL}?q=灯塔", as_("viewer")
    while address:
        page = browser.get(address)
        seen += shown(page)
        older = re.search(r'href="(\?[^"]+)" rel="next"', page.content.decode())
        address = URL + older[1].replace("&amp;", "&") if older else ""
    assert seen == [image.pk for image in reversed(images)]


def test_empty_unfound_and_slow_are_told_apart(as_, monkeypatch):
    browser = as_("viewer")
    assert "address of ours" in browser.get(URL).content.decode()
    assert "Nothing has all of this" in browser.get(URL, {"q": "nothing"}).content.decode()

    def too_broad(*args, **kwargs):
        raise SearchTooBroad

    monkeypatch.setattr(searching.search, "find", too_broad)
    assert "takes too long" in browser.get(URL, {"q": "a b"}).content.decode()


def test_held_and_purged_subjects_show_no_picture_and_no_text(as_):
    held = make_image(prompt="lighthouse held", held=True)
    purged = make_image(prompt="lighthouse purged", review_status="purged")
    search.fill()
    assert shown(as_("lead").get(URL, {"q": "lighthouse"})) == [held.pk]
    page = as_("lead").get(URL, {"q": str(purged.pk)})
    assert shown(page) == [purged.pk] and "lighthouse" not in page.content.decode()
    assert "rows" not in as_("moderator").get(URL, {"q": str(held.pk)}).context or not shown(
        as_("moderator").get(URL, {"q": str(held.pk)})
    )


@pytest.mark.parametrize("after", ["rubbish!", "", "AAAA"])
def test_a_strange_cursor_gives_the_first_page(as_, after):
    image = make_image()
    assert shown(as_("viewer").get(URL, {"q": image.upstream_id, "after": after})) == [image.pk]


def test_the_page_costs_the_same_however_much_it_shows(as_):
    browser = as_("viewer")
    make_image(prompt="lighthouse"), make_character(bio="lighthouse"), make_asset(name="lighthouse")
    search.fill()
    browser.get(URL, {"q": "lighthouse"})
    used = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL, {"q": "lighthouse"})
        used.append(len(queries))
        for _ in range(8):
            make_image(prompt="lighthouse", case=False), make_asset(name="lighthouse", case=False)
        search.fill()
    assert used[0] == used[1] <= 40
