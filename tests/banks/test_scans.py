"""New entries meet what is held already, whatever dies on the way."""

import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection, transaction
from django.utils import timezone

from media import pdq
from media.models import Fingerprint
from moderation.actors import Actor
from moderation.banks import counting, scans
from moderation.enums import ScanState
from moderation.models import BankMatch, BankScan, Case, Decision
from moderation.services import Request, decide, undo
from tests.banks.conftest import add, data, hash_of, picture
from tests.factories import case_of, make_image, make_person
from tests.locks import somebody_waits
from tests.moderation.looks import families_of, make_family

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd(arrive):
    """Seven pictures far from each other, and two copies of the first."""
    return [arrive(data(seed)) for seed in range(1, 8)] + [
        arrive(data(1, quality=50)), arrive(data(1, side=300)),
    ]  # fmt: skip


def statuses(crowd) -> list[str]:
    for each in crowd:
        each.refresh_from_db()
    return [each.review_status for each in crowd]


REJECTED = ["rejected", *["pending"] * 6, "rejected", "rejected"]


def test_a_new_entry_rejects_what_is_held_in_one_batch_and_once(bank, crowd):
    add(bank(), pdq=hash_of(crowd[0]))
    scans.work(seconds=60)

    assert statuses(crowd) == REJECTED
    scan = BankScan.objects.get()
    assert (scan.state, scan.seen, scan.hits, scan.percent) == (ScanState.DONE, 9, 3, 100)
    assert Decision.objects.values("batch").distinct().count() == 1
    undo(batch=Decision.objects.first().batch, actor=Actor.person(make_person(role="lead")))
    scans.scan_whole(bank=scan.bank, by=None)
    scans.work(seconds=60)
    assert set(statuses(crowd)) == {"pending"}
    assert scans.work(seconds=60) == 0


def test_entries_known_by_their_bytes_alone_find_what_is_held(bank, arrive):
    held = data(3)
    subject = arrive(held)
    add(bank(action="first", reason=""), sha256=sha256(held).digest())
    scans.work(seconds=60)

    assert "known_picture" in case_of(subject).why


def test_a_bank_that_is_off_waits_and_a_cancelled_scan_ends(bank, crowd):
    off = bank(active=False)
    add(off, pdq=hash_of(crowd[0]))
    assert scans.work(seconds=60) == 0
    off.active = True
    off.save()
    (scan,) = scans.plan()
    assert scans.cancel(scan=scan)
    assert not scans.cancel(scan=scan)
    assert scans.work(seconds=60) == 0
    assert "rejected" not in statuses(crowd)


def test_pieces_go_on_where_the_last_one_ended(bank, crowd, monkeypatch):
    monkeypatch.setattr(scans, "PIECE", 2)
    add(bank(), pdq=hash_of(crowd[0]))
    assert scans.work(seconds=60) == 5
    assert statuses(crowd) == REJECTED


def test_all_pieces_of_a_scan_are_one_batch(bank, crowd, monkeypatch):
    monkeypatch.setattr(scans, "PIECE", 2)
    add(bank(), pdq=hash_of(crowd[0]))
    scans.work(seconds=60)
    (batch,) = set(Decision.objects.values_list("batch", flat=True))
    assert Decision.objects.count() == 3
    undo(batch=batch, actor=Actor.person(make_person(role="lead")))
    assert set(statuses(crowd)) == {"pending"}


def test_loading_that_takes_all_the_time_leaves_room_for_a_piece(bank, crowd, monkeypatch):
    monkeypatch.setattr(scans, "PIECE", 8)
    real = scans.index_of
    monkeypatch.setattr(scans, "index_of", lambda **only: (time.sleep(0.3), real(**only))[1])
    add(bank(), pdq=hash_of(crowd[0]))
    assert scans.work(seconds=0.2) >= 1
    assert BankScan.objects.get().seen >= 8


def test_a_graver_rule_holds_for_what_was_matched_and_is_still_undecided(bank, crowd):
    changed = bank(action="mark", reason="")
    add(changed, pdq=hash_of(crowd[0]))
    scans.work(seconds=60)
    approve = Request("approve", subject=crowd[7].subject_key)
    decide(requests=[approve], actor=Actor.person(make_person(role="moderator")))
    assert set(BankMatch.objects.values_list("action", flat=True)) == {"mark"}

    for action, reason in (("first", ""), ("reject", "violence")):
        changed.action, changed.reason = action, reason
        changed.save()
        scans.scan_whole(bank=changed, by=None)
        scans.work(seconds=60)
        acted = BankMatch.objects.filter(subject_id__in=[crowd[0].pk, crowd[8].pk])
        assert set(acted.values_list("action", flat=True)) == {action}
        assert BankMatch.objects.get(subject_id=crowd[7].pk).action == "mark"
    assert statuses(crowd) == ["rejected", *["pending"] * 6, "approved", "rejected"]
    assert set(acted.values_list("batch", flat=True)) == {
        Decision.objects.get(subject_id=crowd[0].pk).batch
    }
    assert not Case.objects.filter(subject_id=crowd[7].pk).exists()
    assert BankMatch.objects.count() == counting.counts()[changed.pk].matches == 3


def test_a_marked_case_leaves_its_family(bank):
    burst = make_family(3)
    entry = bytes(Fingerprint.objects.get(file__attachments__subject_id=burst[1].pk).pdq)
    add(bank(action="mark", reason="", threshold=0), pdq=entry)
    scans.work(seconds=60)

    first, marked, third = families_of(*burst)
    assert marked is None
    assert first is not None
    assert first == third
    assert len(case_of(burst[1]).why) == 2


def test_a_scan_that_was_cancelled_while_it_begins_stays_cancelled(bank, crowd):
    add(bank(), pdq=hash_of(crowd[0]))
    (scan,) = scans.plan()
    scan.token = uuid.uuid4()
    BankScan.objects.update(token=scan.token)
    scans.cancel(scan=scan)
    scans._begin(scan)
    assert BankScan.objects.get().state == ScanState.CANCELLED


def test_a_worker_that_lost_its_lease_writes_nothing(bank, crowd, monkeypatch):
    monkeypatch.setattr(scans, "PIECE", 2)
    add(bank(), pdq=hash_of(crowd[0]))
    scans.plan()
    zombie = scans.lease()
    assert scans.lease() is None
    BankScan.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    heir = scans.lease()
    within = scans.Within(scans.index_of(scan_id=heir.pk), scan_id=heir.pk)

    with transaction.atomic():
        assert scans._piece(zombie, within) is False
    assert BankScan.objects.get().seen == 0
    with transaction.atomic():
        assert scans._piece(heir, within) is True


KILLED = """
import django, os, sys
django.setup()
from moderation.banks import scans
from moderation import services
scans.PIECE = 2
real, calls = scans.act, []
def act(*args, **kwargs):
    calls.append(1)
    found = real(*args, **kwargs)
    if len(calls) == int(sys.argv[1]):
        os.kill(os.getpid(), 9)
    return found
scans.act = act
scans.work(seconds=60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("piece", [1, 4])
def test_a_scan_whose_worker_is_killed_misses_nothing(bank, crowd, settings, piece):
    """Killed after it acted and before its piece is committed; the next goes on after the lease."""
    add(bank(), pdq=hash_of(crowd[0]))
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{settings.DATABASES['default']['NAME']}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(piece)], env=environment, check=False, timeout=120
    )
    assert done.returncode == -9
    assert BankScan.objects.get().seen == (piece - 1) * 2
    assert scans.work(seconds=5) == 0, "its lease still runs"
    BankScan.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    scans.work(seconds=60)

    assert statuses(crowd) == REJECTED
    assert BankScan.objects.get().seen == 9
    assert BankMatch.objects.count() == Decision.objects.count() == 3


def test_an_arrival_that_did_not_see_the_entry_is_seen_by_its_scan(bank, arrive):
    """The arrival has asked the banks before the entry is there, and commits after the scan has
    begun: the scan waits for it."""
    rejecting, asked, may_end = bank(), threading.Event(), threading.Event()
    subject = make_image()

    def slow_arrival() -> None:
        with transaction.atomic():
            arrive(data(), subject=subject)
            asked.set()
            may_end.wait(30)
        connection.close()

    arrival = threading.Thread(target=slow_arrival)
    arrival.start()
    assert asked.wait(60)
    add(rejecting, pdq=pdq.pdq_of(picture()).pdq)
    scan = threading.Thread(target=lambda: (scans.work(seconds=60), connection.close()))
    scan.start()
    while not somebody_waits():
        time.sleep(0.02)
    may_end.set()
    arrival.join()
    scan.join()

    subject.refresh_from_db()
    assert subject.review_status == "rejected"
