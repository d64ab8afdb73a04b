"""Raw records become typed ones, or a RecordError that carries what came."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from upstream.clients.assets import parse_asset
from upstream.clients.characters import parse_character
from upstream.clients.errors import RecordError
from upstream.clients.fields import is_adult
from upstream.clients.gallery import parse_image

CHARACTER = {
    "id": "967217c8-4e26-4404-bcc4-03e084b5d6f9",
    "authorId": "8ebc8550-6d4b-4dd0-967b-3e1367a4abf1",
    "name": "白洲梓",
    "avatar": "https://cdn.example.com/a.png",
    "bio": "Vanitas",
    "originPrompt": "",
    "isPublic": True,
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-15T08:30:00Z",
}
IMAGE = {
    "id": "img-1",
    "userId": "u",
    "archiveId": "a",
    "messageId": "m",
    "characterId": "c",
    "url": "https://cdn.example.com/1.jpg?sig=1",
    "prompt": "山",
    "createdAt": 1_700_000_000_123,
    "reviewStatus": "approved",
    "seed": 2**63,
    "nested": {"steps": 20, "age": "26-35"},
}
ASSET = {
    "Id": "asset-1",
    "GroupId": "group-1",
    "Status": "Active",
    "AssetType": "Image",
    "Name": "雀国华",
    "URL": "https://cdn.example.com/a.jpg",
    "CreateTime": "2026-03-18T07:10:09Z",
    "UpdateTime": "2026-03-18T07:10:09+08:00",
}


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in names}


def test_a_character_is_read_completely() -> None:
    record = parse_character(CHARACTER)
    assert record.upstream_id == CHARACTER["id"]
    assert record.author_id == CHARACTER["authorId"]
    assert (record.name, record.is_public, record.review_status) == ("白洲梓", True, None)
    assert record.updated_at == datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
    assert record.raw is CHARACTER


def test_the_live_services_author_object_is_accepted() -> None:
    live = without(CHARACTER, "authorId") | {"author": {"id": "u1", "name": "x", "avatar": None}}
    assert parse_character(live).author_id == "u1"
    assert parse_character(without(CHARACTER, "authorId") | {"author": "u2"}).author_id == "u2"


def test_optional_fields_may_be_missing_or_null() -> None:
    record = parse_character({"id": 17, "name": "n", "avatar": None, "bio": None})
    assert (record.upstream_id, record.avatar_url, record.bio) == ("17", None, "")
    assert record.created_at is None and record.is_public
    assert not parse_character({"id": "1", "name": "n"}, public_by_default=False).is_public


def test_an_image_is_read_completely_and_unknown_keys_are_its_parameters() -> None:
    record = parse_image(IMAGE)
    assert record.upstream_id == "img-1"
    assert record.created_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert record.params == {"seed": 2**63, "nested": IMAGE["nested"]}
    assert record.review_status == "approved"


@pytest.mark.parametrize("status", [None, "", "unheard-of"])
def test_an_image_without_a_known_status_is_pending(status: str | None) -> None:
    assert parse_image(IMAGE | {"reviewStatus": status}).review_status == "pending"


def test_an_image_without_an_id_gets_the_same_one_every_time() -> None:
    first = parse_image(without(IMAGE, "id"))
    again = parse_image(without(IMAGE, "id", "url") | {"createdAt": "1700000000123", "x": 1})
    other = parse_image(without(IMAGE, "id") | {"messageId": "m2"})
    assert first.upstream_id == again.upstream_id != other.upstream_id
    assert first.upstream_id.startswith("derived:") and len(first.upstream_id) == 40


def test_an_image_with_nothing_to_derive_an_id_from_is_refused() -> None:
    with pytest.raises(RecordError):
        parse_image({"characterId": "c", "createdAt": 1_700_000_000_000})


def test_the_character_asked_for_stands_in_for_a_missing_one() -> None:
    assert parse_image(without(IMAGE, "characterId"), character_id="c9").character_id == "c9"
    assert parse_image(IMAGE, character_id="c9").character_id == "c"


def test_an_asset_is_read_completely() -> None:
    record = parse_asset(ASSET, group_type="AIGC")
    assert (record.upstream_id, record.group_type, record.status) == ("asset-1", "AIGC", "Active")
    assert record.updated_at == datetime(2026, 3, 17, 23, 10, 9, tzinfo=UTC)


def test_an_asset_of_unknown_type_counts_as_a_real_face() -> None:
    assert parse_asset(ASSET).group_type == "LivenessFace"
    assert parse_asset(ASSET, group_type="New").group_type == "LivenessFace"
    assert parse_asset(ASSET | {"GroupType": "AIGC"}).group_type == "AIGC"


def test_a_failed_asset_says_why() -> None:
    failed = without(ASSET, "URL") | {
        "Status": "Failed",
        "Error": {"Code": "FaceMismatch", "Message": "no match"},
    }
    record = parse_asset(failed)
    assert (record.error_code, record.error_message) == ("FaceMismatch", "no match")
    assert record.url is None


BAD_CHARACTERS: tuple[Any, ...] = (
    None,
    "text",
    [],
    without(CHARACTER, "id"),
    CHARACTER | {"id": ""},
    CHARACTER | {"id": "  "},
    CHARACTER | {"id": ["x"]},
    CHARACTER | {"id": True},
    CHARACTER | {"id": 1.5},
    CHARACTER | {"id": "x" * 256},
    CHARACTER | {"id": "a\0b"},
    CHARACTER | {"name": None},
    CHARACTER | {"name": 5},
    CHARACTER | {"name": "\ud83d"},
    CHARACTER | {"bio": "a\0"},
    CHARACTER | {"extra": {"deep": ["\udc00"]}},
    CHARACTER | {"extra\0": 1},
    CHARACTER | {"isPublic": "yes"},
    CHARACTER | {"avatar": "https://x/" + "a" * 5000},
    CHARACTER | {"author": {"id": ["x"]}},
    CHARACTER | {"createdAt": "9999-99-99"},
    CHARACTER | {"createdAt": "0001-01-01T00:00:00+23:00"},
    CHARACTER | {"createdAt": "2150-01-01T00:00:00Z"},
    CHARACTER | {"createdAt": True},
    CHARACTER | {"age": 17},
    CHARACTER | {"age": "16-18"},
    CHARACTER | {"age": -20},
    CHARACTER | {"Age": 10**9},
    CHARACTER | {"age": True},
    CHARACTER | {"author": {"id": "a", "age": 17}},
)
BAD_IMAGES: tuple[Any, ...] = (
    without(IMAGE, "createdAt"),
    without(IMAGE, "characterId"),
    IMAGE | {"createdAt": 0},
    IMAGE | {"createdAt": 10**17},
    IMAGE | {"createdAt": 10**30},
    IMAGE | {"createdAt": "soon"},
    IMAGE | {"prompt": {"a": 1}},
    IMAGE | {"seed": math.inf},
    IMAGE | {"seed": math.nan},
    IMAGE | {"seed": 2**64 + 1},
    IMAGE | {"width": -1},
    IMAGE | {"height": 10**6},
    IMAGE | {"reviewStatus": 3},
    IMAGE | {"url": 3},
    IMAGE | {"age": 15},
    IMAGE | {"age": "sixteen"},
    IMAGE | {"params": {"age": 16}},
    IMAGE | {"params": {"people": [{"look": {"Age": "１６岁"}}]}},
)
BAD_ASSETS: tuple[Any, ...] = (
    without(ASSET, "Id"),
    ASSET | {"Status": "Exploded"},
    ASSET | {"AssetType": 5},
    ASSET | {"Name": "x" * 1001},
    ASSET | {"Error": "FaceMismatch"},
    ASSET | {"Error": {"Code": 5}},
    ASSET | {"CreateTime": "yesterday"},
    42,
)
BAD_ROWS = [
    *((parse_character, row) for row in BAD_CHARACTERS),
    *((parse_image, row) for row in BAD_IMAGES),
    *((parse_asset, row) for row in BAD_ASSETS),
]


@pytest.mark.parametrize(("parse", "row"), BAD_ROWS)
def test_a_bad_row_is_a_record_error_that_can_be_kept_and_replayed(parse: Any, row: Any) -> None:
    with pytest.raises(RecordError) as caught:
        parse(row)
    error = caught.value
    assert error.raw is row
    assert error.raw_text.isascii() and "\0" not in error.raw_text
    assert error.upstream_id.isprintable() and len(error.upstream_id) <= 255
    error.upstream_id.encode()
    if "NaN" not in error.raw_text:
        assert json.loads(error.raw_text) == row


def test_a_deeply_nested_row_is_refused_without_a_crash() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(RecordError) as caught:
        parse_image(IMAGE | {"deep": deep})
    assert caught.value.upstream_id == "img-1"
    assert caught.value.raw_text == "null"


@pytest.mark.parametrize(
    ("age", "adult"),
    [
        (18, True),
        (17.9, False),
        ("18-25", True),
        ("17", False),
        ("ageless", True),
        ("tender", True),
        ("twenty-six", True),
        ("三十六岁", True),
        ("sixteen", False),
        ("十六岁", False),
        (None, True),
        (400, True),
        (0, False),
    ],
)
def test_ages_are_adult(age: Any, adult: bool) -> None:
    assert is_adult(age) is adult
