"""Uploading avatars: what is taken, what is refused, and which avatar is shown to whom."""

import io
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client as WebClient
from django.utils import timezone
from PIL import Image

from accounts.models import User
from characters.avatars import APPROVED_ROLE
from characters.models import Character
from media import services as media
from media.models import Attachment, File, ViewLog
from media.naming import path_of
from media.storage import storage
from moderation import purging
from moderation.context import contexts_of
from moderation.models import Case
from moderation.registry import get_queue
from tests.characters.clients import act, error_of, own
from tests.factories import case_of, make_cover, make_person
from tests.media import samples
from tests.media.conftest import LinkServer

pytestmark = pytest.mark.django_db(transaction=True)


def upload(client, item, key, data, *, method="PUT", name="a.png", mime="image/png") -> Any:
    files = {"file": (name, data, mime)}
    return client.call(method, f"/characters/{item['id']}/avatar", key, files=files)


def uploaded(client, item, key, data) -> str:
    answer = upload(client, item, key, data)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"avatar", "refImageId"}
    return answer.json()["avatar"]


def picture(url) -> Image.Image:
    answer = httpx.get(url)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


def gone(url) -> bool:
    return httpx.get(url).status_code == 404


def avatar(client, item, key=None):
    return client.get(f"/characters/{item['id']}", key)["avatar"]


@pytest.fixture
def links():
    server = LinkServer()
    yield server
    server.close()


def test_an_uploaded_avatar_is_the_characters_and_a_link_of_ours(client5, server, alice, bob):
    made = client5.create(alice, isPublic=True)
    answer = upload(client5, made, alice, samples.png(300, 200))
    body = answer.json()
    assert body["avatar"].startswith(f"{server.url}/media/")
    assert picture(body["avatar"]).size == (300, 200)
    row = Attachment.objects.get(subject_id=made["id"])
    assert (body["refImageId"], row.role) == (str(row.pk), "avatar")
    for reader in (None, bob, alice):
        assert picture(avatar(client5, made, reader)).size == (300, 200)
    assert client5.get("/characters/public")["items"][0]["avatar"]
    assert upload(client5, made, alice, samples.jpeg(), method="POST").status_code == 200


def test_every_kind_is_encoded_anew_without_metadata(client5, alice):
    made = client5.create(alice)
    info = {"png": samples.png_with_prompt(), "jpeg": samples.jpeg_with_gps(orientation=6)}
    info["webp"] = samples.encoded(samples.shapes(), "WEBP", exif=b"Exif\0\0secret")
    info["gif"] = samples.encoded(samples.shapes(mode="P"), "GIF", comment=b"secret")
    for kind, data in info.items():
        url = uploaded(client5, made, alice, data)
        bytes_ = httpx.get(url).content
        for secret in (b"secret", b"GPS", b"Exif", b"Camera", b"prompt"):
            assert secret not in bytes_, kind
        stored = File.objects.get(attachments__subject_id=made["id"])
        kept = b"".join(storage().read(path_of(bytes(stored.sha256)), 0, stored.size))
        assert b"secret" not in kept and b"Camera" not in kept
    assert client5.get(f"/characters/{made['id']}", alice)["avatar"]


def test_a_photograph_stands_upright(client5, alice):
    made = client5.create(alice)
    lying = uploaded(client5, made, alice, samples.jpeg_with_gps(orientation=6))
    assert picture(lying).size == (300, 400)


def test_of_an_animation_the_first_picture_is_kept(client5, alice):
    made = client5.create(alice)
    frames = [samples.shapes(seed=number) for number in range(4)]
    for form in ("GIF", "WEBP", "PNG"):
        data = samples.encoded(frames[0], form, save_all=True, append_images=frames[1:])
        shown = picture(uploaded(client5, made, alice, data))
        assert getattr(shown, "n_frames", 1) == 1
        assert shown.size == (400, 300)


def refusals() -> list[tuple[str, bytes, int]]:
    png, jpeg = samples.png(), samples.jpeg()
    return [
        ("text", b"no picture at all", 415),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        ("html", b"<!doctype html><script>1</script>", 415),
        ("video", samples.video(), 415),
        ("sound", samples.wav(), 415),
        ("bmp", samples.encoded(samples.shapes(), "BMP"), 415),
        ("tiff", samples.encoded(samples.shapes(), "TIFF"), 415),
        ("pdf", b"%PDF-1.7\n" + png, 400),
        ("empty", b"", 400),
        ("63 pixels", samples.png(63, 400), 400),
        ("cut png", png[: len(png) // 2], 400),
        ("cut jpeg", jpeg[: len(jpeg) // 2], 400),
        ("zip behind", png + samples.zip_file(), 400),
        ("html behind", jpeg + b"<html><script>alert(1)</script>", 400),
        ("100 megapixels", samples.png_header(10_000, 10_000), 400),
        ("too large", png + b"\0" * (5 * 1024 * 1024), 413),
    ]


CODES = {400: "VALIDATION_ERROR", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}


def test_what_is_no_avatar_is_refused_and_changes_nothing(client5, alice):
    made = client5.create(alice, isPublic=True)
    before = uploaded(client5, made, alice, samples.png())
    for name, data, status in refusals():
        body = error_of(upload(client5, made, alice, data), status)
        assert body["code"] == CODES[status], name
        assert set(body["errors"]) == ({"file"} if status == 400 else set()), name
    assert picture(before).size == (400, 300)


def test_forms_that_are_none(client5, alice):
    made = client5.create(alice)
    path = f"/characters/{made['id']}/avatar"
    assert error_of(client5.call("PUT", path, alice, json={"file": "x"}), 415)
    assert error_of(client5.call("PUT", path, alice, content=samples.png()), 415)
    other = client5.call("PUT", path, alice, files={"picture": ("a.png", samples.png())})
    assert list(error_of(other, 400)["errors"]) == ["file"]
    text = client5.call("PUT", path, alice, files={"x": b"x"}, data={"file": "x"})
    assert list(error_of(text, 400)["errors"]) == ["file"]
    broken = {"Content-Type": "multipart/form-data"}
    assert error_of(client5.call("PUT", path, alice, content=b"x", headers=broken), 400)


def test_only_its_author_uploads(client5, alice, bob):
    made = client5.create(alice, isPublic=True)
    data = samples.png()
    assert upload(client5, made, None, data).status_code == 401
    assert error_of(upload(client5, made, bob, data), 403)
    assert error_of(upload(client5, {"id": uuid.uuid4()}, alice, data), 404)
    assert not Attachment.objects.exists()


def test_a_new_avatar_of_an_approved_one_is_looked_at_and_marked(client5, alice):
    made = client5.create(alice, isPublic=True)
    old = uploaded(client5, made, alice, samples.png(seed=1))
    act("approve", own(made))
    assert uploaded(client5, made, alice, samples.png(seed=1))
    assert own(made).review_status == "approved"
    new = uploaded(client5, made, alice, samples.png(100, 100, seed=2))
    assert (own(made).review_status, case_of(own(made)).why) == ("pending", ["changed"])
    assert gone(old)
    assert picture(new).size == (100, 100)
    queue = get_queue("characters")
    context = queue.contexts(queue.load([made["id"]]), user=make_person())[own(made).pk]
    (change,) = context["changes"]
    assert change["field"] == "avatar"
    assert change["before"].startswith("400 × 300") and change["after"].startswith("100 × 100")


def test_both_avatars_are_shown_to_staff_until_a_decision_ends_their_links(client5, alice):
    made, moderator = changed_avatar(client5, alice), make_person(role="moderator")
    before, after = both(made, moderator)
    assert (seen_by(moderator, before).size, seen_by(moderator, after).size) == (
        (400, 300), (100, 100),
    )  # fmt: skip
    for nobody in (None, make_person(role="moderator"), User.objects.get(username="alice")):
        assert seen_by(nobody, before) is None and seen_by(nobody, after) is None
    act("reject", own(made), reason="spam")
    assert seen_by(moderator, before) is None and seen_by(moderator, after) is None


def test_both_avatars_of_what_is_held_are_shown_to_leads_alone_and_each_view_is_logged(
    client5, alice
):
    made, moderator = changed_avatar(client5, alice), make_person(role="moderator")
    (old, _), lead = both(made, moderator), make_person(role="lead")
    act("hold", own(made), note="evidence", role="lead")
    assert both(made, moderator) == (None, None)
    before, after = both(made, lead)
    assert seen_by(lead, before).size == (400, 300) and seen_by(lead, after).size == (100, 100)
    assert seen_by(moderator, before) is None and seen_by(moderator, old) is None
    assert list(ViewLog.objects.values_list("user_id", flat=True)) == [lead.pk] * 2


def stored():
    return {name for name, _ in storage().names()}


def test_of_a_purged_character_neither_avatar_is_left(client5, alice):
    others = stored()
    made, lead = changed_avatar(client5, alice), make_person(role="lead")
    act("reject", own(made), reason="spam")
    links = both(made, lead)
    assert seen_by(lead, links[0]).size == (400, 300)
    act("purge", own(made), reason="spam", role="lead")
    assert both(made, lead) == (None, None)
    purging.erase_due(at=timezone.now() + timedelta(days=2))
    assert both(made, lead) == (None, None)
    assert seen_by(lead, links[0]) is None and seen_by(lead, links[1]) is None
    assert stored() <= others


def changed_avatar(client, author):
    """Approved with one avatar, then given another."""
    made = client.create(author, isPublic=True)
    uploaded(client, made, author, samples.png(seed=1))
    act("approve", own(made))
    uploaded(client, made, author, samples.png(100, 100, seed=2))
    return made


def both(item, user):
    """The links to the avatar approved last and to the newest, as this person's card has them."""
    queue = get_queue("characters")
    (change,) = contexts_of(queue, queue.load([item["id"]]), user=user)[own(item).pk]["changes"]
    pictures = change["pictures"]
    return tuple(pictures[name] and pictures[name]["url"] for name in ("before", "after"))


def seen_by(user, url):
    """The picture, or None where it is not to be had."""
    browser = WebClient()
    if user is not None:
        browser.force_login(user)
    answer = browser.get(urlsplit(url).path)
    assert answer.status_code in {200, 404}
    return Image.open(io.BytesIO(answer.content)) if answer.status_code == 200 else None


def test_a_rejected_ones_avatar_is_shown_to_nobody(client5, alice):
    made = client5.create(alice, isPublic=True)
    url = uploaded(client5, made, alice, samples.png())
    act("reject", own(made), reason="spam")
    assert gone(url)
    assert avatar(client5, made, alice) is None
    assert upload(client5, made, alice, samples.png(seed=3)).json()["avatar"] is None


def test_deleting_ends_every_link_at_once(client5, alice):
    made = client5.create(alice, isPublic=True)
    url = uploaded(client5, made, alice, samples.png())
    client5.call("DELETE", f"/characters/{made['id']}", alice)
    assert gone(url)


def test_strict_serves_the_approved_avatar_until_the_next_is_approved(strict, alice, bob):
    made = strict.create(alice, isPublic=True)
    uploaded(strict, made, alice, samples.png(400, 300))
    act("approve", own(made))
    for size in (100, 200):
        mine = uploaded(strict, made, alice, samples.png(size, size))
        assert picture(mine).size == (size, size)
        assert picture(avatar(strict, made, bob)).size == (400, 300)
        assert picture(strict.get("/characters/public")["items"][0]["avatar"]).size == (400, 300)
    act("approve", own(made))
    assert picture(avatar(strict, made, bob)).size == (200, 200)
    strict.put(made["id"], alice, name="Other")
    assert picture(avatar(strict, made, bob)).size == (200, 200)
    uploaded(strict, made, alice, samples.png(70, 70))
    assert picture(avatar(strict, made, bob)).size == (200, 200)
    before = avatar(strict, made, bob)
    act("reject", own(made), reason="spam")
    assert gone(before)


def test_strict_shows_no_avatar_that_was_never_approved(strict, alice, bob):
    made = strict.create(alice, isPublic=True)
    act("approve", own(made))
    uploaded(strict, made, alice, samples.png())
    assert avatar(strict, made, bob) is None
    uploaded(strict, made, alice, samples.png(seed=4))
    assert avatar(strict, made, bob) is None
    act("approve", own(made))
    assert avatar(strict, made, bob)


@pytest.fixture
def reachable(settings):
    settings.MEDIA_ALLOW_PRIVATE_NETWORKS = True


def test_an_avatar_by_link_is_fetched_and_null_until_then(client5, alice, bob, links, reachable):
    url = links.serve("/one.png", samples.png(300, 300))
    made = client5.create(alice, isPublic=True, avatar=url + "?sig=1")
    assert (made["avatar"], avatar(client5, made, alice), avatar(client5, made)) == (None,) * 3
    assert case_of(own(made)).ready is False
    media.mirror_due(limit=5)
    assert picture(avatar(client5, made, bob)).size == (300, 300)
    assert case_of(own(made)).ready is True
    act("approve", own(made))
    client5.put(made["id"], alice, name="Mira", avatar=url + "?sig=2")
    assert own(made).review_status == "approved"
    other = links.serve("/two.png", samples.png(150, 150))
    client5.put(made["id"], alice, name="Mira", avatar=other)
    assert avatar(client5, made, bob) is None
    assert own(made).review_status == "pending"
    media.mirror_due(limit=5)
    assert picture(avatar(client5, made, bob)).size == (150, 150)


def test_an_avatar_that_comes_after_the_approval_is_looked_at(client5, alice, links, reachable):
    made = client5.create(alice, isPublic=True, avatar=links.serve("/late.png", samples.png()))
    act("approve", own(made))
    assert not Case.objects.exists()
    media.mirror_due(limit=5)
    assert own(made).review_status == "pending"
    assert case_of(own(made)).why == ["changed"]


def test_strict_keeps_the_approved_avatar_while_a_link_is_fetched(
    strict, alice, bob, links, reachable
):
    made = strict.create(alice, isPublic=True, avatar=links.serve("/a.png", samples.png(300, 300)))
    media.mirror_due(limit=5)
    assert avatar(strict, made, alice) and strict.status("GET", f"/characters/{made['id']}") == 404
    act("approve", own(made))
    strict.put(made["id"], alice, name="Mira", avatar=links.serve("/b.png", samples.png(90, 90)))
    assert picture(avatar(strict, made, bob)).size == (300, 300)
    media.mirror_due(limit=5)
    assert picture(avatar(strict, made, bob)).size == (300, 300)
    assert picture(avatar(strict, made, alice)).size == (90, 90)
    act("approve", own(made))
    assert picture(avatar(strict, made, bob)).size == (90, 90)


def test_a_link_into_a_private_network_is_not_followed(client5, alice, links):
    made = client5.create(alice, isPublic=True, avatar=links.serve("/x.png", samples.png()))
    media.mirror_due(limit=5)
    assert not links.hits
    assert avatar(client5, made, alice) is None


def test_a_link_of_ours_sent_back_changes_nothing(client5, alice):
    made = client5.create(alice, isPublic=True)
    uploaded(client5, made, alice, samples.png())
    act("approve", own(made))
    read = client5.get(f"/characters/{made['id']}", alice)
    client5.put(made["id"], alice, **read)
    assert own(made).review_status == "approved"
    assert picture(read["avatar"]).size == (400, 300)
    assert Attachment.objects.filter(role=APPROVED_ROLE).count() == 0


def test_a_cover_becomes_the_avatar_of_the_character_made_with_it(client5, alice, bob):
    cover = make_cover(account=User.objects.get(username="alice"))
    data = samples.png(200, 100)
    media.store_bytes(data=data, subject_type=cover.subject_type(), subject_id=cover.pk)
    for wrong in (str(uuid.uuid4()), "x", "", 7, [], str(cover.pk).upper() + "0"):
        body = {"name": "Mira", "coverId": wrong}
        answer = client5.call("POST", "/characters", alice, json=body)
        assert list(error_of(answer, 400)["errors"]) == ["coverId"], wrong
    body = {"name": "Mira", "coverId": str(cover.pk)}
    assert error_of(client5.call("POST", "/characters", bob, json=body), 400)
    assert not Character.objects.exists()
    made = client5.create(alice, coverId=str(cover.pk), isPublic=True, avatar="https://a.example/b")
    assert picture(made["avatar"]).size == (200, 100)
    assert picture(avatar(client5, made, bob)).size == (200, 100)
    assert case_of(own(made)).ready is True
    cover.refresh_from_db()
    assert cover.character == own(made)
    assert error_of(client5.call("POST", "/characters", alice, json=body), 400)
