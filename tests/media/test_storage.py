"""The private folder: files are whole or absent, and nobody else's."""

import os
import resource
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from media import bucket, checks
from media.errors import StorageFailed
from media.folder import Folder
from media.storage import connect, storage

NAME = "ab/cd/abcd"


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path / "bytes")


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_files_and_folders_belong_to_their_owner_alone_whatever_the_umask(folder, tmp_path):
    before = os.umask(0)
    try:
        folder.put([(NAME, b"bytes")])
        with folder.workplace() as place:
            folder.put([("ef/01/ef01", place)])
    finally:
        os.umask(before)

    for path in (tmp_path / "bytes").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "bytes").stat().st_mode) == 0o700


def test_what_is_put_is_read_back_whole_and_in_part(folder):
    folder.put([(NAME, b"0123456789")])

    assert b"".join(folder.read(NAME, 0, 10)) == b"0123456789"
    assert b"".join(folder.read(NAME, 3, 4)) == b"3456"
    assert folder.size(NAME) == 10
    assert folder.exists(NAME)


def test_a_damaged_file_is_written_again(folder, tmp_path):
    folder.put([(NAME, b"whole")])
    (tmp_path / "bytes" / NAME).write_bytes(b"wh")

    folder.put([(NAME, b"whole")])

    assert b"".join(folder.read(NAME, 0, 9)) == b"whole"


def test_deleting_says_whether_there_was_anything(folder):
    folder.put([(NAME, b"bytes")])

    assert folder.delete(NAME) is True
    assert folder.delete(NAME) is False
    with pytest.raises(FileNotFoundError):
        folder.size(NAME)


def test_names_outside_of_the_folder_are_refused(folder):
    for name in ("../x", "/etc/passwd", "ab/../../x"):
        with pytest.raises(ValueError, match="no name"):
            folder.exists(name)


def test_a_workplace_that_is_not_taken_over_leaves_nothing(folder, tmp_path):
    with folder.workplace() as place:
        place.write_bytes(b"half")

    assert not files_under(tmp_path)


def test_a_full_disk_leaves_no_half_file_and_says_so(folder, tmp_path):
    # The kernel refuses to let a file of this process grow beyond a megabyte.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(StorageFailed, match="storage is full") as caught:
            folder.put([(NAME, bytes(3_000_000))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.code == "storage_full"
    assert not caught.value.permanent
    assert not files_under(tmp_path)
    folder.put([(NAME, bytes(3_000_000))])
    assert folder.size(NAME) == 3_000_000


def test_a_process_killed_while_writing_leaves_no_file_under_its_name(tmp_path):
    code = (
        "import os, sys, time; from pathlib import Path; from media.folder import Folder\n"
        "os.fsync = lambda _: (print('written', flush=True), time.sleep(30))\n"
        "Folder(Path(sys.argv[1])).put([('name', bytes(5_000_000))])\n"
    )
    (tmp_path / "bytes" / "incoming").mkdir(parents=True)
    command = [sys.executable, "-c", code, str(tmp_path / "bytes")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.kill()

    left = files_under(tmp_path)
    assert [path.parent.name for path in left] == ["incoming"]

    folder = Folder(tmp_path / "bytes")
    now = datetime.now(UTC)
    assert folder.delete_unfinished(before=now - timedelta(hours=1)) == 0
    assert folder.delete_unfinished(before=now + timedelta(hours=1)) == 1
    assert not files_under(tmp_path)


def test_djangos_storage_interface_leads_to_the_same_place():
    place = storages["default"]

    name = place.save(NAME, ContentFile(b"bytes"))

    assert name == NAME
    assert storage().size(NAME) == place.size(NAME) == 5
    with place.open(NAME) as file:
        assert file.read() == b"bytes"
    with pytest.raises(ValueError, match="no URL"):
        place.url(NAME)
    place.delete(NAME)
    assert not place.exists(NAME)


@pytest.mark.parametrize(
    "url",
    ["", "/var/x", "file:relative", "ftp://x", "s3://", "s3://b?endpont=x", "file://host/x"],
)
def test_a_storage_url_that_makes_no_sense_stops_with_a_sentence(url, settings):
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL"):
        connect(url)

    settings.STORAGE_URL = url
    assert [each.id for each in checks.storage_url_is_usable(app_configs=None)] == ["media.E001"]


def test_bytes_never_lie_in_or_around_a_public_folder(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "public" / "static"

    for place in ("public", "public/static", "public/static/media"):
        with pytest.raises(ImproperlyConfigured, match="apart"):
            connect(f"file:{tmp_path / place}")
    connect(f"file:{tmp_path / 'private'}")


def test_s3_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(bucket, "S3Storage", None)

    with pytest.raises(ImproperlyConfigured, match="extra s3"):
        connect("s3://pictures?endpoint=http://127.0.0.1:9")
