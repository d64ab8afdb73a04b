"""Links: what they give, to whom, for how long, and what is logged."""

import re
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.keys import issue_key
from core.scrubbing import scrub
from media import services
from media.enums import Purpose, Variant
from media.models import Attachment, ViewLog
from media.naming import path_of
from media.storage import storage
from media.tokens import Pass, read_token, write_tokens
from tests.factories import make_person
from tests.media import samples

pytestmark = pytest.mark.django_db


def stored(data: bytes = b"", **changes: object) -> Attachment:
    row = services.store_bytes(
        data=data or samples.jpeg_with_gps(),
        subject_type="gallery.imagelog",
        subject_id=uuid.uuid4(),
    )
    Attachment.objects.filter(pk=row.pk).update(**changes)
    return row


def picture(row: Attachment, purpose: str = "client", user_id: int | None = None, ttl: int = 60):
    found = services.pictures(
        subject_ids=[row.subject_id], purpose=purpose, user_id=user_id, ttl=ttl
    )
    return found[row.subject_id]


def path(url: str | None) -> str:
    assert url is not None
    assert url.startswith("http://127.0.0.1:8000/media/")
    return url.removeprefix("http://127.0.0.1:8000")


def test_a_link_gives_the_bytes_under_their_own_type_and_is_kept_by_nobody(client):
    found = picture(stored())

    answer = client.get(path(found.url))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"] == "inline"
    assert int(answer["Content-Length"]) == len(answer.content)
    assert b"ecret" not in answer.content
    assert client.get(path(found.thumb_url))["Content-Type"] == "image/webp"
    assert re.fullmatch(r"/media/[\w~-]{60,110}\.jpg", path(found.url))


def test_pictures_of_many_subjects_cost_one_query(django_assert_num_queries):
    rows = [stored(samples.png(seed=at)) for at in range(5)]

    with django_assert_num_queries(1):
        found = services.pictures(
            subject_ids=[row.subject_id for row in rows], purpose="claim", user_id=None, ttl=60
        )

    assert len(found) == 5
    assert {each.state for each in found.values()} == {"stored"}


def test_what_is_not_here_has_no_links(wanted):
    row = wanted("http://example.org/a.png")

    found = picture(row)

    assert (found.url, found.thumb_url, found.state) == (None, None, "wanted")
    assert picture(row, "console", 1).url is None


def test_a_view_costs_one_query_and_writes_nothing(client, django_assert_num_queries):
    found = picture(stored())

    with django_assert_num_queries(1):
        assert client.get(path(found.url)).status_code == 200


def test_a_personal_view_adds_only_the_sign_in_to_that(client, django_assert_num_queries):
    user = make_person(role="moderator")
    client.force_login(user)
    found = picture(stored(), "console", user.pk)

    with django_assert_num_queries(3) as queries:  # session, user, attachment
        answer = client.get(path(found.url))

    assert answer.status_code == 200
    assert not [each["sql"] for each in queries if not each["sql"].startswith("SELECT")]
    assert not answer.cookies
    assert client.get("/admin/").status_code == 200


def test_a_personal_link_works_for_nobody_else(client):
    alice, bob = make_person("alice", role="moderator"), make_person("bob", role="lead")
    found = picture(stored(), "console", alice.pk)

    assert client.get(path(found.url)).status_code == 404
    client.force_login(bob)
    assert client.get(path(found.url)).status_code == 404
    client.force_login(alice)
    assert client.get(path(found.url)).status_code == 200


def test_a_personal_link_ends_with_the_persons_role_or_account(client):
    alice = make_person("alice", role="moderator")
    client.force_login(alice)
    found = picture(stored(), "console", alice.pk)

    type(alice).objects.filter(pk=alice.pk).update(is_staff=False)
    assert client.get(path(found.url)).status_code == 404
    type(alice).objects.filter(pk=alice.pk).update(is_staff=True, is_active=False)
    assert client.get(path(found.url)).status_code == 404


def test_a_key_of_the_same_person_opens_a_personal_link(client, django_assert_num_queries):
    alice, bob = make_person("alice", role="moderator"), make_person("bob", role="moderator")
    found = picture(stored(), "console", alice.pk)
    keys = {
        name: issue_key(user=user, scopes=[scope]).plain
        for name, user, scope in (
            ("own", alice, "moderation"), ("other", bob, "moderation"), ("narrow", alice, "public")
        )
    }  # fmt: skip

    def get(key: str) -> int:
        return client.get(path(found.url), headers={"Authorization": f"Bearer {key}"}).status_code

    with django_assert_num_queries(2):
        assert get(keys["own"]) == 200
    assert get(keys["other"]) == 404
    assert get(keys["narrow"]) == 404
    assert get("nonsense") == 404


def test_a_personal_link_needs_a_person():
    for purpose in ("console", "lead"):
        with pytest.raises(ValueError, match="for somebody"):
            picture(stored(), purpose)


def test_a_link_dies_with_its_epoch(client):
    row = stored()
    found = picture(row)
    assert client.get(path(found.thumb_url)).status_code == 200

    Attachment.objects.filter(pk=row.pk).update(epoch=F("epoch") + 1)

    for url in (found.url, found.thumb_url, found.original_url):
        assert client.get(path(url)).status_code == 404
    assert client.get(path(picture(row).url)).status_code == 200


def test_a_link_expires(client):
    found = picture(stored(), ttl=60)

    with time_machine.travel(timezone.now() + timedelta(seconds=59)):
        assert client.get(path(found.url)).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert client.get(path(found.url)).status_code == 404


def test_a_tampered_token_gives_the_same_answer_as_any_other_dead_one(client):
    row = stored()
    url = path(picture(row).url)
    token, _, ending = url.removeprefix("/media/").partition(".")
    packed, _, signature = token.partition("~")
    changed = {
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, 46, 5)
    }
    others = {packed, signature, f"~{signature}", f"{packed}~", token[:-1], "x", "~", "%00", "é"}

    answers = [client.get(f"/media/{each}.{ending}") for each in changed | others]
    answers.append(
        client.get(f"/media/{write_tokens([a_pass(row, attachment_id=uuid.uuid4())])[0]}")
    )
    answers.append(client.get(f"/media/{write_tokens([a_pass(row, epoch=7)])[0]}"))

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {b"Not found.\n"}
    assert {answer["Cache-Control"] for answer in answers} == {"private, no-store"}


def a_pass(row: Attachment, **changes: Any) -> Pass:
    made = Pass(
        row.pk, row.epoch, Variant.THUMB, Purpose.CLIENT, None, expires=int(time.time()) + 60
    )
    return replace(made, **changes)


def test_a_token_says_what_was_put_into_it(settings):
    for variant in Variant:
        for purpose in Purpose:
            given = Pass(uuid.uuid4(), 2**31, variant, purpose, 2**40, 2**32 - 1)
            assert read_token(write_tokens([given])[0]) == given
    token = write_tokens([given])[0]
    settings.SECRET_KEY = "another"
    assert read_token(token) is None


def test_a_held_picture_is_for_leads_alone_and_every_view_is_logged(client):
    lead, moderator = make_person(role="lead"), make_person(role="moderator")
    row = stored()
    before = picture(row)
    Attachment.objects.filter(pk=row.pk).update(held=True)

    assert client.get(path(before.url)).status_code == 404
    assert picture(row, "console", moderator.pk).url is None
    assert picture(row, "client").url is None
    link = path(picture(row, "lead", lead.pk).url)
    assert client.get(link).status_code == 404
    assert not ViewLog.objects.exists()
    client.force_login(lead)
    assert client.get(link).status_code == 200
    log = ViewLog.objects.get()
    assert (log.attachment_id, log.subject_id, log.user_id) == (row.pk, row.subject_id, lead.pk)
    assert (log.purpose, log.variant) == ("lead", "view")


def test_a_leads_link_ends_with_the_leads_role(client):
    from accounts.roles import give_role

    lead = make_person(role="lead")
    row = stored(held=True)
    link = path(picture(row, "lead", lead.pk).url)
    client.force_login(lead)

    give_role(user=lead, role="moderator")

    assert client.get(link).status_code == 404


def test_every_view_of_a_sensitive_picture_is_logged_with_who_it_was_made_for(client):
    row = stored(sensitive=True)
    found = picture(row, "claim", 77)

    client.get(path(found.url))
    client.get(path(found.thumb_url))
    client.head(path(found.url))

    logged = ViewLog.objects.order_by("pk").values_list("purpose", "variant", "user_id")
    assert list(logged) == [("claim", "original", 77), ("claim", "thumb", 77)]


def test_ordinary_views_are_not_logged(client):
    client.get(path(picture(stored()).url))

    assert not ViewLog.objects.exists()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE media_viewlog SET user_id = 1", "DELETE FROM media_viewlog", "TRUNCATE media_viewlog"],
)
def test_the_log_of_views_cannot_be_changed(client, statement):
    client.get(path(picture(stored(sensitive=True)).url))

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert ViewLog.objects.count() == 1


@pytest.mark.parametrize("state", ["failed", "erased"])
def test_a_dead_attachment_gives_nothing(client, state):
    row = stored()
    found = picture(row)

    Attachment.objects.filter(pk=row.pk).update(state=state)

    assert client.get(path(found.url)).status_code == 404
    assert picture(row).url is None


def test_bytes_that_are_missing_are_a_404_and_not_an_error(client):
    row = stored(samples.png())
    assert row.file is not None
    storage().delete(path_of(bytes(row.file.sha256)))

    assert client.get(path(picture(row).url)).status_code == 404


def test_people_get_a_view_and_clients_all_pixels(client):
    row = stored(samples.png(1800, 900))
    user = make_person(role="moderator")
    client.force_login(user)

    seen = picture(row, "console", user.pk)
    assert client.get(path(seen.url))["Content-Type"] == "image/jpeg"
    assert client.get(path(seen.original_url)).content == samples.png(1800, 900)
    assert client.get(path(picture(row, "client").url)).content == samples.png(1800, 900)


def test_a_video_is_played_in_pieces(client):
    data = samples.video()
    found = picture(stored(data))
    url = path(found.url)

    def part(span: str) -> tuple[int, bytes, str]:
        answer = client.get(url, headers={"Range": span})
        return answer.status_code, answer.content, answer.headers.get("Content-Range", "")

    whole = client.get(url)
    assert (whole.content, whole["Accept-Ranges"], whole["Content-Type"]) == (
        data,
        "bytes",
        "video/mp4",
    )
    size = len(data)
    assert part("bytes=0-99") == (206, data[:100], f"bytes 0-99/{size}")
    assert part("bytes=100-") == (206, data[100:], f"bytes 100-{size - 1}/{size}")
    assert part("bytes=-50") == (206, data[-50:], f"bytes {size - 50}-{size - 1}/{size}")
    assert part(f"bytes=0-{size * 9}") == (206, data, f"bytes 0-{size - 1}/{size}")
    assert part(f"bytes={size}-") == (416, b"", f"bytes */{size}")
    assert part("bytes=9-3") == (416, b"", f"bytes */{size}")
    assert part("bytes=0-1,5-6")[:2] == (200, data)
    assert part("lines=0-1")[:2] == (200, data)
    assert client.get(path(found.poster_url))["Content-Type"] == "image/jpeg"
    assert found.seconds == pytest.approx(2, abs=0.2)


def test_a_large_clip_is_streamed(client, settings, monkeypatch):
    monkeypatch.setattr("media.views.WHOLE", 1000)
    data = samples.wav()
    url = path(picture(stored(data)).url)

    answer = client.get(url)

    assert answer.streaming
    assert b"".join(answer.streaming_content) == data


def test_head_tells_the_length_and_sends_nothing(client):
    found = picture(stored())

    answer = client.head(path(found.url))

    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer["Content-Length"]) == len(client.get(path(found.url)).content)


def test_a_link_in_a_log_line_opens_nothing():
    token, _, ending = path(picture(stored()).url).removeprefix("/media/").partition(".")

    line = scrub(f"Not Found: /media/{token}.{ending}")

    assert token.partition("~")[0] not in line
    assert line.startswith("Not Found: /media/")


def test_links_are_only_read(client):
    found = picture(stored())

    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(path(found.url)).status_code in {403, 405}
