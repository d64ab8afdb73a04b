"""Who the author of a character is: identities, keys narrowed to a source, ids on the wire."""

import uuid

import pytest
from django.core.exceptions import ValidationError

from accounts.identities import LOCAL, local_author
from accounts.models import Identity
from accounts.services import add_identity
from tests.characters.clients import key, key_of
from tests.factories import make_character, make_person, make_source
from tests.gallery.albums import Gallery
from tests.servers import WebServer
from upstream.sources import add_source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gallery(server: WebServer) -> Gallery:
    return Gallery(server.url)


def test_an_account_without_identities_gets_one_id_for_good(client5, alice):
    first, second = client5.create(alice), client5.create(alice)
    assert uuid.UUID(first["authorId"]) and first["authorId"] == second["authorId"]
    identity = Identity.objects.get()
    assert (identity.source, identity.upstream_user_id) == (LOCAL, first["authorId"])


def test_whoever_is_an_upstream_user_keeps_that_id(client5, source):
    synced = make_character(source=source, author_id="u1", name="synced", is_public=False)
    author = key("author", (source, "u1"))
    made = client5.create(author, name="made")
    assert made["authorId"] == "u1"
    assert client5.names("/characters", author) == ["made", "synced"]
    detail = client5.get(f"/characters/{synced.upstream_id}", author)
    assert (detail["authorId"], detail["originPrompt"]) == ("u1", "You are a calm adult sailor.")


def test_the_same_id_at_two_sources_is_two_people(client5, source):
    other = make_source("other", kind="characters")
    make_character(source=source, author_id="u1", name="first's", is_public=False)
    make_character(source=other, author_id="u1", name="second's", is_public=False)
    first, second = key("first", (source, "u1")), key("second", (other, "u1"))
    one, two = client5.create(first, name="by first"), client5.create(second, name="by second")
    assert one["authorId"] == "u1" and two["authorId"] != "u1"
    assert client5.names("/characters", first) == ["by first", "first's"]
    assert client5.names("/characters", second) == ["by second", "second's"]
    assert client5.status("GET", f"/characters/{one['id']}", second) == 403


def test_an_identity_at_another_kind_of_source_owns_no_synced_character(client5, source):
    gallery = make_source("gallery", kind="gallery")
    row = make_character(source=source, author_id="u1", is_public=False)
    namesake = key("namesake", (gallery, "u1"))
    assert client5.status("GET", f"/characters/{row.pk}", namesake) == 403
    assert client5.get("/characters", namesake)["total"] == 0


def test_a_narrowed_key_sees_its_source_and_what_was_made_here(client5, source):
    other = make_source("other", kind="characters")
    for each, name in ((source, "one"), (other, "two")):
        make_character(source=each, upstream_id="same", author_id=f"u-{name}", name=name)
    make_character(source=other, upstream_id="more", author_id="u-two", name="more")
    person = make_person("author")
    every = key_of(person, (source, "u-one"), (other, "u-two"))
    narrowed = {each.name: key_of(person, source=each.name) for each in (source, other)}
    client5.create(every, name="made", isPublic=True)
    assert client5.get("/characters/same")["name"] == "one"
    assert client5.get("/characters/same", narrowed["other"])["name"] == "two"
    assert set(client5.names("/characters/public")) == {"made", "more", "one"}
    assert set(client5.names("/characters/public", narrowed["other"])) == {"made", "more", "two"}
    assert set(client5.names("/characters", narrowed["characters"])) == {"made", "one"}
    assert set(client5.names("/characters", every)) == {"made", "more", "one"}
    assert client5.get("/characters", every)["total"] == 3
    assert client5.status("GET", "/characters/more", narrowed["characters"]) == 404
    nothing = key_of(person, source="no-such-source")
    assert client5.names("/characters/public", nothing) == ["made"]


def test_two_requests_at_once_make_one_identity(transactional_db):
    person = make_person("alice")
    assert local_author(user=person) == local_author(user=person)
    add_identity(user=person, source="elsewhere", upstream_user_id="e1")
    assert local_author(user=person) != "e1"
    assert local_author(user=person, prefer=["elsewhere"]) == "e1"


def test_no_source_takes_our_name(transactional_db):
    with pytest.raises(ValidationError):
        add_source(name=LOCAL, kind="characters", base_url="http://127.0.0.1:9")


def test_an_album_of_a_character_made_here_is_its_authors(client5, gallery, alice, bob):
    from tests.gallery.albums import World

    world = World()
    made = client5.create(alice)
    image = world.picture("x", character_id=made["id"])
    type(image).objects.filter(pk=image.pk).update(source=None, upstream_id="")
    readers = {name: key_of(make_person(name), scopes=["public"]) for name in ("stranger", "other")}
    from accounts.models import User

    own = key_of(User.objects.get(username="alice"), scopes=["public"])
    assert gallery.ids(made["id"], own) == [str(image.pk)]
    assert gallery.ids(made["id"], readers["stranger"]) == gallery.ids(made["id"]) == []
    client5.put(made["id"], alice, name="Mira", isPublic=True)
    assert gallery.ids(made["id"]) == [str(image.pk)]
    client5.call("DELETE", f"/characters/{made['id']}", alice)
    assert gallery.ids(made["id"], own) == []
