"""The review page's document: who gets it, what it costs, its policy, and its words."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation

from moderation.console.review import import_map, module_names
from moderation.console.review_words import words
from tests.factories import make_image

FOLDER = Path(__file__).resolve().parents[3] / "moderation/static/moderation/review"
SCRIPTS = sorted(FOLDER.glob("*.js"))


def page_config(answer) -> dict[str, object]:
    block = re.search(
        r'<script id="review-config"[^>]*>(.*?)</script>', answer.content.decode(), re.S
    )
    assert block
    return json.loads(block[1])


@pytest.mark.parametrize(
    ("role", "queue", "status"),
    [
        ("moderator", "images", 200),
        ("lead", "images", 200),
        ("admin", "escalations", 200),
        ("lead", "escalations", 200),
        ("moderator", "escalations", 403),
        ("viewer", "images", 403),
        ("operator", "images", 403),
        ("nobody", "images", 403),
        ("moderator", "nothing", 404),
    ],
)
def test_the_page_opens_for_those_who_may_decide_in_its_queue(as_, role, queue, status):
    assert as_(role).get(f"/admin/queues/{queue}/").status_code == status


def test_a_viewer_is_told_why(as_):
    answer = as_("viewer").get("/admin/queues/images/")
    assert "Your role may read, but not decide" in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


def test_anonymous_people_sign_in_first(as_):
    answer = as_("").get("/admin/queues/images/")
    assert answer["Location"] == "/admin/login/?next=/admin/queues/images/"


def test_the_page_asks_the_database_little_and_counts_nothing(as_, django_assert_num_queries):
    """The session (read and written), the person, two for what they may, and the reasons."""
    for _ in range(3):
        make_image()
    browser = as_("moderator")
    browser.get("/admin/queues/images/")
    with django_assert_num_queries(8) as asked:
        browser.get("/admin/queues/images/")
    statements = [query["sql"].lower() for query in asked.captured_queries]
    assert not [each for each in statements if "count(" in each]
    # Cases are claimed by the page's first request, not by opening it.
    assert not [each for each in statements if "moderation_case" in each]


def test_the_policy_allows_no_eval_and_of_inline_scripts_only_the_import_map(as_):
    answer = as_("moderator").get("/admin/queues/images/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in policy
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts
    digest = base64.b64encode(hashlib.sha256(import_map().encode()).digest()).decode()
    assert scripts[1].split() == ["'self'", f"'sha256-{digest}'"]
    html = answer.content.decode()
    assert f'<script type="importmap">{import_map()}</script>' in html
    inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", html)
    assert all("importmap" in each or "application/json" in each for each in inline)
    assert not re.search(r"\son\w+=", html)


def test_every_module_is_mapped_to_its_name_with_the_contents_hash(tmp_path):
    storages = {"staticfiles": {"BACKEND": "tests.console.review.test_review_page.Hashed"}}
    with override_settings(STORAGES=storages):
        mapped = json.loads(import_map())["imports"]
    assert set(mapped) == {f"/static/{name}" for name in module_names()}
    assert mapped["/static/moderation/review/deck.js"] == "/static/hashed/moderation/review/deck.js"


class Hashed:
    """A storage that gives files other names, as the one in production does."""

    def url(self, name: str) -> str:
        return f"/static/hashed/{name}"


def test_without_a_chosen_time_zone_times_are_utc_as_on_every_other_page(as_):
    assert page_config(as_("moderator").get("/admin/queues/images/"))["timeZone"] == "UTC"


def test_settings_reach_the_page_as_data_that_cannot_end_its_block(as_, people):
    people["moderator"].blur = 12
    people["moderator"].time_zone = "Asia/Shanghai"
    people["moderator"].save()
    config = page_config(as_("moderator").get("/admin/queues/images/"))
    assert config["user"] == {"id": people["moderator"].pk, "blur": 12, "greyscale": True}
    assert config["timeZone"] == "Asia/Shanghai"
    assert [reason["digit"] for reason in config["reasons"] if reason["digit"]] == [*range(1, 10)]
    assert config["reasons"][0]["slug"] == "minor-safety"
    assert (config["api"], config["subjects"]) == ("/api/moderation/", "/admin/subjects/")


def test_the_escalations_bring_the_cards_of_every_type(as_):
    html = as_("lead").get("/admin/queues/escalations/").content.decode()
    for subject_type in ("gallery.imagelog", "assets.asset", "characters.character"):
        assert f'id="card-{subject_type}"' in html


def test_the_page_speaks_the_users_language(as_, people):
    people["moderator"].language = "zh-hans"
    people["moderator"].save()
    answer = as_("moderator").get("/admin/queues/images/")
    config = page_config(answer)
    assert '<html lang="zh-hans"' in answer.content.decode()
    assert config["locale"] == "zh-hans"
    assert config["reasons"][0]["label"] == "未成年人安全"


def test_every_word_that_the_scripts_say_is_in_the_pages_words():
    said = {
        name for script in SCRIPTS for name in re.findall(r'\bt\(\s*"(\w+)"', script.read_text())
    }
    assert len(said) > 40
    assert said <= set(words())


def test_every_word_of_the_page_is_used():
    text = "".join(script.read_text() for script in SCRIPTS)
    built = re.compile(r"^(why|was|done|failed|turn|veil|span|ask)_|_(for|many)$")
    unused = [name for name in words() if f'"{name}"' not in text and not built.search(name)]
    assert unused == []


def test_plurals_keep_the_number_for_the_page_in_every_language():
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for name, word in words().items():
                if isinstance(word, dict):
                    assert "{n}" in word["one"] and "{n}" in word["other"], name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_short_checked_and_write_no_markup(script):
    text = script.read_text()
    assert len(text.splitlines()) < 200
    assert "innerHTML" not in text and "insertAdjacentHTML" not in text
    if script.name != "theme.js":
        assert text.startswith("// @ts-check\n")
