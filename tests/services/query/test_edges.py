"""Where the bars of a histogram begin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from opendata.domain.schema import Field
from opendata.services.query.edges import list_edges


def _list(kind: str, least: Any, greatest: Any) -> list[Any]:
    return [edge.bound for edge in list_edges(Field.from_json({"name": "a", "type": kind}), least, greatest)]


@pytest.mark.parametrize(
    ("kind", "least", "greatest", "first", "second", "last"),
    [
        ("integer", 0, 100, 0, 10, 110),
        ("integer", 7, 9, 7, 8, 10),
        ("year", 1993, 2017, 1992, 1994, 2018),
        ("number", Decimal("0.25"), Decimal("0.31"), "0.25", "0.255", "0.315"),
        ("number", -5.0, 1205.0, -200, 0, 1400),
        ("date", date(2020, 2, 3), date(2020, 2, 20), "2020-02-03", "2020-02-05", "2020-02-21"),
        ("date", date(2018, 12, 29), date(2026, 10, 10), "2018-01-01", "2019-01-01", "2027-01-01"),
        ("date", date(2024, 2, 3), date(2024, 12, 31), "2024-02-01", "2024-03-01", "2025-01-01"),
        ("date", date(1, 1, 1), date(9999, 12, 31), "0001-01-01", "1000-01-01", "10000-01-01"),
        (
            *("datetime", datetime(2024, 1, 1, 0, 30, tzinfo=UTC), datetime(2024, 1, 1, 5, tzinfo=UTC)),
            *("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T06:00:00Z"),
        ),
    ],
)
def test_bars_begin_at_round_places_and_have_all_values(
    kind: str, least: Any, greatest: Any, first: Any, second: Any, last: Any
) -> None:
    found = _list(kind, least, greatest)
    assert (found[0], found[1], found[-1]) == (first, second, last)
    assert 3 <= len(found) <= 21


@pytest.mark.parametrize(
    ("kind", "least", "greatest"),
    [("integer", 3, 3), ("number", 1.0, float("inf")), ("number", None, None), ("string", "a", "b")],
)
def test_where_there_is_no_line_there_are_no_bars(kind: str, least: Any, greatest: Any) -> None:
    assert _list(kind, least, greatest) == []


@pytest.mark.parametrize(
    ("kind", "least", "greatest"),
    [
        ("date", date(2020, 1, 1), date(9999, 12, 31)),
        ("date", date(9999, 12, 20), date(9999, 12, 31)),
        ("datetime", datetime(9999, 12, 31, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_the_last_bar_has_the_last_of_all_days(kind: str, least: Any, greatest: Any) -> None:
    assert _list(kind, least, greatest)[-1].startswith("10000-01-01")
