"""System checks of the accounts."""

import pytest
from django.contrib import admin
from django.core.checks import run_checks
from unfold.forms import AuthenticationForm

from accounts.checks import AUTHENTICATION, PREFERENCES


def found() -> set[str]:
    ids = {message.id or "" for message in run_checks()}
    return {name for name in ids if name.startswith("accounts.")}


def test_the_products_own_settings_are_in_order():
    assert found() == set()


def test_two_ways_of_encrypting_mail_at_once_are_refused(settings):
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = True
    assert found() == {"accounts.E001"}


def test_a_mail_server_needs_an_address_to_send_from(settings):
    settings.EMAIL_HOST = "mail.example.org"
    assert found() == {"accounts.E002"}
    settings.DEFAULT_FROM_EMAIL = "gatehouse@example.org"
    assert found() == set()


def test_a_sign_in_page_that_counts_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(admin.site, "login_form", AuthenticationForm)
    assert found() == {"accounts.E003"}


@pytest.mark.parametrize("middleware", [[PREFERENCES, AUTHENTICATION], [AUTHENTICATION]])
def test_preferences_come_after_authentication(settings, middleware):
    others = [name for name in settings.MIDDLEWARE if name not in {PREFERENCES, AUTHENTICATION}]
    settings.MIDDLEWARE = [*others, *middleware]
    assert "accounts.E004" in found()


def test_a_machine_without_time_zones_is_warned_about(monkeypatch):
    monkeypatch.setattr("accounts.checks.available_timezones", set)
    assert found() == {"accounts.W005"}
