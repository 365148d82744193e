"""The canonical text of a value is one, whoever writes it: alone, a column at a time, or in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.types.canonical import write_column, write_number_column, write_value
from opendata.tables.types.registry import write_text

PARIS = timezone(timedelta(hours=2))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("kind", "value", "source", "text"),
    [
        ("integer", 7, "007", "7"),
        ("integer", -5, " -5", "-5"),
        ("number", Decimal("1234.50"), "1.234,50", "1234.50"),
        ("number", Decimal("1E+5"), "1e5", "1E+5"),
        ("number", Decimal("1E-7"), "1e-7", "0.0000001"),
        ("number", Decimal("NaN"), "nan", "NaN"),
        ("number", Decimal("Infinity"), "inf", "INF"),
        ("number", Decimal("-Infinity"), "-INF", "-INF"),
        ("number", 0.1, "0.1", "0.1"),
        ("boolean", True, "oui", "true"),
        ("boolean", False, "0", "false"),
        ("date", date(2020, 12, 31), "31/12/2020", "2020-12-31"),
        ("date", date(987, 1, 2), "0987-1-2", "0987-01-02"),
        ("datetime", datetime(2020, 1, 2, 3, 4, 5), "any", "2020-01-02T03:04:05"),  # noqa: DTZ001
        ("datetime", datetime(2020, 1, 2, 3, 4, 5, 60, tzinfo=PARIS), "any", "2020-01-02T01:04:05.000060Z"),
        ("time", time(3, 4, 5), "03:04:05", "03:04:05"),
        ("string", " a ", " a ", " a "),
        ("year", 2020, "2020", "2020"),
        ("any", "1.0", "1.0", "1.0"),
        ("object", {"b": 1, "a": 2}, '{"b":1, "a":2}', '{"b":1, "a":2}'),
        ("integer", None, "NA", None),
        ("string", None, "", None),
    ],
)
def test_the_canonical_text_of_a_value(kind: str, value: Any, source: str, text: str | None) -> None:
    assert write_text(kind, value, source) == text


@given(number=DECIMALS)
def test_the_text_of_a_number_is_that_number_to_the_last_digit(number: Decimal) -> None:
    text = write_text("number", number, "")
    assert text is not None
    assert Decimal(text) == number
    assert write_text("number", Decimal(text), "") == text


KEPT = {
    "boolean": (pa.bool_(), st.booleans()),
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "date": (pa.date32(), st.dates()),
    "datetime": (pa.timestamp("us"), st.datetimes()),
    "number": (pa.decimal128(38, 9), st.decimals(-(10**20), 10**20, places=9)),
}


@pytest.mark.parametrize("kind", KEPT)
@given(data=st.data())
def test_a_column_has_the_texts_of_its_values(kind: str, data: st.DataObject) -> None:
    wanted, strategy = KEPT[kind]
    values = data.draw(st.lists(st.none() | strategy))
    texts = write_column(pa.array(values, wanted)).to_pylist()
    assert texts == [write_text(kind, value, "") for value in values]
    assert [text or "" for text in texts] == [write_value(value) for value in values]


@given(values=st.lists(st.floats()))
def test_the_text_of_a_double_is_that_double(values: list[float]) -> None:
    column = pa.array(values, pa.float64())
    for texts in (write_column(column).to_pylist(), [write_value(value) for value in values]):
        assert all(float(text) == value or value != value for text, value in zip(texts, values, strict=True))
        assert {text for text in texts if not text[-1].isdigit()} <= {"NaN", "INF", "-INF"}


@given(numbers=st.lists(st.integers(-(10**15), 10**15)))
def test_equal_numbers_have_one_text_whatever_type_has_them(numbers: list[int]) -> None:
    wanted = [str(number) for number in numbers]
    for kind in (pa.int64(), pa.float64(), pa.decimal128(38, 3)):
        assert write_number_column(pa.array(numbers, pa.int64()).cast(kind)).to_pylist() == wanted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (1.0, "1"),
        (float("nan"), "NaN"),
        (float("-inf"), "-INF"),
        (0.1, "0.1"),
        (datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01T00:00:00Z"),
        (time(3, 4), "03:04:00"),
        ("x", "x"),
    ],
)
def test_a_value_of_a_finished_table_is_written_by_its_type(value: Any, text: str) -> None:
    assert write_value(value) == text
