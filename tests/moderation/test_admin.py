"""The policy, the log and the open cases in the admin."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from moderation.models import Decision, Reason, ReasonVersion
from tests.factories import make_case, make_image

LOG = "/admin/moderation/decision/"


def decide(browser, image, action, **fields):
    url = f"/admin/subjects/gallery.imagelog/{image.pk}/decide/"
    return browser.post(url, {"action": action, **fields})


def shown(answer):
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def reason_form(reason, **changes):
    names = (
        "slug", "severity", "digit", "label_en", "label_zh",
        "guide_en", "guide_zh", "notice_en", "notice_zh",
    )  # fmt: skip
    form = {name: getattr(reason, name) for name in names}
    return {k: "" if v is None else v for k, v in form.items()} | {"active": "on"} | changes


def test_a_lead_who_edits_a_reason_makes_its_next_version(as_, people):
    reason = Reason.objects.get(slug="violence")
    url = f"/admin/moderation/reason/{reason.pk}/change/"
    answer = as_("lead").post(url, reason_form(reason, label_en="Violence and gore"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    reason.refresh_from_db()
    assert (reason.version, reason.label_en) == (2, "Violence and gore")
    version = ReasonVersion.objects.get(slug="violence", version=2)
    assert (version.content["label_en"], version.created_by) == (
        "Violence and gore", people["lead"].pk,
    )  # fmt: skip
    listed = as_("viewer").get("/admin/moderation/reasonversion/", {"slug": "violence"})
    assert [row.version for row in shown(listed)] == [2, 1]
    assert "lead" in listed.content.decode()


def test_a_reason_that_is_saved_unchanged_keeps_its_version_and_its_slug(as_):
    reason = Reason.objects.get(slug="violence")
    url = f"/admin/moderation/reason/{reason.pk}/change/"
    as_("lead").post(url, reason_form(reason, slug="other"))
    reason.refresh_from_db()
    assert (reason.slug, reason.version) == ("violence", 1)


def test_a_moderator_reads_the_policy_and_cannot_change_it(as_):
    reason = Reason.objects.get(slug="violence")
    url = f"/admin/moderation/reason/{reason.pk}/change/"
    assert as_("moderator").get(url).status_code == 200
    assert as_("moderator").post(url, reason_form(reason, label_en="x")).status_code == 403


def test_reasons_stand_in_the_order_of_their_digits(as_):
    rows = shown(as_("viewer").get("/admin/moderation/reason/"))
    digits = [row.digit for row in rows if row.digit is not None]
    assert digits == sorted(digits) == list(range(1, 10))


@pytest.fixture
def log(as_):
    """Two decisions by the moderator, one by the lead."""
    images = [make_image() for _ in range(3)]
    decide(as_("moderator"), images[0], "approve")
    decide(as_("moderator"), images[1], "reject", reason="violence")
    decide(as_("lead"), images[2], "approve")
    return list(Decision.objects.order_by("pk"))


def test_the_log_is_filtered_by_action_person_and_time(as_, log):
    browser = as_("viewer")
    assert shown(browser.get(LOG)) == log[::-1]
    assert shown(browser.get(LOG, {"action": "reject"})) == [log[1]]
    assert shown(browser.get(LOG, {"actor": "Moderator"})) == [log[1], log[0]]
    assert shown(browser.get(LOG, {"actor": "nobody-at-all"})) == []
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    assert shown(browser.get(LOG, {"since": tomorrow})) == []


def test_the_log_is_searched_by_number_subject_and_batch(as_, log):
    browser = as_("viewer")
    for term in (log[1].pk, log[1].subject_id, log[1].batch):
        assert shown(browser.get(LOG, {"q": str(term)})) == [log[1]]
    for term in ("nothing", str(uuid.uuid4()), "9" * 30):
        assert shown(browser.get(LOG, {"q": term})) == []


def test_the_log_is_read_only_for_everybody(as_, log):
    url = f"{LOG}{log[0].pk}/change/"
    assert as_("admin").post(url, {"note": "changed"}).status_code == 403
    assert as_("admin").post(f"{LOG}{log[0].pk}/delete/", {"post": "yes"}).status_code == 403
    log[0].refresh_from_db()
    assert log[0].note == ""


def test_the_log_costs_the_same_however_long_it_is(
    as_,
    log,
    django_assert_num_queries,
    django_assert_max_num_queries,
):
    browser = as_("lead")
    browser.get(LOG)
    with django_assert_max_num_queries(11) as few:
        browser.get(LOG)
    price = len(few)
    for _ in range(20):
        decide(browser, make_image(), "approve")
    browser.get(LOG)
    with django_assert_num_queries(price):
        browser.get(LOG)


def test_open_cases_are_filtered_by_queue_and_state(as_):
    late = make_case(make_image(case=False), due_at=timezone.now() - timedelta(minutes=1))
    make_image()
    browser = as_("viewer")
    url = "/admin/moderation/case/"
    assert len(shown(browser.get(url, {"queue": "images"}))) == 2
    assert shown(browser.get(url, {"queue": "assets"})) == []
    assert shown(browser.get(url, {"state": "overdue"})) == [late]
    assert shown(browser.get(url, {"state": "claimed"})) == []
    assert len(shown(browser.get(url, {"state": "free"}))) == 2


def test_a_tombstone_names_the_hashes_and_receipts_of_a_purge(as_):
    image, lead = make_image(), as_("lead")
    decide(lead, image, "reject", reason="violence")
    decide(lead, image, "purge", reason="violence", confirmed="1")
    (tombstone,) = shown(as_("viewer").get("/admin/moderation/tombstone/"))
    assert tombstone.subject_id == image.pk
    page = as_("viewer").get(f"/admin/moderation/tombstone/{tombstone.pk}/change/")
    assert page.status_code == 200
    assert "SHA-256" in page.content.decode()
