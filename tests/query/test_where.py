"""Conditions find the rows that pandas finds, and the simple operators those that their SQL finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.query.filters import OPERATORS
from opendata.query.values import Filter
from tests.query.conftest import Asking
from tests.selection import examples

LETTERS = "ab%_'\\杭州Aé \"\n;-"
TEXTS = st.text(LETTERS, max_size=4)
DAYS = st.integers(0, 6).map(lambda day: date(2024, 2, 26) + timedelta(day))
CENTS = st.integers(-300, 300).map(lambda cents: Decimal(cents) / 100)
FLOATS = st.integers(-20, 20).map(lambda eighths: eighths / 8)
WHOLES = st.integers(-3, 3)

COLUMNS: dict[str, tuple[str, pa.DataType, st.SearchStrategy[Any]]] = {
    "文本": ("string", pa.string(), TEXTS),
    "n": ("Int64", pa.int64(), WHOLES),
    "m o": ("Int64", pa.int64(), WHOLES),
    'f"': ("Float64", pa.float64(), FLOATS),
    "钱": ("object", pa.decimal128(18, 2), CENTS),
    "day": ("object", pa.date32(), DAYS),
    "ok": ("boolean", pa.bool_(), st.booleans()),
}
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


@dataclass(frozen=True)
class Condition:
    """A condition as SQL, and as a mask over a frame: true, false or missing."""

    sql: str
    mask: Callable[[pd.DataFrame], pd.Series]


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"DATE '{value}'" if isinstance(value, date) else str(value)


def each(frame: pd.DataFrame, name: str, test: Callable[[Any], bool]) -> pd.Series:
    """A test of each value; a missing one gives a missing result."""
    return pd.Series([pd.NA if cell is pd.NA or cell is None else test(cell) for cell in frame[name]], dtype="boolean")


@st.composite
def leaves(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(list(COLUMNS)))
    _, kind, values = COLUMNS[name]
    shape = draw(st.sampled_from(["compare", "in", "between", "null", "sum", "like", "contains"]))
    column = quote(name)
    if shape == "null":
        return Condition(f"{column} IS NULL", lambda frame: frame[name].isna().astype("boolean"))
    if shape == "in":
        chosen = draw(st.lists(values, min_size=1, max_size=3))
        return Condition(
            f"{column} IN ({', '.join(map(write, chosen))})",
            lambda frame: each(frame, name, lambda cell: cell in chosen),
        )
    if shape == "between" and kind != pa.bool_():
        low, high = draw(values), draw(values)
        return Condition(
            f"{column} BETWEEN {write(low)} AND {write(high)}",
            lambda frame: each(frame, name, lambda cell: low <= cell <= high),
        )
    if shape == "sum":
        value, sign = draw(WHOLES), draw(st.sampled_from(list(COMPARED)))
        return Condition(
            f'n * 2 + "m o" {sign} {value}', lambda frame: COMPARED[sign](frame["n"] * 2 + frame["m o"], value)
        )
    if shape in ("like", "contains"):
        part = draw(st.text("ab杭州A'", min_size=1, max_size=2))
        if shape == "like":
            return Condition(
                f"文本 LIKE {write(part + '%')}", lambda frame: each(frame, "文本", lambda cell: cell.startswith(part))
            )
        return Condition(f"contains(文本, {write(part)})", lambda frame: each(frame, "文本", lambda cell: part in cell))
    value, sign = draw(values), draw(st.sampled_from(list(COMPARED)))
    if kind == pa.string():  # pandas compares by code points, the engine by bytes of UTF-8: the same order
        return Condition(
            f"{column} {sign} {write(value)}", lambda frame: each(frame, name, lambda cell: COMPARED[sign](cell, value))
        )
    return Condition(
        f"{column} {sign} {write(value)}", lambda frame: each(frame, name, lambda cell: COMPARED[sign](cell, value))
    )


def join(pair: tuple[Condition, Condition]) -> st.SearchStrategy[Condition]:
    one, other = pair
    return st.sampled_from(
        [
            Condition(f"({one.sql} AND {other.sql})", lambda frame: one.mask(frame) & other.mask(frame)),
            Condition(f"({one.sql} OR {other.sql})", lambda frame: one.mask(frame) | other.mask(frame)),
            Condition(f"NOT ({one.sql})", lambda frame: ~one.mask(frame)),
        ]
    )


CONDITIONS = st.recursive(leaves(), lambda inner: st.tuples(inner, inner).flatmap(join), max_leaves=6)


@st.composite
def tables(draw: st.DrawFn, rows: int = 12) -> pa.Table:
    count = draw(st.integers(0, rows))
    arrays = {
        name: pa.array(draw(st.lists(st.none() | values, min_size=count, max_size=count)), kind)
        for name, (_, kind, values) in COLUMNS.items()
    }
    return pa.table(arrays)


def frame_of(table: pa.Table) -> pd.DataFrame:
    cells = {name: table[name].to_pylist() for name in table.column_names}
    return pd.DataFrame(
        {
            name: pd.Series([pd.NA if cell is None else cell for cell in cells[name]], dtype=kind)  # type: ignore[call-overload]
            for name, (kind, _, _) in COLUMNS.items()
        }
    )


@pytest.mark.slow
@settings(max_examples=examples(400), suppress_health_check=list(HealthCheck))
@given(tables(), st.lists(CONDITIONS, min_size=1, max_size=5))
def test_a_condition_finds_the_rows_that_pandas_finds(
    asking: Asking, table: pa.Table, conditions: list[Condition]
) -> None:
    asking.tables.put("t", table)
    frame = frame_of(table)
    for condition in conditions:
        wanted = [number for number, is_it in enumerate(condition.mask(frame).fillna(False)) if is_it]
        page = asking.page(where=condition.sql, limit=10_000)
        assert page.rows.equals(table.take(pa.array(wanted, pa.int64()))), condition.sql
        assert page.total == len(wanted), condition.sql


WRITTEN: dict[str, Callable[[str, str, Any], str]] = {
    "exact": lambda column, value, _: f"{column} = {value}",
    "not": lambda column, value, _: f"{column} <> {value}",
    "gt": lambda column, value, _: f"{column} > {value}",
    "gte": lambda column, value, _: f"{column} >= {value}",
    "lt": lambda column, value, _: f"{column} < {value}",
    "lte": lambda column, value, _: f"{column} <= {value}",
    "in": lambda column, value, _: f"{column} IN ({value})",
    "notin": lambda column, value, _: f"{column} NOT IN ({value})",
    "contains": lambda column, _, text: f"contains(lower(CAST({column} AS TEXT)), lower({write(text)}))",
    "notcontains": lambda column, _, text: f"NOT contains(lower(CAST({column} AS TEXT)), lower({write(text)}))",
    "startswith": lambda column, _, text: f"starts_with(lower(CAST({column} AS TEXT)), lower({write(text)}))",
    "endswith": lambda column, _, text: f"ends_with(lower(CAST({column} AS TEXT)), lower({write(text)}))",
    "isnull": lambda column, _, text: f"{column} IS {'' if text == 'true' else 'NOT '}NULL",
}


AS_WRITTEN = ("contains", "notcontains", "startswith", "endswith")
"""What compares values as cells write them."""


@pytest.mark.slow
@settings(max_examples=examples(300), suppress_health_check=list(HealthCheck))
@given(tables(), st.data())
def test_a_simple_operator_finds_what_its_sql_finds(asking: Asking, table: pa.Table, data: st.DataObject) -> None:
    assert set(WRITTEN) == set(OPERATORS)
    asking.tables.put("t", table)
    for _ in range(4):
        name = data.draw(st.sampled_from(list(COLUMNS)))
        operator = data.draw(st.sampled_from(list(OPERATORS)))
        value = data.draw(COLUMNS[name][2].filter(lambda value: "," not in str(value)))
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if COLUMNS[name][0] == "Float64" and operator in AS_WRITTEN:
            operator = "exact"  # cells write floats in another way than the engine
        if operator == "isnull":
            text = data.draw(st.sampled_from(["true", "false"]))
        written = WRITTEN[operator](quote(name), write(value), text)
        simple = asking.page(filters=[Filter(name, operator, text)], limit=10_000)
        assert simple.rows.equals(asking.page(where=written, limit=10_000).rows), written
