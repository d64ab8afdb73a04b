"""`Authorization: Bearer KEY` over HTTP, and what each permission class lets through."""

import pytest
import time_machine
from django.utils import timezone

from accounts.keys import revoke_key
from accounts.roles import give_role
from accounts.services import ban_user
from tests.factories import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]

ENDPOINTS = {
    "/view": {"viewer", "moderator", "lead", "operator", "admin"},
    "/moderate": {"moderator", "lead", "admin"},
    "/lead": {"lead", "admin"},
    "/operate": {"operator", "admin"},
}
ROLES = [*sorted(ENDPOINTS["/view"]), "nobody"]
CASES = [(endpoint, role) for endpoint in ENDPOINTS for role in ROLES]


def test_a_key_names_its_user(client, make_key):
    plain, key = make_key(make_person("carol"))
    answer = client.get("/open", headers={"Authorization": f"Bearer {plain}"})
    assert answer.json() == {"user": "carol", "key": key.prefix}


def test_the_scheme_is_read_without_regard_to_case(call, make_key):
    plain, _key = make_key(make_person(role="viewer"), "moderation")
    assert call("/view", plain, scheme="bearer") == 200


def test_no_key_is_a_guest(client):
    assert client.get("/open").json() == {"user": "", "key": None}


def test_another_scheme_is_a_guest(client):
    answer = client.get("/open", headers={"Authorization": "Basic YTpi"})
    assert answer.json()["user"] == ""


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", "Bearer a b", "bearer \xff"])
def test_a_present_but_invalid_key_is_401_and_says_how_to_authenticate(client, header):
    answer = client.get("/open", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_guests_are_401(client, endpoint):
    assert client.get(endpoint).status_code == 401


@pytest.mark.parametrize(("endpoint", "role"), CASES)
def test_a_key_for_moderation_may_what_its_users_role_may(call, make_key, people, endpoint, role):
    scope = "public" if role == "nobody" else "moderation"
    plain, _key = make_key(people[role], scope)
    assert call(endpoint, plain) == (200 if role in ENDPOINTS[endpoint] else 403)


@pytest.mark.parametrize(("endpoint", "role"), CASES)
def test_a_session_may_what_its_users_role_may(people, browser_of, endpoint, role):
    answer = browser_of(people[role]).get(endpoint)
    assert answer.status_code == (200 if role in ENDPOINTS[endpoint] else 403)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_key_without_the_scope_moderation_opens_nothing_even_of_an_admin(
    call, make_key, people, endpoint
):
    plain, _key = make_key(people["admin"], "public", "assets")
    assert call(endpoint, plain) == 403


def test_a_scope_opens_its_endpoint_to_keys_only(call, make_key, people, browser_of):
    assert call("/assets", make_key(people["nobody"], "assets")[0]) == 200
    assert call("/assets", make_key(people["nobody"], "public")[0]) == 403
    assert browser_of(people["admin"]).get("/assets").status_code == 403


def test_a_ban_is_401_at_the_next_call(call, make_key):
    person = make_person()
    plain, _key = make_key(person)
    assert call("/open", plain) == 200
    ban_user(user=person)
    assert call("/open", plain) == 401


def test_a_revoked_key_is_401_at_the_next_call(call, make_key):
    plain, key = make_key(make_person())
    assert call("/open", plain) == 200
    revoke_key(key=key)
    assert call("/open", plain) == 401


def test_a_lost_role_is_403_at_the_next_call(call, make_key):
    person = make_person(role="moderator")
    plain, _key = make_key(person, "moderation")
    assert call("/moderate", plain) == 200
    give_role(user=person, role="viewer")
    assert call("/moderate", plain) == 403


def test_a_key_over_its_limits_is_429(client, make_key):
    used_up, _key = make_key(make_person(), call_limit=1)
    fast, _key = make_key(make_person(), per_minute=1)
    with time_machine.travel(timezone.now(), tick=False):  # no minute begins between the calls
        for plain in (used_up, fast):
            client.get("/open", headers={"Authorization": f"Bearer {plain}"})
        answer = client.get("/open", headers={"Authorization": f"Bearer {used_up}"})
        assert (answer.status_code, answer.json()["detail"]) == (429, "API key usage limit reached")
        answer = client.get("/open", headers={"Authorization": f"Bearer {fast}"})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61


def test_a_key_in_a_browser_with_a_session_wins(people, browser_of, make_key):
    plain, key = make_key(people["nobody"])
    browser = browser_of(people["admin"])
    answer = browser.get("/open", headers={"Authorization": f"Bearer {plain}"})
    assert answer.json() == {"user": "nobody", "key": key.prefix}
