"""The list of image logs: what it shows, finds and decides, and what it costs."""

import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from core.keyset import encode
from gallery.models import ImageLog
from moderation.console import navigation
from moderation.models import Decision
from tests.factories import make_image, make_person, make_source

URL = "/admin/gallery/imagelog/"


@pytest.fixture
def browser(db):
    navigation.fresh_counts.forget()
    client = Client()
    client.force_login(make_person("alice", role="moderator"))
    return client


def shown(answer):
    assert answer.status_code == 200
    return [row.message_id for row in answer.context["cl"].result_list]


def act(browser, action, images, **extra):
    chosen = [str(image.pk) for image in images]
    data = {"action": action, ACTION_CHECKBOX_NAME: chosen, "index": 0, **extra}
    return browser.post(URL, data, follow=True)


def told(answer):
    return [re.sub("<[^>]+>", "", str(message)) for message in answer.context["messages"]]


def test_the_newest_come_first_and_the_last_page_is_one_click_away(browser):
    images = [make_image(case=False) for _ in range(120)]
    names = [image.message_id for image in reversed(images)]
    first = browser.get(URL)
    assert shown(first) == names[:50]
    assert "120 rows" in first.content.decode()
    assert shown(browser.get(URL, {"after": encode(images[70].pk)})) == names[50:100]
    assert shown(browser.get(URL, {"last": "1"})) == names[-50:]
    assert shown(browser.get(URL, {"before": encode(images[69].pk)})) == names[:50]


def test_a_page_costs_the_same_number_of_queries_however_many_rows_it_has(
    browser, django_assert_num_queries, django_assert_max_num_queries
):
    make_image(case=False)
    browser.get(URL)  # content types and the like are cached from here on
    # Session, person, two of permissions, page, size of the table, capped count, pictures,
    # sources of the filter, and three that prolong the session.
    with django_assert_max_num_queries(12) as few:
        browser.get(URL)
    price = len(few)
    for _ in range(60):
        make_image(case=False)
    with django_assert_num_queries(price):
        browser.get(URL)
    with django_assert_num_queries(price):
        browser.get(URL, {"last": "1"})


@pytest.mark.parametrize(
    "term", ["up-77", "up-7", "user-seventy", "user-sev", "conversation-77", "{id}", "msg-77"]
)
def test_a_picture_is_found_by_its_ids_and_by_how_they_begin(browser, term):
    wanted = make_image(
        upstream_id="up-77", user_id="user-seventy", archive_id="conversation-77",
        message_id="msg-77", case=False,
    )  # fmt: skip
    make_image(upstream_id="other", user_id="someone", archive_id="else", case=False)
    assert shown(browser.get(URL, {"q": term.format(id=wanted.pk)})) == ["msg-77"]


@pytest.mark.parametrize("term", ["nothing", "%", "_", "\\", "' OR 1=1", "中文", "😀"])
def test_a_search_that_finds_nothing_shows_nothing(browser, term):
    make_image(case=False)
    assert shown(browser.get(URL, {"q": term})) == []


def test_the_filters_narrow_the_list_and_survive_the_pager(browser):
    first, second = make_source("first"), make_source("second")
    mine = [make_image(source=first, user_id="alice", case=False) for _ in range(52)]
    make_image(source=second, user_id="alice", case=False)
    make_image(source=first, user_id="bob", case=False)
    page = browser.get(URL, {"source": "first", "user": "alice", "status": "pending"})
    assert len(shown(page)) == 50
    assert "52 rows" in page.content.decode()
    older = re.search(r'href="(\?[^"]*after=[^"]*)"', page.content.decode())
    assert older is not None
    rest = browser.get(URL + older.group(1).replace("&amp;", "&"))
    assert shown(rest) == [mine[1].message_id, mine[0].message_id]


def test_a_filter_that_makes_no_sense_is_named_and_ignored(browser):
    image = make_image(case=False)
    answer = browser.get(URL, {"status": "nonsense", "since": "yesterday"})
    assert shown(answer) == [image.message_id]
    assert "nonsense" in answer.content.decode()


def test_since_and_until_follow_the_arrival(browser):
    image = make_image(case=False)
    day = image.first_seen_at.date().isoformat()
    assert shown(browser.get(URL, {"since": day})) == [image.message_id]
    assert shown(browser.get(URL, {"until": day})) == []


def test_selected_rows_are_approved_by_the_service_and_can_be_undone(browser):
    images = [make_image() for _ in range(3)]
    answer = act(browser, "approve", images[:2])
    assert told(answer) == ["2 decisions applied. Undo…"]
    assert set(Decision.objects.values_list("subject_id", "action", "actor_role")) == {
        (image.pk, "approve", "moderator") for image in images[:2]
    }
    batch = Decision.objects.first().batch
    browser.post(f"/admin/batches/{batch}/")
    assert ImageLog.objects.filter(review_status="pending").count() == 3


def test_selected_rows_are_rejected_with_the_chosen_reason(browser):
    image = make_image()
    act(browser, "reject:violence", [image])
    decision = Decision.objects.get()
    assert (decision.action, decision.reason, decision.reason_version) == ("reject", "violence", 1)


def test_an_escalation_needs_a_note_and_takes_it_from_the_list(browser):
    image = make_image()
    assert "A reason or a note is needed." in told(act(browser, "escalate", [image]))[0]
    act(browser, "escalate", [image], note="Is this ours?")
    assert Decision.objects.get().note == "Is this ours?"


def test_what_cannot_be_done_is_said_with_its_cause(browser):
    image = make_image()
    act(browser, "reject:minor-safety", [image])
    Decision.objects.get()
    lead = Client()
    lead.force_login(make_person("carol", role="lead"))
    answer = act(lead, "escalate", [image], note="again")
    assert "1 not possible:" in told(answer)[0]


def test_all_pages_at_once_cannot_be_decided_even_by_a_crafted_request(browser):
    images = [make_image() for _ in range(2)]
    answer = act(browser, "approve", images[:1], select_across="1")
    assert "all pages" in told(answer)[0]
    assert not Decision.objects.exists()


def test_a_viewer_has_no_bulk_actions(browser):
    viewer = Client()
    viewer.force_login(make_person("victor", role="viewer"))
    act(viewer, "approve", [make_image()])
    assert not Decision.objects.exists()
    assert 'name="action"' not in viewer.get(URL).content.decode()


def test_a_row_opens_the_pictures_own_page(browser):
    image = make_image()
    answer = browser.get(f"{URL}{image.pk}/change/")
    assert answer["Location"] == f"/admin/subjects/gallery.imagelog/{image.pk}/"
