"""Who sees which page about accounts: every page, every role."""

import pytest
from django.test import Client

from accounts.keys import issue_key
from accounts.models import User
from accounts.roles import role_of
from accounts.services import add_identity

ROLES = ("viewer", "moderator", "lead", "operator", "admin")
EVERYBODY, OPERATORS, ADMINS = set(ROLES), {"operator", "admin"}, {"admin"}
PAGES = {
    "/admin/preferences/": EVERYBODY,
    "/admin/password_change/": EVERYBODY,
    "/admin/accounts/apikey/": OPERATORS,
    "/admin/accounts/apikey/add/": OPERATORS,
    "/admin/accounts/apikey/{key}/change/": OPERATORS,
    "/admin/accounts/apikey/{key}/history/": OPERATORS,
    "/admin/accounts/user/": OPERATORS,
    "/admin/accounts/user/{user}/change/": OPERATORS,
    "/admin/accounts/user/add/": ADMINS,
    "/admin/accounts/user/{user}/password/": ADMINS,
    "/admin/accounts/identity/": ADMINS,
    "/admin/accounts/identity/{identity}/change/": ADMINS,
    "/admin/auth/group/": ADMINS,
    "/admin/auth/group/{group}/change/": ADMINS,
    "/admin/admin/logentry/": ADMINS,
}
NEVER = ["/admin/accounts/identity/add/", "/admin/auth/group/add/", "/admin/admin/logentry/add/"]


@pytest.fixture
def fill(people):
    """Puts ids into a path."""
    person = people["nobody"]
    ids = {
        "user": person.pk,
        "key": issue_key(user=person, scopes=["public"]).key.pk,
        "identity": add_identity(user=person, source="gallery", upstream_user_id="u").pk,
        "group": people["lead"].groups.get().pk,
    }
    return lambda path: path.format(**ids)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_to_its_roles_only(people, browser_of, fill, path, role):
    expected = 200 if role in PAGES[path] else 403
    assert browser_of(people[role]).get(fill(path)).status_code == expected


@pytest.mark.parametrize("path", PAGES)
def test_guests_and_people_without_a_role_are_sent_to_the_sign_in_page(
    people, browser_of, fill, path
):
    for browser in (Client(), browser_of(people["nobody"])):
        answer = browser.get(fill(path))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("path", NEVER)
def test_some_things_are_made_by_nobody(people, browser_of, path):
    assert browser_of(people["admin"]).get(path).status_code == 403


@pytest.mark.parametrize("role", ["viewer", "moderator", "lead", "operator"])
@pytest.mark.parametrize("action", ["change", "ban", "lift", "anonymise", "password"])
def test_nobody_but_an_admin_changes_a_person(people, browser_of, role, action):
    person = people["viewer" if role != "viewer" else "moderator"]
    before = role_of(person)
    form = {"username": "taken", "role": "admin", "reason": "x", "password1": "y" * 20}
    for slash in ("", "/"):
        answer = browser_of(people[role]).post(
            f"/admin/accounts/user/{person.pk}/{action}{slash}", form
        )
        assert answer.status_code in {302, 403, 404}
    after = User.objects.get(pk=person.pk)
    assert (after.username, role_of(after), after.is_active) == (person.username, before, True)
    assert after.password == person.password


@pytest.mark.parametrize("role", ["viewer", "moderator", "lead", "operator"])
def test_nobody_but_an_admin_bans_from_the_list(people, browser_of, role):
    form = {"action": "ban_selected", "_selected_action": [people["nobody"].pk]}
    browser_of(people[role]).post("/admin/accounts/user/", form)
    assert User.objects.get(username="nobody").is_active


@pytest.mark.parametrize("role", ["viewer", "moderator", "lead"])
@pytest.mark.parametrize("action", ["rotate", "revoke", "change"])
def test_keys_are_for_operators(people, browser_of, make_key, role, action):
    _plain, key = make_key(people["nobody"])
    for slash in ("", "/"):
        url = f"/admin/accounts/apikey/{key.pk}/{action}{slash}"
        browser_of(people[role]).post(url, {"grace": "0", "call_limit": "1"})
    key.refresh_from_db()
    assert (key.revoked_at, key.call_limit) == (None, None)


def test_an_operator_sees_no_password_and_no_identity_of_a_person(people, browser_of, fill):
    text = browser_of(people["operator"]).get(fill("/admin/accounts/user/{user}/change/"))
    text = text.content.decode()
    assert "nobody" in text
    assert "algorithm" not in text
    assert people["nobody"].password not in text
    assert "identities-0" not in text
    assert 'name="role"' not in text


@pytest.mark.parametrize("path", ["/admin/accounts/user/{user}/", "/admin/accounts/apikey/{key}/"])
def test_actions_need_the_csrf_token(people, fill, path):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["admin"])
    action = "ban" if "user" in path else "revoke"
    assert browser.post(fill(path) + action, {"reason": "x"}).status_code == 403


def test_the_page_of_a_role_says_what_it_may(people, browser_of):
    text = browser_of(people["admin"]).get("/admin/auth/group/?q=lead").content.decode()
    assert "May open the console and read; May claim, decide" in text
    assert "May run sources" not in text
