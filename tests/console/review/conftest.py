"""Chromium at the review page of the product's own web server, and pictures to decide."""

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from gallery.models import ImageLog
from media.services import store_bytes
from tests.console.review.desk import Desk
from tests.factories import make_image, make_person
from tests.media.samples import jpeg
from tests.servers import WebServer


@pytest.fixture
def alice(transactional_db: None) -> User:
    return make_person("alice", role="moderator")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return make_person("bob", role="moderator")


@pytest.fixture
def sit_down(server: WebServer, browser: Browser):
    """`sit_down(person)` signs in and opens a queue; at the end its browser met no error."""
    desks: list[Desk] = []

    def open_page(person: User, queue: str = "images", **options) -> Desk:
        desk = Desk(browser, server.url, person, queue, options)
        desks.append(desk)
        return desk

    yield open_page
    for desk in desks:
        desk.leave()


@pytest.fixture
def pictures(transactional_db: None):
    """`pictures(3)` makes image logs with bytes, in the order in which they are claimed."""

    def make(count: int, **fields) -> list[ImageLog]:
        made = []
        for number in range(count):
            image = make_image(**({"message_id": f"picture-{number:02}"} | fields))
            store_bytes(
                data=jpeg(240, 320, seed=ImageLog.objects.count()),
                subject_type=image.subject_type(),
                subject_id=image.pk,
            )
            made.append(image)
        return made

    return make
