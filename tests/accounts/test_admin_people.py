"""The admin's pages about people."""

import pytest
from django.contrib.admin.models import LogEntry

from accounts.models import Identity, User
from accounts.roles import role_of
from accounts.services import anonymise, ban_user
from tests.factories import make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"
NO_IDENTITIES = {"identities-TOTAL_FORMS": "0", "identities-INITIAL_FORMS": "0"}


@pytest.fixture
def root() -> User:
    return make_person("root", role="admin")


@pytest.fixture
def browser(root, browser_of):
    return browser_of(root)


def page(user: User, action: str = "change") -> str:
    return f"{LIST}{user.pk}/{action}/" if action == "change" else f"{LIST}{user.pk}/{action}"


def url_of(browser, user: User, action: str):
    """The link to that action on the account's page."""
    text = browser.get(page(user)).content.decode()
    return next(
        part.split('"')[0] for part in text.split('href="') if f"/{user.pk}/{action}" in part[:60]
    )


def test_an_admin_makes_an_account_with_a_role(browser, root):
    form = {
        "username": "alice", "email": "alice@example.org", "role": "lead",
        "password1": "a-long-new-passphrase", "password2": "a-long-new-passphrase",
        "usable_password": "true", **NO_IDENTITIES,
    }  # fmt: skip
    assert browser.post(f"{LIST}add/", form).status_code == 302
    alice = User.objects.get(username="alice")
    assert role_of(alice) == "lead"
    assert alice.check_password("a-long-new-passphrase")
    messages = LogEntry.objects.filter(object_id=str(alice.pk), user=root)
    assert "Role: none → lead" in messages.values_list("change_message", flat=True)


@pytest.mark.parametrize("name", ["command-line", "anonymous-1"])
def test_reserved_names_are_refused_on_the_form(browser, name):
    form = {"username": name, "password1": "x" * 20, "password2": "x" * 20, "role": ""}
    answer = browser.post(f"{LIST}add/", form | {"usable_password": "true"} | NO_IDENTITIES)
    assert "is reserved" in answer.content.decode()


def test_an_admin_changes_the_role_and_raw_flags_cannot_be_posted(browser):
    alice = make_person("alice", role="viewer")
    form = {"username": "alice", "role": "moderator", "is_superuser": "on", "is_active": ""}
    assert browser.post(page(alice), form | NO_IDENTITIES).status_code == 302
    alice = User.objects.get(pk=alice.pk)
    assert (role_of(alice), alice.is_superuser, alice.is_active) == ("moderator", False, True)


def test_nobody_changes_their_own_role_on_the_page(browser, root):
    text = browser.get(page(root)).content.decode()
    assert 'name="role"' not in text
    browser.post(page(root), {"username": "root", "role": "viewer"} | NO_IDENTITIES)
    assert role_of(User.objects.get(pk=root.pk)) == "admin"


def test_nobody_bans_or_anonymises_themselves_on_the_page(browser, root):
    text = browser.get(page(root)).content.decode()
    for action in ("ban", "lift", "anonymise"):
        assert f"/{root.pk}/{action}" not in text
        assert browser.post(f"{LIST}{root.pk}/{action}").status_code in {302, 403, 404}
    browser.post(LIST, {"action": "ban_selected", "_selected_action": [root.pk]})
    assert User.objects.get(pk=root.pk).is_active


def test_banning_asks_first_and_then_bans_with_the_reason(browser, root):
    alice = make_person("alice", role="viewer")
    url = url_of(browser, alice, "ban")
    assert "shut out" in browser.get(url).content.decode()
    assert User.objects.get(pk=alice.pk).is_active
    assert browser.post(url, {"reason": "spam"}).status_code == 302
    alice = User.objects.get(pk=alice.pk)
    assert (alice.is_banned, alice.is_active, alice.ban_reason) == (True, False, "spam")
    assert LogEntry.objects.filter(user=root, change_message="Banned").count() == 1


def test_lifting_asks_first_and_then_lifts(browser):
    alice = make_person("alice", role="viewer")
    ban_user(user=alice)
    url = url_of(browser, alice, "lift")
    browser.get(url)
    assert not User.objects.get(pk=alice.pk).is_active
    browser.post(url, {"yes": "1"})
    assert User.objects.get(pk=alice.pk).is_active


def test_anonymising_asks_first_and_then_forgets(browser):
    alice = make_person("alice", role="viewer")
    url = url_of(browser, alice, "anonymise")
    assert "for good" in browser.get(url).content.decode()
    browser.post(url, {"yes": "1"})
    assert User.objects.get(pk=alice.pk).username == f"anonymous-{alice.pk}"
    assert "is anonymised" in browser.get(page(alice)).content.decode()


def test_selected_accounts_are_banned_and_let_in_again(browser):
    people = [make_person() for _ in range(3)]
    selected = {"_selected_action": [person.pk for person in people]}
    browser.post(LIST, {"action": "ban_selected"} | selected)
    assert not User.objects.filter(pk__in=selected["_selected_action"], is_active=True).exists()
    browser.post(LIST, {"action": "lift_selected"} | selected)
    assert User.objects.filter(pk__in=selected["_selected_action"], is_active=True).count() == 3


def test_identities_are_kept_on_the_persons_page_and_found_on_their_own(browser):
    alice = make_person("alice")
    form = {
        "username": "alice", "role": "", "identities-TOTAL_FORMS": "1",
        "identities-INITIAL_FORMS": "0", "identities-0-source": "gallery",
        "identities-0-upstream_user_id": "u-1",
    }  # fmt: skip
    assert browser.post(page(alice), form).status_code == 302
    assert str(Identity.objects.get(user=alice)) == "gallery:u-1"
    assert "alice" in browser.get("/admin/accounts/identity/?q=u-1").content.decode()


def test_an_anonymised_account_is_only_looked_at(browser):
    alice = make_person("alice")
    anonymise(alice)
    answer = browser.post(page(alice), {"username": "alice", "role": "admin"} | NO_IDENTITIES)
    assert answer.status_code == 403
    assert browser.get(page(alice)).status_code == 200


def test_nobody_deletes_accounts(browser):
    alice = make_person("alice")
    assert browser.post(f"{LIST}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(LIST, {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"})
    assert User.objects.filter(pk=alice.pk).exists()


def test_an_admin_sets_a_password(browser):
    alice = make_person("alice", role="viewer")
    form = {"password1": "a-long-new-passphrase", "password2": "a-long-new-passphrase"}
    answer = browser.post(f"{LIST}{alice.pk}/password/", form | {"usable_password": "true"})
    assert answer.status_code == 302
    assert User.objects.get(pk=alice.pk).check_password("a-long-new-passphrase")


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ("role=admin", {"root"}),
        ("role=lead", {"lena"}),
        ("role=none", {"nora", "mallory", "gone"}),
        ("state=banned", {"mallory"}),
        ("state=anonymised", {"gone"}),
        ("state=active", {"root", "lena", "nora"}),
        ("q=len", {"lena"}),
    ],
)
def test_the_list_is_filtered(browser, filters, shown):
    for name, role in (("lena", "lead"), ("nora", ""), ("mallory", ""), ("gone", "")):
        make_person(name, role=role)
    ban_user(user=User.objects.get(username="mallory"), by=User.objects.get(username="root"))
    gone = User.objects.get(username="gone")
    anonymise(gone, by=User.objects.get(username="root"))
    result = browser.get(f"{LIST}?{filters}").context["cl"].result_list
    expected = {f"anonymous-{gone.pk}" if name == "gone" else name for name in shown}
    assert {user.username for user in result} - {"command-line"} == expected


def test_the_list_takes_the_same_number_of_queries_for_many_people(
    browser, django_assert_max_num_queries
):
    for role in ("viewer", "lead", "operator") * 5:
        make_person(role=role)
    browser.get(LIST)
    with django_assert_max_num_queries(10):
        browser.get(LIST)
