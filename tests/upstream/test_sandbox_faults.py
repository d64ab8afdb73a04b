"""Every named fault of the sandbox does what its help says, through our own transport."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from core.http import GuardedClient, TransferError
from upstream.clients.assets import AssetsClient, parse_asset
from upstream.clients.characters import CharactersClient, parse_character
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import RecordError
from upstream.clients.gallery import GalleryClient
from upstream.sandbox import credentials
from upstream.sandbox.faults import FAULTS, FaultPlan
from upstream.sandbox.process import SandboxProcess


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=2000, characters=120, assets=200) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], period=7, slow_seconds=3, reset=True)
    return running


@pytest.fixture
def endpoint(sandbox: SandboxProcess) -> Endpoint:
    return Endpoint(
        base_url=sandbox.url,
        token=credentials.MEMBER_TOKEN,
        rate=0,
        retry_wait=0.01,
        allow_private=True,
        allow_hosts=frozenset({sandbox.host}),
    )


@pytest.fixture
def guarded(sandbox: SandboxProcess) -> Iterator[GuardedClient]:
    hosts = frozenset({sandbox.host})
    with GuardedClient(allow_private=True, allow_hosts=hosts) as client:
        yield client


def public_ids(endpoint: Endpoint) -> list[str]:
    with CharactersClient(endpoint) as client:
        rows = client.list_public(1, 100).items
    return [row["id"] for row in rows if isinstance(row, dict) and isinstance(row["id"], str)]


def images(endpoint: Endpoint, characters: list[str]) -> list[dict[str, Any]]:
    with GalleryClient(endpoint) as client:
        return [row for name in characters for row in client.list_images(name).items]


def picture_with_digit(endpoint: Endpoint, digit: int) -> str:
    """The URL of an image whose index ends in `digit`."""
    rows = images(endpoint, public_ids(endpoint)[:20])
    return str(next(row["url"] for row in rows if int(row["id"].split("-")[1]) % 10 == digit))


def read_assets(endpoint: Endpoint, size: int = 100) -> list[Any]:
    rows, number, more = [], 1, True
    with AssetsClient(endpoint) as client:
        while more:
            page = client.list_assets("AIGC", number, size)
            rows += page.items
            number, more = number + 1, page.has_next
    return rows


def test_transient_faults_take_turns_and_never_meet_twice_in_a_row() -> None:
    plan = FaultPlan(["500", "429", "slow"])
    met = [plan.count("GET /a") for _ in range(42)]
    assert [at + 1 for at, name in enumerate(met) if name] == [7, 14, 21, 28, 35, 42]
    assert [name for name in met if name] == ["500", "429", "slow"] * 2
    assert plan.count("GET /b") is None


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unheard"):
        FaultPlan(["unheard"])


def test_429_says_when_to_come_back(sandbox: SandboxProcess) -> None:
    sandbox.control(faults=["429"], period=2)
    with httpx.Client(base_url=sandbox.url, trust_env=False) as plain:
        assert plain.get("/characters/public").status_code == 200
        refused = plain.get("/characters/public")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


def test_media_meet_transient_faults_too(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    url = picture_with_digit(endpoint, 1)
    sandbox.control(faults=["reset", "html200", "500"], period=2)
    seen: list[tuple[int | str, bytes]] = []
    for _ in range(6):
        try:
            reply, body = guarded.fetch("GET", url, max_bytes=10**7)
            seen.append((reply.status, body[:2]))
        except TransferError as error:
            seen.append((error.code, b""))
    picture = (200, b"\xff\xd8")
    failures = [(500, b'{"'), (200, b"<!"), ("truncated", b"")]
    assert seen == [one for failure in failures for one in (picture, failure)]


def test_shifting_rows_make_a_page_repeat_rows_and_end_after_six(
    sandbox: SandboxProcess, endpoint: Endpoint
) -> None:
    sandbox.control(faults=["shifting"])
    before = sandbox.stats()["totals"]["assets"]["AIGC"]
    first = read_assets(endpoint, 10)
    ids = [row["Id"] for row in first]
    assert len(ids) > len(set(ids)), "a row moved to the next page is seen twice"
    second = [row["Id"] for row in read_assets(endpoint, 10)]
    assert len(second) == len(set(second)) == before + 6
    assert set(ids) < set(second)


def test_a_cursor_may_lead_to_itself(sandbox: SandboxProcess, endpoint: Endpoint) -> None:
    [name] = public_ids(endpoint)[:1]
    sandbox.control(add={"kind": "images", "character": name, "count": 50})
    sandbox.control(faults=["cursorloop"])
    with GalleryClient(endpoint) as client:
        second = client.list_images(name).next_cursor
        assert client.list_images(name, second).next_cursor == second


def test_half_of_the_images_have_no_id(sandbox: SandboxProcess, endpoint: Endpoint) -> None:
    sandbox.control(faults=["noid"])
    rows = images(endpoint, public_ids(endpoint)[3:6])
    without = sum("id" not in row for row in rows)
    assert abs(without - len(rows) / 2) <= 3


def test_bad_rows_of_every_form_are_counted(sandbox: SandboxProcess, endpoint: Endpoint) -> None:
    sandbox.control(faults=["badrows"])
    totals = sandbox.stats()["totals"]
    good, bad, repeated = set(), 0, 0
    for group_type in ("AIGC", "LivenessFace"):
        with AssetsClient(endpoint) as client:
            rows = [
                row
                for number in (1, 2)
                for row in client.list_assets(group_type, number, 100).items
            ]
        for row in rows:
            try:
                name = parse_asset(row, group_type=group_type).upstream_id
                repeated += name in good
                good.add(name)
            except RecordError:
                bad += 1
    found = {"bad": bad, "duplicates": repeated, "records": len(good)}
    assert found == {name: totals["assets"][name] for name in found}
    assert bad and repeated
    with CharactersClient(endpoint) as client:
        raws = client.list_public(1, 100).items
    assert sum(_fails(raw) for raw in raws) == totals["characters"]["bad"] > 0


def _fails(raw: Any) -> bool:
    try:
        parse_character(raw)
    except RecordError:
        return True
    return False


def test_gone_rows_disappear_and_come_back(sandbox: SandboxProcess, endpoint: Endpoint) -> None:
    before = {row["Id"] for row in read_assets(endpoint)}
    sandbox.control(faults=["gone"])
    fewer = {row["Id"] for row in read_assets(endpoint)}
    totals = sandbox.stats()["totals"]
    assert fewer < before and totals["assets"]["AIGC"] == len(fewer)
    assert totals["characters"]["records"] < 120
    sandbox.control(faults=[])
    assert {row["Id"] for row in read_assets(endpoint)} == before


def test_changed_rows_have_another_content_and_the_same_id(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    names = public_ids(endpoint)[:20]
    before = {row["id"]: row for row in images(endpoint, names)}
    sandbox.control(faults=["changed"])
    after = {row["id"]: row for row in images(endpoint, names)}
    changed = [name for name in before if before[name]["prompt"] != after[name]["prompt"]]
    assert set(before) == set(after) and 0 < len(changed) < len(before) / 4
    old, new = (
        guarded.fetch("GET", rows[changed[0]]["url"], max_bytes=10**7)[1]
        for rows in (before, after)
    )
    assert old != new


def test_expired_links_are_refused(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    sandbox.control(faults=["expired"])
    link = next(row["URL"] for row in read_assets(endpoint) if "URL" in row)
    assert guarded.fetch("GET", link, max_bytes=10**7)[0].status == 403


def test_a_picture_that_redirects_inwards_is_refused(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    sandbox.control(faults=["redirect"])
    with pytest.raises(TransferError) as caught:
        guarded.fetch("GET", picture_with_digit(endpoint, 3), max_bytes=10**7)
    assert (caught.value.code, caught.value.permanent) == ("address", True)


def test_a_decompression_bomb_is_stopped_at_the_cap(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    sandbox.control(faults=["bomb"])
    with pytest.raises(TransferError) as caught:
        guarded.fetch("GET", picture_with_digit(endpoint, 4), max_bytes=20_000_000)
    assert (caught.value.code, caught.value.permanent) == ("too_large", True)


def test_a_pixel_bomb_is_small_and_claims_900_megapixels(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient, tmp_path: Any
) -> None:
    sandbox.control(faults=["pixelbomb"])
    _, body = guarded.fetch("GET", picture_with_digit(endpoint, 5), max_bytes=1_000_000)
    file = tmp_path / "bomb.png"
    file.write_bytes(body)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(file)


def test_a_wrong_type_is_html_called_a_picture(
    sandbox: SandboxProcess, endpoint: Endpoint, guarded: GuardedClient
) -> None:
    sandbox.control(faults=["wrongtype"])
    reply, body = guarded.fetch("GET", picture_with_digit(endpoint, 6), max_bytes=1_000_000)
    assert reply.headers["content-type"] == "image/jpeg" and body.startswith(b"<!doctype html>")


def test_stats_count_the_pictures_that_meet_a_fault(sandbox: SandboxProcess) -> None:
    sandbox.control(faults=["redirect", "bomb", "pixelbomb", "wrongtype"])
    met = sandbox.stats()["totals"]["images"]
    for name in ("redirect", "bomb", "pixelbomb", "wrongtype"):
        assert met[name] == met["listed"] / 10


def test_every_fault_is_explained() -> None:
    assert all(len(words) > 20 for words in FAULTS.values())
