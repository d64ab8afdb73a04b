"""One browser at the review page: what a moderator presses and sees."""

import re
import time
from typing import Any, Self

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils.crypto import get_random_string
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from accounts.models import User

CARD = "#frame[data-state=ready]"
# What a browser says when the network is away, or a request was refused on purpose.
EXPECTED = re.compile(r"Failed to load resource")


class Desk:
    """A signed-in person's own browser; `options` go to Playwright's context."""

    def __init__(
        self, browser: Browser, url: str, person: User, queue: str, options: dict[str, Any]
    ) -> None:
        self.url, self.person = url, person
        self.address = f"{url}/admin/queues/{queue}/"
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 800}} | options)
        )
        self.sign_in(person)
        self.page = self.new_tab()

    def sign_in(self, person: User) -> None:
        """The cookies that the sign-in page would set; one test signs in through the form."""
        client = Client()
        client.force_login(person)
        cookies = {
            settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
            settings.CSRF_COOKIE_NAME: get_random_string(32),  # a new one at every sign-in
        }
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in cookies.items()]
        )

    def new_tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        page.set_default_timeout(20_000)
        page.goto(self.address)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def ready(self) -> Self:
        """Waits for a decoded picture on the stage."""
        self.page.wait_for_selector(CARD)
        return self

    def press(self, *keys: str) -> Self:
        """Each key once the picture it is meant for is on the stage."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def approve(self) -> str:
        """Approves what is in view; its case id."""
        case = self.case
        self.ready().press("a")
        return case

    def reject(self, digit: int) -> str:
        case = self.case
        self.ready().press("r", str(digit))
        return case

    @property
    def case(self) -> str:
        """The id of the case in view."""
        self.ready()
        return self.page.get_attribute("#frame", "data-card") or ""

    @property
    def title(self) -> str:
        """What the card says the picture is called."""
        return self.fact("Message")

    def fact(self, label: str) -> str:
        row = self.page.locator("#card .rows > div", has_text=label).first
        return row.locator("dd").inner_text()

    def shows(self, state: str) -> None:
        expect(self.page.locator(f"#state-{state}")).to_be_visible()

    def all_sent(self) -> Self:
        """Waits until the server has answered everything."""
        self.page.wait_for_function(
            "() => !Object.keys(localStorage).some((key) => key.startsWith('gatehouse.outbox.'))"
        )
        return self

    @property
    def unsent(self) -> int:
        return self.page.evaluate(
            "() => Object.keys(localStorage)"
            ".filter((key) => key.startsWith('gatehouse.outbox.')).length"
        )

    def says(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("#toasts")).to_contain_text(text)

    def leave(self) -> None:
        self.context.close()
        let_the_server_finish()
        assert self.errors == []
        assert self.elsewhere == []


def let_the_server_finish() -> None:
    """Requests of a closed page run on in the server; emptying the tables must not meet them."""
    quiet = 0
    while quiet < 3:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND (state <> 'idle'"
                " OR state_change > clock_timestamp() - interval '100 ms')"
            )
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
        time.sleep(0.05)
