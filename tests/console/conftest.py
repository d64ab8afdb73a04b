"""Fixtures of the console's tests: one person for every role, their clients, and Chromium."""

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from gallery.models import ImageLog
from media.services import store_bytes
from moderation.console.freshness import forget_everything
from tests.console.walking import Visitor
from tests.factories import make_image, make_person
from tests.media.samples import jpeg


@pytest.fixture(autouse=True)
def fresh():
    """No test sees numbers that another one left in this process."""
    forget_everything()


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


@pytest.fixture
def visit(server, browser):
    """`visit(person)` sits down at a browser of their own; options go to Playwright."""
    visitors: list[Visitor] = []

    def come(person: User | None, **options) -> Visitor:
        visitors.append(Visitor(browser, server.url, person, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()


@pytest.fixture
def admin(transactional_db) -> User:
    return make_person("admin", role="admin")


@pytest.fixture
def image(transactional_db) -> ImageLog:
    return with_bytes(make_image(message_id="picture-1"))


def with_bytes(subject, *, seed: int = 1):
    store_bytes(
        data=jpeg(240, 320, seed=seed), subject_type=subject.subject_type(), subject_id=subject.pk
    )
    return subject
