"""The leads' page that says who works which queue, and where it shows."""

import pytest

from moderation.assignments import Pair, assigned, change
from tests.factories import make_image, make_person

URL = "/admin/assignments/"
JSON = {"content_type": "application/json"}

pytestmark = pytest.mark.django_db


def told(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_lead_ticks_and_unticks(as_, people):
    pair = f"images:{people['moderator'].pk}"
    answer = as_("lead").post(URL, {"works": [pair]}, follow=True)
    assert told(answer) == "1 assignment changed."
    assert assigned() == {"images": {people["moderator"].pk}}
    page = answer.content.decode()
    assert f'value="{pair}" checked' in page
    answer = as_("lead").post(URL, {"was": [pair]}, follow=True)
    assert told(answer) == "1 assignment changed."
    assert assigned() == {}


def test_what_another_lead_changed_meanwhile_stays(as_, people):
    other = make_person("other", role="moderator")
    change(added=[Pair("images", other.pk)], removed=[], by=people["admin"])
    pair = f"images:{people['moderator'].pk}"
    as_("lead").post(URL, {"works": [pair]})
    assert assigned() == {"images": {people["moderator"].pk, other.pk}}


@pytest.mark.parametrize("pair", ["images", "images:x", "nothing:1", ":"])
def test_a_damaged_form_changes_nothing(as_, people, pair):
    good = f"images:{people['moderator'].pk}"
    answer = as_("lead").post(URL, {"works": [good, pair]}, follow=True)
    assert told(answer) == "The form was damaged; nothing was changed."
    assert assigned() == {}


def test_the_escalations_are_offered_to_leads_only(as_, people):
    page = as_("lead").get(URL).content.decode()
    assert f'value="escalations:{people["lead"].pk}"' in page
    assert f'value="escalations:{people["moderator"].pk}"' not in page
    assert f"images:{people['viewer'].pk}" not in page


def test_lists_sidebar_and_review_page_follow(as_, people):
    other = make_person("other", role="moderator")
    make_image()
    change(added=[Pair("images", other.pk)], removed=[], by=people["lead"])
    moderator = as_("moderator")
    page = moderator.get("/admin/queues/")
    rows = {row.slug: row for row in page.context["queues"]}
    assert (rows["images"].link, rows["images"].worked_by) == ("", "other")
    assert (rows["assets"].link, rows["assets"].worked_by) == ("/admin/queues/assets/", "")
    links = {
        item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]
    }
    assert "/admin/queues/images/" not in links
    denied = moderator.get("/admin/queues/images/")
    assert denied.status_code == 403
    assert "The leads have given this queue to others" in denied.content.decode()
    assert as_("lead").get("/admin/queues/images/").status_code == 200
    claim = moderator.post("/api/moderation/queues/images/claim/", {"limit": 1}, **JSON)
    assert claim.status_code == 403
    assert claim.json()["detail"] == "This queue was given to others; a lead can add you."


def test_it_costs_a_fixed_number_of_queries(as_, people, django_assert_max_num_queries):
    for number in range(20):
        make_person(f"m{number}", role="moderator")
    lead = as_("lead")
    with django_assert_max_num_queries(20):
        page = lead.get(URL)
    assert len(page.context["rows"]) == 23
