"""Search, bulk decisions, exports and subjects in a real browser, with a real server."""

import json

import pytest
from playwright.sync_api import expect

from moderation import jobs, search
from moderation.models import Decision, Export, Job
from tests.factories import make_image, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead(transactional_db):
    return make_person("carol", role="lead")


def test_a_chinese_word_leads_to_a_subject(visit, lead):
    image = make_image(prompt="一座红色的灯塔", case=False)
    search.fill()
    visitor = visit(lead)
    page = visitor.open("/admin/search/")
    page.get_by_role("searchbox").fill("灯塔")
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_have_text("灯塔")
    page.locator(".gh-found .gh-link").click()
    expect(page).to_have_url(f"{visitor.url}/admin/subjects/gallery.imagelog/{image.pk}/")
    assert visitor.wrong == []


def test_more_than_500_are_decided_by_a_worker_under_a_progress_bar(visit, lead):
    images = [make_image(user_id="u-1", case=False) for _ in range(501)]
    visitor = visit(lead)
    page = visitor.open("/admin/gallery/imagelog/?user=u-1")
    page.get_by_role("link", name="Decide all that match…").click()
    page.get_by_label("Reject").check()
    page.get_by_role("button", name="Decide all of them").click()
    assert "/bulk/" in page.url, "a rejection asks for its reason"
    page.locator("select[name=reason]").select_option("violence")
    page.get_by_role("button", name="Decide all of them").click()
    expect(page.locator("[data-status=waiting]")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    jobs.work(Job.objects.get().pk)
    expect(page.locator("[data-status=succeeded]")).to_be_visible()
    expect(page.locator("[data-outcomes]")).to_contain_text("501")
    page.get_by_role("link", name="See the batch and undo it…").click()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.locator("[data-status]")).to_be_visible()
    jobs.work(Job.objects.latest("pk").pk)
    expect(page.locator("[data-status=succeeded]")).to_be_visible()
    assert Decision.objects.filter(action="undo").count() == len(images)
    assert visitor.wrong == []


def test_an_export_is_downloaded_and_counted(visit, lead, tmp_path):
    for _ in range(3):
        make_image(user_id="u-1", case=False)
    make_image(user_id="u-2", case=False)
    visitor = visit(lead)
    page = visitor.open("/admin/gallery/imagelog/?user=u-1")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="JSON").click()
    target = tmp_path / "export.json"
    downloading.value.save_as(target)
    assert [row["user_id"] for row in json.loads(target.read_text())] == ["u-1"] * 3
    expect(page.locator("[data-status=complete]")).to_be_visible()
    expect(page.locator("[data-state=complete]")).to_be_visible()
    expect(page.locator("[data-progress]")).to_contain_text("3")
    assert Export.objects.get().state == "complete"
    assert visitor.wrong == []
