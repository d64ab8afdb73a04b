"""The sandbox speaks the five contracts to the letter, checked with a plain HTTP client."""

import io
import json
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
