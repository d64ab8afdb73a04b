"""A web server of the product on a benchmark database, and Chromium in front of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils.crypto import get_random_string
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User
from bench import cluster
from gallery.models import ImageLog
from media.services import store_bytes
from moderation.models import Case
from tests import chromium
from tests.media.samples import encoded, rich
from tests.servers import WebServer

WINDOW = {"width": 1440, "height": 900}
# As the galleries' pictures are: shown at reading size they fill a laptop's window.
PICTURE = (832, 1216)


def serve(database: str, *, settings_module: str = "bench.settings") -> WebServer:
    """A web server on that database; to be used as a context."""
    return WebServer(
        DJANGO_SETTINGS_MODULE=settings_module,
        DATABASE_URL=cluster.url_of(database),
        CACHE_URL="",
    )


@contextmanager
def browsing() -> Iterator[Browser]:
    """Raises RuntimeError where there is no Chromium."""
    path = chromium.find()
    if path is None:
        raise RuntimeError("no Chromium: install it, or set CHROMIUM to its path")
    # Playwright's synchronous face runs an event loop in this thread, where Django would refuse.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield browser
        browser.close()
        cluster.leave()  # Django has a connection of its own in here


def signed_in(browser: Browser, server: WebServer, person: User) -> BrowserContext:
    """A browser profile with that person's session; Django must be on the server's database."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    context = browser.new_context(viewport=WINDOW)
    cookies = {
        settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: get_random_string(32),
    }
    context.add_cookies(
        [{"name": name, "value": value, "url": server.url} for name, value in cookies.items()]
    )
    return context


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    return page


def give_pictures(number: int) -> list[ImageLog]:
    """Bytes for the pictures that are claimed first, in that order."""
    cases = Case.objects.filter(queue="images").order_by("-priority", "opened_at", "id")[:number]
    ids = [case.subject_id for case in cases]
    found = ImageLog.objects.in_bulk(ids)
    for at, subject_id in enumerate(ids):
        picture = encoded(rich(*PICTURE, seed=at), "JPEG", quality=88)
        store_bytes(data=picture, subject_type=ImageLog.subject_type(), subject_id=subject_id)
    connection.close()
    return [found[subject_id] for subject_id in ids]
