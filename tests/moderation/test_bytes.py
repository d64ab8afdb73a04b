"""Decisions and bytes: dead links, the same picture elsewhere, purges, and pictures that come
back.
"""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from media import services as media
from media.models import Attachment, File, ViewLog
from media.storage import storage
from moderation import outbox, purging
from moderation.actors import Actor
from moderation.api.presenting import pictures_of
from moderation.arrivals import Observer
from moderation.enums import Why
from moderation.models import Case, Receipt, Tombstone
from moderation.registry import queue_for
from moderation.services import Request, decide, undo
from tests.factories import case_of, make_image, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def chen():
    return make_person("chen", role="lead")


def png(colour):
    """A synthetic picture of one colour with a lighter square."""
    picture = Image.new("RGB", (96, 128), colour)
    picture.paste((240, 240, 240), (20, 20, 60, 60))
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def with_picture(colour="navy", **fields):
    image = make_image(**fields)
    media.store_bytes(data=png(colour), subject_type=image.subject_type(), subject_id=image.pk)
    return image


def act(who, action, image, **words):
    request = Request(action, subject=image.subject_key, **words)
    return decide(requests=[request], actor=Actor.person(who))


def links(image, user, purpose="claim"):
    queue = queue_for(image.subject_type())
    image.refresh_from_db()
    shown = pictures_of(queue, [image], user=user, purpose=purpose)
    return shown.get(image.pk)


def fetch(url, user=None):
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get("/media/" + url.rsplit("/media/", 1)[1])


@pytest.mark.parametrize(
    "action, words",
    [("reject", {"reason": "spam"}), ("escalate", {"note": "hm"}), ("hold", {"note": "evidence"})],
)
def test_links_handed_out_before_die_with_the_decision(alice, chen, action, words):
    image = with_picture()
    before = links(image, alice)
    assert fetch(before["url"]).status_code == 200
    act(chen if action == "hold" else alice, action, image, **words)
    assert fetch(before["url"]).status_code == 404
    assert fetch(before["thumb_url"]).status_code == 404


def test_an_approval_leaves_links_alone(alice):
    image = with_picture()
    before = links(image, alice)
    act(alice, "approve", image)
    assert fetch(before["url"]).status_code == 200


def test_a_held_picture_is_shown_to_leads_alone_and_each_view_is_logged(alice, chen):
    image = with_picture()
    act(alice, "reject", image, reason="minor-safety")
    assert links(image, alice) is None
    shown = links(image, chen)
    assert fetch(shown["url"]).status_code == 404
    assert fetch(shown["url"], alice).status_code == 404
    assert fetch(shown["url"], chen).status_code == 200
    assert list(ViewLog.objects.values_list("user_id", "purpose")) == [(chen.pk, "lead")]


def test_a_rejection_opens_the_same_picture_elsewhere_first(alice):
    image, twin, other = with_picture(), with_picture(review_status="approved"), with_picture("red")
    assert not Case.objects.filter(subject_id=twin.pk).exists()
    act(alice, "reject", image, reason="violence")
    assert outbox.deliver() == 2  # the same bytes elsewhere, and the own banks
    case = case_of(twin)
    assert (case.priority, case.why) == (100, [Why.SAME_AS_REJECTED])
    assert case_of(other).priority == 50
    assert outbox.deliver() == 0


def test_an_arrival_equal_to_a_rejected_picture_opens_first_and_says_so(alice):
    act(alice, "reject", with_picture(), reason="violence")
    late = with_picture()
    assert (case_of(late).priority, case_of(late).why[-1]) == (100, Why.SAME_AS_REJECTED)


def test_a_purge_erases_after_the_grace_with_receipts_and_the_picture_is_known_when_it_returns(
    alice, chen
):
    image = with_picture()
    act(alice, "reject", image, reason="spam")
    act(chen, "purge", image, reason="spam")
    assert purging.erase_due() == []
    tombstone = Tombstone.objects.get()
    (receipt,) = purging.erase_due(at=timezone.now() + timedelta(hours=25))
    file = File.objects.get()
    assert receipt.outcome == "erased" and bytes(receipt.sha256) == bytes(file.sha256)
    assert [bytes(each) for each in tombstone.hashes] == [bytes(file.sha256)]
    assert file.erased_at is not None
    with pytest.raises(FileNotFoundError):
        storage().size(receipt.path)
    back = with_picture()
    assert (case_of(back).priority, case_of(back).why[-1]) == (100, Why.SAME_AS_PURGED)


def test_bytes_that_another_subject_uses_are_kept(alice, chen):
    image, twin = with_picture(), with_picture()
    act(alice, "reject", image, reason="spam")
    act(chen, "purge", image, reason="spam")
    (receipt,) = purging.erase_due(at=timezone.now() + timedelta(hours=25))
    assert receipt.outcome == "shared"
    assert fetch(links(twin, alice)["url"]).status_code == 200


def test_an_erasing_that_was_cut_off_is_taken_up_again(alice, chen):
    image = with_picture()
    act(alice, "reject", image, reason="spam")
    act(chen, "purge", image, reason="spam")
    Tombstone.objects.update(erased_at=timezone.now())
    (receipt,) = purging.erase_due()
    assert receipt.outcome == "erased"
    assert purging.erase_due() == [] and Receipt.objects.count() == 1


def test_a_hold_placed_within_the_grace_keeps_the_bytes(alice, chen):
    image = with_picture()
    act(alice, "reject", image, reason="spam")
    act(chen, "purge", image, reason="spam")
    act(chen, "hold", image, note="the police asked")
    assert purging.erase_due(at=timezone.now() + timedelta(hours=25)) == []
    act(chen, "release", image, note="done")
    assert len(purging.erase_due(at=timezone.now() + timedelta(hours=25))) == 1


def test_a_purge_undone_shows_the_picture_again_by_new_links(alice, chen):
    image = with_picture()
    act(alice, "reject", image, reason="spam")
    old = links(image, alice)
    purged = act(chen, "purge", image, reason="spam")
    assert links(image, alice) is None
    undo(batch=purged.batch, actor=Actor.person(chen))
    assert fetch(old["url"]).status_code == 404
    assert fetch(links(image, alice)["url"]).status_code == 200


def test_other_bytes_under_the_same_record_reopen_an_approval(alice):
    image = with_picture()
    act(alice, "approve", image)
    Observer().replaced([Attachment.objects.get().pk])
    image.refresh_from_db()
    assert image.review_status == "pending"
    assert case_of(image).why == [Why.CHANGED]


def test_a_case_is_offered_once_its_bytes_are_here(alice):
    image = make_image()
    Case.objects.update(ready=False, ready_at=timezone.now() + timedelta(minutes=10))
    media.store_bytes(data=png("teal"), subject_type=image.subject_type(), subject_id=image.pk)
    assert case_of(image).ready


def test_bytes_that_arrive_under_a_hold_are_for_leads(alice, chen):
    image = make_image()
    act(chen, "hold", image, note="evidence")
    media.store_bytes(data=png("teal"), subject_type=image.subject_type(), subject_id=image.pk)
    assert Attachment.objects.get().held
    assert links(image, alice) is None and links(image, chen) is not None
