"""A subject's page: what it tells, what it offers to whom, and what its buttons do."""

import pytest
from PIL import Image

from media.models import ViewLog
from media.services import store_bytes
from moderation import cases
from moderation.models import Decision, Note
from tests.factories import case_of, make_asset, make_character, make_image
from tests.media.samples import encoded, jpeg
from tests.media.samples import rich as rich_picture

SUBJECTS = [make_image, make_character, make_asset]


def url_of(subject, rest=""):
    return f"/admin/subjects/{subject.subject_type()}/{subject.pk}/{rest}"


def decide(browser, subject, action, **fields):
    return browser.post(url_of(subject, "decide/"), {"action": action, **fields}, follow=True)


def offered(browser, subject):
    return [each.action for each in browser.get(url_of(subject)).context["offered"]]


def told(answer):
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.mark.parametrize("make", SUBJECTS)
def test_it_shows_status_source_case_raw_object_and_arrival(as_, make):
    subject = make(raw={"anything": "from <upstream>"})
    page = as_("viewer").get(url_of(subject)).content.decode()
    texts = (
        "Pending", subject.source.name, subject.upstream_id, "First look",
        "from &lt;upstream&gt;", "Arrived from", "nobody holds it",
    )  # fmt: skip
    for text in texts:
        assert text in page


@pytest.mark.parametrize("make", SUBJECTS)
def test_it_costs_a_fixed_number_of_queries(as_, make, django_assert_max_num_queries, people):
    subject = make()
    lead = as_("lead")
    for note in ("one", "two", "three"):
        lead.post(url_of(subject, "notes/"), {"text": note})
    for _ in range(3):
        decide(lead, subject, "approve")
        decide(lead, subject, "reopen", note="again")
    with django_assert_max_num_queries(33):
        lead.get(url_of(subject))


def test_a_picture_that_is_too_flat_to_hash_says_so(as_, settings, tmp_path):
    settings.STORAGE_URL = f"file:{tmp_path / 'bytes'}"
    flat, rich = make_image(), make_image()
    for image, data in (
        (flat, encoded(Image.new("RGB", (90, 90), "red"), "PNG")),
        (rich, encoded(rich_picture(512, 512), "PNG")),
    ):
        store_bytes(data=data, subject_type=image.subject_type(), subject_id=image.pk)
    lead = as_("lead")
    words = "Too flat to hash"
    assert words in lead.get(url_of(flat)).content.decode()
    for other in (rich, make_image()):
        assert words not in lead.get(url_of(other)).content.decode()
    lead.cookies["django_language"] = "zh-hans"
    assert "画面过于平淡" in lead.get(url_of(flat)).content.decode()


def test_who_holds_the_case_is_shown(as_, people):
    image = make_image()
    cases.claim(user=people["moderator"], queue="images", limit=1)
    assert "held by moderator" in as_("viewer").get(url_of(image)).content.decode()


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("viewer", []),
        ("operator", []),
        ("moderator", ["approve", "reject", "escalate"]),
        ("lead", ["approve", "reject", "escalate", "hold"]),
        ("admin", ["approve", "reject", "escalate", "hold"]),
    ],
)
def test_each_role_is_offered_what_it_may_do_to_a_pending_picture(as_, role, actions):
    assert offered(as_(role), make_image()) == actions


def test_what_is_offered_follows_the_status(as_):
    image, lead, moderator = make_image(), as_("lead"), as_("moderator")
    decide(moderator, image, "approve")
    assert offered(moderator, image) == ["reject", "escalate", "reopen"]
    decide(moderator, image, "reject", reason="violence")
    assert offered(moderator, image) == ["approve", "reopen"]
    assert offered(lead, image) == ["approve", "reopen", "hold", "purge"]
    decide(lead, image, "purge", reason="violence", confirmed="1")
    assert offered(moderator, image) == []
    assert "purge" not in offered(lead, image)


def test_a_rejection_that_only_a_lead_may_reverse_is_not_offered_to_others(as_):
    image = make_image()
    decide(as_("lead"), image, "reject", reason="violence")
    assert offered(as_("moderator"), image) == []
    assert "approve" in offered(as_("lead"), image)


def test_an_escalated_picture_waits_for_a_lead(as_):
    image = make_image()
    decide(as_("moderator"), image, "escalate", note="Is this ours?")
    assert offered(as_("moderator"), image) == []
    assert "approve" in offered(as_("lead"), image)


def test_everything_that_is_offered_works_when_it_is_pressed(as_):
    for role in ("moderator", "lead"):
        browser = as_(role)
        for action in offered(browser, make_image()):
            image = make_image()
            words = {"reason": "violence", "note": "because", "confirmed": "1"}
            assert "1 decision applied." in told(decide(browser, image, action, **words))


def test_a_decision_carries_reason_note_and_how_much_was_seen(as_, people):
    image = make_image()
    words = {"reason": "violence", "note": "blood", "seen": "full", "expected": "pending"}
    decide(as_("moderator"), image, "reject", **words)
    decision = Decision.objects.get()
    assert (decision.reason, decision.note, decision.seen) == ("violence", "blood", "full")
    assert (decision.actor_id, decision.to_status) == (people["moderator"].pk, "rejected")
    page = as_("viewer").get(url_of(image)).content.decode()
    for text in ("Violence, gore v1", "blood", "moderator (Moderator)", "In full"):
        assert text in page


def test_a_page_that_has_become_old_decides_nothing(as_):
    image = make_image()
    decide(as_("lead"), image, "approve")
    answer = decide(as_("moderator"), image, "reject", reason="violence", expected="pending")
    assert "1 conflict:" in told(answer)
    assert Decision.objects.count() == 1


def test_what_somebody_else_is_looking_at_is_not_decided(as_, people):
    image = make_image()
    cases.claim(user=people["admin"], queue="images", limit=1)
    assert "Somebody else is looking at it." in told(decide(as_("moderator"), image, "approve"))
    assert case_of(image)


def test_a_purge_asks_first_and_erases_nothing_until_it_is_confirmed(as_):
    image, lead = make_image(), as_("lead")
    decide(lead, image, "reject", reason="violence")
    asked = decide(lead, image, "purge", reason="violence", note="as the law asks")
    assert "Purge “" in asked.content.decode()
    image.refresh_from_db()
    assert image.review_status == "rejected"
    decide(lead, image, "purge", reason="violence", note="as the law asks", confirmed="1")
    image.refresh_from_db()
    assert image.review_status == "purged"


def test_a_purged_or_held_picture_stands_in_no_list_and_a_purged_one_nowhere(as_):
    lead = as_("lead")
    images = {name: make_image() for name in ("shown", "held", "purged")}
    for number, image in enumerate(images.values()):
        kind = image.subject_type()
        store_bytes(data=jpeg(120, 160, seed=number), subject_type=kind, subject_id=image.pk)
    decide(lead, images["held"], "hold", note="court order")
    decide(lead, images["purged"], "reject", reason="violence")
    decide(lead, images["purged"], "purge", reason="violence", confirmed="1")
    page = lead.get("/admin/gallery/imagelog/").content.decode()
    assert page.count('<img src="/media/') == 1
    pictures = {name: lead.get(url_of(image)).context["picture"] for name, image in images.items()}
    assert pictures["shown"].url.startswith("/media/")
    assert pictures["held"].url.startswith("/media/")
    assert pictures["purged"] is None


def test_a_purge_without_a_reason_is_refused_before_it_asks(as_):
    image, lead = make_image(), as_("lead")
    decide(lead, image, "reject", reason="violence")
    assert "A purge needs a reason." in told(decide(lead, image, "purge"))


def test_a_moderator_who_locks_evidence_is_led_away_from_it(as_):
    image = make_image()
    answer = decide(as_("moderator"), image, "reject", reason="minor-safety")
    assert answer.redirect_chain[-1][0] == "/admin/"
    assert "only leads see it" in told(answer)


def test_every_look_at_what_is_held_is_logged_with_who_looked(as_, people):
    image, lead = make_image(), as_("lead")
    decide(lead, image, "hold", note="court order")
    before = ViewLog.objects.count()
    lead.get(url_of(image))
    logged = list(ViewLog.objects.order_by("pk"))[before:]
    assert [(row.subject_id, row.user_id) for row in logged] == [(image.pk, people["lead"].pk)]
    assert "Who saw it" in lead.get(url_of(image)).content.decode()


def test_a_note_stands_in_the_timeline_with_its_author(as_, people):
    image = make_image()
    as_("moderator").post(url_of(image, "notes/"), {"text": " <b>look</b> at the hands "})
    note = Note.objects.get()
    assert (note.text, note.user) == ("<b>look</b> at the hands", people["moderator"])
    assert "&lt;b&gt;look&lt;/b&gt;" in as_("viewer").get(url_of(image)).content.decode()


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_note_that_says_nothing_or_too_much_is_refused(as_, text):
    image = make_image()
    as_("moderator").post(url_of(image, "notes/"), {"text": text})
    assert not Note.objects.exists()


def test_a_decision_is_undone_from_its_batch_page(as_):
    image, moderator = make_image(), as_("moderator")
    decide(moderator, image, "approve")
    batch = Decision.objects.get().batch
    page = moderator.get(f"/admin/batches/{batch}/")
    assert "Undo all of it" in page.content.decode()
    answer = moderator.post(f"/admin/batches/{batch}/", follow=True)
    assert answer.redirect_chain[-1][0] == url_of(image)
    image.refresh_from_db()
    assert image.review_status == "pending"
    assert "reverses decision" in answer.content.decode()


def test_somebody_elses_decision_is_undone_by_a_lead_only(as_):
    image = make_image()
    decide(as_("lead"), image, "approve")
    batch = Decision.objects.get().batch
    assert "1 not allowed:" in told(as_("moderator").post(f"/admin/batches/{batch}/", follow=True))
    as_("admin").post(f"/admin/batches/{batch}/")
    image.refresh_from_db()
    assert image.review_status == "pending"
