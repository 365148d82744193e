"""Addresses: how much of one is kept, what counts as one source, and whose word for it is believed."""

from __future__ import annotations

import pytest

from opendata.domain.access.addresses import find_client, name_source, shorten_address


@pytest.mark.parametrize(
    ("address", "kept", "source"),
    [
        ("203.0.113.77", "203.0.113.0/24", "203.0.113.77"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "203.0.113.0/24", "203.0.113.77"),
        ("fe80::1%eth0", "fe80::/48", "fe80::/64"),
        ("", "", ""),
        (None, "", ""),
        ("unix:", "", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str | None, kept: str, source: str) -> None:
    assert shorten_address(address, "truncated") == kept
    assert shorten_address(address, "none") == ""
    assert name_source(address) == source


def test_a_whole_address_is_kept_where_the_policy_says_so() -> None:
    assert shorten_address("203.0.113.77", "full") == "203.0.113.77"


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("203.0.113.1", "198.51.100.9", (), "203.0.113.1"),
        ("203.0.113.1", "198.51.100.9", ("10.0.0.0/8",), "203.0.113.1"),
        ("10.0.0.1", "198.51.100.9", ("10.0.0.0/8",), "198.51.100.9"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.9", ("10.0.0.0/8",), "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.9"),
        ("10.0.0.1", "10.0.0.3", ("10.0.0.0/8",), "10.0.0.3"),
        ("10.0.0.1", "nonsense", ("10.0.0.0/8",), "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9:4711", ("10.0.0.1",), "198.51.100.9"),
        ("::1", "[2001:db8::1]:80", ("::1",), "2001:db8::1"),
        ("10.0.0.1", None, ("10.0.0.1",), "10.0.0.1"),
        (None, "198.51.100.9", ("10.0.0.1",), None),
    ],
)
def test_only_a_trusted_proxy_says_who_the_client_is(
    peer: str | None, forwarded: str | None, trusted: tuple[str, ...], client: str | None
) -> None:
    assert find_client(peer, forwarded, trusted) == client
