"""The typed clients against the sandbox, over real HTTP."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from upstream.clients.assets import AssetsClient, parse_asset
from upstream.clients.characters import CharactersClient, parse_character
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import RecordError, UpstreamError
from upstream.clients.gallery import GalleryClient, parse_image
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess

COVER = {
    "gender": "female",
    "age": "26-35",
    "ethnicity": "Asian",
    "bodyType": "Slim",
    "breastSize": "Medium",
    "buttSize": "Medium",
    "hairColor": "black",
    "hairStyle": "Long",
}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=600, characters=30, assets=60) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], period=7, dialect="page", latency=0, reset=True)
    return running


@pytest.fixture
def endpoint(sandbox: SandboxProcess) -> Callable[..., Endpoint]:
    def build(**changes: Any) -> Endpoint:
        defaults: dict[str, Any] = {
            "base_url": sandbox.url,
            "token": credentials.MEMBER_TOKEN,
            "key": credentials.SIGNED_KEY,
            "secret": credentials.SIGNED_SECRET,
            "rate": 0,
            "timeout": 5.0,
            "retry_wait": 0.01,
            "allow_private": True,
            "allow_hosts": frozenset({sandbox.host}),
        }
        return Endpoint(**(defaults | changes))

    return build


def walk_characters(endpoint: Endpoint) -> dict[str, str]:
    """id → name of everything that both lists show."""
    found: dict[str, str] = {}
    with CharactersClient(endpoint) as client:
        for listing in (client.list_public, client.list_own):
            number, more = 1, True
            while more:
                page = listing(number, 10)
                found |= {
                    record.upstream_id: record.name for record in map(parse_character, page.items)
                }
                number, more = number + 1, page.has_next
    return found


def walk_images(client: GalleryClient, character_id: str) -> list[Any]:
    items, page = [], client.list_images(character_id)
    items += page.items
    while page.next_cursor:
        page = client.list_images(character_id, page.next_cursor)
        items += page.items
    return items


def test_the_character_lists_add_up_to_the_total(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    assert len(walk_characters(endpoint())) == sandbox.stats()["totals"]["characters"]["records"]


def test_the_live_dialect_gives_the_same_characters(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    documented = walk_characters(endpoint())
    sandbox.control(dialect="live")
    assert walk_characters(endpoint()) == documented
    with CharactersClient(endpoint()) as client:
        record = parse_character(client.get(next(iter(documented))))
    assert record.author_id


def test_without_a_token_the_own_list_is_unauthorized(endpoint: Callable[..., Endpoint]) -> None:
    with CharactersClient(endpoint(token="")) as client:
        assert client.list_public(1, 5).items
        with pytest.raises(UpstreamError) as caught:
            client.list_own()
    assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)


def test_an_expired_token_is_refreshed_once_and_handed_on(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    kept: list[str] = []
    expired = endpoint(
        token=credentials.EXPIRED_TOKEN,
        refresh_token=credentials.REFRESH_TOKEN,
        on_token_refreshed=kept.append,
    )
    with CharactersClient(expired) as client:
        assert client.list_own().items
        assert client.list_own().items
    assert kept == [credentials.MEMBER_TOKEN_REFRESHED]
    assert sandbox.stats()["requests"]["POST /auth/refresh"] == 1


def test_a_wrong_refresh_token_leaves_the_call_unauthorized(
    endpoint: Callable[..., Endpoint],
) -> None:
    wrong = endpoint(token=credentials.EXPIRED_TOKEN, refresh_token="wrong")
    with CharactersClient(wrong) as client, pytest.raises(UpstreamError) as caught:
        client.list_own()
    assert caught.value.code == "unauthorized"


def test_an_unknown_character_is_not_found_for_good(endpoint: Callable[..., Endpoint]) -> None:
    with CharactersClient(endpoint()) as client, pytest.raises(UpstreamError) as caught:
        client.get("../../_sandbox/stats?x=1")
    assert (caught.value.code, caught.value.permanent) == ("not_found", True)


def test_knowledge_bases_come_by_priority(endpoint: Callable[..., Endpoint]) -> None:
    with CharactersClient(endpoint()) as client:
        lists = [client.list_knowledge_bases(name) for name in walk_characters(endpoint())]
    assert any(len(links) == 3 for links in lists)
    for links in lists:
        assert [priority for _, priority in links] == sorted(priority for _, priority in links)


@pytest.mark.parametrize("faults", [[], ["noid"]])
def test_a_member_reads_every_album_to_its_end(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint], faults: list[str]
) -> None:
    sandbox.control(faults=faults)
    with GalleryClient(endpoint()) as client:
        ids = [
            parse_image(raw).upstream_id
            for name in walk_characters(endpoint())
            for raw in walk_images(client, name)
        ]
    assert len(ids) == len(set(ids)) == sandbox.stats()["totals"]["images"]["records"] == 600
    assert any(one.startswith("derived:") for one in ids) is bool(faults)


def test_previews_say_that_a_membership_is_required(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    character = next(iter(walk_characters(endpoint())))
    with GalleryClient(endpoint(token=credentials.NON_MEMBER_TOKEN)) as client:
        page = client.list_images(character)
    assert (len(page.items), page.next_cursor, page.membership_required) == (6, None, True)
    with (
        GalleryClient(endpoint(token=credentials.BANNED_TOKEN)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.list_images(character)
    assert caught.value.code == "unauthorized"


@pytest.mark.parametrize("dialect", ["page", "live"])
def test_assets_are_listed_by_group_type_with_either_total(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint], dialect: str
) -> None:
    sandbox.control(dialect=dialect)
    expected = sandbox.stats()["totals"]["assets"]
    with AssetsClient(endpoint(token=credentials.ASSETS_TOKEN)) as client:
        for group_type in ("AIGC", "LivenessFace"):
            ids, number, more = set(), 1, True
            while more:
                page = client.list_assets(group_type, number, 7)
                assert page.total == expected[group_type]
                for raw in page.items:
                    record = parse_asset(raw, group_type=group_type)
                    ids.add(record.upstream_id)
                    assert (record.url is None) == (record.status != "Active")
                number, more = number + 1, page.has_next
            assert len(ids) == expected[group_type]


def test_the_asset_filters_narrow_the_list(endpoint: Callable[..., Endpoint]) -> None:
    with AssetsClient(endpoint()) as client:
        every = [parse_asset(raw) for raw in client.list_assets().items]
        failed = client.list_assets(statuses=["Failed"])
        assert {item["Status"] for item in failed.items} == {"Failed"}
        group = every[0].group_id
        grouped = client.list_assets(group_ids=[group], sort_by="GroupId", sort_order="Asc")
        assert {item["GroupId"] for item in grouped.items} == {group}
        assert client.list_assets(name="雀国").total == sum("雀国" in one.name for one in every)
        with pytest.raises(UpstreamError) as caught:
            client.list_assets(group_ids=["group-unknown"])
    assert (caught.value.code, caught.value.vendor_code) == ("not_found", "NotFound.group_id")


def test_a_token_without_the_right_is_forbidden(endpoint: Callable[..., Endpoint]) -> None:
    with (
        AssetsClient(endpoint(token=credentials.NON_MEMBER_TOKEN)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.list_assets()
    assert (caught.value.code, caught.value.vendor_code) == ("forbidden", "AccessDenied")


@pytest.mark.parametrize("fault", ["500", "truncated", "html200", "error200", "reset"])
def test_reads_survive_a_transient_fault(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint], fault: str
) -> None:
    expected = walk_characters(endpoint())
    sandbox.control(faults=[fault], period=2, reset=True)
    assert walk_characters(endpoint()) == expected
    with GalleryClient(endpoint()) as gallery, AssetsClient(endpoint()) as assets:
        for name in list(expected)[:3]:
            gallery.list_images(name)
            assets.list_assets("AIGC")
    assert sandbox.stats()["fired"][fault] >= 4


def test_all_transient_faults_together_lose_nothing(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    expected = walk_characters(endpoint())
    every = ["500", "429", "slow", "truncated", "html200", "error200", "reset"]
    sandbox.control(faults=every, period=2, slow_seconds=0.05, reset=True)
    for _ in range(2):
        assert walk_characters(endpoint()) == expected


def test_retry_after_is_honoured(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    sandbox.control(faults=["429"], period=2)
    with CharactersClient(endpoint()) as client:
        client.list_public()
        started = time.monotonic()
        client.list_public()
    assert 1.0 <= time.monotonic() - started < 3


def test_a_slow_upstream_times_out_and_is_asked_again(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    sandbox.control(faults=["slow"], period=2, slow_seconds=1.0)
    with CharactersClient(endpoint(timeout=0.3)) as client:
        for _ in range(2):
            assert client.list_public().items
    assert sandbox.stats()["requests"]["GET /characters/public"] == 3


def test_attempts_end_with_the_last_error(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    sandbox.control(latency=1.0)
    with (
        CharactersClient(endpoint(timeout=0.1, attempts=2)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.list_public()
    assert caught.value.code in {"timeout", "deadline"} and not caught.value.permanent


def test_bad_rows_fail_alone_and_are_counted_as_announced(
    sandbox: SandboxProcess, endpoint: Callable[..., Endpoint]
) -> None:
    sandbox.control(faults=["badrows"])
    expected = sandbox.stats()["totals"]["images"]
    good: set[str] = set()
    listed = bad = 0
    with CharactersClient(endpoint()) as characters, GalleryClient(endpoint()) as gallery:
        raws = characters.list_public(1, 100).items + characters.list_own(1, 100).items
        names = set()
        for raw in raws:
            try:
                names.add(parse_character(raw).upstream_id)
            except RecordError as error:
                assert error.raw is raw
        for name in names:
            for raw in walk_images(gallery, name):
                listed += 1
                try:
                    good.add(parse_image(raw).upstream_id)
                except RecordError:
                    bad += 1
    assert expected["bad"] > 0
    assert (listed, bad, len(good)) == (expected["listed"], expected["bad"], expected["records"])


def test_an_upstream_that_echoes_a_token_does_not_get_it_into_a_message(
    endpoint: Callable[..., Endpoint],
) -> None:
    secret = "group-token-in-a-message"
    with (
        AssetsClient(endpoint(refresh_token=secret)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.list_assets(group_ids=[secret])
    assert "***" in caught.value.message and secret not in str(caught.value)


def test_an_endpoint_shows_no_secret(endpoint: Callable[..., Endpoint]) -> None:
    shown = repr(endpoint(refresh_token=credentials.REFRESH_TOKEN))
    assert not any(
        secret in shown
        for secret in (
            credentials.MEMBER_TOKEN,
            credentials.SIGNED_KEY,
            credentials.SIGNED_SECRET,
            credentials.REFRESH_TOKEN,
        )
    )


def test_a_private_upstream_is_refused_unless_allowed(endpoint: Callable[..., Endpoint]) -> None:
    with (
        CharactersClient(endpoint(allow_private=False)) as client,
        pytest.raises(UpstreamError) as caught,
    ):
        client.list_public()
    assert (caught.value.code, caught.value.permanent) == ("address", True)
