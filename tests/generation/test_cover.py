"""Covers over real HTTP with a real worker: fields, the subject, what a coverId is good for."""

import base64
import io
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from PIL import Image

from accounts.services import add_identity
from characters.covers import CoverUnavailable, take_cover
from characters.covers.expiry import delete_expired
from characters.models import Cover, Option
from media import services as media
from media.models import Attachment, File
from moderation.actors import Actor
from moderation.enums import ReportKind
from moderation.models import Case
from moderation.reports import Statement, outcomes, report
from moderation.services import Request, decide
from tests.factories import case_of, make_character, make_cover, make_person, make_source
from tests.generation.signing import COVER, MAN, WOMAN
from tests.media import samples
from upstream.models import GenerationRequest

REQUIRED = ["gender", "age", "ethnicity", "bodyType", "hairColor", "hairStyle"]


def picture_in(answer):
    """The PNG of an answer that has to be a success."""
    assert answer["success"], answer
    data = answer["data"]
    uri = data.get("imageData") or data["base64Image"]
    assert uri.startswith("data:image/png;base64,")
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2], validate=True)))
    image.load()
    assert image.format == "PNG"
    return image


def decided(subject, action, **more):
    lead = make_person(role="lead")
    request = Request(action, subject=subject.subject_key, **more)
    assert decide(requests=[request], actor=Actor.person(lead)).results[0].status == "applied"


def test_a_cover_is_a_picture_and_a_subject_of_its_own(platform, ada):
    answer = ada.cover(WOMAN)
    assert (answer["code"], answer["message"]) == (10200, "OK")
    assert set(answer["data"]) == {"coverId", "imageData"}
    assert picture_in(answer).size == (512, 768)
    cover = Cover.objects.get(pk=answer["data"]["coverId"])
    assert (cover.review_status, cover.user_id) == ("pending", ada.user_id)
    assert (cover.key, cover.account) == (ada.row, ada.row.user)
    assert cover.options == WOMAN
    assert cover.expires_at - cover.created_at == timedelta(minutes=30)
    case = case_of(cover)
    assert (case.queue, case.ready) == ("covers", True)
    request = GenerationRequest.objects.get()
    assert (request.state, request.parameters) == ("done", {})
    assert "imageData" not in str(request.answer)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "   ", 7, [], {"a": 1}])
def test_every_field_is_required(ada, name, value):
    answer = ada.cover({name: value})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is required")
    assert not GenerationRequest.objects.exists()


@pytest.mark.parametrize("name", ["breastSize", "buttSize"])
def test_a_woman_needs_two_more(ada, name):
    answer = ada.cover({**WOMAN, name: None})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is required for female")


def test_a_man_does_not_and_they_are_ignored(platform, ada):
    answer = ada.cover({"breastSize": "nonsense", "buttSize": 7})
    picture_in(answer)
    assert Cover.objects.get().options == MAN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gender", "other"), ("age", "5-17"), ("age", "80-90"), ("ethnicity", "asian"),
        ("bodyType", "Curvy"), ("hairStyle", "Bun"), ("hairColor", "x" * 65), ("hairColor", "a\0b"),
    ],
)  # fmt: skip
def test_a_choice_that_is_not_offered_is_10400(ada, name, value):
    answer = ada.cover({name: value})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is invalid")


def test_what_is_switched_off_cannot_be_chosen(ada):
    Option.objects.filter(code="European").update(active=False)
    assert ada.cover()["message"] == "ethnicity is invalid"


def test_a_reference_is_an_approved_picture_of_this_user_uploaded_here(platform, ada, ben):
    def upload(author, *, status="approved", **more):
        character = make_character(author_id=author, review_status=status, **more)
        row = media.store_bytes(
            data=samples.png(), subject_type=character.subject_type(), subject_id=character.pk,
            role="avatar",
        )  # fmt: skip
        return character, row

    _own, mine = upload(ada.user_id)
    for foreign in (
        "nonsense",
        "550e8400-e29b-41d4-a716-446655440000",
        str(upload("somebody")[1].pk),
        str(upload(ada.user_id, status="pending", case=False)[1].pk),
        str(upload(ada.user_id, status="rejected")[1].pk),
        str(upload(ada.user_id, hidden=True)[1].pk),
        str(upload(ada.user_id, deleted_at=timezone.now())[1].pk),
        7,
    ):
        answer = ada.cover({"refImageId": foreign})
        assert (answer["code"], answer["message"]) == (10400, "refImageId not found"), foreign
    mirrored = upload(ada.user_id)[1]
    Attachment.objects.filter(pk=mirrored.pk).update(origin_key=b"x" * 32)
    assert ada.cover({"refImageId": str(mirrored.pk)})["code"] == 10400
    assert ben.cover({"refImageId": str(mine.pk)})["code"] == 10400
    picture_in(ada.cover({"refImageId": str(mine.pk)}))
    assert Cover.objects.get().options["refImageId"] == str(mine.pk)


def test_an_own_approved_cover_is_a_reference_too(platform, ada, ben):
    cover_id = ada.cover()["data"]["coverId"]
    assert ada.cover({"refImageId": cover_id})["code"] == 10400
    decided(Cover.objects.get(), "approve")
    picture_in(ada.cover({"refImageId": cover_id}))
    assert ben.cover({"refImageId": cover_id}, user_id=ada.user_id)["code"] == 10400


def test_a_key_of_one_source_knows_no_uploads_of_another(platform, ada):
    source, other = make_source("one", kind="characters"), make_source("two", kind="characters")
    character = make_character(source=source, author_id=ada.user_id, review_status="approved")
    row = media.store_bytes(
        data=samples.png(), subject_type=character.subject_type(), subject_id=character.pk,
        role="avatar",
    )  # fmt: skip
    type(ada.row).objects.filter(pk=ada.row.pk).update(source=other.name)
    assert ada.cover({"refImageId": str(row.pk)})["code"] == 10400
    type(ada.row).objects.filter(pk=ada.row.pk).update(source=source.name)
    picture_in(ada.cover({"refImageId": str(row.pk)}))


# No two covers have the same bytes, unless a test wants it.
seeds = count(1)


def made(account, **fields):
    cover = make_cover(account=account, **fields)
    media.store_bytes(
        data=samples.png(seed=next(seeds)), subject_type=cover.subject_type(),
        subject_id=cover.pk,
    )  # fmt: skip
    return cover


@pytest.mark.django_db(transaction=True)
def test_a_character_keeps_its_cover_and_shows_it():
    ada = make_person("ada")
    cover, character = made(ada), make_character(source=None, upstream_id="")
    kept = take_cover(cover_id=str(cover.pk), owner=ada, character=character)
    assert kept.character == character
    avatar = Attachment.objects.get(subject_id=character.pk, role="avatar")
    assert avatar.file == Attachment.objects.get(subject_id=cover.pk).file
    with pytest.raises(CoverUnavailable):
        take_cover(cover_id=str(cover.pk), owner=ada, character=character)


@pytest.mark.django_db(transaction=True)
def test_no_other_cover_can_be_kept():
    ada, ben = make_person("ada"), make_person("ben")
    character = make_character(source=None, upstream_id="")
    past = timezone.now() - timedelta(seconds=1)
    for cover_id in (
        "nonsense", "", None, "550e8400-e29b-41d4-a716-446655440000",
        str(made(ben).pk), str(made(None).pk), str(made(ada, expires_at=past).pk),
        str(made(ada, review_status="rejected").pk), str(made(ada, hidden=True).pk),
        str(made(ada, held=True).pk),
        str(make_cover(account=ada).pk),
    ):  # fmt: skip
        with pytest.raises(CoverUnavailable):
            take_cover(cover_id=cover_id, owner=ada, character=character)
    assert not Attachment.objects.filter(subject_id=character.pk).exists()


def test_the_end_user_is_the_account_that_has_the_identity(platform, ada):
    earlier, later = make_source("b-first", kind="characters"), make_source("a", kind="gallery")
    alice, bob = make_person("alice"), make_person("bob")
    add_identity(user=bob, source=later.name, upstream_user_id="7")
    add_identity(user=alice, source=earlier.name, upstream_user_id="7")

    def account():
        answer = ada.cover(user_id="7")
        picture_in(answer)
        return Cover.objects.get(pk=answer["data"]["coverId"]).account

    assert account() == alice
    type(ada.row).objects.filter(pk=ada.row.pk).update(source=later.name)
    assert account() == bob
    type(ada.row).objects.filter(pk=ada.row.pk).update(source="third")
    assert account() == ada.row.user


@pytest.mark.django_db(transaction=True)
def test_expired_covers_are_deleted_with_their_bytes_unless_they_are_kept_or_prove_something():
    alice, past = make_person("alice", role="moderator"), timezone.now() - timedelta(seconds=1)
    gone = [made(alice, expires_at=past), made(alice, expires_at=past, review_status="approved")]
    fresh, kept = made(alice), made(alice)
    take_cover(
        cover_id=str(kept.pk), owner=alice, character=make_character(source=None, upstream_id="")
    )
    Cover.objects.filter(pk=kept.pk).update(expires_at=past)
    proof = [made(alice), made(alice), made(alice)]
    decided(proof[0], "reject", reason="violence")
    decided(proof[1], "hold", note="police")
    decided(proof[2], "escalate", note="unsure")
    looked_at = made(alice)
    Case.objects.filter(subject_id=looked_at.pk).update(
        claimed_by=alice, claimed_until=timezone.now() + timedelta(minutes=5)
    )
    Cover.objects.filter(pk__in=[looked_at.pk, *(one.pk for one in proof)]).update(expires_at=past)
    files = [Attachment.objects.get(subject_id=cover.pk).file_id for cover in gone]
    assert delete_expired() == 2
    assert delete_expired() == 0
    left = set(Cover.objects.values_list("pk", flat=True))
    assert left == {fresh.pk, kept.pk, looked_at.pk, *(one.pk for one in proof)}
    for cover, file in zip(gone, files, strict=True):
        assert not Attachment.objects.filter(subject_id=cover.pk).exists()
        assert not Case.objects.filter(subject_id=cover.pk).exists()
        assert File.objects.get(pk=file).erased_at is not None
    for cover in (fresh, kept, *proof):
        row = Attachment.objects.get(subject_id=cover.pk)
        assert media.read_bytes(attachment_id=row.pk, variant="original")
    Case.objects.filter(subject_id=looked_at.pk).update(
        claimed_until=timezone.now() - timedelta(seconds=1)
    )
    assert delete_expired() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ReportKind)
def test_what_somebody_asked_about_stays_until_it_is_judged(kind):
    ada, past = make_person("ada"), timezone.now() - timedelta(seconds=1)
    cover = made(ada, expires_at=past)
    said = report(subject=cover.subject_key, said=Statement(kind, "bob", "violence"), client=ada)
    assert case_of(cover).kind == "first_look"

    assert delete_expired() == 0
    assert outcomes([said])[said.pk].is_open
    row = Attachment.objects.get(subject_id=cover.pk)
    assert media.read_bytes(attachment_id=row.pk, variant="original")

    decided(cover, "approve")
    assert delete_expired() == 1
    assert outcomes([said])[said.pk].status == "approved"


@pytest.mark.django_db(transaction=True)
def test_bytes_that_another_subject_shows_stay():
    past, ada = timezone.now() - timedelta(seconds=1), make_person("ada")
    cover, twin = make_cover(account=ada, expires_at=past), make_cover(account=ada)
    for one in (cover, twin):
        media.store_bytes(
            data=samples.png(seed=5), subject_type=one.subject_type(), subject_id=one.pk
        )
    assert delete_expired() == 1
    row = Attachment.objects.get(subject_id=twin.pk)
    assert media.read_bytes(attachment_id=row.pk, variant="original")


def test_what_was_rejected_is_not_handed_out_again_to_a_retry(platform, ada):
    body, headers = MAN, ada.headers(COVER, MAN)
    first = ada.send(COVER, body, headers).json()
    assert ada.send(COVER, body, headers).json() == first
    decided(Cover.objects.get(), "reject", reason="violence")
    again = ada.send(COVER, body, headers).json()
    assert (again["code"], again["message"]) == (10404, "The image is no longer available")


@pytest.mark.django_db
def test_moderators_see_covers_in_the_console(client):
    client.force_login(make_person("mo", role="moderator"))
    cover = make_cover()
    assert client.get("/admin/characters/cover/").status_code == 200
    assert client.get("/admin/characters/cover/?kept=false").status_code == 200
    assert client.get("/admin/queues/covers/").status_code == 200
    page = client.get(f"/admin/subjects/characters.cover/{cover.pk}/")
    assert page.status_code == 200
    assert "26-35" in page.content.decode()
