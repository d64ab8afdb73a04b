"""Anonymising: the person is gone, the id stays."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command

from accounts.errors import AccountError, InvalidKey, NotAllowed
from accounts.keys import find_key, issue_key
from accounts.models import ApiKey, Identity, User
from accounts.roles import give_role, role_of
from accounts.services import add_identity, anonymise, ban_user, create_user, lift_ban
from tests.factories import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    person = make_person(
        "alice-liddell", role="lead", email="alice@example.org", first_name="Alice", last_name="L."
    )
    add_identity(user=person, source="gallery", upstream_user_id="wonderland")
    return person


def test_nothing_of_the_person_is_left_but_the_number(alice):
    plain = issue_key(user=alice, scopes=["moderation"], name="phone").plain
    ban_user(user=alice, reason="asked to be forgotten")
    anonymise(alice, by=make_person("root", role="admin"))
    row = User.objects.filter(pk=alice.pk).values().get()
    for trace in ("liddell", "example.org", "Alice", "wonderland", "forgotten"):
        assert trace not in repr(row)
    assert row["username"] == f"anonymous-{alice.pk}"
    assert not Identity.objects.filter(user=alice).exists()
    assert not ApiKey.objects.filter(user=alice).exists()
    assert role_of(User.objects.get(pk=alice.pk)) == ""
    with pytest.raises(InvalidKey):
        find_key(plain)


def test_the_trail_forgets_the_name_too(alice, browser_of):
    browser = browser_of(make_person("root", role="admin"))
    page = f"/admin/accounts/user/{alice.pk}/change/"
    form = {
        "username": "alice-liddell", "email": "new@example.org", "role": "lead",
        "identities-TOTAL_FORMS": "1", "identities-INITIAL_FORMS": "0",
        "identities-0-source": "assets", "identities-0-upstream_user_id": "looking-glass",
    }  # fmt: skip
    assert browser.post(page, form).status_code == 302
    assert Identity.objects.filter(upstream_user_id="looking-glass").exists()
    anonymise(alice)
    trail = repr(list(LogEntry.objects.values()))
    for trace in ("liddell", "example.org", "looking-glass"):
        assert trace not in trail
    assert LogEntry.objects.filter(object_id=str(alice.pk), change_message="Anonymised").exists()


def test_a_live_session_ends(alice, browser_of):
    browser = browser_of(alice)
    assert browser.get("/admin/preferences/").status_code == 200
    anonymise(alice)
    assert browser.get("/admin/preferences/").status_code == 302


def test_it_may_be_repeated_and_cannot_be_undone(alice):
    anonymise(alice)
    anonymise(alice)
    assert lift_ban(user=alice) is False
    with pytest.raises(AccountError, match="anonymised"):
        give_role(user=alice, role="viewer")
    assert not User.objects.get(pk=alice.pk).is_active
    assert LogEntry.objects.filter(change_message="Anonymised").count() == 1


def test_only_admins_do_it_and_not_to_themselves(alice):
    root = make_person("root", role="admin")
    for by, whom in ((alice, root), (root, root)):
        with pytest.raises(NotAllowed):
            anonymise(whom, by=by)


def test_the_servers_own_account_is_left_alone(alice):
    call_command("banuser", "alice-liddell", verbosity=0)
    with pytest.raises(NotAllowed):
        anonymise(User.objects.get(username="command-line"))


@pytest.mark.parametrize("name", ["anonymous-12", "Anonymous-x", "command-line"])
def test_nobody_takes_a_name_that_we_give(name):
    with pytest.raises(AccountError, match="reserved"):
        create_user(name=name)
