"""Network addresses: the client behind trusted proxies, and how much of an address is kept."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from opendata.settings import KEEP_FULL, KEEP_NONE

_KEPT_BITS = {4: 24, 6: 48}
_COUNTED_BITS = {4: 32, 6: 64}
"""What one customer of a provider gets: wrong sign-ins are counted for all of it."""

_MAPPED = IPv6Network("::ffff:0:0/96")


def shorten_address(address: str | None, policy: str) -> str:
    """An address as it is kept: its network (IPv4 /24, IPv6 /48), all of it, or nothing. Empty for what is none."""
    found = _parse(address)
    if found is None or policy == KEEP_NONE:
        return ""
    return str(found) if policy == KEEP_FULL else _cut(found, _KEPT_BITS)


def name_source(address: str | None) -> str:
    """What counts as one source of requests: an IPv4 address, or the /64 network of an IPv6 address."""
    found = _parse(address)
    return "" if found is None else _cut(found, _COUNTED_BITS)


def is_within(address: str | None, networks: Sequence[str]) -> bool:
    """Whether an address belongs to one of these networks."""
    found = _parse(address)
    return found is not None and any(found in ip_network(item, strict=False) for item in networks)


def find_client(peer: str | None, forwarded: str | None, trusted: Sequence[str]) -> str | None:
    """The address of the client: the last one of `X-Forwarded-For` that isn't a trusted proxy's.

    The header counts only if `peer`, who sent the request, is a trusted proxy itself: anyone can send that header.
    """
    hops = [part.strip() for part in (forwarded or "").split(",") if part.strip()]
    client = peer
    while hops and is_within(client, trusted):
        hop = _parse(_without_port(hops.pop()))
        if hop is None:
            break
        client = str(hop)
    return client


def _parse(address: str | None) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found in _MAPPED:
        return found.ipv4_mapped
    return found


def _cut(address: IPv4Address | IPv6Address, bits: dict[int, int]) -> str:
    network = ip_network((address, bits[address.version]), strict=False)
    return str(network.network_address) if network.prefixlen == address.max_prefixlen else str(network)


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
