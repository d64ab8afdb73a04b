"""Which pictures and characters an album shows to whom, and what leaves the house with them."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from gallery.models import ImageDetail, ImageLog
from moderation.models import KeptBack
from tests.characters.clients import Client
from tests.factories import make_character, make_person, make_source
from tests.gallery.albums import Gallery, key_of, member, png
from tests.servers import WebServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def open_gallery(django_db_setup: None) -> Iterator[Gallery]:
    """The endpoint where pictures are shown while their case is open."""
    with WebServer(GALLERY_MODERATION="post", GALLERY_PAGE_SIZE="3", threads=4) as running:
        yield Gallery(running.url)


@pytest.fixture
def alice(world):
    """A member, who made some of Mira's pictures."""
    person = make_person("alice", member_until=timezone.now() + timedelta(days=1))
    return key_of(person, (world.gallery, "alice-upstream"))


STATES = {
    "approved": {"review_status": "approved"},
    "pending": {"review_status": "pending"},
    "rejected": {"review_status": "rejected"},
    "purged": {"review_status": "purged"},
    "hidden": {"review_status": "pending", "hidden": True},
    "hidden-approved": {"review_status": "approved", "hidden": True},
    "held": {"review_status": "rejected", "held": True},
    "held-approved": {"review_status": "approved", "held": True},
}


def one_of_each(world, user_id):
    for number, (name, state) in enumerate(STATES.items()):
        world.picture(name, minutes=number, user_id=user_id, data=png(number), **state)


def with_url(page):
    return {item["id"]: "url" in item for item in page["items"]}


def test_others_see_approved_pictures_only(gallery, world, alice):
    one_of_each(world, "bob-upstream")

    for key in (None, alice, key_of(make_person("mod", role="moderator"))):
        assert with_url(gallery.page("mira", key)) == {"approved": True}


def test_in_post_moderation_others_see_pending_ones_too(open_gallery, world, alice):
    one_of_each(world, "bob-upstream")

    for key in (None, alice):
        page = open_gallery.page("mira", key)
        assert with_url(page) == {"approved": True, "pending": True}
        assert [item["reviewStatus"] for item in page["items"]] == ["approved", "pending"]


def test_owners_see_all_of_their_own_but_purged_and_held_ones(gallery, open_gallery, world, alice):
    one_of_each(world, "alice-upstream")
    expected = {
        "approved": True,
        "pending": True,
        "rejected": False,
        "hidden": False,
        "hidden-approved": False,
    }

    page = gallery.page("mira", alice)

    assert with_url(page) == expected
    assert [item["reviewStatus"] for item in page["items"]] == [
        STATES[name]["review_status"] for name in expected
    ]
    pages = open_gallery.walk("mira", alice)
    assert {item["id"] for each in pages for item in each["items"]} == set(expected)


def test_what_was_made_here_is_its_accounts(gallery, world, alice):
    """Whatever the id that it was made for is at a source, and to whom."""
    one_of_each(world, "bob-upstream")
    owner = User.objects.get(username="alice")
    ImageLog.objects.update(source=None, account=owner)
    ImageDetail.objects.update(prompt="hills")
    bob = key_of(make_person("bob"), (world.gallery, "bob-upstream"))
    expected = {
        "approved": True,
        "pending": True,
        "rejected": False,
        "hidden": False,
        "hidden-approved": False,
    }

    page = gallery.page("mira", alice)

    assert with_url(page) == expected
    assert [item.get("prompt") for item in page["items"]] == ["hills"] * 5
    for key in (None, bob, member("carol")):
        page = gallery.page("mira", key)
        assert with_url(page) == {"approved": True}
        assert "prompt" not in page["items"][0]


def test_what_was_refused_when_it_was_made_is_shown_once_it_is_approved(
    gallery, open_gallery, world, alice
):
    """To nobody before, its owner included; an undone rejection leaves it pending."""
    for number, status in enumerate(("pending", "approved", "rejected")):
        kept = world.picture(
            status, minutes=number, user_id="alice-upstream", data=png(number), review_status=status
        )
        KeptBack.objects.create(subject_id=kept.pk, subject_type=kept.subject_type())
    world.picture("other", minutes=5, user_id="bob-upstream", data=png(5), review_status="pending")

    assert with_url(open_gallery.page("mira")) == {"approved": True, "other": True}
    assert with_url(gallery.page("mira")) == {"approved": True}
    own = {"pending": False, "approved": True, "rejected": False}
    assert with_url(gallery.page("mira", alice)) == own
    pages = open_gallery.walk("mira", alice)
    shown = {name: has for page in pages for name, has in with_url(page).items()}
    assert shown == own | {"other": True}


def test_the_page_size_is_a_setting(open_gallery, world, alice):
    world.pictures(7)

    assert [len(page["items"]) for page in open_gallery.walk("mira", alice)] == [3, 3, 1]


def test_an_owner_without_membership_sees_own_pictures_in_the_preview(gallery, world):
    world.picture("mine", review_status="pending", user_id="bob-upstream")
    bob = key_of(make_person("bob"), (world.gallery, "bob-upstream"))

    assert gallery.ids("mira", bob) == ["mine"]
    assert gallery.ids("mira") == []


def test_an_identity_counts_at_its_own_source_only(gallery, world):
    world.picture("mine", review_status="pending", user_id="bob-upstream")
    elsewhere = make_source("elsewhere", kind="gallery", base_url="http://127.0.0.1:10")
    stranger = key_of(make_person("stranger"), (elsewhere, "bob-upstream"))

    assert gallery.ids("mira", stranger) == []


def test_any_number_of_identities_counts(gallery, world):
    users = [f"upstream-{number}" for number in range(5)]
    for user in users:
        world.picture(user, review_status="pending", user_id=user)
    bob = key_of(make_person("bob"), *((world.gallery, user) for user in users))

    assert set(gallery.ids("mira", bob)) == set(users)


CHARACTERS = {
    "private": {"is_public": False},
    "rejected": {"review_status": "rejected"},
    "purged": {"review_status": "purged"},
    "hidden": {"hidden": True},
}
GONE = {"held": {"held": True}, "deleted": {"deleted_at": timezone.now()}}


def close(world, state):
    type(world.mira).objects.filter(pk=world.mira.pk).update(**state)


@pytest.mark.parametrize("name", [*CHARACTERS, *GONE])
def test_a_character_that_is_not_for_others_lists_no_pictures_to_them(gallery, world, alice, name):
    world.pictures(25)
    cursor = gallery.page("mira", alice)["nextCursor"]
    close(world, {**CHARACTERS, **GONE}[name])

    for character_id in ("mira", str(world.mira.pk)):
        page = gallery.page(character_id)
        assert page == {"items": [], "nextCursor": None, "membershipRequired": True}
        assert gallery.page(character_id, alice) == {"items": [], "nextCursor": None}
    # Not even by a cursor from before, and without telling it from an empty album.
    assert gallery.page("mira", alice, cursor=cursor) == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("name", CHARACTERS)
def test_its_author_and_staff_see_the_pictures_all_the_same(gallery, world, name):
    world.picture("one")
    close(world, CHARACTERS[name])
    author = key_of(make_person("author"), (world.characters, "author"))
    staff = key_of(make_person("mod", role="viewer"))
    namesake = key_of(make_person("namesake"), (world.gallery, "author"))

    assert gallery.ids("mira", author) == ["one"]
    assert gallery.ids("mira", staff) == ["one"]
    assert gallery.ids("mira", namesake) == []


@pytest.mark.parametrize("name", GONE)
def test_a_held_or_deleted_character_lists_nothing_to_anybody(gallery, world, name):
    world.picture("one")
    close(world, GONE[name])

    assert gallery.ids("mira", key_of(make_person("author"), (world.characters, "author"))) == []
    assert gallery.ids("mira", key_of(make_person("lead", role="lead"))) == []


def test_deleting_a_character_ends_the_links_of_its_album(gallery, world):
    world.picture("one", data=png(1))
    make_character(source=world.characters, upstream_id="kai", review_status="approved")
    world.picture("other", data=png(2), character_id="kai")
    urls = [gallery.page(name)["items"][0]["url"] for name in ("mira", "kai")]
    author = make_person("author")
    key = key_of(author, (world.characters, "author"), scopes=["characters", "public"])

    assert Client(gallery.url).status("DELETE", "/characters/mira", key) == 204

    assert [httpx.get(url).status_code for url in urls] == [404, 200]
    assert gallery.ids("mira", key) == []


def test_a_pending_public_character_is_shown(gallery, world):
    world.picture("one")
    close(world, {"review_status": "pending"})

    assert gallery.ids("mira") == ["one"]


def test_another_characters_pictures_are_not_in_the_album(gallery, world, alice):
    make_character(source=world.characters, upstream_id="mir")
    world.picture("hers")
    world.picture("not hers", character_id="mir")
    world.picture("nor hers", character_id="MIRA")

    assert gallery.ids("mira", alice) == ["hers"]


def test_our_own_id_of_a_character_is_accepted_too(gallery, world, alice):
    ids = world.pictures(25)
    own_id = str(world.mira.pk)

    pages = gallery.walk(own_id, alice)

    assert [item["id"] for page in pages for item in page["items"]] == ids
    assert {item["characterId"] for page in pages for item in page["items"]} == {"mira"}
    assert gallery.ids(own_id.upper(), alice) == ids[:20]
    assert gallery.ids(str(uuid.uuid4()), alice) == []


def test_a_character_made_here_has_an_album_under_our_id(gallery, world, alice):
    made = make_character(source=world.characters, upstream_id="x")
    type(made).objects.filter(pk=made.pk).update(source=None, upstream_id="")
    image = world.picture("x", character_id=str(made.pk))
    type(image).objects.filter(pk=image.pk).update(source=None, upstream_id="")

    item = gallery.page(str(made.pk), alice)["items"][0]

    assert (item["id"], item["characterId"]) == (str(image.pk), str(made.pk))


@pytest.fixture
def second(world):
    """Another upstream, where another character and another picture have the same ids."""
    base = {"base_url": "http://127.0.0.1:10"}
    characters = make_source("characters-two", kind="characters", **base)
    gallery = make_source("gallery-two", kind="gallery", **base)
    make_character(source=characters, upstream_id="mira", review_status="approved")
    world.picture("same", message_id="first")
    world.picture("same", message_id="second", source=gallery)
    return gallery


@pytest.mark.parametrize(
    ("source", "messages"),
    [("", ["first"]), ("characters", ["first"]), ("gallery", ["first"]),
     ("characters-two", ["second"]), ("gallery-two", ["second"]), ("nothing", [])],
)  # fmt: skip
def test_where_two_sources_share_an_id_the_keys_source_decides_else_the_first(
    gallery, world, second, source, messages
):
    items = gallery.page("mira", member("carol", source=source))["items"]

    assert [item["messageId"] for item in items] == messages


def test_a_guest_gets_the_source_added_first(gallery, world, second):
    assert [item["messageId"] for item in gallery.page("mira")["items"]] == ["first"]


def test_a_gallery_may_name_the_characters_it_walks(gallery, world):
    base_url = "http://127.0.0.1:11"
    named = make_source("named", kind="gallery", base_url=base_url, characters_sources=["chars"])
    chars = make_source("chars", kind="characters", base_url="http://127.0.0.1:12")
    make_character(source=chars, upstream_id="kai", review_status="approved")
    world.picture("walked", source=named, character_id="kai")
    world.picture("not walked", character_id="kai")

    assert gallery.ids("kai") == ["walked"]
