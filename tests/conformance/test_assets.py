"""Contract 4, line by line: POST /v1/private-avatar/assets/list."""

import httpx
import pytest

pytestmark = pytest.mark.django_db

PATH = "/v1/private-avatar/assets/list"
MODEL = "doubao-seedance-2-0-260128"
METADATA = {"RequestId", "Action", "Version", "Service", "Region"}
ITEM = {"Id", "GroupId", "Status", "AssetType", "Name", "CreateTime", "UpdateTime"}


def ask(target, token="assets", **body):
    sent = target.assets if token == "assets" else token
    return target.call("POST", PATH, sent, json={"model": MODEL, **body})


def listed(target, **body):
    answer = ask(target, **body)
    assert answer.status_code == 200, answer.text
    envelope = answer.json()
    assert set(envelope) == {"ResponseMetadata", "Result"}
    assert set(envelope["ResponseMetadata"]) == METADATA
    return envelope["Result"]


def everything(target, **body):
    items, number = [], 1
    while True:
        result = listed(target, PageNumber=number, PageSize=100, **body)
        items += result["Items"]
        if len(items) >= result["Total"]:
            return items
        number += 1


def failed(answer, status, code):
    assert answer.status_code == status, answer.text
    metadata = answer.json()["ResponseMetadata"]
    assert set(metadata) == METADATA | {"Error"}
    assert metadata["Error"]["Code"].startswith(code)
    assert isinstance(metadata["Error"]["Message"], str)


def test_the_envelope_and_the_defaults(target):
    result = listed(target)
    assert set(result) == {"Total", "PageNumber", "PageSize", "Items"}
    assert (result["PageNumber"], result["PageSize"], len(result["Items"])) == (1, 10, 10)
    metadata = ask(target).json()["ResponseMetadata"]
    assert (metadata["Action"], metadata["Version"], metadata["Service"]) == (
        "ListAssets", "2024-01-01", "ark",
    )  # fmt: skip
    times = [item["CreateTime"] for item in everything(target)]
    assert times == sorted(times, reverse=True)


def test_an_item_has_the_documented_fields(target):
    for item in everything(target):
        assert set(item) >= ITEM
        assert item["Status"] in {"Processing", "Active", "Failed"}
        assert item["AssetType"] in {"Image", "Video", "Audio"}
        assert ("URL" in item) <= (item["Status"] == "Active") or item["URL"] == ""


def test_pages_are_disjoint_and_complete(target):
    total = listed(target)["Total"]
    ids = []
    for number in range(1, -(-total // 7) + 1):
        ids += [item["Id"] for item in listed(target, PageNumber=number, PageSize=7)["Items"]]
    assert len(ids) == len(set(ids)) == total
    assert listed(target, PageNumber=1000)["Items"] == []


@pytest.mark.parametrize("sort", ["CreateTime", "UpdateTime", "GroupId"])
@pytest.mark.parametrize("order", ["Asc", "Desc"])
def test_sorting(target, sort, order):
    values = [item[sort] for item in everything(target, SortBy=sort, SortOrder=order)]
    assert values == sorted(values, reverse=order == "Desc")


def test_filters_narrow_together(target):
    whole = everything(target)
    group, status = whole[0]["GroupId"], whole[0]["Status"]
    found = everything(target, Filter={"GroupIds": [group], "Statuses": [status]})
    expected = [each for each in whole if (each["GroupId"], each["Status"]) == (group, status)]
    assert [each["Id"] for each in found] == [each["Id"] for each in expected]
    types = {
        kind: everything(target, Filter={"GroupType": kind}) for kind in ("AIGC", "LivenessFace")
    }
    assert sum(map(len, types.values())) == len(whole)
    name = whole[0]["Name"]
    assert whole[0]["Id"] in [each["Id"] for each in everything(target, Filter={"Name": name})]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": None}, "MissingParameter"),
        ({"model": "other"}, "InvalidParameter"),
        ({"PageNumber": 0}, "InvalidParameter"),
        ({"PageSize": 101}, "InvalidParameter"),
        ({"PageSize": "ten"}, "InvalidParameter"),
        ({"SortBy": "Name"}, "InvalidParameter"),
        ({"SortOrder": "asc"}, "InvalidParameter"),
        ({"Filter": {"GroupType": "Other"}}, "InvalidParameter"),
        ({"Filter": {"Statuses": ["Gone"]}}, "InvalidParameter"),
        ({"Filter": {"Statuses": "Active"}}, "InvalidParameter"),
    ],
)
def test_parameters_that_are_not_valid_are_400_with_their_code(target, body, code):
    failed(ask(target, **body), 400, code)


def test_an_unknown_group_is_404(target):
    failed(ask(target, Filter={"GroupIds": ["group-none"]}), 404, "NotFound.group_id")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_key_is_needed(target, token):
    failed(ask(target, token), 401, "")


def test_a_key_without_the_right_is_403(target):
    failed(ask(target, target.guest_like), 403, "AccessDenied")


def test_a_url_gives_the_bytes(target):
    urls = [item["URL"] for item in everything(target) if item.get("URL")]
    for url in urls[:2]:
        assert url.startswith(target.url)
        assert httpx.get(url, timeout=30).status_code == 200
