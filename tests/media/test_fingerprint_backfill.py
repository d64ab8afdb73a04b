"""Hashing what was stored before there were hashes: once, and on after a worker was killed."""

import os
import subprocess
import sys

import pytest

from media import services, tasks
from media.fingerprinting import missing
from media.models import File, Fingerprint
from media.storage import storage
from tests.factories import make_image
from tests.media import samples
from tests.media.test_fingerprints import near

KILLED = """
import django, os, sys
django.setup()
from media import fingerprinting, tasks
fingerprinting.TOGETHER = 2
real, calls = fingerprinting.keep_fingerprints, []
def keep(found):
    calls.append(1)
    real(found)
    if len(calls) == int(sys.argv[1]):
        os.kill(os.getpid(), 9)
fingerprinting.keep_fingerprints = keep
tasks.fingerprint_missing()
"""


@pytest.fixture
def older(transactional_db):
    """Files whose hashes are forgotten, as if from before there were any; what they were."""
    for seed in range(1, 6):
        services.store_bytes(
            data=samples.encoded(samples.rich(seed=seed), "PNG"),
            subject_type="gallery.imagelog", subject_id=make_image().pk,
        )  # fmt: skip
    known = prints()
    Fingerprint.objects.all().delete()
    File.objects.update(fingerprinted=False)
    return known


def prints():
    rows = Fingerprint.objects.values_list("file_id", "pdq", "quality")
    return {file_id: (bytes(pdq), quality) for file_id, pdq, quality in rows}


def are_of(found, older):
    """Hashed from what is shown instead of the original: a few bits may differ."""
    return all(near(pdq, older[file_id][0]) for file_id, (pdq, _) in found.items())


def all_are_back(older):
    return missing() == 0 and prints().keys() == older.keys() and are_of(prints(), older)


def hashed_of(notes):
    return sorted(each for what, each in notes.told if what == "hashed")


def test_older_files_are_hashed_as_new_ones_are_and_told_once(older, notes):
    tasks.fingerprint_missing()
    assert all_are_back(older)
    found, told = prints(), hashed_of(notes)
    assert len(told) == len(set(told)) == 5

    tasks.fingerprint_missing()
    assert prints() == found and hashed_of(notes) == told


def test_one_whose_bytes_are_away_is_hashed_when_they_are_back(older, notes):
    file = File.objects.order_by("pk")[0]
    name = file.rendition("view")[0]
    data = b"".join(storage().read(name, 0, storage().size(name)))
    storage().delete(name)
    tasks.fingerprint_missing()
    assert missing() == 1 and file.pk not in prints()

    storage().put([(name, data)])
    tasks.fingerprint_missing()
    assert all_are_back(older)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_worker_that_is_killed_loses_its_batch_alone_and_nothing_is_missed(
    older, notes, settings, batch
):
    """Killed after it wrote hashes down and before that is committed."""
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{settings.DATABASES['default']['NAME']}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "STORAGE_URL": settings.STORAGE_URL,
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(batch)], env=environment, check=False, timeout=120
    )
    assert done.returncode == -9
    assert missing() == 5 - (batch - 1) * 2
    kept = prints()
    assert len(kept) == (batch - 1) * 2 and are_of(kept, older)

    tasks.fingerprint_missing()
    assert all_are_back(older) and kept.items() <= prints().items()
    # Of what was rolled back everybody is told again; of the rest the killed process had told.
    assert len(hashed_of(notes)) == 5 - (batch - 1) * 2
