"""Signing in and out, throttled tries, bans, and sessions that end."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.attempts import BY_ADDRESS, BY_NAME, Locked, sign_in_attempt
from accounts.models import SignInAttempts, User
from accounts.roles import give_role
from accounts.services import ban_user, lift_ban
from tests.factories import make_person

LOGIN = "/admin/login/"
WRONG = "Please enter the correct"
LOCKED = "Too many tries"


def try_to_sign_in(name: str, password: str, *, address: str = "203.0.113.5", client=None):
    return (client or Client()).post(
        LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address
    )


def fail(name: str, times: int, *, address: str = "203.0.113.5"):
    for _ in range(times):
        text = try_to_sign_in(name, "wrong", address=address).content.decode()
    return text


@pytest.mark.django_db
def test_a_person_with_a_role_signs_in_and_out(client):
    make_person("alice", role="viewer")
    answer = try_to_sign_in("alice", "alice", client=client)
    assert answer.status_code == 302
    assert client.get("/admin/preferences/").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/preferences/").status_code == 302


@pytest.mark.django_db
def test_a_person_without_a_role_does_not_sign_in():
    make_person("nobody")
    assert WRONG in try_to_sign_in("nobody", "nobody").content.decode()


@pytest.mark.django_db
def test_a_banned_person_is_told_what_everybody_is_told():
    ban_user(user=make_person("mallory", role="viewer"))
    answer = try_to_sign_in("mallory", "mallory")
    assert answer.status_code == 200
    assert WRONG in answer.content.decode()


@pytest.mark.django_db
def test_after_five_bad_tries_even_the_right_password_waits():
    make_person("alice", role="viewer")
    assert WRONG in fail("alice", BY_NAME.most)
    answer = try_to_sign_in("alice", "alice")
    assert answer.status_code == 200
    assert LOCKED in answer.content.decode()


@pytest.mark.django_db
def test_a_lock_looks_the_same_whether_or_not_the_account_exists():
    make_person("alice", role="viewer")
    with time_machine.travel(timezone.now(), tick=False):
        known = fail("alice", BY_NAME.most + 1, address="203.0.113.1")
        unknown = fail("alicf", BY_NAME.most + 1, address="203.0.113.2")
    assert LOCKED in known
    tidy = [text.split("</form>")[0].split("csrf")[0] for text in (known, unknown)]
    assert tidy[0] == tidy[1]


@pytest.mark.django_db
def test_a_lock_holds_for_one_name_at_one_address_only():
    make_person("alice", role="viewer")
    make_person("bob", role="viewer")
    fail("alice", BY_NAME.most + 1)
    assert try_to_sign_in("bob", "bob").status_code == 302
    assert try_to_sign_in("alice", "alice", address="203.0.113.9").status_code == 302


@pytest.mark.django_db
def test_a_lock_ends_after_fifteen_minutes_however_often_it_is_tried():
    make_person("alice", role="viewer")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        fail("alice", BY_NAME.most)
    with time_machine.travel(now + timedelta(minutes=14), tick=False):
        assert LOCKED in fail("alice", 20)
    with time_machine.travel(now + timedelta(minutes=15), tick=False):
        assert try_to_sign_in("alice", "alice").status_code == 302


@pytest.mark.django_db
def test_a_good_sign_in_clears_the_bad_tries_of_that_name():
    make_person("alice", role="viewer")
    for _ in range(3):
        fail("alice", BY_NAME.most - 1)
        assert try_to_sign_in("alice", "alice").status_code == 302


@pytest.mark.django_db
def test_many_names_from_one_address_lock_the_address():
    make_person("alice", role="viewer")
    for number in range(BY_ADDRESS.most):
        assert LOCKED not in fail(f"guess-{number}", 1)
    assert LOCKED in try_to_sign_in("alice", "alice").content.decode()
    assert try_to_sign_in("alice", "alice", address="203.0.113.9").status_code == 302


@pytest.mark.django_db
def test_the_addresses_of_one_ipv6_network_count_as_one():
    for number in range(BY_NAME.most):
        fail("alice", 1, address=f"2001:db8:1:2::{number}")
    assert LOCKED in fail("alice", 1, address="2001:db8:1:2:ffff::1")
    assert LOCKED not in fail("alice", 1, address="2001:db8:1:3::1")


@pytest.mark.django_db
def test_what_was_typed_is_not_kept():
    fail("my-secret-password", 1)
    assert "secret" not in repr(list(SignInAttempts.objects.values()))


@pytest.mark.django_db
def test_old_counts_are_swept():
    fail("alice", 2)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        fail("bob", 1)
        assert not SignInAttempts.objects.filter(ends_at__lte=timezone.now()).exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_do_not_slip_past_the_count():
    judged, start = [], threading.Barrier(10)
    request = RequestFactory().post(LOGIN, REMOTE_ADDR="203.0.113.5")

    def guess() -> None:
        start.wait()
        for _ in range(3):
            try:
                with sign_in_attempt(request, name="alice"):
                    judged.append(1)
                    raise LookupError
            except (Locked, LookupError):
                pass
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(judged) == BY_NAME.most


@pytest.mark.django_db
def test_a_ban_ends_a_live_session_and_lifting_it_does_not_bring_it_back(browser_of):
    person = make_person(role="viewer")
    browser = browser_of(person)
    assert browser.get("/admin/preferences/").status_code == 200
    ban_user(user=person, reason="spam")
    assert browser.get("/admin/preferences/").status_code == 302
    lift_ban(user=person)
    assert browser.get("/admin/preferences/").status_code == 302
    assert browser_of(User.objects.get(pk=person.pk)).get("/admin/preferences/").status_code == 200


@pytest.mark.django_db
def test_a_change_of_role_reaches_a_live_session(browser_of):
    person = make_person(role="operator")
    browser = browser_of(person)
    assert browser.get("/admin/accounts/apikey/").status_code == 200
    give_role(user=person, role="viewer")
    assert browser.get("/admin/accounts/apikey/").status_code == 403
    give_role(user=person, role="")
    assert browser.get("/admin/preferences/").status_code == 302


@pytest.mark.django_db
def test_an_idle_session_ends_and_a_used_one_goes_on(client):
    make_person("alice", role="viewer")
    now, idle = timezone.now(), timedelta(seconds=settings.SESSION_COOKIE_AGE)
    with time_machine.travel(now, tick=False):
        try_to_sign_in("alice", "alice", client=client)
    with time_machine.travel(now + idle * 0.9, tick=False):
        assert client.get("/admin/preferences/").status_code == 200
    with time_machine.travel(now + idle * 1.8, tick=False):
        assert client.get("/admin/preferences/").status_code == 200
    with time_machine.travel(now + idle * 2.9, tick=False):
        assert client.get("/admin/preferences/").status_code == 302


@pytest.mark.django_db
def test_the_sign_in_page_offers_a_way_to_a_new_password(client):
    assert 'href="/admin/password_reset/"' in client.get(LOGIN).content.decode()
