"""Over real HTTP with a real worker: whose is what signed calls use and what they make."""

import json

import httpx
import pytest
from django.core.management import call_command

from accounts.identities import local_author
from accounts.services import add_identity
from characters.image_config import set_image_config
from characters.models import Character
from characters.owners import owner_of
from gallery.models import ImageLog
from media.models import Attachment
from tests.characters.clients import Client
from tests.characters.clients import key_of as characters_key
from tests.factories import make_person, make_source
from tests.gallery.albums import Gallery, key_of, member
from tests.generation.signing import CHAT, Signing
from tests.generation.test_cover import decided, picture_in
from tests.media import samples
from upstream.sandbox.workflows import TEXT_TO_IMAGE

TEXT = "a lighthouse among hills"


@pytest.fixture
def api(platform):
    return Client(platform)


@pytest.fixture
def album(platform):
    return Gallery(platform)


def ask(client, agent, **how):
    fields = {"agentId": agent, "conversationId": "c-1", "text": TEXT}
    return client.post(CHAT, fields, **how).json()


def drawable(api, client):
    """A private character of the client's account, which has no identity but for what it makes."""
    made = api.create(characters_key(client.row.user))
    set_image_config(character=Character.objects.get(pk=made["id"]), comfy_prompt=TEXT_TO_IMAGE)
    return made


def test_from_a_cover_to_the_album_of_a_private_character(api, album, ada, ben, tmp_path):
    hers, own_album = characters_key(ada.row.user), key_of(ada.row.user)
    cover_id = ada.cover()["data"]["coverId"]
    made = api.create(hers, coverId=cover_id)
    assert not made["isPublic"] and httpx.get(made["avatar"]).status_code == 200
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(TEXT_TO_IMAGE))
    call_command("setimageconfig", made["id"], str(path))
    picture_in(ask(ada, made["id"], user_id=made["authorId"]))

    (mine,) = album.page(made["id"], own_album)["items"]
    assert mine["id"] == str(ImageLog.objects.get().pk)
    assert (mine["userId"], mine["archiveId"]) == (made["authorId"], "c-1")
    assert (mine["reviewStatus"], mine["prompt"]) == ("pending", TEXT)
    assert httpx.get(mine["url"]).status_code == 200
    others = (None, member("carol"), key_of(ben.row.user))
    assert [album.ids(made["id"], key) for key in others] == [[], [], []]

    api.put(made["id"], hers, name="Mira", isPublic=True)
    assert [album.ids(made["id"], key) for key in others] == [[], [], []]
    decided(ImageLog.objects.get(), "approve")
    for key in others:
        (shown,) = album.page(made["id"], key)["items"]
        assert "url" in shown and "prompt" not in shown
    decided(ImageLog.objects.get(), "reject", reason="violence")
    assert [album.ids(made["id"], key) for key in others] == [[], [], []]
    (mine,) = album.page(made["id"], own_album)["items"]
    assert (mine["reviewStatus"], mine["prompt"], "url" in mine) == ("rejected", TEXT, False)


def test_a_private_character_made_here_is_drawn_for_its_own_account_alone(api, ada, ben):
    made = drawable(api, ada)
    picture_in(ask(ada, made["id"]))
    picture_in(ask(ada, made["id"], user_id=made["authorId"]))
    for user_id in ("somebody", made["authorId"]):
        answer = ask(ben, made["id"], user_id=user_id)
        assert (answer["code"], answer["message"]) == (10404, "Agent not found")


def test_an_avatar_uploaded_here_is_a_reference_for_its_own_account_alone(api, ada, ben):
    hers = characters_key(ada.row.user)
    made = api.create(hers, isPublic=True)
    files = {"file": ("a.png", samples.png(), "image/png")}
    answer = api.call("PUT", f"/characters/{made['id']}/avatar", hers, files=files)
    assert answer.status_code == 200, answer.text
    reference = str(Attachment.objects.get(subject_id=made["id"], role="avatar").pk)
    decided(Character.objects.get(pk=made["id"]), "approve")
    picture_in(ada.cover({"refImageId": reference}))
    for user_id in ("somebody", made["authorId"]):
        refused = ben.cover({"refImageId": reference}, user_id=user_id)
        assert (refused["code"], refused["message"]) == (10400, "refImageId not found")


def test_a_picture_for_nobodys_id_is_in_no_album_before_it_is_approved(api, album, ada, ben):
    """Of two end users of one key neither sees what the other had drawn."""
    made = drawable(api, ada)
    picture_in(ask(ada, made["id"], user_id="one-of-many"))
    assert ImageLog.objects.get().account is None
    assert album.ids(made["id"], key_of(ada.row.user)) == []


@pytest.mark.django_db(transaction=True)
def test_an_id_is_the_accounts_that_has_it_where_the_key_knows_it():
    first, second = make_source("b-first", kind="characters"), make_source("a", kind="gallery")
    ada, ben, cleo = (make_person(name) for name in ("ada", "ben", "cleo"))
    for user, source, name in (
        (ben, first, "7"), (cleo, second, "7"), (ada, second, "8"), (ben, first, "8"),
        (cleo, second, "9"),
    ):  # fmt: skip
        add_identity(user=user, source=source.name, upstream_user_id=name)
    here = local_author(user=ada)
    assert here == "8"
    theirs = local_author(user=make_person("dan"))
    key = Signing.of("", "", user=ada).row

    def owner(name, source=""):
        key.source = source
        found = owner_of(key=key, user_id=name)
        return {ada.pk: "ada", ben.pk: "ben", cleo.pk: "cleo", None: None}[found]

    assert [owner(name) for name in ("7", "8", "9", theirs, "x")] == [
        "ben", "ada", "cleo", None, None,
    ]  # fmt: skip
    assert [owner(name, "a") for name in ("7", "8", "9", theirs)] == ["cleo", "ada", "cleo", None]
    assert [owner(name, "b-first") for name in ("7", "8", "9")] == ["ben", "ben", None]
