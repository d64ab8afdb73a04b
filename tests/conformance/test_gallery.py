"""Contract 1, line by line: POST /api/list-character-images."""

import time

import httpx
import pytest

pytestmark = pytest.mark.django_db

PATH = "/api/list-character-images"
DAYS_90 = 90 * 86_400_000
TEXTS = {"userId", "archiveId", "messageId", "characterId"}


def page(target, token=None, **body):
    answer = target.call("POST", PATH, token, json={"characterId": target.album, **body})
    assert answer.status_code == 200, answer.text
    assert "success" not in answer.json()
    return answer.json()


def walk(target, token, **body):
    pages = [page(target, token, **body)]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(page(target, token, cursor=cursor, **body))
        assert len(pages) < 50
    return pages


def failed(answer, status):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"success", "error"}
    assert body["success"] is False
    assert isinstance(body["error"], str) and body["error"]


def test_without_a_token_the_first_six_are_previews(target):
    answer = page(target)
    assert len(answer["items"]) == 6
    assert answer["nextCursor"] is None
    assert answer["membershipRequired"] is True


def test_a_non_member_sees_the_same_and_a_cursor_is_ignored(target):
    previews = [item["messageId"] for item in page(target)["items"]]
    following = page(target, target.member)["nextCursor"]
    for cursor in ({}, {"cursor": following}, {"cursor": "nonsense"}):
        answer = page(target, target.guest_like, **cursor)
        assert [item["messageId"] for item in answer["items"]] == previews
        assert (answer["nextCursor"], answer["membershipRequired"]) == (None, True)


def test_a_member_pages_through_all_of_the_last_90_days_once_newest_first(target):
    pages = walk(target, target.member)
    assert len(pages) > 1
    assert all("membershipRequired" not in each for each in pages)
    items = [item for each in pages for item in each["items"]]
    times = [item["createdAt"] for item in items]
    assert times == sorted(times, reverse=True)
    assert len({(item["messageId"], item["createdAt"]) for item in items}) == len(items)
    assert min(times) >= time.time() * 1000 - DAYS_90 - 60_000


def test_an_item_has_the_documented_fields(target):
    for item in page(target, target.member)["items"]:
        assert all(isinstance(item[name], str) for name in TEXTS)
        assert isinstance(item["createdAt"], int)
        assert item["characterId"] == target.album
        assert item.get("reviewStatus", "approved") in {"pending", "approved", "rejected", "purged"}
        assert isinstance(item.get("id", ""), str)
        assert isinstance(item.get("prompt", ""), str)
        assert item.get("url", target.url).startswith(target.url)


def test_a_url_gives_the_picture(target):
    urls = [item["url"] for item in page(target)["items"] if "url" in item]
    assert urls
    answer = httpx.get(urls[0], timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/")


def test_created_after_only_narrows(target):
    newest = page(target, target.member)["items"][0]["createdAt"]
    assert all(
        item["createdAt"] >= newest
        for item in page(target, target.member, createdAfter=newest)["items"]
    )
    whole = sum(len(each["items"]) for each in walk(target, target.member))
    assert sum(len(each["items"]) for each in walk(target, target.member, createdAfter=0)) == whole


@pytest.mark.parametrize(
    "body", [{}, {"characterId": ""}, {"characterId": 7}, {"characterId": None}]
)
def test_a_missing_character_id_is_400(target, body):
    failed(target.call("POST", PATH, json=body), 400)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_400(target, content):
    failed(target.call("POST", PATH, content=content), 400)


@pytest.mark.parametrize("cursor", ["nonsense", "eyJ2IjoxfQ", "…"])
def test_a_cursor_that_was_not_given_is_400_for_a_member(target, cursor):
    body = {"characterId": target.album, "cursor": cursor}
    failed(target.call("POST", PATH, target.member, json=body), 400)


@pytest.mark.parametrize("token", ["wrong", "gh_none_x"])
def test_an_invalid_token_is_401_not_a_guest(target, token):
    failed(target.call("POST", PATH, token, json={"characterId": target.album}), 401)


def test_a_banned_account_is_401(target):
    failed(target.call("POST", PATH, target.banned, json={"characterId": target.album}), 401)


@pytest.mark.parametrize("token", ["guest", "member"])
def test_an_unknown_character_and_anothers_private_one_have_no_pictures(target, token):
    sent = target.member if token == "member" else None
    for character in ("no-such-character", target.private):
        answer = page(target, sent, characterId=character)
        assert (answer["items"], answer["nextCursor"]) == ([], None)
