"""A checked value becomes its Arrow value and its canonical text; what fits neither is an error of the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.types.casting import build_column
from opendata.tables.types.number import is_rounded
from opendata.tables.types.registry import TYPES

PARIS = timezone(timedelta(hours=2))
MOMENT = datetime(2020, 1, 1, 2, tzinfo=PARIS)
IN_UTC = "2020-01-01T00:00:00Z"


def find_overflow(field: dict[str, Any], value: Any) -> Problem | None:
    return TYPES[field["type"]].find_overflow(value, Field.from_json(field))


@pytest.mark.parametrize(
    ("value", "fits"), [(2**63 - 1, True), (-(2**63), True), (2**63, False), (-(2**63) - 1, False), (10**4000, False)]
)
def test_an_integer_fits_64_bits_or_is_to_be_declared_as_text(value: int, fits: bool) -> None:
    note = find_overflow({"name": "a", "type": "integer"}, value)
    assert (note is None) == fits
    assert fits or note == Problem("integer-too-large", "type")


@pytest.mark.parametrize(
    ("value", "scale", "fits"),
    [
        ("1.25", 2, True),
        ("1.250", 2, True),
        ("1.251", 2, False),
        ("1E+3", 0, True),
        ("9" * 36 + ".99", 2, True),
        ("9" * 37 + ".99", 2, False),
        ("1E+38", 0, False),
        ("1E+999999", 2, False),
        ("1E-999999", 2, False),
        ("0E-50", 2, True),
        ("-0.00", 2, True),
        ("NaN", 2, False),
        ("sNaN", 2, False),
        ("Infinity", 2, False),
    ],
)
def test_a_number_with_a_scale_has_38_digits(value: str, scale: int, fits: bool) -> None:
    field = {"name": "a", "type": "number", "opendata": {"scale": scale}}
    number = Decimal(value)
    assert (find_overflow(field, number) is None) == fits
    if fits:
        typed, _ = build_column(Field.from_json(field), [number], [value])
        assert (typed.type, typed.to_pylist()) == (pa.decimal128(38, scale), [number])


def test_a_float_is_rescaled_by_its_digits() -> None:
    field = {"name": "a", "type": "number", "floatNumber": True, "opendata": {"scale": 2}}
    assert find_overflow(field, 0.1) is None
    assert find_overflow(field, 0.125) is not None
    typed, text = build_column(Field.from_json(field), [0.1], ["0.1"])
    assert (typed.type, typed.to_pylist()) == (pa.decimal128(38, 2), [Decimal("0.10")])
    assert text.to_pylist() == ["0.1"]


@pytest.mark.parametrize(
    ("value", "fits"),
    [("1E+308", True), ("1E+309", False), ("-1E+999999", False), ("1E-400", True), ("Infinity", True), ("sNaN", False)],
)
def test_a_number_without_scale_fits_a_double(value: str, fits: bool) -> None:
    assert (find_overflow({"name": "a", "type": "number"}, Decimal(value)) is None) == fits


def test_a_moment_that_has_no_utc_time_does_not_fit() -> None:
    field = {"name": "a", "type": "datetime"}
    first = datetime(1, 1, 1)  # noqa: DTZ001
    assert find_overflow(field, first) is None
    assert find_overflow(field, first.replace(tzinfo=timezone(-timedelta(hours=2)))) is None
    assert find_overflow(field, first.replace(tzinfo=PARIS)) == Problem("moment-without-utc", "type")


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.1", False),
        ("123456789012345", False),
        ("0.1234567890123456789", True),
        ("12345678901234567890", True),
        ("12345678901234567000", False),
        ("Infinity", False),
        ("NaN", False),
    ],
)
def test_a_number_with_more_digits_than_a_double_keeps_is_rounded(value: str, rounded: bool) -> None:
    assert is_rounded(Decimal(value)) == rounded


@pytest.mark.parametrize(
    ("kind", "value", "cell", "arrow", "typed", "text"),
    [
        ("integer", 1, "01", pa.int64(), 1, "1"),
        ("number", Decimal("0.5"), "0,5", pa.float64(), 0.5, "0.5"),
        ("datetime", MOMENT, "any", pa.timestamp("us"), MOMENT.astimezone(UTC).replace(tzinfo=None), IN_UTC),
        ("string", "x", "x", pa.string(), "x", "x"),
    ],
)
def test_a_column_holds_each_cell_as_a_value_and_as_text(
    kind: str, value: Any, cell: str, arrow: pa.DataType, typed: Any, text: str
) -> None:
    values, texts = build_column(Field.from_json({"name": "a", "type": kind}), [value, None], [cell, "NA"])
    assert (values.type, values.to_pylist()) == (arrow, [typed, None])
    assert texts.to_pylist() == [text, None]
