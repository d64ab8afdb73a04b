"""Changing the own password, and setting a new one by a link in a mail."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts.attempts import MAIL_BY_ADDRESS, MAIL_BY_NAME
from accounts.models import User
from accounts.services import ban_user
from tests.factories import make_person

pytestmark = pytest.mark.django_db
RESET = "/admin/password_reset/"
NEW = "a-long-new-passphrase"


def ask_for_a_link(email: str, **headers) -> int:
    return Client().post(RESET, {"email": email}, **headers).status_code


def link_in_the_mail() -> str:
    found = re.search(r"https?://\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


def test_the_own_password_is_changed_and_other_sessions_end(browser_of):
    person = make_person("alice", role="viewer")
    here, elsewhere = browser_of(person), browser_of(person)
    form = {"old_password": "alice", "new_password1": NEW, "new_password2": NEW}
    answer = here.post("/admin/password_change/", form)
    assert answer.headers["Location"] == "/admin/password_change/done/"
    assert here.get("/admin/preferences/").status_code == 200
    assert elsewhere.get("/admin/preferences/").status_code == 302
    assert User.objects.get(pk=person.pk).check_password(NEW)
    assert LogEntry.objects.get(object_id=str(person.pk), user=person).change_message == (
        "Password changed"
    )


def test_a_weak_password_is_refused(browser_of):
    browser = browser_of(make_person("alice", role="viewer"))
    form = {"old_password": "alice", "new_password1": "12345", "new_password2": "12345"}
    answer = browser.post("/admin/password_change/", form)
    assert answer.status_code == 200
    assert "too short" in answer.content.decode()


def test_a_forgotten_password_is_set_anew_by_the_link_of_a_mail(client, settings):
    settings.PUBLIC_URL = "https://gate.example.org"
    person = make_person("alice", role="viewer", email="alice@example.org")
    assert ask_for_a_link("alice@example.org") == 302
    assert mail.outbox[0].to == ["alice@example.org"]
    link = link_in_the_mail()
    assert link.startswith("https://gate.example.org/admin/password_reset/")
    path = link.removeprefix("https://gate.example.org")
    form_page = client.get(path, follow=True)
    assert "New password" in form_page.content.decode()
    form = {"new_password1": NEW, "new_password2": NEW}
    answer = client.post(form_page.redirect_chain[-1][0], form, follow=True)
    assert "Your new password is set" in answer.content.decode()
    assert User.objects.get(pk=person.pk).check_password(NEW)
    assert "This link has ended" in Client().get(path, follow=True).content.decode()


def test_the_answer_does_not_tell_whether_an_address_is_known():
    make_person("alice", role="viewer", email="alice@example.org")
    answers = [
        Client().post(RESET, {"email": email}, follow=True).content
        for email in ("alice@example.org", "bob@example.org")
    ]
    assert answers[0] == answers[1]
    assert len(mail.outbox) == 1


def test_a_banned_person_gets_no_link():
    ban_user(user=make_person("mallory", email="mallory@example.org"))
    assert ask_for_a_link("mallory@example.org") == 302
    assert mail.outbox == []


def test_mails_to_one_address_are_limited():
    make_person("alice", role="viewer", email="alice@example.org")
    for number in range(MAIL_BY_NAME.most):
        assert ask_for_a_link("alice@example.org", REMOTE_ADDR=f"203.0.113.{number}") == 302
    assert ask_for_a_link("Alice@example.org", REMOTE_ADDR="203.0.113.99") == 200
    assert len(mail.outbox) == MAIL_BY_NAME.most


def test_mails_asked_for_from_one_address_are_limited():
    for number in range(MAIL_BY_ADDRESS.most):
        assert ask_for_a_link(f"person-{number}@example.org") == 302
    assert ask_for_a_link("another@example.org") == 200


def test_every_page_of_the_way_renders_for_people_who_are_not_signed_in(client):
    for path in ("", "done/", "complete/", "x/y/"):
        answer = client.get(RESET + path)
        assert answer.status_code == 200
        assert "Gatehouse" in answer.content.decode()
