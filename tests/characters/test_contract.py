"""Contract 5 as its page describes it: paths, fields, statuses, both forms of bodies."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services import ban_user
from characters.models import Character, CharacterText
from tests.characters.clients import FIELDS, PAGE, error_of, key, key_of, own
from tests.factories import make_character, make_person

pytestmark = pytest.mark.django_db(transaction=True)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
WRAPPED = {"Accept": "application/vnd.momohub+json"}
BASE = "660e8400-e29b-41d4-a716-446655440000"


def test_a_created_character_is_returned_with_every_field(client5, alice):
    before = timezone.now() - timedelta(seconds=2)
    answer = client5.call(
        "POST", "/characters", alice,
        json={"name": "白洲梓", "bio": "Vanitas", "originPrompt": "Be calm.", "isPublic": True},
    )  # fmt: skip
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == FIELDS
    assert (made["name"], made["bio"]) == ("白洲梓", "Vanitas")
    assert (made["originPrompt"], made["isPublic"], made["avatar"]) == ("Be calm.", True, None)
    assert TIME.fullmatch(made["createdAt"]) and made["createdAt"] == made["updatedAt"]
    assert datetime.fromisoformat(made["createdAt"]) >= before.astimezone(UTC).replace(
        microsecond=0
    )
    assert uuid.UUID(made["id"]) and made["authorId"]
    assert client5.get(f"/characters/{made['id']}", alice) == made


def test_what_is_left_out_has_its_default(client5, alice):
    made = client5.create(alice, name="x")
    assert (made["bio"], made["originPrompt"], made["isPublic"], made["avatar"]) == (
        "", "", False, None,
    )  # fmt: skip
    assert client5.create(alice, name="y", bio=None, isPublic=None, avatar=None)["bio"] == ""


def test_put_keeps_what_is_left_out_and_null(client5, alice):
    made = client5.create(alice, bio="b", originPrompt="p", isPublic=True)
    changed = client5.put(made["id"], alice, name="Kai")
    assert changed == made | {"name": "Kai", "updatedAt": changed["updatedAt"]}
    assert client5.put(made["id"], alice, name="Kai", bio=None, isPublic=None)["bio"] == "b"
    emptied = client5.put(made["id"], alice, name="Kai", bio="", isPublic=False)
    assert (emptied["bio"], emptied["originPrompt"], emptied["isPublic"]) == ("", "p", False)


def test_putting_back_what_was_read_changes_nothing(client5, alice):
    made = client5.create(alice, bio="b", isPublic=True)
    Character.objects.update(updated_at=timezone.now() - timedelta(days=1))
    read = client5.get(f"/characters/{made['id']}", alice)
    assert client5.put(made["id"], alice, **read) == read
    assert CharacterText.objects.count() == 1


def test_the_public_list_is_for_everybody_and_hides_the_prompt(client5, alice, bob):
    made = client5.create(alice, originPrompt="secret", isPublic=True)
    client5.create(alice, name="private")
    for reader in (None, bob, key("reader", scopes=["public"])):
        page = client5.get("/characters/public", reader)
        assert page["items"] == [made | {"originPrompt": ""}]
    assert client5.get("/characters/public", alice)["items"] == [made]
    assert client5.get(f"/characters/{made['id']}", bob)["originPrompt"] == ""


def test_pages_have_totals(client5, alice):
    for number in range(5):
        client5.create(alice, name=f"c{number}", isPublic=True)
    page = client5.get("/characters/public", page=2, limit=2)
    assert set(page) == PAGE
    assert [item["name"] for item in page["items"]] == ["c2", "c1"]
    rest = {name: page[name] for name in PAGE - {"items"}}
    assert rest == {
        "total": 5, "page": 2, "limit": 2, "totalPages": 3, "hasNext": True, "hasPrevious": True,
    }  # fmt: skip
    last = client5.get("/characters/public", page=3, limit=2)
    assert (len(last["items"]), last["hasNext"]) == (1, False)
    for number in (9, 10**10, 2**64, int("9" * 300)):
        beyond = client5.get("/characters/public", page=number, limit=2)
        assert (beyond["items"], beyond["total"], beyond["hasNext"]) == ([], 5, False)
        assert (beyond["page"], beyond["hasPrevious"]) == (number, True)


def test_an_empty_list_has_no_pages(client5, alice):
    for path in ("/characters/public", "/characters", "/characters/search"):
        page = client5.get(path, alice)
        assert page == {
            "items": [], "total": 0, "page": 1, "limit": 20, "totalPages": 0, "hasNext": False,
            "hasPrevious": False,
        }  # fmt: skip


def test_a_page_or_limit_that_is_none_is_400(client5, alice):
    numbers = ("0", "-1", "x", "", "1.0", "1e1", "%D9%A1", "9" * 5000)
    queries = [f"{name}={number}" for name in ("page", "limit") for number in numbers]
    for path in ("/characters/public", "/characters/search", "/characters"):
        for query in (*queries, "limit=101", f"limit={'9' * 30}"):
            body = error_of(client5.call("GET", f"{path}?{query}", alice), 400)
            assert body["code"] == "VALIDATION_ERROR"
            assert list(body["errors"]) == [query.partition("=")[0]]


def test_search_finds_public_and_own_private_ones_by_part_of_the_name(client5, alice, bob):
    for name, public in (("Mira the Sailor", True), ("mirage", False), ("Kai", True)):
        client5.create(alice, name=name, isPublic=public)
    client5.create(bob, name="Bob's mirror")
    assert client5.names("/characters/search", alice, q="MIR") == ["mirage", "Mira the Sailor"]
    assert client5.names("/characters/search", bob, q="mir") == ["Bob's mirror", "Mira the Sailor"]
    assert len(client5.names("/characters/search", alice)) == 3
    for nothing in ("%", "_", "\\", "mir%", "'"):
        assert client5.names("/characters/search", alice, q=nothing) in ([], ["Bob's mirror"])
    assert client5.get("/characters/search", bob, q="mir")["total"] == 2


def test_mine_are_all_of_mine_and_nobody_elses(client5, alice, bob):
    client5.create(alice, name="private")
    client5.create(alice, name="public", isPublic=True)
    client5.create(bob, name="bob's", isPublic=True)
    assert client5.names("/characters", alice) == ["public", "private"]
    assert client5.get("/characters", bob)["total"] == 1


def test_a_private_one_is_403_to_others_and_an_unknown_one_404(client5, alice, bob):
    made = client5.create(alice)
    path = f"/characters/{made['id']}"
    for reader in (None, bob):
        assert error_of(client5.call("GET", path, reader), 403)["code"] == "FORBIDDEN"
        assert client5.status("GET", f"{path}/knowledge-bases", reader) == 403
    for unknown in (str(uuid.uuid4()), "x", "x" * 300, "%00", "a%00b", "角色", "%2e%2e"):
        body = error_of(client5.call("GET", f"/characters/{unknown}", alice), 404)
        assert body["code"] == "NOT_FOUND"


WRITES = [
    ("PUT", "", {"json": {"name": "n"}}),
    ("DELETE", "", {}),
    ("POST", "/knowledge-bases", {"json": {"knowledgeBaseId": BASE}}),
    ("DELETE", f"/knowledge-bases/{BASE}", {}),
]


def test_only_its_author_writes(client5, alice, bob):
    lead = key_of(make_person(role="lead"))
    for public in (True, False):
        made = client5.create(alice, isPublic=public)
        for method, path, body in WRITES:
            at = f"/characters/{made['id']}{path}"
            assert client5.status(method, at, None, **body) == 401
            assert client5.status(method, at, bob, **body) == 403
            assert client5.status(method, at, lead, **body) == 403
            assert client5.status(method, f"/characters/{uuid.uuid4()}{path}", bob, **body) == 404
        assert client5.get(f"/characters/{made['id']}", alice) == made


def test_tokens(client5, alice):
    made = client5.create(alice, isPublic=True)
    ban_user(user=User.objects.get(username="alice"))
    reads = ["/characters/public", "/characters/search", "/characters", f"/characters/{made['id']}"]
    other = key("other", scopes=["assets", "generation"])
    for path in (*reads, f"/characters/{made['id']}/knowledge-bases"):
        for token in (alice, "gh_nonsense", other):
            body = error_of(client5.call("GET", path, token), 401)
            assert body["code"] == "UNAUTHORIZED"
    for path in ("/characters/search", "/characters"):
        answer = client5.call("GET", path)
        assert error_of(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert client5.status("GET", path, key("public" + path[-3:], scopes=["public"])) == 401
    answer = client5.call("GET", "/characters/public", headers={"Authorization": "Basic eDp5"})
    assert error_of(answer, 401)


def test_a_key_over_its_limit_is_429(client5, transactional_db):
    limited = key("limited", per_minute=1)
    assert client5.status("GET", "/characters", limited) == 200
    answer = client5.call("GET", "/characters", limited)
    if answer.status_code == 200:  # a minute began between the two
        answer = client5.call("GET", "/characters", limited)
    assert error_of(answer, 429)["code"] == "TOO_MANY_REQUESTS"
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_vendors_envelope_is_for_those_who_ask(client5, alice):
    answer = client5.call("POST", "/characters", alice, json={"name": "W"}, headers=WRAPPED)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == WRAPPED["Accept"]
    assert set(body) == {"success", "code", "message", "data", "errors", "timestamp"}
    assert (body["success"], body["errors"]) == (True, None)
    assert TIME.fullmatch(body["timestamp"])
    assert set(body["data"]) == FIELDS - {"authorId"} | {"author"}
    assert set(body["data"]["author"]) == {"id", "name", "avatar"}
    bare = client5.get(f"/characters/{body['data']['id']}", alice)
    assert body["data"]["author"]["id"] == bare["authorId"]
    listed = client5.call("GET", "/characters", alice, headers=WRAPPED).json()
    assert set(listed["data"]) == PAGE and listed["data"]["items"] == [body["data"]]
    refused = client5.call("GET", "/characters/x", alice, headers=WRAPPED)
    assert error_of(refused, 404)


def test_the_same_paths_answer_below_v1(client5, server, alice):
    made = client5.create(alice, isPublic=True)
    below = type(client5)(server.url, "/v1")
    for path in ("/characters/public", "/characters", "/characters/search"):
        assert below.get(path, alice) == client5.get(path, alice)
    assert below.get(f"/characters/{made['id']}") == client5.get(f"/characters/{made['id']}")
    assert below.status("DELETE", f"/characters/{made['id']}", alice) == 204


def test_other_paths_and_methods_fail_in_the_contracts_form(client5, alice):
    made = client5.create(alice)["id"]
    for path in ("/characters/", f"/characters/{made}/", f"/characters/{made}/likes",
                 "/v1/characters/x/y/z", f"/characters/{made}/knowledge-bases/a/b"):  # fmt: skip
        assert client5.status("GET", path, alice) == 404
    assert client5.status("PATCH", f"/characters/{made}", alice) == 405
    assert client5.status("POST", "/characters/public", alice) == 405


def test_deleting_is_204_and_then_404(client5, alice):
    made = client5.create(alice, isPublic=True)
    path = f"/characters/{made['id']}"
    client5.call("POST", f"{path}/knowledge-bases", alice, json={"knowledgeBaseId": BASE})
    answer = client5.call("DELETE", path, alice)
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (path, f"{path}/knowledge-bases"):
        assert client5.status("GET", again, alice) == 404
    for method, more, body in WRITES:
        assert client5.status(method, path + more, alice, **body) == 404
    for listed in ("/characters/public", "/characters", "/characters/search"):
        assert client5.get(listed, alice)["total"] == 0


def test_knowledge_bases_are_linked_listed_by_priority_and_unlinked(client5, alice, bob):
    made = client5.create(alice, isPublic=True)
    path = f"/characters/{made['id']}/knowledge-bases"
    assert client5.get(path) == []
    other = str(uuid.uuid4())
    for base, more in ((BASE.upper(), {"priority": 7}), (other, {})):
        body = {"knowledgeBaseId": base, **more}
        assert client5.status("POST", path, alice, json=body) == 200
    expected = [
        {"knowledgeBaseId": other, "priority": 0},
        {"knowledgeBaseId": BASE, "priority": 7},
    ]
    assert client5.get(path, bob) == client5.get(path) == expected
    client5.call("POST", path, alice, json={"knowledgeBaseId": other, "priority": 1000})
    assert [each["priority"] for each in client5.get(path)] == [7, 1000]
    assert client5.status("DELETE", f"{path}/{BASE.upper()}", alice) == 204
    assert client5.status("DELETE", f"{path}/{BASE}", alice) == 404
    assert client5.status("DELETE", f"{path}/a%00b", alice) == 404
    assert len(client5.get(path)) == 1


WRONG_LINKS = [
    ({}, {"knowledgeBaseId"}), ({"knowledgeBaseId": None}, {"knowledgeBaseId"}),
    ({"knowledgeBaseId": "x"}, {"knowledgeBaseId"}), ({"knowledgeBaseId": 7}, {"knowledgeBaseId"}),
    ({"knowledgeBaseId": f"{{{BASE}}}"}, {"knowledgeBaseId"}),
    ({"knowledgeBaseId": BASE.replace("-", "")}, {"knowledgeBaseId"}),
    ({"knowledgeBaseId": BASE + "\n"}, {"knowledgeBaseId"}),
    ({"knowledgeBaseId": BASE, "priority": -1}, {"priority"}),
    ({"knowledgeBaseId": BASE, "priority": 1001}, {"priority"}),
    ({"knowledgeBaseId": BASE, "priority": "1"}, {"priority"}),
    ({"knowledgeBaseId": BASE, "priority": 1.5}, {"priority"}),
    ({"knowledgeBaseId": BASE, "priority": True}, {"priority"}),
    ({"knowledgeBaseId": "", "priority": []}, {"knowledgeBaseId", "priority"}),
]  # fmt: skip


def test_a_link_that_is_none_is_400(client5, alice):
    path = f"/characters/{client5.create(alice)['id']}/knowledge-bases"
    for body, wrong in WRONG_LINKS:
        assert set(error_of(client5.call("POST", path, alice, json=body), 400)["errors"]) == wrong
    assert client5.get(path, alice) == []


WRONG = [
    ({}, {"name"}), ({"name": None}, {"name"}), ({"name": ""}, {"name"}), ({"name": " "}, {"name"}),
    ({"name": 7}, {"name"}), ({"name": "x" * 101}, {"name"}), ({"name": "a\0b"}, {"name"}),
    ({"name": "x", "bio": "x" * 2001}, {"bio"}), ({"name": "x", "bio": 7}, {"bio"}),
    ({"name": "x", "originPrompt": "x" * 20_001}, {"originPrompt"}),
    ({"name": "x", "originPrompt": ["x"]}, {"originPrompt"}),
    ({"name": "x", "isPublic": "true"}, {"isPublic"}), ({"name": "x", "isPublic": 1}, {"isPublic"}),
    ({"name": "x", "avatar": "x"}, {"avatar"}), ({"name": "x", "avatar": 7}, {"avatar"}),
    ({"name": "x", "avatar": "ftp://a/b.png"}, {"avatar"}),
    ({"name": "x", "avatar": "file:///etc/passwd"}, {"avatar"}),
    ({"name": "x", "avatar": "data:image/png;base64,AAAA"}, {"avatar"}),
    ({"name": "x", "avatar": "https://a/" + "b" * 4096}, {"avatar"}),
    ({"name": "", "bio": 7, "isPublic": "x"}, {"name", "bio", "isPublic"}),
]  # fmt: skip


def test_a_field_that_is_wrong_is_400_and_changes_nothing(client5, alice):
    made = client5.create(alice)
    for body, wrong in WRONG:
        for method, path in (("POST", "/characters"), ("PUT", f"/characters/{made['id']}")):
            answer = error_of(client5.call(method, path, alice, json=body), 400)
            assert (answer["code"], set(answer["errors"])) == ("VALIDATION_ERROR", wrong)
    assert client5.get("/characters", alice)["items"] == [made]


NO_OBJECTS = [
    b"", b"{", b"[]", b'"x"', b"\xff", b'{"name": "\\ud800"}', b"name=x", b"[" * 50_000,
]  # fmt: skip


def test_a_body_that_is_no_json_object_is_400(client5, alice):
    made = client5.create(alice)
    for body in NO_OBJECTS:
        for method, path in (("POST", "/characters"), ("PUT", f"/characters/{made['id']}")):
            assert client5.status(method, path, alice, content=body) == 400
    assert client5.status("POST", "/characters", alice, content=b" " * 300_000) == 413


def test_the_longest_texts_fit(client5, alice):
    made = client5.create(alice, name="名" * 100, bio="💫" * 2000, originPrompt="\u0001" * 20_000)
    assert (len(made["name"]), len(made["bio"]), len(made["originPrompt"])) == (100, 2000, 20_000)


def test_an_upstream_id_is_the_id_and_ours_works_too(client5, source, transactional_db):
    row = make_character(source=source, upstream_id="up/../1 角", author_id="u1", name="Up")
    item = client5.get("/characters/public")["items"][0]
    assert (item["id"], item["authorId"]) == ("up/../1 角", "u1")
    Character.objects.update(upstream_id="up-1")
    assert client5.get("/characters/up-1") == client5.get(f"/characters/{row.pk}")
    assert client5.get(f"/characters/{row.pk}")["id"] == "up-1"


def test_every_write_is_in_the_trail_without_names(client5, alice):
    from django.contrib.admin.models import LogEntry

    made = client5.create(alice, name="Secretive")
    client5.put(made["id"], alice, name="Secretive", bio="b", isPublic=True)
    path = f"/characters/{made['id']}"
    client5.call("POST", f"{path}/knowledge-bases", alice, json={"knowledgeBaseId": BASE})
    client5.call("DELETE", f"{path}/knowledge-bases/{BASE}", alice)
    client5.call("DELETE", path, alice)
    trail = LogEntry.objects.filter(object_id=str(own(made).pk)).order_by("pk")
    assert {entry.user.username for entry in trail} == {"alice"}
    assert [entry.change_message for entry in trail] == [
        "Made by its author",
        "Changed by its author: bio, isPublic",
        f"Knowledge base {BASE} linked: 0",
        f"Knowledge base {BASE} unlinked",
        "Deleted by its author",
    ]
    assert not any("Secretive" in entry.object_repr for entry in trail)


def test_browsers_of_allowed_origins_may_call(transactional_db):
    from tests.servers import WebServer

    with WebServer(CORS_ALLOWED_ORIGINS="https://app.example", threads=2) as running:
        for path, method in (("/characters/x", "PUT"), ("/v1/characters", "POST"),
                             ("/v1/private-avatar/assets/list", "POST")):  # fmt: skip
            answer = httpx.options(
                running.url + path,
                headers={
                    "Origin": "https://app.example",
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": "authorization,content-type",
                },
            )
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
            assert method in answer.headers["Access-Control-Allow-Methods"]


def test_totals_of_long_lists_are_counted_once_a_minute(client5, source, monkeypatch):
    for number in range(3):
        make_character(source=source, name=f"c{number}")
    monkeypatch.setattr("core.totals.COUNTED", 1)
    from core.totals import total_of

    rows = Character.objects.all()
    key_ = ("test", uuid.uuid4())
    assert total_of(rows, *key_) == 3
    make_character(source=source)
    assert (total_of(rows, *key_), total_of(rows, *key_, "other")) == (3, 4)
