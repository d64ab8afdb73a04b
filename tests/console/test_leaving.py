"""Signing out gives back what one holds, whatever page the button stands on."""

import pytest
from django.test import Client

from moderation import cases
from moderation.models import Case
from tests.factories import make_image

URL = "/admin/logout/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def holding(people):
    """The moderator holds two cases, the lead one."""
    for _ in range(3):
        make_image()
    cases.claim(user=people["moderator"], queue="images", limit=2)
    cases.claim(user=people["lead"], queue="images", limit=1)


def held_by(person):
    return Case.objects.filter(claimed_by=person).count()


@pytest.mark.parametrize("page", ["/admin/", "/admin/queues/", "/admin/gallery/imagelog/"])
def test_the_menu_of_every_page_signs_out_there(as_, page):
    assert f'action="{URL}"' in as_("moderator").get(page).content.decode()


def test_who_signs_out_holds_nothing_any_more_and_others_keep_theirs(as_, people, holding):
    browser = as_("moderator")
    browser.post(URL)
    assert (held_by(people["moderator"]), held_by(people["lead"])) == (0, 1)
    assert browser.get("/admin/").status_code == 302
    # Another browser of the same person is signed in still, and claims again.
    as_("moderator").post(
        "/api/moderation/queues/images/claim/", {"limit": 1}, content_type="application/json"
    )
    assert held_by(people["moderator"]) == 1


def test_a_link_or_a_strange_page_signs_nobody_out(people, holding):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["moderator"])
    assert (browser.get(URL).status_code, browser.post(URL).status_code) == (405, 403)
    assert held_by(people["moderator"]) == 2


def test_somebody_who_is_signed_out_already_signs_out_without_trouble(as_, people, holding):
    assert as_("").post(URL).status_code in {200, 302}
    assert held_by(people["moderator"]) == 2
