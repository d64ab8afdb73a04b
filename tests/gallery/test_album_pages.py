"""Cursors of an album: nothing lost, nothing twice, nothing forged, and as fast on page 1,000."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gallery import reading
from gallery.album import VISIBLE, Viewer, open_album, read_page
from gallery.cursors import BadCursor, Place, read_cursor, write_cursor
from gallery.models import ImageLog
from tests.factories import make_character, make_person
from tests.gallery.albums import PATH, key_of, member

NOW = datetime(2026, 5, 17, 8, 30, 15, 123_456, tzinfo=UTC)


def ids_of(pages):
    return [item["id"] for page in pages for item in page["items"]]


@pytest.mark.django_db(transaction=True)
def test_rows_of_one_millisecond_are_neither_lost_nor_repeated(gallery, world):
    moment = timezone.now().replace(microsecond=5000) - timedelta(hours=1)
    ids = world.pictures(47, at=moment)

    pages = gallery.walk("mira", member("alice"))

    assert ids_of(pages) == ids
    assert len({item["createdAt"] for page in pages for item in page["items"]}) == 1


@pytest.mark.django_db(transaction=True)
def test_rows_within_one_millisecond_keep_their_order(gallery, world):
    moment = timezone.now().replace(microsecond=5000) - timedelta(hours=1)
    for number in range(45):
        world.picture(f"p{number:02}", created_at=moment + timedelta(microseconds=number * 20))

    pages = gallery.walk("mira", member("alice"))

    assert ids_of(pages) == [f"p{number:02}" for number in reversed(range(45))]


@pytest.mark.django_db(transaction=True)
def test_what_arrives_between_pages_neither_shifts_nor_repeats_them(gallery, world):
    ids = world.pictures(45)
    alice = member("alice")
    first = gallery.page("mira", alice)
    for number in range(15):
        world.picture(f"new-{number}")
    late = world.picture("late", created_at=timezone.now() - timedelta(minutes=43.5))

    second = gallery.page("mira", alice, cursor=first["nextCursor"])
    third = gallery.page("mira", alice, cursor=second["nextCursor"])

    assert ids_of([first, second]) == ids[:40]
    # A picture that belongs further down is met there.
    assert ids_of([third]) == [*ids[40:43], late.upstream_id, *ids[43:]]
    assert third["nextCursor"] is None


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_away_between_pages_leaves_no_gap(gallery, world):
    ids = world.pictures(45)
    alice = member("alice")
    first = gallery.page("mira", alice)
    ImageLog.objects.filter(upstream_id__in=ids[15:25]).update(review_status="rejected")

    second = gallery.page("mira", alice, cursor=first["nextCursor"])

    assert ids_of([second]) == ids[25:45]


@pytest.mark.django_db(transaction=True)
def test_random_albums_are_read_whole_and_in_order(gallery, world):
    dice = random.Random(7)
    moments = [timezone.now() - timedelta(seconds=dice.randrange(60)) for _ in range(9)]
    made = [
        world.picture(
            f"p{number}",
            created_at=dice.choice(moments),
            review_status=dice.choice(["approved", "approved", "pending"]),
        )
        for number in range(90)
    ]
    shown = [image for image in made if image.review_status == "approved"]
    shown.sort(key=lambda image: (image.created_at, image.pk), reverse=True)

    pages = gallery.walk("mira", member("alice"))

    assert ids_of(pages) == [image.upstream_id for image in shown]


@pytest.mark.django_db(transaction=True)
def test_a_cursor_is_bound_to_its_character(gallery, world):
    world.pictures(25)
    make_character(source=world.characters, upstream_id="kai", review_status="approved")
    world.picture("other", character_id="kai", minutes=1000)
    alice = member("alice")
    cursor = gallery.page("mira", alice)["nextCursor"]

    answer = gallery.post({"characterId": "kai", "cursor": cursor}, alice)

    assert answer.status_code == 400
    assert gallery.page(str(world.mira.pk), alice, cursor=cursor)["items"]


@pytest.mark.django_db(transaction=True)
def test_a_forged_cursor_is_400_for_a_member(gallery, world):
    world.pictures(25)
    alice = member("alice")
    cursor = gallery.page("mira", alice)["nextCursor"]

    for at in range(0, len(cursor), 5):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        for forged in (changed, cursor[:at], cursor + cursor[:at] + "="):
            answer = gallery.post({"characterId": "mira", "cursor": forged}, alice)
            assert answer.status_code == 400, forged
            assert answer.json()["success"] is False


@pytest.mark.parametrize("moment", [NOW, datetime(1969, 1, 1, tzinfo=UTC), datetime.max])
def test_a_cursor_keeps_the_microsecond_and_the_id(moment):
    place = Place(moment.replace(tzinfo=UTC), uuid.uuid4())

    text = write_cursor(place, album="角色 ~ mira")

    assert read_cursor(text, album="角色 ~ mira") == place
    assert len(text) < 100
    with pytest.raises(BadCursor):
        read_cursor(text, album="mira")


def test_a_cursor_survives_a_new_secret_key_while_the_old_one_is_known(settings):
    place = Place(NOW, uuid.uuid4())
    text, old = write_cursor(place, album="mira"), settings.SECRET_KEY

    settings.SECRET_KEY = "another-" + "y" * 50
    with pytest.raises(BadCursor):
        read_cursor(text, album="mira")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert read_cursor(text, album="mira") == place


def statements(key, count):
    """How many statements a page of so many pictures costs over the whole stack."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = Client().post(
            PATH, json.dumps({"characterId": "mira"}), "application/json", headers=headers
        )
    assert len(answer.json()["items"]) == count
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_a_page_costs_the_same_few_statements_however_many_pictures(world):
    owner = make_person("owner", member_until=timezone.now() + timedelta(days=1))
    keys = {
        "owner": key_of(owner, (world.gallery, "u-1")),
        "member": member("alice"),
        "guest": None,
    }
    for key in keys.values():
        statements(key, 0)  # the first call of a minute writes when the key was used

    costs = {}
    for count, shown in ((1, 1), (30, 20)):
        ImageLog.objects.all().delete()
        world.pictures(count, user_id="u-1")
        for name, key in keys.items():
            costs[name, count] = statements(key, shown if key else min(shown, 6))

    # key · sources, identities, character · rows with links, texts
    assert costs["owner", 1] == costs["owner", 30] == 6
    assert costs["member", 1] == costs["member", 30] == 5
    assert costs["guest", 1] == costs["guest", 30] == 3


@pytest.mark.django_db(transaction=True)
def test_a_deep_page_reads_no_more_than_the_first(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gallery_imagelog (id, source_id, upstream_id, review_status, hidden, held,"
            " first_seen_at, user_id, archive_id, message_id, character_id, created_at)"
            " SELECT gen_random_uuid(), %s, 'n' || i, 'approved', false, false, now(), 'u', '', '',"
            " CASE i %% 20 WHEN 0 THEN 'mira' ELSE 'kai' END, now() - i * interval '2 minutes'"
            " FROM generate_series(1, 40000) AS i",
            [world.gallery.pk],
        )
        cursor.execute("ANALYZE gallery_imagelog")
    deep = Place.of(ImageLog.objects.filter(character_id="mira").order_by("-created_at")[1900])
    user = make_person("owner")
    key_of(user, (world.gallery, "u-1"), (world.gallery, "u-2"))

    for viewer in (Viewer(), Viewer(user=user)):
        album = open_album(character_id="mira", viewer=viewer)
        assert len(read_page(album=album, limit=20, below=deep).items) == 20
        first, last = blocks_read(album, None), blocks_read(album, deep)
        assert last <= first + 10


def blocks_read(album, below):
    """Pages of the table and its index that PostgreSQL touches to find a page's places."""
    place = {"time": below.created_at, "id": below.id} if below else {}
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
            + reading.statement(deep=below is not None, with_own=album.account is not None),
            {
                "album": album.key,
                "oldest": timezone.now() - VISIBLE,
                "sources": list(album.source_ids),
                "statuses": reading.shown_to_others(),
                "limit": 21,
                "own_sources": [source for source, _ in album.own],
                "own_users": [user for _, user in album.own],
                "account": album.account,
                **place,
            },
        )
        plan = cursor.fetchone()[0][0]["Plan"]
    assert "imagelog_album" in json.dumps(plan)
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.mark.django_db(transaction=True)
def test_status_and_link_of_a_page_are_of_one_moment(world):
    """One statement reads both: were they read one after the other, a link made just after a
    rejection could live on."""
    world.picture("one")
    album = open_album(character_id="mira", viewer=Viewer())
    with CaptureQueriesContext(connection) as captured:
        read_page(album=album, limit=6)

    (query,) = captured
    assert "gallery_imagelog" in query["sql"] and "media_attachment" in query["sql"]
