"""`POST /api/list-character-images` as its page describes it: who gets what, and in which form."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.keys import revoke_key
from accounts.models import ApiKey, User
from accounts.services import ban_user
from moderation.actors import Actor
from moderation.services import Request, decide
from tests.factories import make_person
from tests.gallery.albums import FOREIGN, PATH, key_of, member, png
from tests.moderation.again import WAYS, approved, pending_again

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = {"id", "userId", "archiveId", "messageId", "characterId", "createdAt", "reviewStatus"}


def is_error(answer, status):
    body = answer.json()
    return (
        answer.status_code == status
        and answer.headers["Content-Type"] == "application/json"
        and set(body) == {"success", "error"}
        and body["success"] is False
        and isinstance(body["error"], str)
        and len(body["error"]) > 5
    )


def test_a_guest_gets_the_first_six(gallery, world):
    ids = world.pictures(8)

    page = gallery.page("mira")

    assert [item["id"] for item in page["items"]] == ids[:6]
    assert page["nextCursor"] is None
    assert page["membershipRequired"] is True
    assert set(page) == {"items", "nextCursor", "membershipRequired"}


def test_an_account_without_membership_sees_what_a_guest_sees(gallery, world):
    world.pictures(8)
    never = key_of(make_person("bob"))
    lapsed = make_person("carol", member_until=timezone.now() - timedelta(seconds=1))

    assert gallery.page("mira", never) == gallery.page("mira")
    assert gallery.page("mira", key_of(lapsed)) == gallery.page("mira")


def test_a_member_pages_through_everything(gallery, world):
    ids = world.pictures(45)

    pages = gallery.walk("mira", member("alice"))

    assert [len(page["items"]) for page in pages] == [20, 20, 5]
    assert [item["id"] for page in pages for item in page["items"]] == ids
    assert [set(page) for page in pages] == [{"items", "nextCursor"}] * 3
    assert isinstance(pages[0]["nextCursor"], str)
    assert pages[-1]["nextCursor"] is None


def test_a_page_that_ends_with_the_album_has_no_cursor(gallery, world):
    world.pictures(20)

    assert gallery.page("mira", member("alice"))["nextCursor"] is None


def test_a_cursor_of_someone_without_membership_is_ignored(gallery, world):
    ids = world.pictures(8)
    bob = key_of(make_person("bob"))

    for cursor in ("eyJ2IjoxNzAwMDAwMDAwMDAwLCJwIjoxfQ", "", "x" * 5000, 7, {}):
        assert gallery.ids("mira", cursor=cursor) == ids[:6]
        assert gallery.ids("mira", bob, cursor=cursor) == ids[:6]


def test_a_members_cursor_gives_a_guest_no_second_page(gallery, world):
    ids = world.pictures(30)
    cursor = gallery.page("mira", member("alice"))["nextCursor"]

    assert gallery.ids("mira", cursor=cursor) == ids[:6]


def test_only_the_last_ninety_days_are_shown_whatever_the_client_asks(gallery, world):
    day = 24 * 60
    world.picture("young", minutes=90 * day - 5)
    world.picture("old", minutes=90 * day + 5)
    alice = member("alice")

    assert gallery.ids("mira") == ["young"]
    assert gallery.ids("mira", alice) == ["young"]
    assert gallery.ids("mira", alice, createdAfter=0) == ["young"]
    assert gallery.ids("mira", alice, createdAfter=-(10**15)) == ["young"]


def test_created_after_narrows_for_everyone(gallery, world):
    moment = datetime.fromtimestamp(timezone.now().timestamp() // 1 - 3600, UTC)
    world.picture("before", created_at=moment - timedelta(milliseconds=1))
    world.picture("at", created_at=moment)
    world.picture("after", created_at=moment + timedelta(minutes=1))
    after = int(moment.timestamp()) * 1000

    assert gallery.ids("mira", member("alice"), createdAfter=after) == ["after", "at"]
    assert gallery.ids("mira", createdAfter=after) == ["after", "at"]


def test_created_after_in_a_far_future_leaves_nothing(gallery, world):
    world.picture("one")
    alice = member("alice")

    for after in (10**13, 10**15, 10**17, 2**63 - 1):
        assert gallery.ids("mira", alice, createdAfter=after) == []


def test_created_after_that_is_no_whole_number_of_milliseconds_is_ignored(gallery, world):
    world.picture("one")
    alice = member("alice")

    for after in ("99999999999999", 99999999999999.5, True, None, [99999999999999], {}, 10**40):
        assert gallery.ids("mira", alice, createdAfter=after) == ["one"]


def test_an_item_has_the_fields_of_the_page_and_nothing_else(gallery, world):
    made = timezone.now().replace(microsecond=123_000) - timedelta(minutes=1)
    world.picture(
        "img-1",
        created_at=made,
        user_id="u-1",
        archive_id="a-1",
        message_id="m-1",
        data=png(),
        prompt="a private thought",
        params={"steps": 28},
    )

    item = gallery.page("mira")["items"][0]

    assert item.pop("url").startswith(gallery.url + "/media/")
    assert item == {
        "id": "img-1",
        "userId": "u-1",
        "archiveId": "a-1",
        "messageId": "m-1",
        "characterId": "mira",
        "createdAt": int(made.timestamp()) * 1000 + 123,
        "reviewStatus": "approved",
    }


def test_prompt_and_parameters_are_for_the_owner_and_staff(gallery, world):
    params = {"steps": 28, "cfgScale": 6.5, "lora": [{"name": "ink"}], "负面": "模糊"}
    world.picture("hers", user_id="u-1", prompt="paper hills", params=params)
    owner = key_of(make_person("owner"), (world.gallery, "u-1"))
    staff = key_of(make_person("mod", role="viewer"))

    for key in (owner, staff):
        item = gallery.page("mira", key)["items"][0]
        assert item["prompt"] == "paper hills"
        assert {name: item[name] for name in params} == params
    for key in (None, member("other")):
        assert set(gallery.page("mira", key)["items"][0]) == FIELDS


def test_the_newest_version_of_the_parameters_is_sent(gallery, world):
    image = world.picture("hers", user_id="u-1", prompt="first", params={"steps": 1})
    image.details.create(prompt="second", params={"steps": 2})

    item = gallery.page("mira", key_of(make_person("owner"), (world.gallery, "u-1")))["items"][0]

    assert (item["prompt"], item["steps"]) == ("second", 2)


def test_a_parameter_never_takes_the_name_of_a_field(gallery, world):
    wrong = dict.fromkeys([*FIELDS, "url", "prompt"], "forged")
    world.picture("hers", user_id="u-1", prompt="mine", params={**wrong, "steps": 3})

    item = gallery.page("mira", key_of(make_person("owner"), (world.gallery, "u-1")))["items"][0]

    assert set(item) == FIELDS | {"prompt", "steps"}
    assert "forged" not in item.values()


def test_a_foreign_address_is_never_passed_on(gallery, world):
    params = {
        "thumb": f"{FOREIGN}/t.png",
        "refs": [{"deep": {"x": f"{FOREIGN}/r.png"}}],
        "bare": "//foreign.example/x",
        "graph": f'{{"image": "{FOREIGN}"}}',
        "steps": 3,
    }
    world.picture("hers", user_id="u-1", params=params, raw={"url": f"{FOREIGN}/i.png"})
    key = key_of(make_person("owner"), (world.gallery, "u-1"))

    answer = gallery.post({"characterId": "mira"}, key)

    assert "foreign" not in answer.text
    assert answer.json()["items"][0]["steps"] == 3


def test_a_number_of_any_size_is_sent_as_it_is(gallery, world):
    world.picture("hers", user_id="u-1", params={"cfg": 1e30, "seed": 2**70, "雪": "☃"})
    key = key_of(make_person("owner"), (world.gallery, "u-1"))

    (item,) = gallery.page("mira", key)["items"]

    assert (item["cfg"], item["seed"], item["雪"]) == (10**30, 2**70, "☃")


def test_a_url_is_ours_and_gives_the_bytes(gallery, world):
    world.picture("one", data=png(3))
    answer = gallery.post({"characterId": "mira"})

    url = answer.json()["items"][0]["url"]
    picture = httpx.get(url)

    assert url.startswith(gallery.url + "/media/")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    assert picture.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_picture_whose_bytes_are_not_here_has_no_url(gallery, world):
    world.picture("one")

    assert set(gallery.page("mira")["items"][0]) == FIELDS


def test_a_url_dies_with_the_decision_within_a_second(gallery, world):
    image = world.picture("one", data=png(4))
    url = gallery.page("mira")["items"][0]["url"]
    assert httpx.get(url).status_code == 200

    started = time.monotonic()
    by = Actor.person(make_person("mod", role="moderator"))
    decide(requests=[Request("reject", subject=image.subject_key, reason="spam")], actor=by)

    assert httpx.get(url).status_code == 404
    assert time.monotonic() - started < 1
    assert gallery.ids("mira") == []


@pytest.mark.parametrize("after", ["escalate", "hold"])
def test_a_url_dies_when_the_picture_becomes_a_matter_for_leads(gallery, world, after):
    image = world.picture("one", data=png(5), user_id="u-1")
    url = gallery.page("mira")["items"][0]["url"]
    by = Actor.person(make_person("lead", role="lead"))

    decide(requests=[Request(after, subject=image.subject_key, note="look")], actor=by)

    assert httpx.get(url).status_code == 404
    assert gallery.ids("mira") == []
    own = gallery.page("mira", key_of(make_person("owner"), (world.gallery, "u-1")))["items"]
    assert [item.get("url") for item in own] == ([None] if after == "escalate" else [])


@pytest.mark.parametrize("way", WAYS)
def test_a_url_dies_when_the_picture_is_pending_again(gallery, world, way):
    image = world.picture("one", data=png(6), user_id="u-1", review_status="pending")
    batch = approved(image)
    url = gallery.page("mira")["items"][0]["url"]
    assert httpx.get(url).status_code == 200

    pending_again(way, image, batch)

    assert httpx.get(url).status_code == 404
    assert gallery.ids("mira") == []
    own = gallery.page("mira", key_of(make_person("owner"), (world.gallery, "u-1")))["items"]
    assert httpx.get(own[0]["url"]).status_code == 200


def test_an_unknown_character_has_no_items(gallery, world):
    world.picture("one")
    world.picture("orphan", character_id="nobody")

    assert gallery.page("nobody") == {"items": [], "nextCursor": None, "membershipRequired": True}
    assert gallery.page("nobody", member("alice")) == {"items": [], "nextCursor": None}


def test_an_invalid_token_is_401_and_never_taken_for_a_guest(gallery, world):
    keys = ["Bearer wrong", "Bearer gh_aaaaaaaaaa_" + "A" * 32, "Bearer a b", "Bearer"]
    for header in [*keys, "Basic YTpi", "Token x", "gh_aaaaaaaaaa_x"]:
        answer = gallery.post({"characterId": "mira"}, headers={"Authorization": header})
        assert is_error(answer, 401), header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_and_a_banned_account_are_401_at_once(gallery, world):
    revoked, banned = member("alice"), member("bob")
    assert gallery.page("mira", revoked)
    assert gallery.page("mira", banned)

    revoke_key(key=ApiKey.objects.get(user__username="alice"))
    ban_user(user=User.objects.get(username="bob"))

    assert is_error(gallery.post({"characterId": "mira"}, revoked), 401)
    assert is_error(gallery.post({"characterId": "mira"}, banned), 401)


def test_a_key_without_the_scope_is_401_and_says_so(gallery, world):
    answer = gallery.post({"characterId": "mira"}, member("alice", scopes=["assets"]))

    assert is_error(answer, 401)
    assert "scope public" in answer.json()["error"]


def test_a_session_is_no_authentication_here(world):
    world.pictures(8)
    browser = Client()
    browser.force_login(make_person("alice", role="admin", member_until=timezone.now()))

    answer = browser.post(PATH, {"characterId": "mira"}, content_type="application/json")

    assert answer.json()["membershipRequired"] is True
    assert len(answer.json()["items"]) == 6


def test_a_key_over_its_limits_is_429(gallery, world):
    fast, used_up = member("alice", per_minute=1), member("bob", call_limit=1)
    assert gallery.page("mira", used_up)
    answers = [gallery.post({"characterId": "mira"}, fast) for _ in range(3)]
    late = next(answer for answer in answers if answer.status_code != 200)

    assert is_error(late, 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 61
    assert is_error(gallery.post({"characterId": "mira"}, used_up), 429)


def test_other_methods_are_405_in_the_same_form(gallery):
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = httpx.request(method, gallery.url + PATH)
        assert is_error(answer, 405), method
        assert answer.headers["Allow"] == "POST"


def test_other_paths_of_the_vendor_are_404_in_the_same_form(gallery):
    for path in ("/api/create-image", "/api/", "/api/a/b", f"{PATH}/", f"{PATH}s"):
        for method in ("GET", "POST"):
            assert is_error(httpx.request(method, gallery.url + path), 404), path


def test_our_own_api_keeps_its_error_form(gallery, world):
    for path in ("/api/moderation/queues/", "/api/moderation/nothing/"):
        assert "success" not in httpx.get(gallery.url + path).text
    assert httpx.get(gallery.url + "/api/schema/").status_code == 200


def test_a_failure_of_ours_is_500_without_details(gallery, world):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_imagelog RENAME TO away")
        try:
            answer = gallery.post({"characterId": "mira"})
        finally:
            cursor.execute("ALTER TABLE away RENAME TO gallery_imagelog")

    assert is_error(answer, 500)
    assert "gallery_imagelog" not in answer.text
    assert gallery.page("mira")["items"] == []
