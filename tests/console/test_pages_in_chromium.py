"""The console's pages in a real browser: nothing blocked, nothing fetched elsewhere, alive."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from gallery.models import ImageLog
from media.services import store_bytes
from moderation.actors import Actor
from moderation.services import Request, decide
from tests.factories import (
    make_asset,
    make_case,
    make_character,
    make_fault,
    make_image,
    make_person,
    make_reason,
    make_run,
    make_source,
)
from tests.media.samples import jpeg
from upstream.enums import RunStatus
from upstream.models import SyncRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/admin/",
    "/admin/queues/",
    "/admin/assignments/",
    "/admin/handover/",
    "/admin/month/",
    "/admin/runs/",
    "/admin/runs/{run}/",
    "/admin/subjects/gallery.imagelog/{image}/",
    "/admin/batches/{batch}/",
    "/admin/gallery/imagelog/",
    "/admin/characters/character/{character}/change/",
    "/admin/assets/asset/",
    "/admin/moderation/case/",
    "/admin/moderation/decision/",
    "/admin/moderation/reason/{reason}/change/",
    "/admin/upstream/source/add/",
    "/admin/upstream/source/{source}/change/",
    "/admin/upstream/fault/",
    "/admin/accounts/user/",
    "/admin/moderation/",
    "/admin/login/",
]


class Visitor:
    """A person at a browser; what went wrong there is collected in `wrong`."""

    def __init__(self, browser, url, person, **options) -> None:
        self.wrong: list[str] = []
        self.url = url
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 800}} | options)
        )
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def _request(self, request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(f"asked {request.url}")

    def open(self, path):
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")
        return self.page


@pytest.fixture
def visit(server, browser):
    visitors = []

    def come(person: User, **options) -> Visitor:
        visitors.append(Visitor(browser, server.url, person, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()


@pytest.fixture
def admin(transactional_db):
    return make_person("admin", role="admin")


@pytest.fixture
def image(transactional_db) -> ImageLog:
    made = make_image(message_id="picture-1")
    kind = made.subject_type()
    store_bytes(data=jpeg(240, 320, seed=1), subject_type=kind, subject_id=made.pk)
    return made


@pytest.fixture
def ids(admin, image):
    make_reason("violence")
    run = make_run(status=RunStatus.PARTIAL, failed=1)
    make_fault(run)
    decided = make_image()
    wanted = Request(action="approve", subject=decided.subject_key)
    result = decide(requests=[wanted], actor=Actor.person(admin))
    make_asset()
    return {
        "run": run.pk,
        "image": image.pk,
        "batch": result.batch,
        "character": make_character().pk,
        "reason": make_reason("violence").pk,
        "source": make_source("edited", token="tok").pk,
    }


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    ],
    ids=["light", "dark", "phone"],
)
def test_no_page_breaks_the_policy_or_asks_another_host_or_overflows(visit, admin, ids, options):
    visitor = visit(admin, **options)
    for path in PAGES:
        page = visitor.open(path.format(**ids))
        page.wait_for_timeout(150)
        assert visitor.wrong == [], path
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], path


def test_a_picture_is_blurred_until_it_is_pressed_and_that_is_logged(visit, admin, image):
    page = visit(admin).open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    picture = page.locator("[data-reveal] img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert "blur(24px) grayscale(1)" in picture.evaluate("i => getComputedStyle(i).filter")
    page.locator("[data-reveal]").press("Enter")
    expect(picture).to_have_css("filter", "none")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 decision applied.")).to_be_visible()
    expect(page.get_by_text("picture seen: In full")).to_be_visible()


def test_missing_words_are_asked_for_before_anything_is_sent(visit, admin, image):
    page = visit(admin).open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Choose a reason first.")).to_be_visible()
    expect(page.locator("#reason")).to_be_focused()
    page.get_by_role("button", name="Hold").click()
    expect(page.get_by_text("Write a note first.", exact=True)).to_be_visible()
    expect(page.get_by_text("Choose a reason first.")).to_be_hidden()


def test_a_running_run_moves_on_its_page_without_a_reload(visit, admin):
    run = make_run(status=RunStatus.RUNNING, expected=200, seen=20, created=20)
    SyncRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(seconds=10))
    visitor = visit(admin)
    page = visitor.open("/admin/runs/")
    row = page.locator(f'[data-run="{run.pk}"]')
    expect(row.locator("[data-progress]")).to_have_text("20 / 200 · 10 %")
    page.evaluate("window.same = true")
    SyncRun.objects.filter(pk=run.pk).update(seen=150, created=120, updated=30)
    expect(row.locator("[data-progress]")).to_have_text("150 / 200 · 75 %", timeout=10_000)
    expect(row.locator('[data-field="updated"]')).to_have_text("30")
    assert row.locator("progress").evaluate("bar => bar.value / bar.max") == 0.75
    assert "left" in row.locator("[data-time]").inner_text()
    SyncRun.objects.filter(pk=run.pk).update(
        status=RunStatus.PARTIAL, finished_at=timezone.now(), failed=3
    )
    expect(row.locator("[data-badge]")).to_contain_text("Partial", timeout=10_000)
    expect(row.locator("progress")).to_be_hidden()
    assert page.evaluate("window.same") is True
    assert visitor.wrong == []


def test_a_run_without_a_known_total_shows_that_it_is_busy(visit, admin):
    run = make_run(status=RunStatus.RUNNING, expected=None, seen=20, created=20)
    page = visit(admin).open(f"/admin/runs/{run.pk}/")
    bar = page.locator("progress")
    expect(bar).to_be_visible()
    assert bar.evaluate("bar => bar.position") == -1
    expect(page.locator("[data-progress]")).to_have_text("20")


def test_the_queues_count_on_while_the_page_is_open(visit, admin):
    page = visit(admin).open("/admin/queues/")
    depth = page.locator('[data-queue="images"] [data-field="open"]')
    expect(depth).to_have_text("0")
    for _ in range(3):
        make_case(make_image(case=False), due_at=timezone.now() - timedelta(minutes=1))
    expect(depth).to_have_text("3", timeout=20_000)
    late = page.locator('[data-queue="images"] [data-field="overdue"]')
    expect(late).to_have_text("3")
    assert "gh-late" in (late.get_attribute("class") or "")


def test_a_lost_connection_is_said_and_forgotten_when_it_is_back(visit, admin):
    make_run(status=RunStatus.RUNNING)
    visitor = visit(admin)
    page = visitor.open("/admin/runs/")
    mark = page.get_by_text("Not up to date: no answer")
    expect(mark).to_be_hidden()
    visitor.context.set_offline(True)
    expect(mark).to_be_visible(timeout=10_000)
    visitor.context.set_offline(False)
    expect(mark).to_be_hidden(timeout=10_000)


def test_selected_rows_are_decided_from_the_list_by_its_own_bar(visit, admin, image):
    visitor = visit(admin)
    page = visitor.open("/admin/gallery/imagelog/")
    page.locator("input.action-select").first.check()
    page.locator('select[name="action"]').select_option("reject:violence")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 decision applied.")).to_be_visible()
    expect(page.locator("#result_list").get_by_text("Rejected")).to_be_visible()
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("1 decision applied.")).to_be_visible()
    image.refresh_from_db()
    assert image.review_status == "pending"
    assert visitor.wrong == []
