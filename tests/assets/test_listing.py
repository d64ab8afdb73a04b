"""Contract 4 over real HTTP: filters, sorting, pages, what the review means, links, errors."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.db import connection
from django.test import Client as InProcess
from django.test.utils import CaptureQueriesContext

from accounts.keys import Limits, issue_key
from accounts.models import User
from accounts.services import ban_user
from assets.models import Asset
from media import services as media
from media.models import ViewLog
from moderation.actors import Actor
from moderation.services import Request, decide
from tests.factories import make_asset, make_group, make_person, make_source
from tests.media import samples
from tests.moderation.again import WAYS, approved, pending_again

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/v1/private-avatar/assets/list"
MODEL = "doubao-seedance-2-0-260128"
META = {"RequestId", "Action", "Version", "Service", "Region"}
ITEM = {"Id", "GroupId", "Status", "AssetType", "Name", "CreateTime", "UpdateTime"}
START = datetime(2026, 3, 18, 7, 10, 9, tzinfo=UTC)


class Lister:
    """The endpoint, called with a key of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = key("lister")

    def post(self, body: Any, key: str | None = "", **options: Any) -> httpx.Response:
        bearer = self.key if key == "" else key
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        payload = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx.post(self.url + PATH, headers=headers, timeout=20, **payload, **options)

    def result(self, key: str = "", **body: Any) -> Any:
        answer = self.post({"model": MODEL, **body}, key)
        assert answer.status_code == 200, answer.text
        whole = answer.json()
        assert set(whole) == {"ResponseMetadata", "Result"}
        assert set(whole["ResponseMetadata"]) == META
        assert set(whole["Result"]) == {"Total", "PageNumber", "PageSize", "Items"}
        return whole["Result"]

    def ids(self, **body: Any) -> list[str]:
        result = self.result(**body)
        assert len(result["Items"]) <= result["Total"]
        return [item["Id"] for item in result["Items"]]


def key(name: str, **options: Any) -> str:
    scopes, source = options.pop("scopes", ["assets"]), options.pop("source", "")
    person = make_person(name)
    return issue_key(user=person, scopes=scopes, source=source, limits=Limits(**options)).plain


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"ResponseMetadata"}
    assert set(body["ResponseMetadata"]) == META | {"Error"}
    assert body["ResponseMetadata"]["Error"]["Code"] == code
    assert len(body["ResponseMetadata"]["Error"]["Message"]) > 5


@pytest.fixture
def lister(server, transactional_db) -> Lister:
    return Lister(server.url)


@pytest.fixture
def source(transactional_db):
    return make_source("assets", kind="assets")


def asset(asset_id: str, *, minutes: int = 0, data: bytes = b"", **fields: Any) -> Asset:
    """An approved one, made so many minutes after START."""
    at = START + timedelta(minutes=minutes)
    fields = {
        "upstream_id": asset_id, "review_status": "approved", "created_at": at, "updated_at": at,
        **fields,
    }  # fmt: skip
    made = make_asset(**fields)
    if data:
        media.store_bytes(
            data=data,
            subject_type=made.subject_type(),
            subject_id=made.pk,
            sensitive=made.group.group_type != "AIGC",
        )
    return made


def act(action: str, subject: Asset, *, role: str = "lead", **words: Any) -> None:
    actor = Actor.person(make_person(role=role))
    request = Request(action, subject=subject.subject_key, **words)
    assert decide(requests=[request], actor=actor).results[0].status == "applied"


def test_an_item_has_the_contracts_fields_and_our_own_link(lister, source):
    group = make_group(source=source, upstream_id="group-1")
    asset("asset-1", group=group, name="雀国华", data=samples.png())
    result = lister.result()
    assert (result["Total"], result["PageNumber"], result["PageSize"]) == (1, 1, 10)
    (item,) = result["Items"]
    assert set(item) == ITEM | {"URL"}
    assert (item["Id"], item["GroupId"], item["Name"]) == ("asset-1", "group-1", "雀国华")
    assert (item["Status"], item["AssetType"]) == ("Active", "Image")
    assert item["CreateTime"] == item["UpdateTime"] == "2026-03-18T07:10:09Z"
    assert item["URL"].startswith(f"{lister.url}/media/")
    assert httpx.get(item["URL"]).headers["Content-Type"] == "image/png"
    meta = lister.post({"model": MODEL}).json()["ResponseMetadata"]
    assert re.fullmatch(r"\d{14}[0-9A-F]{20}", meta["RequestId"])
    assert (meta["Action"], meta["Version"], meta["Service"]) == ("ListAssets", "2024-01-01", "ark")


STATES = {
    "approved": ({}, "Active"),
    "approved-processing": ({"status": "Processing"}, "Processing"),
    "pending": ({"review_status": "pending"}, "Processing"),
    "pending-failed": ({"review_status": "pending", "status": "Failed"}, "Failed"),
    "rejected": ({"review_status": "rejected"}, "Failed"),
    "hidden": ({"review_status": "pending", "hidden": True}, "Processing"),
    "hidden-approved": ({"hidden": True}, "Processing"),
    "purged": ({"review_status": "purged"}, None),
    "held": ({"held": True}, None),
    "held-rejected": ({"review_status": "rejected", "held": True}, None),
}


def test_what_the_review_means_for_what_is_shown(lister, source):
    for number, (name, (state, _)) in enumerate(STATES.items()):
        failed = {"error_code": "FaceMismatch", "error_message": "no"}
        more = failed if state.get("status") == "Failed" else {}
        asset(name, data=samples.png(seed=number), **state, **more)
    result = lister.result(PageSize=100)
    shown = {item["Id"]: item for item in result["Items"]}
    expected = {name: status for name, (_, status) in STATES.items() if status}
    assert {name: item["Status"] for name, item in shown.items()} == expected
    assert result["Total"] == len(expected)
    assert {name for name, item in shown.items() if "URL" in item} == {"approved"}
    assert shown["rejected"]["Error"]["Code"] == "ContentRejected"
    assert shown["pending-failed"]["Error"] == {"Code": "FaceMismatch", "Message": "no"}
    assert {name for name, item in shown.items() if "Error" in item} == {
        "rejected", "pending-failed",
    }  # fmt: skip
    for statuses in (["Active"], ["Processing"], ["Failed"], ["Active", "Failed"]):
        wanted = {name for name, status in expected.items() if status in statuses}
        filtered = lister.result(Filter={"Statuses": statuses}, PageSize=100)
        assert {item["Id"] for item in filtered["Items"]} == wanted
        assert filtered["Total"] == len(wanted)


def test_a_decision_changes_the_list_and_ends_the_link(lister, source):
    one = asset("one", data=samples.png())
    url = lister.result()["Items"][0]["URL"]
    assert httpx.get(url).status_code == 200
    act("reject", one, reason="spam")
    assert httpx.get(url).status_code == 404
    assert lister.result()["Items"][0]["Status"] == "Failed"
    act("approve", one)
    assert httpx.get(lister.result()["Items"][0]["URL"]).status_code == 200
    act("hold", one, note="evidence")
    assert lister.result()["Total"] == 0
    act("release", one, note="none")
    act("reject", one, reason="spam")
    act("purge", one, reason="spam")
    assert lister.result() == {"Total": 0, "PageNumber": 1, "PageSize": 10, "Items": []}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_processing_again_has_no_link_from_before(lister, source, way):
    one = asset("one", data=samples.png(), review_status="pending")
    batch = approved(one)
    url = lister.result()["Items"][0]["URL"]
    assert httpx.get(url).status_code == 200
    pending_again(way, one, batch)
    (item,) = lister.result()["Items"]
    assert (item["Status"], "URL" in item) == ("Processing", False)
    assert httpx.get(url).status_code == 404
    act("approve", one)
    assert httpx.get(lister.result()["Items"][0]["URL"]).status_code == 200


def test_links_are_good_for_twelve_hours(source):
    asset("one", data=samples.png())
    client, bearer = InProcess(), key("reader")
    body = {"model": MODEL}
    answer = client.post(
        PATH, body, content_type="application/json", headers={"Authorization": f"Bearer {bearer}"}
    )
    path = "/media/" + answer.json()["Result"]["Items"][0]["URL"].rsplit("/media/", 1)[1]
    now = time.time()
    for hours, status in ((11.9, 200), (12.1, 404)):
        with time_machine.travel(now + hours * 3600, tick=False):
            assert client.get(path).status_code == status


def test_every_view_of_a_real_face_is_logged_with_whose_key_it_was(lister, source):
    for name in ("AIGC", "LivenessFace", ""):
        group = make_group(source=source, group_type=name)
        asset(f"of-{name}", group=group, data=samples.png(seed=len(name)))
    urls = {item["Id"]: item["URL"] for item in lister.result()["Items"]}
    for _ in range(2):
        for url in urls.values():
            assert httpx.get(url).status_code == 200
    lister_id = User.objects.get(username="lister").pk
    seen = Asset.objects.in_bulk(ViewLog.objects.values_list("subject_id", flat=True))
    assert {each.upstream_id for each in seen.values()} == {"of-LivenessFace", "of-"}
    assert list(ViewLog.objects.values_list("user_id", "purpose")) == [(lister_id, "client")] * 4


def test_filters(lister, source):
    one = make_group(source=source, upstream_id="one")
    two = make_group(source=source, upstream_id="two", group_type="LivenessFace")
    three = make_group(source=source, upstream_id="three", group_type="")
    for number, (name, group) in enumerate((("Ada", one), ("ada 2", two), ("雀国华", three))):
        asset(f"asset-{number}", minutes=number, name=name, group=group)

    def found(**filters: Any) -> list[str]:
        result = lister.result(Filter=filters)
        assert result["Total"] == len(result["Items"])
        return [item["Name"] for item in result["Items"]]

    assert found() == found(GroupIds=[], Statuses=[], Name="", GroupType="") == [
        "雀国华", "ada 2", "Ada",
    ]  # fmt: skip
    assert found(GroupIds=["one", "three"]) == ["雀国华", "Ada"]
    assert found(GroupType="AIGC") == ["Ada"]
    assert found(GroupType="LivenessFace") == ["雀国华", "ada 2"]
    assert found(Name="ADA") == ["ada 2", "Ada"]
    assert found(Name="国") == ["雀国华"]
    assert found(Name="%") == found(Name="_") == []
    assert found(Name="a", GroupIds=["two"], GroupType="LivenessFace") == ["ada 2"]
    assert found(GroupIds=["one"], GroupType="LivenessFace") == []


def test_sorting_and_pages(lister, source):
    groups = [make_group(source=source, upstream_id=name) for name in ("b", "a")]
    for number in range(6):
        made = asset(f"n{number}", minutes=number, group=groups[number % 2])
        Asset.objects.filter(pk=made.pk).update(updated_at=START - timedelta(minutes=number))
    newest = [f"n{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert lister.ids() == lister.ids(SortBy="CreateTime", SortOrder="Desc") == newest
    assert lister.ids(SortOrder="Asc") == newest[::-1]
    assert lister.ids(SortBy="UpdateTime") == newest[::-1]
    assert lister.ids(SortBy="UpdateTime", SortOrder="Asc") == newest
    by_group = ["n1", "n3", "n5", "n0", "n2", "n4"]
    assert lister.ids(SortBy="GroupId", SortOrder="Asc") == by_group
    assert lister.ids(SortBy="GroupId") == by_group[::-1]
    for sort in ("CreateTime", "UpdateTime", "GroupId"):
        paged = [
            name
            for page in (1, 2, 3, 4)
            for name in lister.ids(SortBy=sort, PageNumber=page, PageSize=2)
        ]
        assert paged == lister.ids(SortBy=sort)
    beyond = lister.result(PageNumber=10**9, PageSize=100)
    assert (beyond["Items"], beyond["Total"]) == ([], 6)
    nulls = dict.fromkeys(("Filter", "PageNumber", "PageSize", "SortBy", "SortOrder"))
    assert lister.ids(**nulls) == newest


def test_rows_of_one_moment_are_each_on_one_page(lister, source):
    for number in range(7):
        asset(f"n{number}", group=make_group(source=source))
    seen = [name for page in range(1, 5) for name in lister.ids(PageNumber=page, PageSize=2)]
    assert sorted(seen) == [f"n{number}" for number in range(7)]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "MissingParameter.model"), ({"model": ""}, "MissingParameter.model"),
    ({"model": "gpt"}, "InvalidParameter.model"), ({"model": 7}, "InvalidParameter.model"),
    ({"Filter": []}, "InvalidParameter.Filter"), ({"Filter": "x"}, "InvalidParameter.Filter"),
    ({"Filter": {"GroupIds": "x"}}, "InvalidParameter.Filter.GroupIds"),
    ({"Filter": {"GroupIds": [7]}}, "InvalidParameter.Filter.GroupIds"),
    ({"Filter": {"GroupIds": ["a\0b"]}}, "InvalidParameter.Filter.GroupIds"),
    ({"Filter": {"GroupType": "Face"}}, "InvalidParameter.Filter.GroupType"),
    ({"Filter": {"Statuses": ["active"]}}, "InvalidParameter.Filter.Statuses"),
    ({"Filter": {"Statuses": [None]}}, "InvalidParameter.Filter.Statuses"),
    ({"Filter": {"Name": 7}}, "InvalidParameter.Filter.Name"),
    ({"Filter": {"Name": "a\0b"}}, "InvalidParameter.Filter.Name"),
    ({"PageNumber": 0}, "InvalidParameter.PageNumber"),
    ({"PageNumber": "1"}, "InvalidParameter.PageNumber"),
    ({"PageNumber": 10**30}, "InvalidParameter.PageNumber"),
    ({"PageNumber": True}, "InvalidParameter.PageNumber"),
    ({"PageSize": 101}, "InvalidParameter.PageSize"),
    ({"PageSize": 0}, "InvalidParameter.PageSize"),
    ({"PageSize": 1.5}, "InvalidParameter.PageSize"),
    ({"SortBy": "Name"}, "InvalidParameter.SortBy"),
    ({"SortOrder": "asc"}, "InvalidParameter.SortOrder"),
]  # fmt: skip


def test_errors_have_the_contracts_form_and_codes(lister, source):
    asset("one")
    for change, code in WRONG:
        refused(lister.post({"model": MODEL} | change), 400, code)
    refused(lister.post({}), 400, "MissingParameter.model")
    for body in (b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 50_000):
        refused(lister.post(body), 400, "InvalidParameter")
    refused(lister.post(b" " * 70_000), 413, "InvalidParameter.body")
    unknown = {"model": MODEL, "Filter": {"GroupIds": ["no-such-group"]}}
    refused(lister.post(unknown), 404, "NotFound.group_id")
    for path in ("/v1/private-avatar", "/v1/private-avatar/assets/get", PATH + "/"):
        answer = httpx.post(lister.url + path, json={"model": MODEL})
        refused(answer, 404, "NotFound")
    refused(httpx.get(lister.url + PATH), 405, "MethodNotAllowed")


def test_keys(lister, source):
    asset("one")
    body = {"model": MODEL}
    refused(lister.post(body, None), 401, "AuthenticationError")
    refused(lister.post(body, "gh_nonsense"), 401, "AuthenticationError")
    refused(lister.post(body, key("other", scopes=["characters", "public"])), 403, "AccessDenied")
    spent = key("spent", call_limit=1)
    assert lister.post(body, spent).status_code == 200
    refused(lister.post(body, spent), 429, "QuotaExceeded")
    slow = key("slow", per_minute=1)
    answers = [lister.post(body, slow) for _ in range(3)]
    limited = next(answer for answer in answers if answer.status_code != 200)
    refused(limited, 429, "RateLimitExceeded")
    assert int(limited.headers["Retry-After"]) >= 1
    ban_user(user=User.objects.get(username="lister"))
    refused(lister.post(body), 401, "AuthenticationError")


def test_a_key_narrowed_to_a_source_sees_that_one_alone(lister, source):
    other = make_source("other", kind="assets")
    make_source("gallery-7", kind="gallery")
    groups = {each: make_group(source=each, upstream_id="same") for each in (source, other)}
    make_group(source=other, upstream_id="others")
    asset("mine", group=groups[source])
    asset("theirs", group=groups[other])
    asset("shared", group=groups[source], name="first")
    asset("shared", group=groups[other], name="second")
    narrowed = {name: key(f"at-{name}", source=name) for name in ("assets", "other", "gallery-7")}

    def names(bearer: str = "") -> set[tuple[str, str]]:
        result = lister.result(bearer)
        assert result["Total"] == len(result["Items"])
        return {(item["Id"], item["Name"]) for item in result["Items"]}

    assert {pair[0] for pair in names()} == {"mine", "theirs", "shared"}
    assert ("shared", "first") in names() and ("shared", "second") not in names()
    assert {pair[0] for pair in names(narrowed["assets"])} == {"mine", "shared"}
    assert ("shared", "second") in names(narrowed["other"])
    assert names(narrowed["gallery-7"]) == set()
    body = {"model": MODEL, "Filter": {"GroupIds": ["others"]}}
    refused(lister.post(body, narrowed["assets"]), 404, "NotFound.group_id")
    assert lister.post(body, narrowed["other"]).json()["Result"]["Total"] == 0


def test_a_long_page_takes_no_more_queries_than_a_short_one(source):
    group, bearer, client = make_group(source=source), key("reader"), InProcess()
    used = []
    for number in range(20):
        asset(f"n{number}", minutes=number, group=group, data=samples.png(seed=number))
    for size in (2, 20):
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(
                PATH,
                {"model": MODEL, "PageSize": size, "Filter": {"GroupIds": [group.upstream_id]}},
                content_type="application/json",
                headers={"Authorization": f"Bearer {bearer}"},
            )
        assert len(answer.json()["Result"]["Items"]) == size
        used.append(len(queries))
    # The key (and once a minute its use), sources, groups, total, page, links, rows.
    assert used[1] <= used[0] <= 8
