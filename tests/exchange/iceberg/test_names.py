"""Names of datasets and tables in SQL."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.exchange.iceberg.names import list_ids, name_id

IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{1,12}", fullmatch=True)


def nobody(identifier: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("air-quality", "air_quality"),
        ("air_quality", "air_quality"),
        ("gdp", "gdp"),
        ("2024-budget", "_2024_budget"),
        ("a--b", "a___b"),
        ("a-b_c", "a_b__c"),
        ("a-----b", "_x612d2d2d2d2d62"),
    ],
)
def test_an_id_has_a_plain_name(identifier: str, name: str) -> None:
    assert name_id(identifier, nobody) == name
    assert identifier in list_ids(name)


def test_an_id_with_underscores_gives_way_to_the_one_with_hyphens() -> None:
    assert name_id("air_quality", {"air-quality"}.__contains__) == "air__quality"
    assert next(iter(list_ids("air_quality"))) == "air-quality"


@given(st.sets(IDS, min_size=2, max_size=6))
def test_names_need_no_quotes_differ_and_lead_back(identifiers: set[str]) -> None:
    names = {name_id(item, identifiers.__contains__): item for item in identifiers}
    assert len(names) == len(identifiers)
    for name, identifier in names.items():
        assert re.fullmatch("[a-z_][a-z0-9_]*", name)
        assert identifier in list_ids(name)
        assert identifier in list_ids(name_id(identifier, lambda _: True))
