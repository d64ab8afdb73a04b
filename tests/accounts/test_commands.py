"""The commands for people and keys, as an operator types them."""

import io
import json
import re
import sys
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command, load_command_class
from django.utils import timezone

from accounts.errors import InvalidKey
from accounts.keys import find_key
from accounts.models import ApiKey, Identity, User
from accounts.roles import role_of
from accounts.services import ban_user
from accounts.signed import find_signer
from tests.factories import make_person

pytestmark = pytest.mark.django_db
COMMANDS = ["adduser", "anonymiseuser", "apikeys", "banuser", "createapikey"]


def run(line: str) -> str:
    """What the command writes to stdout."""
    out = io.StringIO()
    name, *arguments = line.split()
    call_command(name, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def values(text: str) -> dict[str, str]:
    """`name=value` lines; everything on stdout must be one."""
    found = [re.fullmatch(r"(\w+)=(\S+)", line) for line in text.splitlines()]
    assert all(found)
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_a_sentence_and_an_example(name):
    command = load_command_class("accounts", name)
    text = command.create_parser("manage.py", name).format_help()
    assert command.help.endswith(".") or "=…" in command.help
    assert f"example: manage.py {name} " in text.replace("\n", " ")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("adduser", "required"),
        ("adduser alice --role boss", "invalid choice"),
        ("adduser bad/name --role viewer", "is no name"),
        ("adduser command-line --role viewer", "reserved"),
        ("adduser alice --role viewer --email nonsense", "no mail address"),
        ("adduser alice --role viewer --password-env NOT_SET_ANYWHERE", "not set"),
        ("banuser nobody", "no account nobody"),
        ("anonymiseuser nobody --yes", "no account nobody"),
        ("createapikey --user nobody --scopes public", "no account nobody"),
        ("createapikey --user alice --create --scopes all", "no scope all"),
        ("createapikey --user alice --create --scopes ,", "at least one scope"),
        ("createapikey --user alice --create --scopes moderation", "needs a role"),
        ("createapikey --user alice --create --scopes public --identity x", "SOURCE:ID"),
        ("createapikey --user alice --create --scopes public --identity a/b:1", "source"),
        ("createapikey --user alice --create --scopes public --source a/b", "source"),
        ("createapikey --user alice --create --scopes public --expires 0", "above 0"),
        ("createapikey --user alice --create --scopes public --expires 99999", "at most"),
        ("createapikey --user alice --create --scopes public --call-limit -1", "above 0"),
        ("createapikey --user alice --create --scopes public --per-minute x", "above 0"),
        ("apikeys", "required"),
        ("apikeys revoke nothing", "no key nothing"),
        ("apikeys rotate nothing", "no key nothing"),
        ("apikeys list --user nobody", "no account nobody"),
    ],
)
def test_a_mistake_is_a_clear_error_and_changes_nothing(line, reason):
    with pytest.raises(CommandError, match=reason):
        run(line)
    assert not User.objects.filter(username="alice").exists()
    assert not ApiKey.objects.exists()


def test_adduser_makes_a_password_where_nobody_can_be_asked():
    password = values(run("adduser alice --role moderator --email alice@example.org"))["password"]
    alice = User.objects.get(username="alice")
    assert alice.check_password(password)
    assert (role_of(alice), alice.email) == ("moderator", "alice@example.org")


def test_adduser_takes_the_password_from_a_variable(monkeypatch):
    monkeypatch.setenv("ALICES", "a-long-new-passphrase")
    assert run("adduser alice --role viewer --password-env ALICES") == ""
    assert User.objects.get(username="alice").check_password("a-long-new-passphrase")


def test_adduser_takes_the_password_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a-long-new-passphrase\n"))
    assert run("adduser alice --role viewer --password-stdin") == ""
    assert User.objects.get(username="alice").check_password("a-long-new-passphrase")


@pytest.mark.parametrize("typed", ["\n", "12345\n", "alice-alice\n"])
def test_adduser_refuses_weak_passwords(monkeypatch, typed):
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(CommandError):
        run("adduser alice-alice --role viewer --password-stdin")
    assert not User.objects.exists()


def test_adduser_a_second_time_changes_nothing_unless_told_to():
    run("adduser alice --role viewer")
    before = User.objects.get(username="alice").password
    assert run("adduser alice --role viewer") == ""
    with pytest.raises(CommandError, match="--update"):
        run("adduser alice --role admin")
    assert run("adduser alice --role lead --email alice@example.org --update") == ""
    alice = User.objects.get(username="alice")
    assert (role_of(alice), alice.email, alice.password) == ("lead", "alice@example.org", before)
    password = values(run("adduser alice --role lead --update --generate"))["password"]
    assert User.objects.get(username="alice").check_password(password)


def test_banuser_bans_lifts_and_may_be_repeated():
    make_person("mallory")
    assert "is banned" in run("banuser mallory --reason spam")
    assert "banned already" in run("banuser mallory --reason other")
    mallory = User.objects.get(username="mallory")
    assert (mallory.is_active, mallory.ban_reason) == (False, "spam")
    assert "no longer banned" in run("banuser mallory --lift")
    assert "is not banned" in run("banuser mallory --lift")
    assert User.objects.get(username="mallory").is_active


def test_what_a_command_changed_is_in_the_trail_as_the_servers():
    make_person("mallory")
    run("banuser mallory")
    entry = LogEntry.objects.get(change_message="Banned")
    assert entry.user.username == "command-line"
    assert not entry.user.is_active
    assert not entry.user.has_usable_password()


def test_createapikey_with_everything_at_once():
    printed = values(
        run(
            "createapikey --user client --create --role viewer --member --identity gallery:user:1"
            " --identity assets:7 --source assets --scopes public,moderation,assets --signed"
            " --name App --expires 30 --call-limit 100 --per-minute 10"
        )
    )
    assert list(printed) == ["key", "secret"]
    signer = find_signer(printed["key"])
    key, client = signer.key, signer.key.user
    assert signer.secret == printed["secret"]
    assert (client.username, role_of(client), client.is_member) == ("client", "viewer", True)
    assert not client.has_usable_password()
    assert {str(identity) for identity in client.identities.all()} == {
        "gallery:user:1",
        "assets:7",
    }
    assert key.scopes == ["public", "assets", "moderation"]
    assert (key.name, key.source, key.call_limit, key.per_minute) == ("App", "assets", 100, 10)
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)


def test_createapikey_gives_no_role_no_membership_and_no_secret_of_itself():
    printed = values(run("createapikey --user client --create --scopes public"))
    client = find_key(printed["key"]).key.user
    assert list(printed) == ["key"]
    assert (role_of(client), client.is_member, client.is_staff) == ("", False, False)


def test_createapikey_for_a_user_who_exists_keeps_the_role():
    make_person("alice", role="lead")
    for extra in ("", "--create"):
        printed = values(run(f"createapikey --user alice --scopes moderation {extra}"))
        assert role_of(find_key(printed["key"]).key.user) == "lead"
    assert User.objects.filter(username="alice").count() == 1


def test_createapikey_does_not_give_one_upstream_user_to_two_accounts():
    run("createapikey --user one --create --scopes public --identity gallery:u1")
    run("createapikey --user one --scopes public --identity gallery:u1")
    with pytest.raises(CommandError, match="belongs to the account one"):
        run("createapikey --user two --create --scopes public --identity gallery:u1")
    assert not User.objects.filter(username="two").exists()
    assert Identity.objects.count() == 1


def test_createapikey_for_a_banned_user_is_refused():
    ban_user(user=make_person("mallory"))
    with pytest.raises(CommandError, match="banned"):
        run("createapikey --user mallory --scopes public")


def test_apikeys_lists_what_there_is_and_no_secrets():
    printed = values(run("createapikey --user one --create --scopes generation --signed"))
    run("createapikey --user two --create --scopes public")
    rows = json.loads(run("apikeys list --json --user one"))
    assert [(row["user"], row["state"], row["signed"]) for row in rows] == [("one", "active", True)]
    table = run("apikeys list")
    assert len(table.splitlines()) == 3
    for text in (table, json.dumps(rows)):
        assert printed["key"] not in text
        assert printed["secret"] not in text


def test_apikeys_revoke_may_be_repeated():
    printed = values(run("createapikey --user one --create --scopes public"))
    prefix = printed["key"].split("_")[1]
    assert "is revoked" in run(f"apikeys revoke {prefix}")
    assert "revoked already" in run(f"apikeys revoke {prefix}")
    with pytest.raises(InvalidKey):
        find_key(printed["key"])
    with pytest.raises(CommandError, match="is revoked"):
        run(f"apikeys rotate {prefix}")


def test_apikeys_rotate_prints_the_new_key_and_keeps_the_old_for_the_grace():
    old = values(run("createapikey --user one --create --scopes generation --signed"))
    prefix = old["key"].split("_")[1]
    new = values(run(f"apikeys rotate {prefix} --grace 5"))
    assert find_signer(old["key"]).secret == old["secret"]
    assert find_signer(new["key"]).secret == new["secret"]
    newest = values(run(f"apikeys rotate {prefix}"))
    assert find_signer(newest["key"]).secret == newest["secret"]
    for ended in (old, new):
        with pytest.raises(InvalidKey):
            find_key(ended["key"])


def test_anonymiseuser_asks_first():
    person = make_person("alice")
    with pytest.raises(CommandError, match="--yes"):
        run("anonymiseuser alice")
    assert User.objects.get(pk=person.pk).username == "alice"
    assert f"anonymous-{person.pk}" in run("anonymiseuser alice --yes")
    assert not User.objects.filter(username="alice").exists()
