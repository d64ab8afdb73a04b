"""Celery workers killed with -9 in the middle of hashing, matching, comparing and a backward scan:
what they had begun leaves nothing, and the next worker misses and doubles nothing.

Where a worker dies is chosen by a lock that the test holds: it waits there in its transaction.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import psycopg
import pytest
from django.db.models import Q
from django.utils import timezone
from PIL import Image

from media import fingerprinting, pdq, services
from media.models import Attachment, File, Fingerprint
from moderation.actors import Actor
from moderation.banks import counting, own
from moderation.locks import Lock
from moderation.models import (
    Bank,
    BankEntry,
    BankMatch,
    BankScan,
    Case,
    Decision,
    OutboxEvent,
    Representative,
)  # fmt: skip
from moderation.services import Request, decide
from tests.banks.conftest import add, data, deliver, hash_of, picture
from tests.factories import make_image, make_person, make_reason, make_source
from tests.generation.conftest import broker
from tests.generation.workers import Worker
from tests.locks import somebody_waits
from tests.media import samples
from tests.media.conftest import _server, links
from tests.moderation.looks import a_hash, families_of, make_images
from tests.servers import database_url

__all__ = ["_server", "broker", "links"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECONDS = 120


@pytest.fixture
def start(broker):
    """Starts workers of all queues; each is asked for one task."""
    running = []

    def one(task: str) -> Worker:
        queues = "mirror,default" if "mirror" in task else "default,mirror"
        worker = Worker(broker, queues=queues, threads=2, MEDIA_ALLOW_PRIVATE_NETWORKS="true")
        running.append(worker)
        worker.start()
        worker.ask(task)
        return worker

    yield one
    for worker in running:
        worker.kill()


@contextmanager
def holding(statement: str) -> Iterator[None]:
    """Keeps the statement's locks, in a transaction of another connection."""
    with psycopg.connect(database_url()) as other:
        other.execute(statement)
        yield
        other.rollback()


def until(condition) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def die_at(start, task: str, statement: str) -> None:
    """A worker does the task until it waits for what the statement locks, and is killed there."""
    with holding(statement):
        worker = start(task)
        until(somebody_waits)
        worker.kill()


LOOKS = "SELECT pg_advisory_xact_lock(hashtextextended('looks images', 1))"
PLACES = {
    # Its pictures are hashed, and the banks are about to be asked.
    "before matching": f"SELECT pg_advisory_xact_lock({int(Lock.BANKS)})",
    # The banks have answered, and a rule is about to decide.
    "while deciding": "SELECT id FROM gallery_imagelog FOR UPDATE",
    # All is matched and decided, and families are about to be made.
    "before comparing": LOOKS,
    # Families are made, and not yet written on their cases.
    "while comparing": "LOCK TABLE moderation_representative IN SHARE MODE",
}


@pytest.fixture
def arriving(links, bank):
    """Three copies of one picture, two of one that a bank rejects, and a flat one; all wanted."""
    add(bank(), pdq=pdq.pdq_of(picture(2)).pdq)
    source = make_source()
    contents = [
        data(1), data(1, quality=50), data(1, side=300), data(2), data(2, quality=50),
        samples.encoded(Image.new("RGB", (90, 90), "red"), "PNG"),
    ]  # fmt: skip
    images = [make_image(source=source, character_id="one") for _ in contents]
    Case.objects.update(ready=False)
    for number, (image, content) in enumerate(zip(images, contents, strict=True)):
        url = links.serve(f"/{number}", content)
        services.want(
            rows=[services.Wanted(subject_type=image.subject_type(), subject_id=image.pk, url=url)]
        )
    return images


def nothing_arrived(images) -> bool:
    rows = (Fingerprint, BankMatch, Decision, Representative)
    return (
        not any(model.objects.exists() for model in rows)
        and not Attachment.objects.exclude(state="wanted").exists()
    )


def whole_or_nothing() -> None:
    """What was on its way left nothing. Pictures that came before the others may be recorded."""
    rest = Attachment.objects.exclude(state="stored")
    assert rest.exists() and not rest.exclude(state="wanted").exists()
    stored = Attachment.objects.filter(state="stored")
    known = set(stored.values_list("subject_id", flat=True))
    compared = Representative.objects.values("case_id")
    cases = Case.objects.filter(Q(ready=True) | Q(pk__in=compared))
    for rows in (Decision.objects.all(), BankMatch.objects.all(), cases):
        assert set(rows.values_list("subject_id", flat=True)) <= known
    files = set(stored.values_list("file_id", flat=True))
    assert set(Fingerprint.objects.values_list("file_id", flat=True)) == files


def all_arrived(images) -> None:
    """As if nobody had died: each once."""
    for image in images:
        image.refresh_from_db()
    assert [image.review_status for image in images] == [
        "pending", "pending", "pending", "rejected", "rejected", "pending",
    ]  # fmt: skip
    assert File.objects.count() == Fingerprint.objects.count() == 6
    assert File.objects.filter(fingerprinted=True).count() == 6
    decided = Counter(Decision.objects.values_list("subject_id", flat=True))
    assert decided == {images[3].pk: 1, images[4].pk: 1}
    matches = BankMatch.objects.values_list("subject_id", flat=True)
    assert sorted(matches) == sorted([images[3].pk, images[4].pk])
    assert counting.counts()[BankMatch.objects.all()[0].bank_id].matches == 2
    first, *others = families_of(*images[:3])
    assert first is not None
    assert others == [first, first]
    assert families_of(images[5]) == [None]
    assert Case.objects.count() == 4
    assert Representative.objects.count() == 1


@pytest.mark.parametrize("place", PLACES)
def test_a_mirror_worker_killed_at_any_step_leaves_nothing_and_its_work_is_done_once(
    start, arriving, place
):
    die_at(start, "media.tasks.mirror_batch", PLACES[place])
    whole_or_nothing()

    # Its lease ends by itself, a quarter of an hour later.
    Attachment.objects.update(next_try_at=timezone.now())
    start("media.tasks.mirror_batch")
    until(lambda: not Attachment.objects.exclude(state="stored").exists())
    all_arrived(arriving)


def test_a_mirror_worker_killed_while_it_downloads_loses_nothing(start, arriving, links):
    may_go_on = Event()
    for page in links.pages.values():
        page.waits = may_go_on
    worker = start("media.tasks.mirror_batch")
    until(lambda: links.hits)
    worker.kill()
    assert nothing_arrived(arriving)

    for page in links.pages.values():
        page.waits = None
    may_go_on.set()
    Attachment.objects.update(next_try_at=timezone.now())
    start("media.tasks.mirror_batch")
    until(lambda: not Attachment.objects.exclude(state="stored").exists())
    all_arrived(arriving)


def test_a_worker_killed_while_it_hashes_older_files_misses_none(start, arrive, bank):
    images = [arrive(data(seed)) for seed in (1, 2, 3)]
    known = hash_of(images[1])
    Fingerprint.objects.all().delete()
    File.objects.update(fingerprinted=False)
    add(bank(), pdq=known)
    die_at(start, "media.tasks.fingerprint_missing", PLACES["before matching"])
    assert fingerprinting.missing() == 3
    assert not Fingerprint.objects.exists()

    start("media.tasks.fingerprint_missing")
    until(lambda: fingerprinting.missing() == 0)
    assert Fingerprint.objects.count() == 3
    assert [row.subject_id for row in Decision.objects.all()] == [images[1].pk]
    assert BankMatch.objects.count() == 1


def test_a_worker_killed_in_a_backward_scan_misses_and_doubles_nothing(start, arrive, bank):
    copies = [arrive(data(1)), arrive(data(1, quality=50)), arrive(data(2))]
    add(bank(), pdq=hash_of(copies[0]))
    die_at(start, "moderation.tasks.scan_banks", PLACES["while deciding"])
    scan = BankScan.objects.get()
    assert (scan.state, scan.seen, scan.hits) == ("running", 0, 0)
    assert not Decision.objects.exists()
    assert not BankMatch.objects.exists()

    # Its lease ends by itself, a minute later.
    BankScan.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    start("moderation.tasks.scan_banks")
    until(lambda: BankScan.objects.get().state == "done")
    for each in copies:
        each.refresh_from_db()
    assert [each.review_status for each in copies] == ["rejected", "rejected", "pending"]
    assert Decision.objects.count() == BankMatch.objects.count() == 2
    assert (BankScan.objects.get().seen, BankScan.objects.get().hits) == (3, 2)


def test_a_worker_killed_while_it_fills_a_new_own_bank_loses_and_doubles_nothing(start, arrive):
    make_reason("violence")
    images = [arrive(data(seed)) for seed in (1, 2)]
    lead = Actor.person(make_person(role="lead"))
    requests = [Request("reject", subject=each.subject_key, reason="violence") for each in images]
    decide(requests=requests, actor=lead)
    deliver()
    bank = Bank.objects.create(slug="late", own=True)
    own.rules_changed()
    die_at(start, "moderation.tasks.deliver_outbox", PLACES["while deciding"])
    assert not BankEntry.objects.filter(bank=bank).exists()

    start("moderation.tasks.deliver_outbox")
    until(lambda: not OutboxEvent.objects.filter(delivered_at=None).exists())
    joined = BankEntry.objects.filter(bank=bank).values_list("subject_id", flat=True)
    assert sorted(joined) == sorted(image.pk for image in images)
    assert counting.counts()[bank.pk].entries == 2


@pytest.mark.parametrize(
    "statement",
    [LOOKS, PLACES["while comparing"], "LOCK TABLE moderation_case IN SHARE MODE"],
    ids=["before", "representatives", "families"],
)
def test_a_worker_killed_while_it_compares_open_cases_misses_and_doubles_nothing(start, statement):
    bursts = [make_images(3, a_hash()), make_images(2, a_hash())]
    die_at(start, "moderation.tasks.compare_open_cases", statement)
    assert not Representative.objects.exists()
    assert not Case.objects.filter(compared=True).exists()

    start("moderation.tasks.compare_open_cases")
    until(lambda: not Case.objects.filter(compared=False).exists())
    for burst in bursts:
        first, *others = families_of(*burst)
        assert first is not None
        assert set(others) == {first}
    assert Representative.objects.count() == 2
    assert Case.objects.count() == 5
