"""Wanted attachments become stored ones, with variants, rows and the observer told."""

import hashlib
import threading
import uuid

import pytest
from django.utils import timezone

from media import mirroring, services
from media.models import Attachment, File
from media.naming import path_of, variant_path
from media.storage import storage
from tests.media import samples

pytestmark = pytest.mark.django_db


def fetched(attachment: Attachment) -> Attachment:
    """The attachment after the mirror has tried it."""
    services.mirror(attachment.pk)
    return Attachment.objects.select_related("file").get(pk=attachment.pk)


def test_a_picture_is_stored_with_its_variants_and_the_link_forgotten(links, wanted, notes):
    data = samples.jpeg_with_gps()
    row = fetched(
        wanted(links.serve("/a.jpg?sig=secret", data, headers={"Content-Type": "text/html"}))
    )

    sha256 = hashlib.sha256(data).digest()
    assert row.state == "stored"
    assert row.origin_url == ""
    assert row.stored_at is not None
    assert row.file is not None
    assert bytes(row.file.sha256) == sha256
    assert (row.file.mime, row.file.width, row.file.height) == ("image/jpeg", 400, 300)
    assert b"".join(storage().read(path_of(sha256), 0, 10**6)) == data
    assert storage().exists(variant_path(sha256, "thumb", "image/webp"))
    assert storage().exists(variant_path(sha256, "clean", "image/jpeg"))
    assert notes.told == [("stored", row.pk)]


def test_nothing_but_stored_files_is_left_in_the_folder(links, wanted, tmp_path):
    fetched(wanted(links.serve("/a.png", samples.png())))
    fetched(wanted(links.serve("/b.png", b"<html>")))

    assert list((tmp_path / "bytes" / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!doctype html><title>Sign in</title>", "web page"),
        (samples.jpeg()[:-900], "ends early"),
        (samples.png_header(10_000, 10_000), "megapixels"),
        (samples.png() + samples.zip_file(), "something else"),
        (b"", "empty"),
    ],
    ids=["html", "truncated", "bomb", "polyglot", "empty"],
)
def test_bytes_that_are_no_whole_picture_fail_for_good_at_once(links, wanted, notes, body, message):
    row = fetched(wanted(links.serve("/x.jpg", body, headers={"Content-Type": "image/jpeg"})))

    assert row.state == "failed"
    assert message in row.error
    assert row.file is None
    assert notes.told == [("failed", row.pk)]
    assert not File.objects.exists()


def test_a_file_over_the_limit_fails_for_good(links, wanted, settings):
    settings.MEDIA_MAX_BYTES = 10_000
    row = fetched(wanted(links.serve("/big.jpg", samples.jpeg() + bytes(10_000))))

    assert row.state == "failed"
    assert "larger than 10000" in row.error


def test_a_compressed_bomb_ends_at_the_limit(links, wanted, settings):
    import gzip

    settings.MEDIA_MAX_BYTES = 1_000_000
    body = gzip.compress(bytes(50_000_000))
    row = fetched(wanted(links.serve("/z", body, headers={"Content-Encoding": "gzip"})))

    assert row.state == "failed"
    assert "larger than" in row.error


def test_a_transfer_that_breaks_off_is_tried_again(links, wanted, notes):
    body = samples.jpeg()
    url = links.serve("/cut.jpg", body[: len(body) // 2], declared=len(body))

    row = fetched(wanted(url))

    assert row.state == "wanted"
    assert row.attempts == 1
    assert row.origin_url == url
    assert notes.told == []

    links.serve("/cut.jpg", body)
    assert fetched(row).state == "stored"


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/", "http://[::1]:9/", "http://0.0.0.0/", "file:///etc"],
)
def test_a_redirect_to_a_place_inside_fails_for_good(links, wanted, settings, target):
    settings.MEDIA_ALLOWED_PRIVATE_HOSTS = [links.url.removeprefix("http://")]
    row = fetched(wanted(links.serve("/r", status=302, headers={"Location": target})))

    assert row.state == "failed"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_names_and_numbers_of_this_machine_are_not_fetched_from(links, wanted, settings, host):
    settings.MEDIA_ALLOW_PRIVATE_NETWORKS = False
    url = links.serve("/a.png", samples.png()).replace("127.0.0.1", host)

    row = fetched(wanted(url))

    assert row.state == "failed"
    assert "no address that may be reached" in row.error
    assert not links.hits


def test_private_hosts_may_be_allowed_one_by_one(links, wanted, settings):
    settings.MEDIA_ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:9"]
    assert fetched(wanted(links.serve("/a.png", samples.png()))).state == "failed"

    settings.MEDIA_ALLOWED_PRIVATE_HOSTS = [links.url.removeprefix("http://")]
    assert fetched(wanted(links.serve("/a.png", samples.png()))).state == "stored"


def test_the_same_bytes_are_stored_once_and_rendered_once(links, wanted):
    data = samples.png()
    rows = [fetched(wanted(links.serve(f"/{at}.png", data))) for at in range(3)]

    assert len({row.file_id for row in rows}) == 1
    assert File.objects.count() == 1


def test_a_video_is_stored_with_its_length_and_a_poster(links, wanted):
    row = fetched(wanted(links.serve("/clip", samples.video())))

    assert row.file is not None
    assert (row.file.mime, row.file.width, row.file.height) == ("video/mp4", 320, 240)
    assert row.file.seconds == pytest.approx(2, abs=0.2)
    assert row.file.thumb
    assert storage().exists(variant_path(bytes(row.file.sha256), "view", "image/jpeg"))


def test_a_sound_is_stored_without_a_picture(links, wanted):
    row = fetched(wanted(links.serve("/tone", samples.wav())))

    assert row.file is not None
    assert (row.file.mime, row.file.width, row.file.thumb) == ("audio/wav", None, False)


def test_a_link_that_only_its_query_tells_apart_is_not_fetched_again(links, wanted):
    row = fetched(wanted(links.serve("/a.png", samples.png()) + "?sig=1"))

    again = wanted(f"{links.url}/a.png?sig=2", subject_id=row.subject_id)

    assert again.state == "stored"
    assert again.origin_url == ""


def test_a_new_link_with_the_same_bytes_changes_nothing_else(links, wanted, notes):
    data = samples.png()
    row = fetched(wanted(links.serve("/a.png", data)))
    notes.told.clear()

    again = wanted(links.serve("/moved.png", data), subject_id=row.subject_id)
    assert (again.state, again.file_id, again.is_served) == ("wanted", row.file_id, True)
    again = fetched(again)

    assert (again.state, again.file_id, again.epoch) == ("stored", row.file_id, row.epoch)
    assert notes.told == [("stored", row.pk)]


def test_a_new_link_with_other_bytes_replaces_the_file_and_kills_old_links(links, wanted, notes):
    row = fetched(wanted(links.serve("/a.png", samples.png(seed=1))))
    notes.told.clear()

    wanted(links.serve("/b.png", samples.png(seed=2)), subject_id=row.subject_id)
    again = fetched(row)

    assert again.state == "stored"
    assert again.file_id != row.file_id
    assert again.epoch == row.epoch + 1
    assert notes.told == [("replaced", row.pk)]


def test_a_new_link_that_fails_leaves_the_old_bytes_in_use(links, wanted, notes):
    row = fetched(wanted(links.serve("/a.png", samples.png())))
    notes.told.clear()

    wanted(links.serve("/b.png", b"<html>"), subject_id=row.subject_id)
    again = fetched(row)

    assert (again.state, again.file_id) == ("stored", row.file_id)
    assert "web page" in again.error
    assert notes.told == [("failed", row.pk)]


def test_what_is_held_is_not_exchanged(links, wanted, notes):
    row = fetched(wanted(links.serve("/a.png", samples.png(seed=1))))
    other = links.serve("/b.png", samples.png(seed=2))
    Attachment.objects.filter(pk=row.pk).update(held=True)

    assert wanted(other, subject_id=row.subject_id).state == "stored"

    Attachment.objects.filter(pk=row.pk).update(
        state="wanted", origin_url=other, next_try_at=timezone.now()
    )
    again = fetched(row)
    assert (again.state, again.file_id, again.epoch) == ("stored", row.file_id, row.epoch)


def test_a_link_that_moved_during_the_download_is_not_taken_for_the_new_one(links, wanted, notes):
    gate = threading.Event()
    row = wanted(links.serve("/slow.png", samples.png(seed=1), waits=gate))
    other = links.serve("/other.png", samples.png(seed=2))

    class Move(threading.Thread):
        def run(self) -> None:
            while "/slow.png" not in links.hits:
                pass
            gate.set()

    mover = Move()
    mover.start()
    jobs = mirroring.jobs_for([row.pk])
    wanted(other, subject_id=row.subject_id)
    mirroring.run(jobs)
    mover.join()

    row.refresh_from_db()
    assert (row.state, row.origin_url, row.file_id) == ("wanted", other, None)
    assert notes.told == []


def test_bytes_made_here_are_stored_at_once(notes):
    subject_id = uuid.uuid4()
    row = services.store_bytes(
        data=samples.png_with_prompt(),
        subject_type="characters.cover",
        subject_id=subject_id,
        role="cover",
    )

    assert (row.state, row.role, row.subject_id) == ("stored", "cover", subject_id)
    assert notes.told == [("stored", row.pk)]
    assert services.read_bytes(attachment_id=row.pk).startswith(b"\xff\xd8\xff")

    again = services.store_bytes(
        data=samples.png(seed=3),
        subject_type="characters.cover",
        subject_id=subject_id,
        role="cover",
    )
    assert (again.pk, again.epoch) == (row.pk, row.epoch + 1)


def test_a_strangers_upload_is_kept_in_our_own_encoding_only():
    row = services.store_bytes(
        data=samples.png_with_prompt(), subject_type="x", subject_id=uuid.uuid4(), reencode=True
    )

    assert row.file is not None
    kept = b"".join(storage().read(path_of(bytes(row.file.sha256)), 0, 10**6))
    assert b"secret" not in kept


def test_an_upload_that_is_no_picture_is_refused_and_nothing_stored(tmp_path):
    with pytest.raises(services.Refused):
        services.store_bytes(data=b"<svg/>", subject_type="x", subject_id=uuid.uuid4())

    assert not Attachment.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_wanting_is_one_statement_for_many_and_takes_each_subject_once(django_assert_num_queries):
    subject = uuid.uuid4()
    rows = [
        services.Wanted(subject_type="a.b", subject_id=each, url=f"http://example.org/{at}")
        for at, each in enumerate([uuid.uuid4(), subject, subject])
    ]

    with django_assert_num_queries(1):
        services.want(rows=rows)

    assert Attachment.objects.count() == 2
    assert Attachment.objects.get(subject_id=subject).origin_url.endswith("/2")


def test_an_erased_attachment_is_never_wanted_again(links, wanted):
    row = fetched(wanted(links.serve("/a.png", samples.png())))
    services.erase(attachment_ids=[row.pk])

    assert wanted(f"{links.url}/new.png", subject_id=row.subject_id).state == "erased"
