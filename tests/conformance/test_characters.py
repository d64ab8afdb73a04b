"""Contract 5, line by line: /characters and /v1/characters."""

import re
import uuid

import pytest

from tests.media.samples import gif, jpeg, png, webp

pytestmark = pytest.mark.django_db

FIELDS = {"id", "name", "avatar", "bio", "originPrompt", "isPublic", "createdAt", "updatedAt"}
PAGE = {"items", "total", "page", "limit", "totalPages", "hasNext", "hasPrevious"}
ERROR = {"success", "code", "message", "data", "errors", "timestamp"}
CODES = {400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
VENDOR = "application/vnd.momohub+json"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
BASES = ["", "/v1"]


def failed(answer, status):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == ERROR
    assert (body["success"], body["data"]) == (False, None)
    assert body["code"] == CODES.get(status, body["code"])
    assert isinstance(body["errors"], dict)
    assert ISO.fullmatch(body["timestamp"])
    return body


def listed(target, path, token=None, **query):
    answer = target.call("GET", path, token, params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == PAGE
    return body


@pytest.fixture
def made(target):
    """A private character of the member, deleted afterwards."""
    body = {"name": f"Mira {uuid.uuid4().hex[:6]}", "bio": "An adult sailor."}
    answer = target.call("POST", "/characters", target.member, json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    target.call("DELETE", f"/characters/{answer.json()['id']}", target.member)


@pytest.mark.parametrize("base", BASES)
def test_the_public_list_needs_no_token_and_is_paged(target, base):
    body = listed(target, f"{base}/characters/public", page="1", limit="3")
    assert (body["page"], body["limit"], len(body["items"])) == (1, 3, 3)
    assert body["totalPages"] == -(-body["total"] // 3)
    assert (body["hasNext"], body["hasPrevious"]) == (True, False)
    for item in body["items"]:
        assert set(item) >= FIELDS
        assert item["isPublic"] is True
        assert isinstance(item.get("authorId") or item["author"]["id"], str)
        assert item["avatar"] is None or item["avatar"].startswith(target.url)
        assert ISO.fullmatch(item["createdAt"]) and ISO.fullmatch(item["updatedAt"])


def test_pages_follow_each_other_and_the_defaults_are_1_and_20(target):
    first = listed(target, "/characters/public")
    assert (first["page"], first["limit"]) == (1, 20)
    ids, number = [], 1
    while True:
        body = listed(target, "/characters/public", page=number, limit=4)
        ids += [item["id"] for item in body["items"]]
        assert body["hasPrevious"] is (number > 1)
        if not body["hasNext"]:
            break
        number += 1
    assert len(ids) == len(set(ids)) == body["total"]
    beyond = listed(target, "/characters/public", page=number + 5, limit=4)
    assert (beyond["items"], beyond["hasNext"]) == ([], False)


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"limit": "0"}, {"limit": "101"}])
def test_page_and_limit_outside_their_range_are_400(target, query):
    failed(target.call("GET", "/characters/public", params=query), 400)


def test_the_search_finds_public_and_own_private_ones_by_name(target, made):
    found = listed(target, "/characters/search", target.member, q=made["name"].upper())
    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert listed(target, "/characters/search", target.other, q=made["name"])["items"] == []
    assert listed(target, "/characters/search", target.member)["total"] > 1


def test_my_characters_are_mine_alone(target, made):
    body = listed(target, "/characters", target.member, limit="100")
    ids = [item["id"] for item in body["items"]]
    assert made["id"] in ids and target.own_private in ids
    assert target.private not in ids


@pytest.mark.parametrize("path", ["/characters/search", "/characters"])
@pytest.mark.parametrize("token", [None, "wrong"])
def test_these_lists_need_a_valid_token(target, path, token):
    failed(target.call("GET", path, token), 401)


def test_a_public_detail_is_for_everybody_a_private_one_for_its_author(target, made):
    public = target.call("GET", f"/characters/{target.album}")
    assert public.status_code == 200
    assert set(public.json()) >= FIELDS
    own = target.call("GET", f"/characters/{made['id']}", target.member)
    assert own.status_code == 200 and own.json()["bio"] == "An adult sailor."
    failed(target.call("GET", f"/characters/{made['id']}"), 403)
    failed(target.call("GET", f"/characters/{made['id']}", target.other), 403)
    failed(target.call("GET", f"/characters/{uuid.uuid4()}"), 404)


def test_creating_answers_201_with_the_defaults(target):
    answer = target.call("POST", "/characters", target.member, json={"name": "Plain"})
    assert answer.status_code == 201
    body = answer.json()
    assert {name: body[name] for name in ("avatar", "bio", "originPrompt", "isPublic")} == {
        "avatar": None, "bio": "", "originPrompt": "", "isPublic": False,
    }  # fmt: skip
    target.call("DELETE", f"/characters/{body['id']}", target.member)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": ""}, {"name": "  "}, {"name": 7}, {"name": "x" * 101},
        {"name": "A", "bio": "x" * 2001}, {"name": "A", "originPrompt": "x" * 20_001},
        {"name": "A", "isPublic": "yes"}, {"name": "A", "isPublic": ""},
        {"name": "A", "isPublic": 0}, {"name": "A", "isPublic": []}, {"name": "A", "avatar": 7},
    ],
)  # fmt: skip
def test_input_that_is_not_valid_is_400_and_names_the_field(target, made, body):
    assert failed(target.call("POST", "/characters", target.member, json=body), 400)["errors"]
    path = f"/characters/{made['id']}"
    assert failed(target.call("PUT", path, target.member, json=body), 400)["errors"]
    assert target.call("GET", path, target.member).json() == made


def test_creating_needs_a_token(target):
    failed(target.call("POST", "/characters", json={"name": "A"}), 401)


def test_updating_changes_what_is_sent_and_keeps_the_rest(target, made):
    path = f"/characters/{made['id']}"
    answer = target.call("PUT", path, target.member, json={"name": "New", "isPublic": False})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["bio"]) == ("New", "An adult sailor.")
    failed(target.call("PUT", path, target.member, json={"bio": "no name"}), 400)
    failed(target.call("PUT", path, json={"name": "A"}), 401)
    failed(target.call("PUT", path, target.other, json={"name": "A"}), 403)
    missing = target.call("PUT", f"/characters/{uuid.uuid4()}", target.member, json={"name": "A"})
    failed(missing, 404)


def test_deleting_answers_204_and_then_it_is_gone(target, made):
    path = f"/characters/{made['id']}"
    failed(target.call("DELETE", path), 401)
    failed(target.call("DELETE", path, target.other), 403)
    answer = target.call("DELETE", path, target.member)
    assert (answer.status_code, answer.content) == (204, b"")
    failed(target.call("GET", path, target.member), 404)
    failed(target.call("DELETE", path, target.member), 404)


@pytest.mark.parametrize(
    "data", [png(), jpeg(), webp(), gif(frames=1)], ids=["png", "jpeg", "webp", "gif"]
)
def test_an_avatar_is_uploaded_as_a_file(target, made, data):
    path = f"/characters/{made['id']}/avatar"
    answer = target.call("PUT", path, target.member, files={"file": ("a", data, "image/png")})
    assert answer.status_code == 200, answer.text
    assert answer.json()["avatar"].startswith(target.url)
    picture = target.call("GET", answer.json()["avatar"].removeprefix(target.url))
    assert picture.status_code == 200


def test_an_avatar_is_refused_as_the_page_says(target, made):
    path, file = f"/characters/{made['id']}/avatar", {"file": ("a.png", png(), "image/png")}
    failed(target.call("PUT", path, files=file), 401)
    failed(target.call("PUT", path, target.other, files=file), 403)
    failed(target.call("PUT", f"/characters/{uuid.uuid4()}/avatar", target.member, files=file), 404)
    failed(target.call("PUT", path, target.member, files={"other": ("a", png(), "image/png")}), 400)
    text = {"file": ("a.png", b"no picture", "image/png")}
    failed(target.call("PUT", path, target.member, files=text), 415)
    large = {"file": ("a.png", b"\0" * (5 * 1024 * 1024 + 1), "image/png")}
    failed(target.call("PUT", path, target.member, files=large), 413)


def test_knowledge_bases_are_linked_listed_by_priority_and_unlinked(target, made):
    path = f"/characters/{made['id']}/knowledge-bases"
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    for base, priority in ((first, 5), (second, 1), (first, 7)):
        body = {"knowledgeBaseId": base, "priority": priority}
        answer = target.call("POST", path, target.member, json=body)
        assert answer.status_code == 200, answer.text
    assert target.call("GET", path, target.member).json() == [
        {"knowledgeBaseId": second, "priority": 1},
        {"knowledgeBaseId": first, "priority": 7},
    ]
    answer = target.call("DELETE", f"{path}/{first}", target.member)
    assert (answer.status_code, answer.content) == (204, b"")
    failed(target.call("DELETE", f"{path}/{first}", target.member), 404)
    left = target.call("GET", path, target.member).json()
    assert [each["knowledgeBaseId"] for each in left] == [second]


def test_links_are_refused_as_the_page_says(target, made):
    path, body = f"/characters/{made['id']}/knowledge-bases", {"knowledgeBaseId": str(uuid.uuid4())}
    failed(target.call("POST", path, json=body), 401)
    failed(target.call("POST", path, target.other, json=body), 403)
    failed(target.call("POST", path, target.member, json={"knowledgeBaseId": "x"}), 400)
    wrong = body | {"priority": 1001}
    failed(target.call("POST", path, target.member, json=wrong), 400)
    unknown = f"/characters/{uuid.uuid4()}/knowledge-bases"
    failed(target.call("POST", unknown, target.member, json=body), 404)
    failed(target.call("GET", unknown, target.member), 404)
    failed(target.call("GET", path, target.other), 403)
    failed(target.call("DELETE", f"{path}/{uuid.uuid4()}"), 401)
    failed(target.call("DELETE", f"{path}/{uuid.uuid4()}", target.other), 403)


def test_bodies_are_wrapped_for_who_asks_for_it(target):
    answer = target.call("GET", "/characters/public", headers={"Accept": VENDOR})
    body = answer.json()
    assert set(body) >= {"success", "code", "message", "data"}
    assert body["success"] is True
    assert set(body["data"]) == PAGE
