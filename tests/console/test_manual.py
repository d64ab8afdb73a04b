"""The manuals as pages of the console."""

import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from moderation.console.manual import PAGES, manual

LANGUAGES = ("en", "zh")
SHOWN = re.compile(r'<img src="([^"]+)" alt="([^"]*)"')


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_there_and_described(page, language):
    pictures = SHOWN.findall(manual(page, language))
    assert pictures
    for source, description in pictures:
        assert finders.find(source.removeprefix(settings.STATIC_URL)), source
        assert description


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_chapters_pictures_and_keys(page):
    english, chinese = (manual(page, language) for language in LANGUAGES)
    for part in ("<h2>", "<h3>", "<tr>", "<img "):
        assert english.count(part) == chinese.count(part), part
    keys = re.compile(r"<code>([^<]+)</code>")
    assert set(keys.findall(chinese)) <= set(keys.findall(english)) | {"E"}


def test_all_pictures_together_are_small():
    folder = settings.BASE_DIR / "docs" / "images"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3 * 1024 * 1024


@pytest.mark.django_db
def test_it_opens_in_the_readers_language(as_, people):
    page = as_("viewer").get("/admin/manual/").content.decode()
    assert "<h1>Manual for moderators</h1>" in page
    assert 'href="/admin/manual/leads/"' in page
    people["viewer"].language = "zh-hans"
    people["viewer"].save()
    assert "<h1>组长手册</h1>" in as_("viewer").get("/admin/manual/leads/").content.decode()


@pytest.mark.django_db
def test_there_is_no_other_page(as_):
    assert as_("viewer").get("/admin/manual/secrets/").status_code == 404
    assert as_("nobody").get("/admin/manual/").status_code in {302, 403}
