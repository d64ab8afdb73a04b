"""Chromium at the review page of the product's own web server, and pictures to decide."""

import itertools

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from gallery.models import ImageLog
from media.services import store_bytes
from moderation.models import Case
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
    """`pictures(3)` makes image logs with bytes, in the order in which they are claimed.

    Each stands alone, however alike these simple pictures are.
    """

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
        Case.objects.filter(subject_id__in=[image.pk for image in made]).update(family=None)
        return made

    return make


@pytest.fixture
def bursts(transactional_db: None):
    """`bursts(3, 5)` makes families of look-alikes with bytes, in the order of their sizes."""
    numbers = itertools.count(100)

    def make(*sizes: int, **fields) -> list[list[ImageLog]]:
        made = []
        for size in sizes:
            seed = next(numbers)
            burst = [make_image(**fields) for _ in range(size)]
            for place, image in enumerate(burst):
                data = jpeg(160, 160, seed=seed, comment=str(place).encode())
                store_bytes(data=data, subject_type=image.subject_type(), subject_id=image.pk)
            made.append(burst)
        return made

    return make
