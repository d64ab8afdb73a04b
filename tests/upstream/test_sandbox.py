"""The sandbox speaks the five contracts to the letter, checked with a plain HTTP client."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.signing import new_request_id, signed_headers

MODEL = "doubao-seedance-2-0-260128"
ASSETS = "/v1/private-avatar/assets/list"
IMAGES = "/api/list-character-images"
COVER = {
    "gender": "male",
    "age": "18-25",
    "ethnicity": "Asian",
    "bodyType": "Slim",
    "hairColor": "black",
    "hairStyle": "Short",
}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


MEMBER = bearer(credentials.MEMBER_TOKEN)
OTHER = bearer(credentials.NON_MEMBER_TOKEN)
ASSETS_KEY = bearer(credentials.ASSETS_TOKEN)


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=900, characters=30, assets=80) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], clock={}, link_seconds=12 * 3600, dialect="page", reset=True)
    return running


@pytest.fixture
def http(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, trust_env=False, timeout=10) as client:
        yield client


def public(http: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = http.get("/characters/public?limit=100").json()["items"]
    return items


def album(http: httpx.Client, character_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    body: dict[str, Any] = {"characterId": character_id}
    while True:
        page = http.post(IMAGES, json=body, headers=MEMBER).json()
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        body["cursor"] = page["nextCursor"]


def signed(
    http: httpx.Client,
    path: str,
    body: dict[str, Any],
    *,
    secret: str = credentials.SIGNED_SECRET,
    user_id: str = "user",
    request_id: str = "",
    timestamp: int | None = None,
    **headers: str,
) -> httpx.Response:
    found = signed_headers(
        key=credentials.SIGNED_KEY,
        secret=secret,
        user_id=user_id,
        path=path,
        body=body,
        request_id=request_id or new_request_id(),
        timestamp=timestamp,
    )
    return http.post(path, json=body, headers=found | headers)


# Contract 1


def test_a_member_pages_through_an_album_newest_first(http: httpx.Client) -> None:
    items = album(http, public(http)[0]["id"])
    times = [item["createdAt"] for item in items]
    assert len(items) > 20 and times == sorted(times, reverse=True)
    assert len({item["id"] for item in items}) == len(items)
    assert len(set(times)) < len(times), "rows that share a millisecond are part of the data"


def test_success_has_no_success_field_and_errors_have_the_contracts_form(
    http: httpx.Client,
) -> None:
    name = public(http)[0]["id"]
    page = http.post(IMAGES, json={"characterId": name}, headers=MEMBER).json()
    assert set(page) == {"items", "nextCursor"}
    for body, headers, status in (
        ({}, MEMBER, 400),
        ({"characterId": name, "cursor": "?"}, MEMBER, 400),
        ({"characterId": name}, bearer("wrong"), 401),
        ({"characterId": name}, bearer(credentials.BANNED_TOKEN), 401),
    ):
        answer = http.post(IMAGES, json=body, headers=headers)
        assert answer.status_code == status
        assert answer.json()["success"] is False and answer.json()["error"]


@pytest.mark.parametrize("headers", [{}, OTHER])
def test_guests_and_non_members_see_six_previews(
    http: httpx.Client, headers: dict[str, str]
) -> None:
    body = {"characterId": public(http)[0]["id"], "cursor": "ignored"}
    page = http.post(IMAGES, json=body, headers=headers).json()
    assert (len(page["items"]), page["nextCursor"], page["membershipRequired"]) == (6, None, True)


def test_unknown_and_foreign_private_characters_have_no_items(http: httpx.Client) -> None:
    own = http.get("/characters", headers=MEMBER).json()["items"]
    private = next(row["id"] for row in own if not row["isPublic"])
    assert album(http, private)
    for name, headers in (("unknown", MEMBER), (private, OTHER)):
        answer = http.post(IMAGES, json={"characterId": name}, headers=headers)
        assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_only_ninety_days_are_shown(sandbox: SandboxProcess, http: httpx.Client) -> None:
    name = public(http)[0]["id"]
    before = len(album(http, name))
    sandbox.control(clock={"shift": 60 * 86_400})
    assert 0 < len(album(http, name)) < before
    sandbox.control(clock={"shift": 200 * 86_400})
    assert album(http, name) == []


def test_created_after_narrows(http: httpx.Client) -> None:
    items = album(http, public(http)[0]["id"])
    since = items[3]["createdAt"]
    body = {"characterId": items[0]["characterId"], "createdAfter": since}
    found = http.post(IMAGES, json=body, headers=MEMBER).json()["items"]
    assert [row["id"] for row in found] == [row["id"] for row in items if row["createdAt"] >= since]


def test_links_are_signed_anew_and_pictures_have_the_announced_size(http: httpx.Client) -> None:
    name = public(http)[1]["id"]
    first, again = album(http, name), album(http, name)
    assert first[0]["url"] != again[0]["url"]
    assert first[0]["url"].split("?")[0] == again[0]["url"].split("?")[0]
    for row in first[:12]:
        answer = http.get(row["url"])
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (row["width"], row["height"])


def test_some_images_are_byte_identical(http: httpx.Client) -> None:
    rows = [row for item in public(http) for row in album(http, item["id"])]
    by_picture: dict[str, list[str]] = {}
    for row in rows:
        by_picture.setdefault(row["url"].split("?")[0].rsplit("/", 1)[1], []).append(row["url"])
    twins = next(urls for urls in by_picture.values() if len(urls) == 2)
    one, other = (http.get(url) for url in twins)
    assert one.content == other.content
    assert twins[0].split("?")[0] != twins[1].split("?")[0]


def test_the_data_is_varied(http: httpx.Client) -> None:
    rows = [row for item in public(http) for row in album(http, item["id"])]
    assert {"pending", "approved", "rejected", None} == {row.get("reviewStatus") for row in rows}
    assert len({row["userId"] for row in rows}) > 5
    assert (832, 1216) in {(row["width"], row["height"]) for row in rows}
    assert any(not row["prompt"].isascii() for row in rows)
    names = "".join(row["name"] for row in public(http))
    assert "<b>" in names and any("\u0600" <= mark <= "\u06ff" for mark in names)


# Contracts 2 and 3


def test_an_envelope_is_complete(http: httpx.Client) -> None:
    answer = signed(http, "/v1/agent/cover", COVER, user_id="complete")
    body = answer.json()
    assert (answer.status_code, body["code"], body["success"]) == (200, 10200, True)
    assert len(body["traceId"]) == 32 and body["timestamp"].isdigit()
    assert body["data"]["imageData"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "wrong"},
        {"skew": -301},
        {"skew": 330},
        {"Authorization": "Bearer unknown"},
        {"X-Signature": ""},
        {"X-Request-ID": ""},
        {"X-User-ID": "someone-else"},
    ],
)
def test_a_bad_signature_is_401_in_the_envelope(
    http: httpx.Client, changes: dict[str, Any]
) -> None:
    for path in ("/v1/agent/cover", "/v1/chat/image", "/v1/config/options"):
        told = {name: value for name, value in changes.items() if name != "skew"}
        if skew := changes.get("skew"):
            told["timestamp"] = int(time.time()) + skew
        answer = signed(http, path, {**COVER, "namespace": "custom_agent"}, **told)
        assert (answer.status_code, answer.json()["code"]) == (401, 10401)


def test_a_replay_is_refused_and_a_retry_is_answered(
    sandbox: SandboxProcess, http: httpx.Client
) -> None:
    moment, body = int(time.time()), COVER | {"hairColor": "silver"}
    first = signed(http, "/v1/agent/cover", body, request_id="first", timestamp=moment)
    stolen = signed(http, "/v1/agent/cover", body, request_id="second", timestamp=moment)
    assert (stolen.status_code, stolen.json()["code"]) == (401, 10401)
    sandbox.control(clock={"shift": 3600})
    retry = signed(http, "/v1/agent/cover", body, request_id="first", timestamp=moment)
    assert retry.json()["data"] == first.json()["data"]
    other = signed(http, "/v1/agent/cover", COVER, request_id="first", timestamp=moment)
    assert (other.status_code, other.json()["code"]) == (200, 10400)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gender": ""}, "gender is required"),
        ({"hairStyle": None}, "hairStyle is required"),
        ({"age": "17"}, "age is invalid"),
        ({"hairStyle": "Bun"}, "hairStyle is invalid"),
        ({"gender": "female"}, "breastSize is required for female"),
        ({"gender": "female", "breastSize": "Small"}, "buttSize is required for female"),
        ({"refImageId": "550e8400"}, "refImageId not found"),
    ],
)
def test_a_cover_with_a_wrong_option_is_10400(
    http: httpx.Client, changes: dict[str, Any], message: str
) -> None:
    answer = signed(http, "/v1/agent/cover", COVER | changes)
    assert (answer.status_code, answer.json()["code"]) == (200, 10400)
    assert answer.json()["message"] == message


def test_a_chat_image_knows_its_agents(http: httpx.Client) -> None:
    found: dict[tuple[int, str], Any] = {}
    for row in public(http):
        body = {"agentId": row["id"], "conversationId": "c", "text": "山"}
        answer = signed(http, "/v1/chat/image", body).json()
        found.setdefault((answer["code"], answer["message"]), answer)
    assert set(found) == {(10200, "OK"), (10400, "Agent missing image generation config")}
    unknown = {"agentId": "nobody", "conversationId": "c", "text": "x"}
    assert signed(http, "/v1/chat/image", unknown).json()["message"] == "Agent not found"
    for bad in ({"text": ""}, {"text": "x" * 4001}, {"conversationId": ""}):
        assert signed(http, "/v1/chat/image", unknown | bad).json()["code"] == 10400


def test_no_offered_age_is_under_eighteen(http: httpx.Client) -> None:
    body = {"namespace": "custom_agent"}
    data = signed(http, "/v1/config/options", body).json()["data"]
    assert set(data) == {
        "Age",
        "Ethnicity",
        "BodyType",
        "BreastSize",
        "ButtSize",
        "HairColor",
        "HairStyle",
    }
    assert all(int(item["code"].split("-")[0]) >= 18 for item in data["Age"])
    assert signed(http, "/v1/config/options", {}).json()["code"] == 10400


# Contract 4


def test_assets_have_the_vendors_form(http: httpx.Client) -> None:
    body = http.post(ASSETS, json={"model": MODEL}, headers=ASSETS_KEY).json()
    meta, result = body["ResponseMetadata"], body["Result"]
    assert (meta["Action"], meta["Version"], meta["Service"]) == ("ListAssets", "2024-01-01", "ark")
    assert (result["PageNumber"], result["PageSize"], len(result["Items"])) == (1, 10, 10)
    times = [item["CreateTime"] for item in result["Items"]]
    assert times == sorted(times, reverse=True)
    assert "GroupType" not in result["Items"][0]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "MissingParameter.model"),
        ({"model": "other"}, 400, "InvalidParameter.model"),
        ({"model": MODEL, "PageSize": 101}, 400, "InvalidParameter.PageSize"),
        ({"model": MODEL, "PageNumber": 0}, 400, "InvalidParameter.PageNumber"),
        ({"model": MODEL, "SortBy": "Name"}, 400, "InvalidParameter.SortBy"),
        (
            {"model": MODEL, "Filter": {"Statuses": ["Gone"]}},
            400,
            "InvalidParameter.Filter.Statuses",
        ),
        ({"model": MODEL, "Filter": {"GroupIds": ["group-0"]}}, 404, "NotFound.group_id"),
    ],
)
def test_a_wrong_asset_request_has_a_code(
    http: httpx.Client, body: dict[str, Any], status: int, code: str
) -> None:
    answer = http.post(ASSETS, json=body, headers=ASSETS_KEY)
    assert (answer.status_code, answer.json()["ResponseMetadata"]["Error"]["Code"]) == (
        status,
        code,
    )


def every_asset(http: httpx.Client) -> list[dict[str, Any]]:
    body = {"model": MODEL, "PageSize": 100}
    items: list[dict[str, Any]] = http.post(ASSETS, json=body, headers=ASSETS_KEY).json()["Result"][
        "Items"
    ]
    return items


def test_an_asset_link_ends_with_its_time_and_is_bound_to_its_path(
    sandbox: SandboxProcess, http: httpx.Client
) -> None:
    sandbox.control(link_seconds=5, clock={"freeze": True})
    links = [row["URL"] for row in every_asset(http) if "URL" in row]
    assert http.get(links[0]).status_code == 200
    path, query = links[0].split("?")
    assert http.get(path).status_code == 403
    assert http.get(f"{links[1].split('?')[0]}?{query}").status_code == 403
    sandbox.control(clock={"shift": 6})
    assert http.get(links[0]).status_code == 403
    assert (
        http.get(next(row["URL"] for row in every_asset(http) if "URL" in row)).status_code == 200
    )


def test_assets_are_pictures_videos_and_tones(http: httpx.Client) -> None:
    rows = every_asset(http)
    by_kind = {row["AssetType"]: row for row in rows if "URL" in row}
    with Image.open(io.BytesIO(http.get(by_kind["Image"]["URL"]).content)) as image:
        image.load()
    with av.open(io.BytesIO(http.get(by_kind["Video"]["URL"]).content), "r") as video:
        assert sum(1 for _ in video.decode(video=0)) == 24
    assert http.get(by_kind["Audio"]["URL"]).content[:4] == b"RIFF"
    failed = [row for row in rows if row["Status"] == "Failed"]
    assert failed and all(row["Error"]["Code"] and "URL" not in row for row in failed)


# Contract 5


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


# Steering


def test_rows_are_added_changed_and_removed(sandbox: SandboxProcess, http: httpx.Client) -> None:
    name = public(http)[0]["id"]
    before = sandbox.stats()["totals"]
    [image] = sandbox.control(
        add={"kind": "images", "character": name, "fields": {"prompt": "new"}}
    )
    row = album(http, name)[0]
    assert (row["id"], row["prompt"]) == (image, "new")
    old = http.get(row["url"]).content
    sandbox.control(change={"kind": "images", "ids": [image]})
    assert http.get(album(http, name)[0]["url"]).content != old
    [asset] = sandbox.control(add={"kind": "assets", "group_type": "LivenessFace"})
    sandbox.control(change={"kind": "assets", "ids": [asset], "fields": {"Status": "Failed"}})
    [character] = sandbox.control(add={"kind": "characters", "fields": {"name": "Newcomer"}})
    assert public(http)[0]["name"] == "Newcomer"
    after = sandbox.stats()["totals"]
    for kind in ("images", "assets", "characters"):
        assert after[kind]["records"] == before[kind]["records"] + 1
    for kind, one in (("images", image), ("assets", asset), ("characters", character)):
        sandbox.control(remove={"kind": kind, "ids": [one]})
    assert sandbox.stats()["totals"] == before


@pytest.mark.parametrize(
    "changes",
    [
        {"faults": ["unheard"]},
        {"add": {"kind": "x"}},
        {"remove": {"kind": "images", "ids": ["img-9-x"]}},
        {"clock": {"shift": "soon"}},
    ],
)
def test_a_wrong_steering_says_so(sandbox: SandboxProcess, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Error"):
        sandbox.control(**changes)


def test_the_same_seed_gives_the_same_data_after_a_restart(http: httpx.Client) -> None:
    def snapshot(client: httpx.Client) -> str:
        ids = [row["id"] for row in public(client) if row["name"] == "Mira Solenne"]
        rows = [
            {key: value for key, value in row.items() if key != "url"}
            for row in album(client, ids[0])
        ]
        return json.dumps(rows)

    with (
        SandboxProcess(images=900, characters=30, assets=80) as again,
        httpx.Client(base_url=again.url, trust_env=False) as other,
    ):
        assert snapshot(other) == snapshot(http)
