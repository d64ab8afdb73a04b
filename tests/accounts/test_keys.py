"""API keys: how they look, what is kept of them, and when they stop answering."""

import re
from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.utils import timezone

from accounts.errors import AccountError, InvalidKey, NotAllowed
from accounts.keys import find_key, issue_key, may_issue_for, revoke_key, rotate_key
from accounts.models import ApiKey
from accounts.roles import give_role
from accounts.services import ban_user, lift_ban
from accounts.signed import find_signer
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_a_key_is_random_and_only_its_hash_is_kept(make_key):
    person = make_person()
    plain, key = make_key(person)
    assert re.fullmatch(rf"gh_{key.prefix}_[A-Za-z0-9]{{32}}", plain)  # 62^32 is over 2^190
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert bytes(row["key_hash"]) == sha256(plain.encode()).digest()
    assert plain not in repr(row)
    assert make_key(person)[0] != plain


def test_a_secret_is_encrypted_in_the_database():
    issued = issue_key(user=make_person(), scopes=["generation"], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_apikey WHERE id = %s", [issued.key.pk])
        stored = cursor.fetchone()[0]
    assert len(issued.secret) >= 32
    assert issued.secret not in stored
    assert find_signer(issued.plain).secret == issued.secret


def test_a_key_is_found_with_its_user_in_one_query(make_key, django_assert_num_queries):
    person = make_person()
    plain, key = make_key(person)
    with django_assert_num_queries(1):
        found = find_key(plain)
        assert (found.key, found.key.user) == (key, person)


@pytest.mark.parametrize(
    "wrong",
    ["", "gh_", "gh__", "nonsense", "gh_aaaaaaaaaa_" + "A" * 32, "gh_\0_x", "\ud800", "é" * 50],
)
def test_what_is_no_key_is_refused(wrong):
    with pytest.raises(InvalidKey):
        find_key(wrong)


def test_a_right_prefix_with_a_wrong_rest_is_refused(make_key):
    plain, _key = make_key(make_person())
    with pytest.raises(InvalidKey):
        find_key(plain[:-1] + ("a" if plain[-1] != "a" else "b"))


def test_a_revoked_key_ends_at_once_and_for_good(make_key):
    plain, key = make_key(make_person())
    assert revoke_key(key=key) is True
    assert revoke_key(key=key) is False
    with pytest.raises(InvalidKey):
        find_key(plain)
    with pytest.raises(AccountError, match="revoked"):
        rotate_key(key=key)


def test_a_key_ends_when_it_expires(make_key):
    plain, _key = make_key(make_person(), expires_at=timezone.now() + timedelta(days=1))
    find_key(plain)
    with (
        time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)),
        pytest.raises(InvalidKey),
    ):
        find_key(plain)


def test_a_ban_stops_keys_and_lifting_it_starts_them_again(make_key):
    person = make_person()
    plain, _key = make_key(person)
    ban_user(user=person)
    with pytest.raises(InvalidKey):
        find_key(plain)
    lift_ban(user=person)
    assert find_key(plain).key.user == person


def test_a_rotation_keeps_row_limits_and_scopes(make_key):
    plain, key = make_key(make_person(), "assets", call_limit=9, source="one")
    issued = rotate_key(key=key)
    assert issued.plain != plain
    found = find_key(issued.plain).key
    assert (found.pk, found.call_limit, found.scopes, found.source) == (
        key.pk,
        9,
        ["assets"],
        "one",
    )
    with pytest.raises(InvalidKey):
        find_key(plain)


def test_during_the_grace_the_old_key_answers_with_its_own_secret():
    first = issue_key(user=make_person(), scopes=["generation"], signed=True)
    second = rotate_key(key=first.key, grace=timedelta(minutes=10))
    assert find_signer(first.plain).secret == first.secret
    assert find_signer(second.plain).secret == second.secret
    assert first.secret != second.secret
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert find_signer(second.plain).secret == second.secret
        with pytest.raises(InvalidKey):
            find_signer(first.plain)


def test_revoking_ends_the_grace_too(make_key):
    plain, key = make_key(make_person())
    issued = rotate_key(key=key, grace=timedelta(minutes=10))
    revoke_key(key=issued.key)
    for either in (plain, issued.plain):
        with pytest.raises(InvalidKey):
            find_key(either)


def test_a_key_without_a_secret_signs_nothing(make_key):
    plain, _key = make_key(make_person(), "generation")
    with pytest.raises(InvalidKey):
        find_signer(plain)


def test_scopes_are_checked_and_kept_in_one_order(make_key):
    person = make_person()
    assert make_key(person, "assets", "public", "assets")[1].scopes == ["public", "assets"]
    with pytest.raises(AccountError, match="no scope everything"):
        make_key(person, "everything")
    with pytest.raises(AccountError, match="at least one scope"):
        issue_key(user=person, scopes=[])


def test_the_scope_moderation_needs_a_role(make_key):
    with pytest.raises(AccountError, match="needs a role"):
        make_key(make_person(), "moderation")
    make_key(make_person(role="viewer"), "moderation")


def test_a_banned_person_gets_no_key(make_key):
    person = make_person()
    ban_user(user=person)
    with pytest.raises(AccountError, match="banned"):
        make_key(person)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("", True), ("viewer", True), ("operator", True), ("moderator", False), ("lead", False),
     ("admin", False)],
)  # fmt: skip
def test_an_operator_holds_keys_only_of_people_who_may_no_more(role, allowed):
    operator, holder = make_person(role="operator"), make_person(role=role)
    assert may_issue_for(by=operator, user=holder) is allowed
    if not allowed:
        with pytest.raises(NotAllowed):
            issue_key(user=holder, scopes=["public"], by=operator)


def test_an_operator_cannot_rotate_the_key_of_a_banned_admin(make_key):
    admin = make_person(role="admin")
    plain, key = make_key(admin, "moderation")
    ban_user(user=admin)
    with pytest.raises(NotAllowed):
        rotate_key(key=key, by=make_person(role="operator"))
    lift_ban(user=admin)
    assert find_key(plain).key == key


def test_an_admin_holds_keys_of_everybody(make_key):
    assert may_issue_for(by=make_person(role="admin"), user=make_person(role="lead"))


def test_issuing_rotating_and_revoking_leave_traces_without_the_key(make_key):
    operator = make_person(role="operator")
    issued = issue_key(user=make_person(), scopes=["public"], signed=True, by=operator)
    rotated = rotate_key(key=issued.key, by=operator)
    revoke_key(key=issued.key, by=operator)
    entries = LogEntry.objects.filter(user=operator, object_id=str(issued.key.pk))
    assert [entry.change_message for entry in entries.order_by("id")] == [
        "Made for public",
        "Rotated, 0 minutes of grace",
        "Revoked",
    ]
    text = repr(list(entries.values()))
    for secret in (issued.plain, issued.secret, rotated.plain, rotated.secret):
        assert secret not in text


def test_a_role_given_after_the_key_counts_at_once(make_key):
    person = make_person(role="viewer")
    plain, _key = make_key(person, "moderation")
    assert not find_key(plain).key.user.has_perm("accounts.moderate")
    give_role(user=person, role="moderator")
    assert find_key(plain).key.user.has_perm("accounts.moderate")
