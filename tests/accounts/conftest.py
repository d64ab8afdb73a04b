"""Fixtures of the account tests: one person for every role, and signed-in browsers."""

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.keys import Limits, issue_key
from accounts.models import User
from tests.factories import make_person


@pytest.fixture
def people(db) -> dict[str, User]:
    """A person named after each role, and `nobody` without one."""
    return {role: make_person(role, role=role) for role in Role.values} | {
        "nobody": make_person("nobody")
    }


@pytest.fixture
def browser_of():
    """A browser in which that person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def make_key(db):
    """A key's text and row: `plain, key = make_key(user, "public", call_limit=3)`."""

    def make(user: User, *scopes: str, signed: bool = False, source: str = "", **limits):
        issued = issue_key(
            user=user,
            scopes=scopes or ("public",),
            signed=signed,
            source=source,
            limits=Limits(**limits),
        )
        return issued.plain, issued.key

    return make


@pytest.fixture
def call(client):
    """The status of a call with that key: `call("/open", plain)`."""

    def status(path: str, plain: str, scheme: str = "Bearer"):
        return client.get(path, headers={"Authorization": f"{scheme} {plain}"}).status_code

    return status
