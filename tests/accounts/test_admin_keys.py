"""The admin's pages about API keys."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import InvalidKey
from accounts.keys import find_key, revoke_key
from accounts.models import ApiKey, User
from accounts.signed import find_signer
from tests.factories import make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/apikey/"
KEY = re.compile(r"gh_[a-z0-9]{10}_[A-Za-z0-9]{32}")


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people["operator"])


def link(browser, key: ApiKey, action: str) -> str:
    """The link to that action on the key's page."""
    text = browser.get(f"{LIST}{key.pk}/change/").content.decode()
    found = re.search(rf'href="([^"]*/{key.pk}/{action}[^"]*)"', text)
    assert found
    return found[1]


def shown_key(text: str) -> str:
    found = KEY.search(text)
    assert found
    return found[0]


def new(user: User, *scopes: str, **fields):
    return {"user": user.pk, "scopes": scopes, "name": "App", **fields}


def test_an_operator_makes_a_key_and_sees_it_once(browser, people):
    answer = browser.post(f"{LIST}add/", new(people["nobody"], "generation", signed="on"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    plain = shown_key(text)
    signer = find_signer(plain)
    assert signer.secret in text
    assert (signer.key.name, signer.key.user) == ("App", people["nobody"])
    assert "messages" not in answer.cookies
    for path in (LIST, f"{LIST}{signer.key.pk}/change/", f"{LIST}{signer.key.pk}/history/"):
        later = browser.get(path).content.decode()
        assert signer.key.prefix in later
        assert plain not in later
        assert signer.secret not in later


def test_limits_are_set_and_changed_but_scopes_and_user_stay(browser, people):
    limits = {"call_limit": "5", "per_minute": "2"}
    browser.post(f"{LIST}add/", new(people["nobody"], "public", **limits))
    key = ApiKey.objects.get()
    assert (key.call_limit, key.per_minute) == (5, 2)
    form = new(people["viewer"], "public", "moderation", call_limit="7", secret="x", calls="0")
    assert browser.post(f"{LIST}{key.pk}/change/", form | {"key_hash": "x"}).status_code == 302
    before, key = key, ApiKey.objects.get()
    assert key.call_limit == 7
    assert (key.user_id, key.scopes, key.secret) == (people["nobody"].pk, ["public"], "")
    assert key.key_hash == before.key_hash


@pytest.mark.parametrize("role", ["moderator", "lead", "admin"])
@pytest.mark.parametrize("scope", ["moderation", "public"])
def test_an_operator_makes_no_key_of_somebody_who_may_more(browser, people, role, scope):
    answer = browser.post(f"{LIST}add/", new(people[role], scope))
    assert "only an admin makes such keys" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_an_admin_makes_keys_of_everybody(people, browser_of):
    browser = browser_of(people["admin"])
    answer = browser.post(f"{LIST}add/", new(people["lead"], "moderation"))
    assert KEY.search(answer.content.decode())


def test_the_scope_moderation_is_refused_without_a_role(browser, people):
    answer = browser.post(f"{LIST}add/", new(people["nobody"], "moderation"))
    assert "needs a role" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_rotating_asks_first_and_shows_the_new_key_once(browser, people, make_key):
    plain, key = make_key(people["nobody"], "generation", signed=True)
    url = link(browser, key, "rotate")
    assert "A new key" in browser.get(url).content.decode()
    assert find_key(plain)
    answer = browser.post(url, {"grace": "5"})
    shown = shown_key(answer.content.decode())
    assert find_key(shown).key == find_key(plain).key == key


def test_revoking_asks_first(browser, people, make_key):
    plain, key = make_key(people["nobody"])
    url = link(browser, key, "revoke")
    assert "for good" in browser.get(url).content.decode()
    assert find_key(plain)
    browser.post(url, {"yes": "1"})
    with pytest.raises(InvalidKey):
        find_key(plain)


def test_an_operator_revokes_but_neither_rotates_nor_edits_the_key_of_an_admin(
    browser, people, make_key
):
    plain, key = make_key(people["admin"], "moderation")
    text = browser.get(f"{LIST}{key.pk}/change/").content.decode()
    assert f"/{key.pk}/rotate" not in text
    revoke = link(browser, key, "revoke")
    rotate = revoke.replace("revoke", "rotate")
    assert browser.post(rotate, {"grace": "0"}).status_code == 403
    assert browser.post(f"{LIST}{key.pk}/change/", {"call_limit": "9"}).status_code == 403
    assert find_key(plain).key.call_limit is None
    browser.post(revoke, {"yes": "1"})
    with pytest.raises(InvalidKey):
        find_key(plain)


def test_a_revoked_key_is_only_looked_at(browser, people, make_key):
    _plain, key = make_key(people["nobody"])
    revoke_key(key=key)
    text = browser.get(f"{LIST}{key.pk}/change/").content.decode()
    for action in ("rotate", "revoke"):
        assert f"/{key.pk}/{action}" not in text
    assert browser.post(f"{LIST}{key.pk}/change/", {"call_limit": "9"}).status_code == 403


def test_nobody_deletes_keys(people, browser_of, make_key):
    _plain, key = make_key(people["nobody"])
    browser = browser_of(people["admin"])
    assert browser.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize("state", ["active", "exhausted", "expired", "revoked"])
def test_the_list_is_filtered_by_what_became_of_keys(browser, make_key, state):
    person, past = make_person(), timezone.now() - timedelta(days=1)
    keys = {
        "active": make_key(person, call_limit=5)[1],
        "exhausted": make_key(person, call_limit=0)[1],
        "expired": make_key(person, expires_at=past)[1],
        "revoked": make_key(person, expires_at=past)[1],
    }
    revoke_key(key=keys["revoked"])
    result = browser.get(f"{LIST}?state={state}").context["cl"].result_list
    assert list(result) == [keys[state]]
    assert result[0].state == state


def test_an_operator_finds_the_user_of_a_new_key_by_typing(browser, people):
    answer = browser.get(
        "/admin/autocomplete/?app_label=accounts&model_name=apikey&field_name=user&term=nob"
    )
    assert [row["text"] for row in answer.json()["results"]] == ["nobody"]
