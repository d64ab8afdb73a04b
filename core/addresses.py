"""Which network addresses an outbound connection may reach."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address

# What a development machine or an inner network uses; allowed only when a source says so.
PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7")
)

# The IANA special-purpose registries without the private blocks above, and what clouds use for
# their metadata services. None of these is ever a place to fetch from.
FORBIDDEN = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared address space; Alibaba Cloud's metadata is 100.100.100.200
        "169.254.0.0/16",  # link-local; the metadata address of most clouds
        "192.0.0.0/24",  # includes Oracle Cloud's 192.0.0.192
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform address, public by its number only
        "fd00:ec2::/32",  # AWS metadata over IPv6
        "fd20:ce::/32",  # Google Cloud's metadata over IPv6
    )
)

# IPv6 fetches go to global unicast only, without the ranges that carry an IPv4 address inside.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
TUNNELS = tuple(
    ipaddress.ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


def is_private(address: Address) -> bool:
    """Loopback and the private blocks, metadata services excepted."""
    return _within(address, PRIVATE) and not _within(address, FORBIDDEN)


def is_public(address: Address) -> bool:
    """An ordinary host of the internet.

    IPv4-mapped, NAT64, 6to4 and Teredo addresses are not: behind each is an IPv4 address that
    this check would not see.
    """
    if isinstance(address, IPv4Address):
        return not _within(address, PRIVATE) and not _within(address, FORBIDDEN)
    return address in GLOBAL_UNICAST and not _within(address, TUNNELS)


def _within(
    address: Address, blocks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    return any(address in block for block in blocks)
