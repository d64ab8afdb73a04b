"""Every page, light and dark, on a phone and zoomed: accessible, in the policy, on the screen."""

import json

import pytest
from playwright.sync_api import expect

from tests.console.walking import CUT, MOUSE_ONLY, OUTSIDE, WIDE, Visitor, violations
from tests.console.world import fill
from tests.servers import ROOT

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
# A window of 1280 at 200 %: half as many CSS pixels each way.
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]


@pytest.fixture
def world(admin, image):
    return fill(admin=admin, image=image)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_the_policy_holds(visit, admin, world, theme):
    visitor = visit(admin, color_scheme=theme)
    found = {
        path: problems
        for path, page in visitor.walk(**world)
        if (problems := violations(page) + page.evaluate(MOUSE_ONLY))
    }
    assert not found, json.dumps(found, indent=1)
    assert visitor.wrong == []
    assert_policy(visitor)


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE, ZOOMED],
    ids=["light", "dark", "phone", "zoomed"],
)
def test_the_page_that_asks_before_a_purge_is_as_good(visit, admin, world, options):
    visitor = visit(admin, **options)
    page = visitor.open(f"/admin/subjects/gallery.imagelog/{world['rejected']}/")
    page.locator("#reason").select_option("violence")
    page.get_by_role("button", name="Purge").click()
    expect(page.get_by_role("heading", name="Purge “")).to_be_visible()
    assert violations(page) + page.evaluate(MOUSE_ONLY) == []
    assert page.evaluate(WIDE) + page.evaluate(CUT) == []
    assert visitor.wrong == []
    assert_policy(visitor)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_who_is_outside_or_not_allowed_meets_pages_as_good(visit, people, theme):
    stranger = visit(None, color_scheme=theme)
    for path in OUTSIDE:
        assert violations(stranger.open(path)) == [], path
        assert stranger.page.evaluate(CUT) == [], path
    assert stranger.wrong == []
    assert_policy(stranger)
    for name, path in (("moderator", "/admin/month/"), ("nobody", "/admin/")):
        guest = visit(people[name], color_scheme=theme)
        assert violations(guest.open(path)) == [], path
    broken = guest.page
    broken.goto((ROOT / "templates" / "500.html").as_uri())
    assert violations(broken) == []


def assert_policy(visitor: Visitor) -> None:
    assert visitor.policies
    for path, policy in visitor.policies.items():
        assert "default-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        scripts = policy.partition("script-src ")[2]
        assert "unsafe-inline" not in scripts, path
        assert "http" not in policy, path


@pytest.mark.parametrize("screen", [PHONE, ZOOMED], ids=["phone", "zoomed"])
def test_no_page_is_wider_than_the_screen_and_no_text_is_cut_off(visit, admin, world, screen):
    visitor = visit(admin, **screen)
    bad = {
        path: found
        for path, page in visitor.walk(**world)
        if (found := page.evaluate(WIDE) + page.evaluate(CUT))
    }
    assert not bad, json.dumps(bad, indent=1, ensure_ascii=False)
    assert visitor.wrong == []
