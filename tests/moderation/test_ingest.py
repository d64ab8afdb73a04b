"""What the ingest makes of records: seeds, changes, upstream's later words, bytes, and bad rows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gallery.models import ImageDetail, ImageLog
from gallery.sync import SPEC
from media.models import Attachment, File
from moderation.actors import Actor
from moderation.ingest import batches, store
from moderation.models import Case, Decision
from moderation.services import Request, decide
from tests.factories import make_person, make_reason, make_source
from upstream.clients.errors import RecordError
from upstream.clients.gallery import ImageRecord, parse_image
from upstream.ledger import Counts, Refused, RunLedger
from upstream.models import Fault, SeenRecord, Source, SyncRun

pytestmark = pytest.mark.django_db

LINK = "https://cdn.example/pictures/1.jpg?signature=one"


@pytest.fixture
def source() -> Source:
    return make_source("gallery")


def record(upstream_id: str = "image-1", **fields: Any) -> ImageRecord:
    raw = {
        "id": upstream_id,
        "userId": "user-1",
        "archiveId": "archive-1",
        "messageId": f"message of {upstream_id}",
        "characterId": "character-1",
        "url": LINK,
        "prompt": "a lighthouse made of cubes",
        "createdAt": 1_780_000_000_000,
        "reviewStatus": "pending",
        "steps": 28,
        "somethingNew": {"kept": [1, 2]},
        **fields,
    }
    return parse_image({name: value for name, value in raw.items() if value is not None})


def take(source: Source, *records: ImageRecord | Refused) -> Counts:
    """The records as a run of their own would take them."""
    run = SyncRun(source=source)
    SyncRun.objects.filter(source=source, status="running").update(status="succeeded")
    run.save()
    return store(records, source=source, ledger=RunLedger(run), spec=SPEC)


def image() -> ImageLog:
    return ImageLog.objects.get()


def decisions() -> list[tuple[str, str, str, str]]:
    rows = Decision.objects.order_by("id")
    return list(rows.values_list("action", "from_status", "to_status", "actor_kind"))


def by_hand(action: str, **fields: Any) -> None:
    actor = Actor.person(make_person(role="lead"))
    asked = [Request(action, subject=image().subject_key, **fields)]
    [result] = decide(requests=asked, actor=actor).results
    assert result.status == "applied", result.error


def approve() -> None:
    by_hand("approve")


def reject() -> None:
    make_reason("violence")
    by_hand("reject", reason="violence")


def test_a_new_pending_picture_gets_a_case_that_waits_for_its_bytes(source):
    assert take(source, record()) == Counts(seen=1, created=1, listed=1)
    stored, case, attachment = image(), Case.objects.get(), Attachment.objects.get()
    assert (stored.review_status, stored.seed, stored.upstream_status) == ("pending",) * 3
    assert stored.created_at == datetime.fromtimestamp(1_780_000_000, UTC)
    assert (case.queue, case.kind, case.why) == ("images", "first_look", ["first_look"])
    assert case.subject_id == attachment.subject_id == stored.pk
    assert (case.ready, (case.ready_at - case.opened_at).total_seconds()) == (False, 600)
    assert (attachment.state, attachment.origin_url) == ("wanted", LINK)
    assert attachment.next_try_at is not None
    assert decisions() == []


def test_a_picture_without_a_link_is_ready_at_once(source):
    take(source, record(url=None))
    assert Case.objects.get().ready
    assert not Attachment.objects.exists()


def test_unknown_fields_are_kept_and_signatures_are_not(source):
    take(source, record())
    detail = ImageDetail.objects.get()
    assert detail.params == {"steps": 28, "somethingNew": {"kept": [1, 2]}}
    assert detail.raw["somethingNew"] == {"kept": [1, 2]}
    assert detail.raw["url"] == "https://cdn.example/pictures/1.jpg"


@pytest.mark.parametrize(
    ("told", "trusted", "status", "cases", "attachments"),
    [
        ("pending", True, "pending", 1, 1),
        ("approved", True, "approved", 0, 1),
        ("approved", False, "pending", 1, 1),
        ("rejected", True, "rejected", 0, 1),
        ("purged", True, "purged", 0, 0),
    ],
)
def test_the_first_status_is_upstreams_seed(source, told, trusted, status, cases, attachments):
    source.trust_approvals = trusted
    source.save()
    take(source, record(reviewStatus=told))
    assert (image().review_status, image().seed) == (status, told)
    assert Case.objects.count() == cases
    assert Attachment.objects.count() == attachments
    assert decisions() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://cdn.example/pictures/1.jpg?signature=two"},
        {"updatedAt": 1_790_000_000_000},
        {"anotherNewField": True},
    ],
)
def test_what_is_not_content_leaves_a_picture_unchanged(source, fields):
    take(source, record())
    assert take(source, record(**fields)) == Counts(seen=1, unchanged=1, listed=1)
    assert ImageDetail.objects.count() == 1


def test_a_fresh_link_reaches_what_still_waits_for_its_bytes(source):
    take(source, record())
    fresh = LINK.replace("one", "two")
    take(source, record(url=fresh))
    assert Attachment.objects.get().origin_url == fresh


def test_bytes_we_hold_are_fetched_again_only_when_the_path_differs(source):
    take(source, record())
    Attachment.objects.update(state="stored", origin_url="", next_try_at=None)
    take(source, record(url=LINK.replace("one", "two")))
    assert Attachment.objects.get().state == "stored"
    counts = take(source, record(url=LINK.replace("1.jpg", "2.jpg")))
    assert counts.unchanged == 1
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.next_try_at is not None) == ("wanted", True)
    assert "2.jpg" in attachment.origin_url


def test_bytes_that_were_uploaded_here_are_not_fetched_over(source):
    take(source, record())
    Attachment.objects.update(state="stored", origin_url="", origin_key=None)
    take(source, record(url=LINK.replace("1.jpg", "2.jpg")))
    assert Attachment.objects.get().state == "stored"


def test_the_late_bytes_of_a_held_picture_are_held_too(source):
    take(source, record(url=None))
    by_hand("hold", note="evidence")
    take(source, record())
    assert Attachment.objects.get().held


def test_the_bytes_of_a_held_picture_are_kept_as_evidence(source):
    take(source, record())
    file = File.objects.create(sha256=b"s" * 32, size=1, mime="image/png")
    Attachment.objects.update(state="stored", origin_url="", file=file)
    by_hand("hold", note="evidence")
    take(source, record(url=LINK.replace("1.jpg", "2.jpg")))
    assert Attachment.objects.get().state == "stored"


def test_a_link_that_came_late_is_fetched(source):
    take(source, record(url=None))
    take(source, record())
    assert Attachment.objects.get().state == "wanted"


def test_changed_content_of_a_pending_picture_is_noted_on_its_case(source):
    take(source, record())
    counts = take(source, record(prompt="a lighthouse made of spheres"))
    assert (counts.updated, counts.created) == (1, 0)
    assert Case.objects.get().why == ["first_look", "changed"]
    assert [detail.prompt[-7:] for detail in ImageDetail.objects.all()] == ["spheres", "f cubes"]


@pytest.mark.parametrize("locally", [True, False])
def test_changed_content_of_an_approved_picture_reopens_it(source, locally):
    take(source, record(reviewStatus="pending" if locally else "approved"))
    if locally:
        approve()
    told = "pending" if locally else "approved"
    take(source, record(prompt="something else", reviewStatus=told))
    case = Case.objects.get()
    assert image().review_status == "pending"
    assert (case.kind, case.why) == ("second_look", ["changed"])
    assert decisions()[-1] == ("reopen", "approved", "pending", "sync")


def test_a_rejected_picture_stays_rejected_when_its_content_changes(source):
    take(source, record())
    reject()
    assert take(source, record(prompt="something else")).updated == 1
    assert image().review_status == "rejected"
    assert not Case.objects.exists()


@pytest.mark.parametrize("told", ["approved", "rejected"])
def test_upstreams_later_steps_are_followed_while_nobody_here_decided(source, told):
    take(source, record())
    assert take(source, record(reviewStatus=told)).updated == 1
    assert (image().review_status, image().reviewed_at) == (told, None)
    assert decisions() == [("follow", "pending", told, "sync")]
    assert not Case.objects.exists()
    take(source, record(reviewStatus="pending"))
    assert image().review_status == "pending"
    assert Case.objects.get().queue == "images"


def test_a_followed_status_is_not_followed_twice(source):
    take(source, record())
    take(source, record(reviewStatus="approved"))
    assert take(source, record(reviewStatus="approved")).unchanged == 1
    assert len(decisions()) == 1


def test_a_distrusted_approval_is_not_followed(source):
    source.trust_approvals = False
    source.save()
    take(source, record())
    take(source, record(reviewStatus="approved"))
    assert (image().review_status, image().upstream_status) == ("pending", "approved")
    assert decisions() == []


@pytest.mark.parametrize("told", ["approved", "rejected", "pending"])
def test_after_a_local_decision_the_local_one_wins(source, told):
    take(source, record(reviewStatus="approved"))
    reject()
    take(source, record(reviewStatus=told))
    assert image().review_status == "rejected"
    assert not Case.objects.exists()
    assert len(decisions()) == 1


def test_upstream_rejecting_what_was_approved_here_opens_a_case_and_keeps_the_status(source):
    take(source, record())
    approve()
    take(source, record(reviewStatus="rejected"))
    assert image().review_status == "approved"
    assert Case.objects.get().why == ["upstream_rejected"]
    Case.objects.all().delete()
    take(source, record(reviewStatus="rejected"))
    assert not Case.objects.exists()


@pytest.mark.parametrize("decide_first", [None, approve, reject])
def test_upstreams_purge_removes_our_copy_whatever_was_decided(source, decide_first):
    take(source, record())
    if decide_first is not None:
        decide_first()
    take(source, record(reviewStatus="purged"))
    assert image().review_status == "purged"
    assert decisions()[-1][0::3] == ("purge", "sync")
    assert not Case.objects.exists()


def test_a_held_picture_is_purged_only_after_its_release(source):
    take(source, record())
    by_hand("hold", note="evidence")
    take(source, record(reviewStatus="purged"))
    assert image().review_status == "pending"
    by_hand("release", note="no longer needed")
    take(source, record(reviewStatus="purged"))
    assert image().review_status == "purged"


def test_an_escalated_picture_is_left_to_the_leads(source):
    take(source, record())
    by_hand("escalate", note="please look")
    take(source, record(prompt="something else", reviewStatus="approved"))
    assert (image().review_status, image().hidden) == ("pending", True)
    assert Case.objects.get().queue == "escalations"


def test_of_one_id_in_a_batch_the_last_counts_and_it_is_seen_once(source):
    counts = take(source, record(prompt="first"), record("image-2"), record(prompt="last"))
    assert (counts.seen, counts.created) == (2, 2)
    assert ImageDetail.objects.get(image__upstream_id="image-1").prompt == "last"


def test_an_id_met_again_in_the_same_run_is_not_counted_again(source):
    run = SyncRun.objects.create(source=source)
    ledger = RunLedger(run)
    store([record()], source=source, ledger=ledger, spec=SPEC)
    counts = store([record(), record("image-2")], source=source, ledger=ledger, spec=SPEC)
    assert (counts.seen, counts.created, counts.unchanged) == (1, 1, 0)
    assert SeenRecord.objects.count() == 2


def test_a_parsers_refusals_become_faults_and_the_rest_is_taken(source):
    bad = RecordError("createdAt is not a time", upstream_id="image-9", raw={"bad": "\ud83d\0"})
    counts = take(source, Refused(bad, {"character_id": "c"}), record())
    assert counts == Counts(seen=2, created=1, failed=1, listed=2, faults=1)
    fault = Fault.objects.get()
    assert (fault.upstream_id, fault.error) == ("image-9", "createdAt is not a time")
    assert (fault.payload, fault.context) == (r'{"bad": "\ud83d\u0000"}', {"character_id": "c"})


def test_bad_records_without_an_id_are_told_apart_by_where_they_stood(source):
    def nameless(place: str) -> Refused:
        return Refused(RecordError("no object", upstream_id="", raw=None), place=place)

    counts = take(source, nameless("page 1:3"), nameless("page 1:4"), nameless("page 1:4"))
    assert (counts.seen, counts.failed) == (2, 2)
    assert Fault.objects.count() == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        {"user_id": "x" * 300},
        {"review_status": "a status too long"},
        {"review_status": "unknown"},
        {"prompt": "nul \0 in a text"},
        {"message_id": "half a pair \ud83d"},
        {"params": {"seed": 2**70}},
        {"raw": {"deep": "\ud83d"}},
        {"archive_id": "nul \0"},
    ],
)
def test_a_row_that_the_database_refuses_is_found_among_many(source, spoilt):
    good = [record(f"image-{number}") for number in range(40)]
    culprit = replace(record("culprit"), **spoilt)
    counts = take(source, *good[:23], culprit, *good[23:])
    assert (counts.seen, counts.created, counts.failed) == (41, 40, 1)
    fault = Fault.objects.get()
    assert (fault.upstream_id, fault.context) == ("culprit", {"character_id": "character-1"})
    assert fault.error
    assert ImageLog.objects.count() == Case.objects.count() == Attachment.objects.count() == 40


def test_more_records_than_one_batch_holds_are_taken_in_several(source, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 10)
    counts = take(source, *(record(f"image-{number}") for number in range(35)))
    assert (counts.seen, counts.created) == (35, 35)
    assert ImageLog.objects.count() == 35


def test_gone_and_back_again_clears_the_mark(source):
    take(source, record())
    ImageLog.objects.update(missing_at=datetime.now(UTC))
    assert take(source, record()).updated == 1
    assert image().missing_at is None


def test_two_sources_keep_the_same_upstream_id_apart(source):
    take(source, record())
    take(make_source("second"), record())
    assert ImageLog.objects.count() == 2
