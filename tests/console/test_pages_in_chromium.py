"""The console's pages in a real browser: alive, and saying what happened."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from moderation import search
from tests.factories import (
    make_case,
    make_image,
    make_run,
)
from upstream.enums import RunStatus
from upstream.models import SyncRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_picture_is_clear_only_while_it_is_held_and_that_is_logged(visit, admin, image):
    page = visit(admin).open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    picture = page.locator("[data-reveal] img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert "blur(24px) grayscale(1)" in picture.evaluate("i => getComputedStyle(i).filter")
    page.locator("[data-reveal]").focus()
    veiled = picture.evaluate("i => getComputedStyle(i).filter")
    for key in ("Space", "Enter"):
        page.keyboard.down(key)
        expect(picture).to_have_css("filter", "none")
        page.keyboard.up(key)
        expect(picture).to_have_css("filter", veiled)
    page.locator("[data-reveal]").hover()
    page.mouse.down()
    expect(picture).to_have_css("filter", "none")
    page.mouse.up()
    expect(picture).to_have_css("filter", veiled)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 decision applied.")).to_be_visible()
    expect(page.get_by_text("admin had seen the picture: In full")).to_be_visible()


def test_pictures_arrive_everywhere_as_their_reader_prefers(visit, admin, image):
    search.fill()
    pages = ("/admin/gallery/imagelog/", f"/admin/search/?q={image.pk}")
    veil = "image => getComputedStyle(image).filter"
    visitor = visit(admin)
    for blur, greyscale, filtered in (
        (24, True, "blur(3px) grayscale(1)"),
        (48, False, "blur(6px) grayscale(0)"),
        (0, False, "blur(0px) grayscale(0)"),
    ):
        User.objects.filter(pk=admin.pk).update(blur=blur, greyscale=greyscale)
        for path in pages:
            picture = visitor.open(path).locator(".gh-thumb img").first
            assert picture.evaluate(veil) == filtered, path
    page = visitor.open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    assert page.locator("[data-reveal] img").evaluate(veil) == filtered
    expect(page.get_by_text("Hold to reveal")).to_have_count(0)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("admin had seen the picture: In full")).to_be_visible()
    assert visitor.wrong == []


def test_missing_words_are_asked_for_before_anything_is_sent(visit, admin, image):
    page = visit(admin).open(f"/admin/subjects/gallery.imagelog/{image.pk}/")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Choose a reason first.")).to_be_visible()
    expect(page.locator("#reason")).to_be_focused()
    page.get_by_role("button", name="Hold", exact=True).click()
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
    assert re.fullmatch(r"\d+ s left", row.locator("[data-time]").inner_text())
    SyncRun.objects.filter(pk=run.pk).update(
        status=RunStatus.PARTIAL, finished_at=timezone.now(), failed=3
    )
    expect(row.locator("[data-badge]")).to_contain_text("Partial", timeout=10_000)
    expect(row.locator("progress")).to_be_hidden()
    assert page.evaluate("window.same") is True
    assert visitor.wrong == []


def test_the_time_left_is_one_phrase_in_chinese_too(visit, admin):
    User.objects.filter(pk=admin.pk).update(language="zh-hans")
    run = make_run(status=RunStatus.RUNNING, expected=200, seen=20, created=20)
    SyncRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(seconds=60))
    page = visit(admin).open("/admin/runs/")
    left = page.locator(f'[data-run="{run.pk}"] [data-time]')
    expect(left).to_have_text(re.compile(r"^剩余 \d+ 分$"))


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
