"""Erasing: the last user takes the bytes away, and what was interrupted is swept up."""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from media import erasing, services
from media.models import Attachment, File
from media.naming import path_of
from media.storage import storage
from tests.media import samples

pytestmark = pytest.mark.django_db


def stored(data: bytes | None = None, **changes: object) -> Attachment:
    row = services.store_bytes(
        data=data or samples.png_with_prompt(), subject_type="a.b", subject_id=uuid.uuid4()
    )
    Attachment.objects.filter(pk=row.pk).update(**changes)
    return row


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "bytes").rglob("*") if path.is_file()]


def age(*paths: Path) -> None:
    long_ago = time.time() - timedelta(days=2).total_seconds()
    for path in paths:
        os.utime(path, (long_ago, long_ago))


def test_the_only_users_bytes_go_with_all_their_variants_and_the_row_remembers(tmp_path):
    row = stored()
    assert len(kept(tmp_path)) == 4

    (receipt,) = services.erase(attachment_ids=[row.pk])

    assert row.file is not None
    sha256 = bytes(row.file.sha256)
    assert receipt == services.Erased(row.pk, sha256, path_of(sha256), "erased")
    assert kept(tmp_path) == []
    after = Attachment.objects.select_related("file").get(pk=row.pk)
    assert (after.state, after.epoch, after.file_id) == ("erased", row.epoch + 1, row.file_id)
    assert after.file is not None
    assert after.file.erased_at is not None


@pytest.mark.parametrize("other", [{}, {"held": True}, {"state": "wanted"}])
def test_bytes_that_another_live_attachment_uses_stay(tmp_path, other):
    row, _other = stored(), stored(next_try_at=timezone.now(), **other)

    (receipt,) = services.erase(attachment_ids=[row.pk])

    assert receipt.outcome == "shared"
    assert len(kept(tmp_path)) == 4
    assert Attachment.objects.get(pk=row.pk).state == "erased"


def test_the_last_of_several_users_takes_the_bytes_away(tmp_path):
    first, second = stored(), stored()

    assert [each.outcome for each in services.erase(attachment_ids=[first.pk])] == ["shared"]
    assert [each.outcome for each in services.erase(attachment_ids=[second.pk])] == ["erased"]
    assert kept(tmp_path) == []


def test_two_users_erased_together_take_the_bytes_away(tmp_path):
    rows = [stored(), stored()]

    receipts = services.erase(attachment_ids=[row.pk for row in rows])

    assert [each.outcome for each in receipts] == ["erased", "erased"]
    assert kept(tmp_path) == []


def test_erasing_again_finds_nothing(wanted):
    row, never = stored(), wanted("http://example.org/a.png")
    services.erase(attachment_ids=[row.pk])

    receipts = services.erase(attachment_ids=[row.pk, never.pk])

    assert {each.attachment_id: each.outcome for each in receipts} == {
        row.pk: "absent",
        never.pk: "absent",
    }
    assert Attachment.objects.get(pk=row.pk).epoch == row.epoch + 1
    assert Attachment.objects.get(pk=never.pk).state == "erased"


def test_an_erasing_that_was_cut_off_is_finished_by_the_next(tmp_path):
    row = stored()
    assert row.file is not None
    File.objects.filter(pk=row.file_id).update(erased_at=timezone.now())

    (receipt,) = services.erase(attachment_ids=[row.pk])

    assert receipt.outcome == "erased"
    assert kept(tmp_path) == []


def test_an_erased_content_that_comes_back_has_bytes_again_and_is_told(links, wanted, notes):
    data = samples.png()
    first = stored(data)
    services.erase(attachment_ids=[first.pk])
    notes.told.clear()

    row = wanted(links.serve("/again.png", data))
    services.mirror(row.pk)

    row.refresh_from_db()
    assert (row.state, row.file_id) == ("stored", first.file_id)
    assert File.objects.get().erased_at is None
    assert storage().exists(path_of(bytes(File.objects.get().sha256)))
    assert notes.told == [("stored", row.pk)]
    assert Attachment.objects.get(pk=first.pk).state == "erased"


def test_the_sweep_takes_bytes_without_a_row_once_they_are_old(tmp_path):
    row = stored()
    orphan = bytes(range(32))
    storage().put([(path_of(orphan), b"x"), (path_of(orphan, ".thumb.webp"), b"y")])
    assert erasing.sweep() == 0

    age(*kept(tmp_path))

    assert erasing.sweep() == 2
    assert len(kept(tmp_path)) == 4
    assert row.file is not None
    assert storage().exists(path_of(bytes(row.file.sha256)))


def test_the_sweep_takes_bytes_whose_erasing_was_recorded_but_not_done(tmp_path):
    row = stored()
    File.objects.filter(pk=row.file_id).update(erased_at=timezone.now())
    age(*kept(tmp_path))

    assert erasing.sweep() == 4
    assert kept(tmp_path) == []


def test_the_sweep_takes_files_that_no_attachment_names_any_more(tmp_path):
    row = stored(samples.png(seed=1))
    services.store_bytes(data=samples.png(seed=2), subject_type="a.b", subject_id=row.subject_id)
    assert erasing.sweep() == 0
    File.objects.filter(pk=row.file_id).update(created_at=timezone.now() - timedelta(days=2))

    assert erasing.sweep() == 1

    assert File.objects.get(pk=row.file_id).erased_at is not None
    assert services.read_bytes(attachment_id=row.pk)


def test_the_sweep_leaves_strange_files_alone(tmp_path):
    folder = tmp_path / "bytes" / "ab" / "cd"
    folder.mkdir(parents=True)
    (folder / "readme.txt").write_text("not ours")
    age(folder / "readme.txt")

    assert erasing.sweep() == 0
    assert (folder / "readme.txt").exists()
