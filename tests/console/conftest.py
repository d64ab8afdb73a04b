"""Fixtures of the console's tests: one person for every role, and their browsers."""

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from moderation.console import actions, dashboard, navigation
from tests.factories import make_person

KEPT = (navigation.fresh_counts, actions.offered_reasons, dashboard.flow, dashboard.trouble)


@pytest.fixture(autouse=True)
def fresh():
    """No test sees numbers that another one left in this process."""
    for kept in (
        navigation.fresh_counts,
        actions.offered_reasons,
        dashboard.flow,
        dashboard.trouble,
    ):
        kept.forget()


@pytest.fixture
def people(db) -> dict[str, User]:
    """A person named after each role, and `nobody` without one."""
    return {role: make_person(role, role=role) for role in Role.values} | {
        "nobody": make_person("nobody")
    }


@pytest.fixture
def as_(people):
    """A signed-in browser: `as_("lead").get("/admin/")`; `as_("")` is nobody's."""

    def sign_in(name: str) -> Client:
        client = Client()
        if name:
            client.force_login(people[name])
        return client

    return sign_in
