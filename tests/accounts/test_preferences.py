"""The own preferences: language, time zone, and how pictures are shown."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone, translation

from accounts.models import User
from tests.factories import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
PAGE = "/admin/preferences/"
CHOICES = {"language": "zh-hans", "time_zone": "Asia/Shanghai", "blur": "12", "greyscale": "on"}


def now_and_here(request):
    return HttpResponse(f"{translation.get_language()} {timezone.get_current_timezone_name()}")


urlpatterns = [path("here", now_and_here), path("", include("config.urls"))]


@pytest.fixture
def alice():
    return make_person("alice", role="viewer")


def test_preferences_are_saved_and_take_effect(alice, browser_of):
    browser = browser_of(alice)
    assert browser.get("/here").content == b"en UTC"
    assert browser.post(PAGE, CHOICES).status_code == 302
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone, alice.blur, alice.greyscale) == (
        "zh-hans",
        "Asia/Shanghai",
        12,
        True,
    )
    answer = browser.get("/here")
    assert answer.content == b"zh-hans Asia/Shanghai"
    assert answer.headers["Content-Language"] == "zh-hans"


def test_one_persons_choice_does_not_reach_the_next_request(alice, browser_of):
    browser = browser_of(alice)
    browser.post(PAGE, CHOICES)
    browser.get("/here")
    assert Client().get("/here").content == b"en UTC"


def test_without_a_choice_the_browser_decides(alice, browser_of):
    answer = browser_of(alice).get("/here", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.content == b"zh-hans UTC"


def test_going_back_to_the_browsers_language_forgets_the_cookie(alice, browser_of):
    browser = browser_of(alice)
    browser.post(PAGE, CHOICES)
    browser.post(PAGE, CHOICES | {"language": ""})
    assert browser.get("/here").content == b"en Asia/Shanghai"


@pytest.mark.parametrize(
    "wrong",
    [{"language": "xx"}, {"time_zone": "Mars/Base"}, {"blur": "-1"}, {"blur": "61"}, {"blur": ""}],
)
def test_what_is_not_offered_is_refused_and_nothing_is_saved(alice, browser_of, wrong):
    answer = browser_of(alice).post(PAGE, CHOICES | wrong)
    assert answer.status_code == 200
    assert User.objects.get(pk=alice.pk).language == ""


def test_nothing_but_preferences_can_be_posted(alice, browser_of):
    browser_of(alice).post(
        PAGE, CHOICES | {"is_superuser": "on", "username": "root", "role": "admin"}
    )
    alice.refresh_from_db()
    assert (alice.username, alice.is_superuser) == ("alice", False)


def test_a_zone_this_machine_no_longer_knows_falls_back_to_utc(alice, browser_of):
    User.objects.filter(pk=alice.pk).update(time_zone="Mars/Base", language="xx")
    assert browser_of(alice).get("/here").content == b"en UTC"


def test_the_page_offers_time_zones_to_search(alice, browser_of):
    page = browser_of(alice).get(PAGE).content.decode()
    assert '<option value="Asia/Shanghai">' in page
    assert "select2" in page


def test_the_language_switch_is_remembered_for_a_person(alice, browser_of):
    answer = browser_of(alice).post("/i18n/", {"language": "zh-hans", "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    alice.refresh_from_db()
    assert alice.language == "zh-hans"


def test_the_language_switch_works_for_guests_by_a_cookie(client):
    client.post("/i18n/", {"language": "zh-hans", "next": "/here"})
    assert client.get("/here").content == b"zh-hans UTC"


def test_the_language_switch_changes_nothing_by_get_or_with_an_unknown_language(alice, browser_of):
    browser = browser_of(alice)
    browser.get("/i18n/?language=zh-hans")
    browser.post("/i18n/", {"language": "tlh"})
    browser.post("/i18n/", {"language": "de"})
    alice.refresh_from_db()
    assert alice.language == ""


def test_the_language_switch_sends_nobody_to_another_host(client):
    answer = client.post("/i18n/", {"language": "en", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_saving_is_confirmed_once(alice, browser_of):
    page = browser_of(alice).post(PAGE, CHOICES | {"language": "en"}, follow=True)
    assert page.content.decode().count("Your preferences are saved.") == 1
