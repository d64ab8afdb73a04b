"""The sandbox's form of contract 5."""

import io

import httpx
from PIL import Image

from tests.upstream.test_sandbox import IMAGES, MEMBER, OTHER, http, public, running, sandbox

__all__ = ["http", "running", "sandbox"]


def test_pages_of_characters_carry_their_sums(http: httpx.Client) -> None:
    total = len(public(http))
    body = http.get("/characters/public?page=2&limit=10").json()
    assert (body["total"], body["page"], body["limit"]) == (total, 2, 10)
    assert (body["totalPages"], body["hasNext"], body["hasPrevious"]) == (3, True, True)
    assert http.get("/v1/characters/public?page=99").json()["items"] == []
    for query in ("page=0", "page=x", "limit=101", "limit="):
        assert http.get(f"/characters/public?{query}").status_code == 400


def test_a_character_lives_from_creation_to_deletion(http: httpx.Client) -> None:
    made = http.post("/characters", json={"name": "Ada"}, headers=MEMBER)
    row = made.json()
    assert (made.status_code, row["isPublic"], row["bio"], row["avatar"]) == (201, False, "", None)
    one = f"/characters/{row['id']}"
    assert http.get(one).status_code == 403
    changed = http.put(one, json={"name": "Ada 2", "isPublic": True}, headers=MEMBER).json()
    assert changed["name"] == "Ada 2" and http.get(one).status_code == 200
    assert http.put(one, json={"name": "x"}, headers=OTHER).status_code == 403
    assert http.put(one, json={"name": "x"}).status_code == 401
    assert http.delete(one, headers=MEMBER).status_code == 204
    gone = http.get(one)
    assert (gone.status_code, gone.json()["code"]) == (404, "NOT_FOUND")


def test_an_avatar_is_uploaded_and_reencoded(http: httpx.Client) -> None:
    row = http.post("/characters", json={"name": "Bo"}, headers=MEMBER).json()
    out = io.BytesIO()
    Image.new("RGB", (80, 70), "teal").save(out, "WEBP")
    path = f"/characters/{row['id']}/avatar"
    for method in ("PUT", "POST"):
        answer = http.request(method, path, files={"file": out.getvalue()}, headers=MEMBER)
        assert answer.status_code == 200
    with Image.open(io.BytesIO(http.get(answer.json()["avatar"]).content)) as image:
        assert (image.format, image.size) == ("PNG", (80, 70))
    assert http.put(path, files={"file": b"text"}, headers=MEMBER).status_code == 415
    assert http.put(path, headers=MEMBER).status_code == 400


def test_knowledge_bases_are_linked_by_priority(http: httpx.Client) -> None:
    row = http.post("/characters", json={"name": "Cy", "isPublic": True}, headers=MEMBER).json()
    path = f"/characters/{row['id']}/knowledge-bases"
    first, second = "660e8400-e29b-41d4-a716-446655440000", "770e8400-e29b-41d4-a716-446655440000"
    for name, priority in ((first, 5), (second, 2), (first, 1)):
        body = {"knowledgeBaseId": name, "priority": priority}
        assert http.post(path, json=body, headers=MEMBER).status_code == 200
    assert [link["knowledgeBaseId"] for link in http.get(path).json()] == [first, second]
    assert http.delete(f"{path}/{first}", headers=MEMBER).status_code == 204
    assert http.delete(f"{path}/{first}", headers=MEMBER).status_code == 404
    for bad in ({"knowledgeBaseId": "x"}, {"knowledgeBaseId": first, "priority": 1001}):
        assert http.post(path, json=bad, headers=MEMBER).status_code == 400


def test_the_vendors_media_type_wraps_the_answer(http: httpx.Client) -> None:
    accept = {"Accept": "application/vnd.momohub+json"}
    body = http.get("/characters/public", headers=accept).json()
    assert body["success"] is True and "authorId" not in body["data"]["items"][0]
    assert set(body["data"]["items"][0]["author"]) == {"id", "name", "avatar"}


def test_search_finds_public_and_own_characters(http: httpx.Client) -> None:
    assert http.get("/characters/search?q=a").status_code == 401
    found = http.get("/characters/search?q=%E7%99%BD%E6%B4%B2", headers=MEMBER).json()["items"]
    assert [row["name"] for row in found] == ["白洲梓"]


def test_errors_of_unknown_paths_keep_the_contracts_form(http: httpx.Client) -> None:
    assert http.get("/characters/x/y").json()["code"] == "NOT_FOUND"
    assert http.get("/api/other").json()["success"] is False
    assert http.post("/v1/agent/other").json()["code"] == 10404
    assert http.get(IMAGES).status_code == 405
