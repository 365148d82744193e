"""Counts of a report lead to their findings, and warnings are said in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opendata.web.drafts.findings import list_counts, list_warnings
from tests.web.conftest import Portal


@pytest.fixture
def chinese(portal: Portal) -> Iterator[None]:
    with portal.app.test_request_context(headers={"Accept-Language": "zh"}):
        yield


@pytest.mark.usefixtures("chinese")
def test_counts_are_named_by_rule_and_find_their_findings() -> None:
    counts = [
        {"type": "missing-cell", "fieldName": "day", "rule": "missing-cell", "count": 1},
        {"type": "constraint-error", "fieldName": "kind", "rule": "pattern", "count": 2, "strength": "warning"},
    ]
    first, second = list_counts({"opendata": {"counts": counts}})
    assert (first.title, first.count, first.strength) == ("不符合格式规则", 2, "warning")
    assert first.query == {"type": "constraint-error", "field": "kind", "rule": "pattern", "strength": "warning"}
    assert (second.column, second.query["field"]) == ("day", "day")


@pytest.mark.usefixtures("chinese")
def test_warnings_are_the_readers_and_those_of_an_earlier_release_stay_as_they_were() -> None:
    coded = {"code": "spaced-moments", "params": {"field": "t", "count": 3}}
    assert list_warnings({"warnings": ["…"], "opendata": {"warnings": [coded]}}) == [
        "列“t”有 3 个单元格在日期与时刻之间用了空格。发布时写作“T”"
    ]
    assert list_warnings({"warnings": ["as it was"], "opendata": {}}) == ["as it was"]
