"""What is wrong with a portal to harvest."""

from __future__ import annotations

import pytest

from opendata.services.harvest.values import HarvestInput


@pytest.mark.parametrize(
    ("url", "is_right"),
    [
        ("https://example.org/data.json", True),
        ("https://example.org/oai?verb=Identify", True),
        ("https://example.org/data.json?apiKey=abc", False),
        ("https://example.org/data.json?a=b&token=", False),
        ("https://me@example.org/", False),
        ("sftp://example.org/data", False),
        ("nonsense", False),
    ],
)
def test_an_address_that_everybody_sees_has_no_key(url: str, is_right: bool) -> None:
    found = HarvestInput(title="邻市", url=url, kind="data.json", publisher="water-bureau").list_faults()
    assert [item.pointer for item in found] == ([] if is_right else ["/url"])
