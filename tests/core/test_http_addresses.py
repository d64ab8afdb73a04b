"""The guarded client's reach: which addresses and URLs it calls, and no other."""

import ipaddress
import json
import socket

import pytest

from core.addresses import is_private, is_public
from core.http import GuardedClient, Timeouts, TransferError, check_url
from tests.core.test_http import Server, client, fails, server, url

__all__ = ["client", "server", "url"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "::127.0.0.1",
        "100::1",
    ],
)
def test_no_inner_or_odd_address_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.0", "fe80::1", "::ffff:127.0.0.1", "fd00:ec2::254"]
)
def test_private_does_not_include_metadata_link_local_or_mapped(address: str) -> None:
    assert not is_private(ipaddress.ip_address(address))


def test_a_loopback_address_is_refused_unless_private_is_allowed(url: str) -> None:
    with GuardedClient() as strict:
        error = fails(strict, url)
    assert (error.code, error.permanent) == ("address", True)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "[::1]"])
def test_no_spelling_of_loopback_gets_around_the_check(server: Server, host: str) -> None:
    with GuardedClient() as strict:
        error = fails(strict, f"http://{host}:{server.server_port}/")
    assert error.code in {"address", "url", "dns"}
    assert error.permanent or error.code == "dns"


def test_allowed_hosts_narrow_private_to_one_host_and_port(server: Server, url: str) -> None:
    with GuardedClient(
        allow_private=True, allow_hosts=frozenset({("127.0.0.1", server.server_port)})
    ) as narrow:
        assert narrow.fetch("GET", url, max_bytes=10_000)[0].status == 200
        for elsewhere in ("http://127.0.0.1:9/", f"http://localhost:{server.server_port}/"):
            assert fails(narrow, f"{url}/to?to={elsewhere}").code == "address"
        assert fails(narrow, f"{url}/to?to=http://169.254.169.254/latest").code == "address"


def test_a_redirect_to_the_metadata_address_is_refused(client: GuardedClient, url: str) -> None:
    error = fails(client, f"{url}/to?to=http://169.254.169.254/latest/meta-data")
    assert (error.code, error.permanent) == ("address", True)


def test_the_checked_address_is_the_one_connected_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves differently the second time gains nothing: there is one lookup."""
    real, lookups = socket.getaddrinfo, []

    def rebinding(host: str, port: int, *args: object, **kwargs: object) -> object:
        if host != "rebind.test":
            return real(host, port, *args, **kwargs)  # type: ignore[arg-type]
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    target = f"http://rebind.test:{server.server_port}/"
    with GuardedClient(allow_private=True) as guarded:
        _, body = guarded.fetch("GET", target, max_bytes=10_000)
    assert json.loads(body)["host"] == f"rebind.test:{server.server_port}"
    assert lookups == ["rebind.test"]


def test_only_allowed_addresses_of_a_name_are_tried(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def mixed(host: str, port: int, *args: object, **kwargs: object) -> object:
        if host != "mixed.test":
            return real(host, port, *args, **kwargs)  # type: ignore[arg-type]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("169.254.169.254", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)
    target = f"http://mixed.test:{server.server_port}/"
    with GuardedClient(allow_private=True, timeouts=Timeouts(connect=1)) as guarded:
        assert guarded.fetch("GET", target, max_bytes=10_000)[0].status == 200


@pytest.mark.parametrize(
    "bad",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "http://",
        "http://user:secret@example.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://[::1/",
        "http://" + "a" * 9000,
        "http://\u0000/",
        "",
    ],
)
def test_urls_that_are_not_plain_http_are_refused(bad: str) -> None:
    with pytest.raises(TransferError) as caught:
        check_url(bad)
    assert (caught.value.code, caught.value.permanent) == ("url", True)


def test_a_header_that_cannot_be_sent_is_an_error_of_the_family(
    client: GuardedClient, url: str
) -> None:
    for value in ("Bearer \u4f60\n", "Bearer \ud800", "a\0b"):
        with pytest.raises(TransferError) as caught:
            client.fetch("GET", url, max_bytes=100, headers={"Authorization": value})
        assert (caught.value.code, caught.value.permanent) == ("header", True)
