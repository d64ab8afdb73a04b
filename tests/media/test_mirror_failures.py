"""Links that fail, an upstream that is away, a disk that is full, workers that die."""

import os
import resource
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from media import erasing, mirroring, services
from media.models import Attachment, File
from media.naming import path_of
from media.recording import MAX_ATTEMPTS, waiting_time
from media.storage import storage
from media.tasks import mirror_batch
from tests.media import samples
from tests.servers import database_url

ROOT = Path(__file__).resolve().parents[2]


def fetched(attachment: Attachment) -> Attachment:
    services.mirror(attachment.pk)
    return Attachment.objects.get(pk=attachment.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again_later(links, wanted, notes, status):
    row = fetched(wanted(links.serve("/a.png", status=status)))

    assert (row.state, row.attempts) == ("wanted", 1)
    assert row.next_try_at is not None
    assert 15 < (row.next_try_at - timezone.now()).total_seconds() < 45
    assert f"status {status}" in row.error
    assert notes.told == []


@pytest.mark.django_db
def test_a_server_that_names_a_time_is_believed(links, wanted):
    row = fetched(wanted(links.serve("/a.png", status=503, headers={"Retry-After": "600"})))

    assert row.next_try_at is not None
    assert (row.next_try_at - timezone.now()).total_seconds() > 590


def test_waits_double_and_are_spread_and_bounded():
    assert 22 <= waiting_time(1) <= 38
    assert 45 <= waiting_time(2) <= 75
    assert waiting_time(40) <= 9000
    assert len({waiting_time(3) for _ in range(20)}) > 10


@pytest.mark.django_db
def test_attempts_come_to_an_end(links, wanted, notes):
    row = wanted(links.serve("/a.png", status=500))
    Attachment.objects.filter(pk=row.pk).update(attempts=MAX_ATTEMPTS - 1)

    row = fetched(row)

    assert (row.state, row.attempts) == ("failed", MAX_ATTEMPTS)
    assert notes.told == [("failed", row.pk)]
    assert services.retry(attachment_ids=[row.pk]) == 1
    links.serve("/a.png", samples.png())
    assert fetched(row).state == "stored"


@pytest.mark.django_db
@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_exchanged_for_a_fresh_one(links, wanted, notes, status):
    row = wanted(links.serve("/a.png", status=status))
    notes.fresh[row.pk] = links.serve("/fresh.png", samples.png())

    row = fetched(row)

    assert row.state == "stored"
    assert notes.asked == [row.pk]


@pytest.mark.django_db
def test_a_fresh_link_is_asked_for_once(links, wanted, notes):
    row = wanted(links.serve("/a.png", status=403))
    notes.fresh[row.pk] = links.serve("/also-expired.png", status=403)

    row = fetched(row)

    assert row.state == "failed"
    assert notes.asked == [row.pk]
    assert notes.told == [("failed", row.pk)]


@pytest.mark.django_db
def test_a_link_without_a_fresh_one_fails_for_good(links, wanted, notes):
    row = fetched(wanted(f"{links.url}/gone.png"))

    assert row.state == "failed"
    assert notes.asked == [row.pk]


@pytest.mark.django_db
def test_one_that_cannot_be_told_keeps_no_other_from_its_bytes(links, wanted, notes):
    rows = [wanted(links.serve(f"/{at}.png", samples.png(seed=at))) for at in range(4)]
    notes.broken.add(rows[1].pk)

    services.mirror_all([row.pk for row in rows])

    states = [Attachment.objects.get(pk=row.pk).state for row in rows]
    assert states == ["stored", "wanted", "stored", "stored"]
    assert Attachment.objects.get(pk=rows[1].pk).attempts == 1
    notes.broken.clear()
    assert fetched(rows[1]).state == "stored"


@pytest.mark.django_db
def test_a_full_disk_costs_no_attempt_and_leaves_nothing_behind(links, wanted, notes, tmp_path):
    row = wanted(links.serve("/a.png", os.urandom(3_000_000)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        row = fetched(row)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (row.state, row.attempts, notes.told) == ("wanted", 0, [])
    assert "storage is full" in row.error
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    links.serve("/a.png", samples.png())
    assert fetched(row).state == "stored"


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_arriving_in_many_workers_make_one_file(links, wanted, notes):
    data = samples.png()
    rows = [wanted(links.serve(f"/{at}.png", data)) for at in range(12)]

    def work(ids: list[uuid.UUID]) -> None:
        try:
            services.mirror_all(ids)
        finally:
            connection.close()

    workers = [
        threading.Thread(target=work, args=([row.pk for row in rows[at::4]],)) for at in range(4)
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert File.objects.count() == 1
    assert Attachment.objects.filter(state="stored").count() == 12
    assert sorted(notes.told) == sorted(("stored", row.pk) for row in rows)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_lease_the_same_attachment(links, wanted):
    for at in range(30):
        wanted(f"{links.url}/{at}.png")
    taken: list[uuid.UUID] = []

    def work() -> None:
        try:
            while jobs := mirroring.lease(4):
                taken.extend(job.attachment_id for job in jobs)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert len(taken) == len(set(taken)) == 30


@pytest.mark.django_db(transaction=True)
def test_the_connection_is_given_back_while_a_download_waits(links, wanted):
    gate = threading.Event()
    row = wanted(links.serve("/slow.png", samples.png(), waits=gate))
    held: list[bool] = []

    def look(mine: BaseDatabaseWrapper) -> None:
        held.append(mine.connection is not None)
        gate.set()

    def work() -> None:
        threading.Timer(0.6, look, [connections["default"]]).start()
        services.mirror(row.pk)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()

    assert held == [False]
    row.refresh_from_db()
    assert row.state == "stored"


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_moment_loses_nothing_and_leaves_nothing_half_stored(
    links, wanted, tmp_path
):
    rows = [wanted(links.serve(f"/{at}.png", samples.png(900, 900, seed=at))) for at in range(40)]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "STORAGE_URL": configured.STORAGE_URL,
        "MEDIA_ALLOW_PRIVATE_NETWORKS": "1",
        "SECRET_KEY": configured.SECRET_KEY,
    }
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "settings.MEDIA_OBSERVER = 'tests.media.conftest.Notes'\n"
        "from media.tasks import mirror_batch\n"
        "print('ready', flush=True)\n"
        "mirror_batch()\n"
    )
    for moment in (0.05, 0.25, 0.5):
        with subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(moment)
            process.kill()
        for file in File.objects.all():
            data = storage().read(path_of(bytes(file.sha256)), 0, 10**8)
            assert len(b"".join(data)) == file.size
        Attachment.objects.filter(state="wanted").update(next_try_at=timezone.now())

    mirror_batch()

    assert Attachment.objects.filter(state="stored").count() == len(rows)
    incoming = list((tmp_path / "bytes" / "incoming").iterdir())
    long_ago = time.time() - timedelta(days=2).total_seconds()
    for path in incoming:
        os.utime(path, (long_ago, long_ago))
    assert erasing.sweep() == len(incoming)
    assert Attachment.objects.filter(state="stored", file__erased_at__isnull=True).count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_dead_workers_lease_ends_by_itself(links, wanted):
    row = wanted(links.serve("/a.png", samples.png()))
    assert len(mirroring.lease(5)) == 1

    assert services.mirror_due(limit=5) == 0

    Attachment.objects.update(next_try_at=timezone.now())
    assert services.mirror_due(limit=5) == 1
    row.refresh_from_db()
    assert row.state == "stored"
