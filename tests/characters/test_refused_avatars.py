"""What own banks hold of characters whose avatar changed: the picture that was rejected."""

import uuid

import pytest

from media.models import Attachment
from moderation import outbox
from moderation.actors import Actor
from moderation.banks import own as own_banks
from moderation.banks import scans
from moderation.models import Bank, BankEntry, BankMatch, Decision
from moderation.services import undo
from tests.characters.clients import act, own
from tests.characters.test_avatars import uploaded
from tests.factories import make_person, make_reason
from tests.media import samples

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(client5, alice):
    make_reason("violence")
    return client5.create(alice, isPublic=True)


@pytest.fixture
def upload(client5, alice, made):
    """Uploads an avatar; its SHA-256."""

    def one(seed: int) -> bytes:
        uploaded(client5, made, alice, samples.png(seed=seed))
        newest = Attachment.objects.select_related("file").get(subject_id=made["id"], role="avatar")
        assert newest.file is not None
        return bytes(newest.file.sha256)

    return one


def deliver() -> None:
    while outbox.deliver():
        pass


def banked() -> set[bytes]:
    return {bytes(row.sha256) for row in BankEntry.objects.filter(removed_at=None)}


def test_only_the_newest_avatar_is_banked_not_the_one_approved_before(made, upload):
    upload(1)
    act("approve", own(made))
    changed = upload(2)
    act("reject", own(made), reason="violence")
    deliver()
    assert banked() == {changed}


@pytest.mark.parametrize("prompt", [True, False], ids=["delivered at once", "delivered late"])
def test_a_refused_avatar_stays_banked_when_its_successor_is_approved(made, upload, prompt):
    refused = upload(1)
    act("reject", own(made), reason="violence")
    if prompt:
        deliver()
    upload(2)
    if prompt:
        deliver()
        assert banked() == {refused}
    act("approve", own(made))
    deliver()
    assert banked() == {refused}
    third = upload(3)
    act("reject", own(made), reason="violence")
    deliver()
    assert banked() == {refused, third}

    upload(4)
    act("approve", own(made))
    deliver()
    assert banked() == {refused, third}
    Bank.objects.create(slug="late", own=True)
    own_banks.rules_changed()
    deliver()
    assert {bytes(row.sha256) for row in BankEntry.objects.filter(bank__slug="late")} == {third}
    assert banked() == {refused, third}


@pytest.mark.parametrize("swapped", [False, True])
def test_it_leaves_when_its_own_rejection_is_undone(made, upload, swapped):
    upload(1)
    act("reject", own(made), reason="violence")
    deliver()
    if swapped:
        upload(2)
    lead = Actor.person(make_person(role="lead"))
    undo(batch=Decision.objects.get(action="reject").batch, actor=lead)
    deliver()
    assert banked() == set()


def test_an_approval_that_is_told_late_takes_out_what_it_was_about(made, upload):
    upload(1)
    act("reject", own(made), reason="violence")
    deliver()
    act("approve", own(made))
    upload(2)
    deliver()
    assert banked() == set()


def test_an_avatar_put_where_there_was_none_is_not_what_was_rejected(made, upload):
    act("reject", own(made), reason="violence")
    upload(1)
    deliver()
    assert banked() == set()


def test_the_same_avatar_put_back_is_refused_until_it_is_approved(made, upload):
    refused = upload(1)
    act("reject", own(made), reason="violence")
    upload(2)
    assert upload(1) == refused
    own_banks.refresh([own(made).subject_key])
    assert banked() == {refused}
    act("approve", own(made))
    deliver()
    assert banked() == set()


def test_a_former_avatar_that_is_kept_aside_meets_no_bank(made, upload):
    former = upload(1)
    act("approve", own(made))
    newest = upload(2)
    bank = Bank.objects.create(slug="imported", action="mark")
    for sha256, matches in ((former, 0), (newest, 1)):
        BankEntry.objects.create(bank=bank, key=uuid.uuid4(), sha256=sha256, label="known")
        scans.work(seconds=60)
        assert BankMatch.objects.count() == matches
