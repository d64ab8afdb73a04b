"""What a subject's page tells beside the subject: reports, the same bytes, the rest of its life."""

import pytest
from django.utils import timezone

from accounts.models import User
from media.models import Attachment, File
from moderation import cases, timeline
from moderation.actors import Actor
from moderation.models import Case, Decision, Report
from moderation.services import Request, decide, undo
from tests.factories import make_asset, make_character, make_image, make_run, make_source
from upstream.enums import RunStatus
from upstream.models import SyncRun

pytestmark = pytest.mark.django_db


def url(subject):
    return f"/admin/subjects/{subject.subject_type()}/{subject.pk}/"


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def attach(file, subject):
    Attachment.objects.create(
        subject_type=subject.subject_type(), subject_id=subject.pk, state="stored", file=file
    )


def test_a_report_is_written_down_for_somebody_outside(as_, people):
    image = make_image(review_status="approved")
    given = {"kind": "report", "reporter": "mail by u-9", "category": "violence", "text": "Look!"}
    answer = as_("moderator").post(f"{url(image)}reports/", given, follow=True)
    assert told(answer) == ["The report was written down; its case is open."]
    said = Report.objects.get()
    assert (said.reporter, said.client_id) == ("mail by u-9", people["moderator"].pk)
    assert Case.objects.get(subject_id=image.pk).kind == "report"
    page = as_("viewer").get(url(image)).content.decode()
    assert "Look!" in page and "mail by u-9" in page


@pytest.mark.parametrize(
    "given",
    [
        {}, {"kind": "report"}, {"kind": "gossip", "reporter": "u-9"}, {"reporter": "u-9"},
        {"kind": "appeal", "reporter": "x" * 256},
        {"kind": "report", "reporter": "u-9", "text": "x" * 4001},
    ],
)  # fmt: skip
def test_a_report_that_lacks_something_is_asked_for_again(as_, given):
    image = make_image()
    answer = as_("moderator").post(f"{url(image)}reports/", given, follow=True)
    assert len(told(answer)) == 1 and not Report.objects.exists()


def test_only_moderators_write_reports_down(as_):
    image = make_image()
    given = {"kind": "report", "reporter": "u-9"}
    assert as_("viewer").post(f"{url(image)}reports/", given).status_code == 403
    assert f"{url(image)}reports/" not in as_("viewer").get(url(image)).content.decode()


def test_the_same_bytes_elsewhere_are_named_without_what_is_held(as_):
    image, other, held, asset = make_image(), make_image(), make_image(held=True), make_asset()
    file = File.objects.create(sha256=bytes(range(32)), size=1, mime="image/png")
    for subject in (image, other, held, asset):
        attach(file, subject)
    page = as_("moderator").get(url(image))
    assert [row["subject"].pk for row in page.context["same"]] == [asset.pk, other.pk]
    lead = as_("lead").get(url(image))
    assert [row["subject"].pk for row in lead.context["same"]] == [asset.pk, held.pk, other.pk]
    assert as_("moderator").get(url(make_image())).context["same"] == []


def test_the_timeline_tells_changes_and_who_holds_it(as_, people):
    character = make_character()
    character.texts.create(name="Mira", bio="New.", origin_prompt="")
    cases.claim(user=people["moderator"], queue="characters", limit=1)
    page = as_("viewer").get(url(character))
    events = [entry["event"] for entry in page.context["timeline"]]
    assert events.count("changed") == 1 and events[0] == "claimed" and events[-1] == "created"
    text = page.content.decode()
    assert "Its content changed" in text and "Claimed by moderator" in text
    assert page.context["timeline"][0]["at"] <= timezone.now()


def test_the_timeline_tells_who_claimed_saw_decided_undid_and_purged(
    as_, people, django_assert_max_num_queries
):
    image = make_image(seed="pending")
    [case] = cases.claim(user=people["moderator"], queue="images", limit=1)
    held = Request(
        action="reject", case=case.pk, claim_token=case.claim_token, reason="violence", seen="full"
    )
    slip = decide(requests=[held], actor=Actor.person(people["moderator"]))
    undo(batch=slip.batch, actor=Actor.person(people["moderator"]))
    lead = as_("lead")
    for action, more in (("reject", {"seen": "blurred"}), ("purge", {"confirmed": "1"})):
        lead.post(f"{url(image)}decide/", {"action": action, "reason": "violence"} | more)
    with django_assert_max_num_queries(9):
        told_of = timeline.of(image)
    events = [(each["event"], each.get("action", "")) for each in told_of]
    assert [each for each in events if each[0] != "case"] == [
        ("created", ""), ("synced", ""), ("claimed", ""), ("seen", ""), ("decision", "reject"),
        ("decision", "undo"), ("seen", ""), ("decision", "reject"), ("decision", "purge"),
    ]  # fmt: skip
    page = lead.get(url(image)).content.decode()
    for text in (
        "Created", f"Arrived from {image.source.name} as “Pending”",
        "Claimed, then decided by moderator", "moderator had seen the picture: In full",
        "lead had seen the picture: Blurred", "reverses decision",
    ):  # fmt: skip
        assert text in page


def test_the_sync_that_brought_a_subject_is_named_if_one_ran_then(as_):
    source = make_source("gallery")
    before = make_run(source=source)
    alone = make_image(source=source)
    during = make_run(source=source, status=RunStatus.RUNNING)
    brought = make_image(source=source)
    SyncRun.objects.filter(pk=during.pk).update(
        status=RunStatus.SUCCEEDED, finished_at=timezone.now()
    )
    make_run(source=source), make_run()

    def run_of(image):
        [synced] = [each for each in timeline.of(image) if each["event"] == "synced"]
        return synced["run"]

    assert (run_of(alone), run_of(brought)) == (None, during.pk)
    page = as_("viewer").get(url(brought)).content.decode()
    assert f"/admin/runs/{during.pk}/" in page and str(before.pk) not in page
    made_here = timeline.of(make_image(upstream_id=""))
    assert "synced" not in [each["event"] for each in made_here]


def test_a_video_has_a_player_of_its_own(as_):
    asset = make_asset(asset_type="Video")
    file = File.objects.create(sha256=bytes(range(32)), size=1, mime="video/mp4")
    attach(file, asset)
    page = as_("moderator").get(url(asset)).content.decode()
    assert "<video" in page and " controls " in page and "data-player" in page


@pytest.mark.parametrize(
    ("mime", "blur", "seen"),
    [
        ("image/png", 24, "blurred"), ("image/png", 0, "full"),
        ("audio/mpeg", 24, "none"), ("", 24, "none"),
    ],
)  # fmt: skip
def test_the_form_says_how_much_the_page_shows_before_anything_is_revealed(
    as_, people, mime, blur, seen
):
    User.objects.update(blur=blur)
    asset = make_asset()
    if mime:
        attach(File.objects.create(sha256=bytes(range(32)), size=1, mime=mime), asset)
    page = as_("moderator").get(url(asset)).content.decode()
    assert f'name="seen" value="{seen}"' in page


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Violence, gore"), ("zh-hans", "暴力与血腥")]
)
def test_reasons_have_their_name_in_the_readers_language_and_their_slug_beside(
    as_, people, language, label
):
    image = make_image()
    moderator = as_("moderator")
    User.objects.update(language=language)
    moderator.post(
        f"{url(image)}reports/", {"kind": "report", "reporter": "u-9", "category": "violence"}
    )
    moderator.post(f"{url(image)}decide/", {"action": "reject", "reason": "violence"})
    batch = Decision.objects.get().batch
    named = f'<span title="violence">{label} v1</span>'
    for path in (url(image), "/admin/moderation/decision/"):
        assert named in moderator.get(path).content.decode(), path
    named = f'<span title="violence">{label}</span>'
    page = moderator.get(url(image)).content.decode()
    assert page.count(named) == 2, "beside the content, and in the timeline"
    assert named in moderator.get(f"/admin/batches/{batch}/").content.decode()
