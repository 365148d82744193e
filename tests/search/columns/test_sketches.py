"""Sketches of columns against exact numbers: nothing that is there is denied, shares err as little as is promised."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.search.columns.filters import PAGE_BYTES, find_place, may_be_in
from opendata.search.columns.joining import Overlap, find_margin, measure_overlap
from opendata.search.columns.judging import JoinColumn, are_joined, may_be_joined
from opendata.search.columns.sketches import (
    ColumnSketch,
    hash_text,
    read_sketches,
    sketch_columns,
    write_sketches,
)
from opendata.search.columns.sketching import sketch_apart
from opendata.search.columns.texts import write_key
from opendata.search.folding import fold

CREDIT_CODES = ["91350100M000100Y43", "91110000100011891J", "914403001922038216"]


def sketch(path: Path, columns: dict[str, Any], types: dict[str, str] | None = None) -> dict[str, ColumnSketch]:
    table = pa.table(columns)
    pq.write_table(table, path, row_group_size=1_000)
    fields = [{"name": name, "type": (types or {}).get(name, "string")} for name in columns]
    return {item.facts.name: item for item in sketch_columns(path, TableSchema({"fields": fields}).fields)}


def has(found: ColumnSketch, text: str, *, folded: bool = False) -> bool:
    hashed, blocks = hash_text(text, folded=folded), len(found.bits) // 32
    number, start = find_place(hashed, blocks)
    return may_be_in(hashed, found.bits, number * PAGE_BYTES + start)


def ask(one: ColumnSketch, other: ColumnSketch) -> Overlap:
    blocks = len(other.bits) // 32
    pages = lambda number: other.bits[number * PAGE_BYTES : (number + 1) * PAGE_BYTES]  # noqa: E731
    return measure_overlap(one.sample, one.facts.distinct, blocks, other.facts.error, pages)


TEXTS = st.lists(st.text(alphabet="aAＡ東东國国0０1 \nß㎡é", min_size=0, max_size=5) | st.none(), max_size=30)


@given(values=TEXTS)
def test_what_is_there_is_never_denied_however_it_is_spelt(
    tmp_path_factory: pytest.TempPathFactory, values: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "spelt.parquet"
    found = sketch(path, {"a": pa.array(values, pa.string())})["a"]
    present = {value for value in values if value is not None}
    assert (found.facts.count, found.facts.distinct) == (len(values) - values.count(None), len(present))
    assert found.facts.has_variants == any(fold(value) != value for value in present)
    for value in present:
        assert has(found, value)
        assert has(found, fold(value)) or has(found, fold(value), folded=True)
        assert found.facts.shortest <= len(fold(value)) <= found.facts.longest


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Sequence[tuple[ColumnSketch, ColumnSketch, float]]:
    """Pairs of columns with shares from 0 to 1, of sizes that differ up to a hundred times, and the exact share."""
    chance, numbers = random.Random(7), range(100_000_000, 999_999_999)
    columns: dict[str, list[str]] = {}
    for size in (300, 900, 3_000, 9_000, 30_000):
        pool = [str(number) for number in chance.sample(numbers, size)]
        columns[f"{size}"] = pool
        for part in (1.0, 0.8, 0.5, 0.2, 0.0):
            few = max(150, size // 20)
            kept = chance.sample(pool, round(few * part))
            columns[f"{size} {part}"] = kept + [str(number) for number in chance.sample(numbers, few - len(kept))]
    longest = max(map(len, columns.values()))
    padded = {
        name: pa.array(values + [None] * (longest - len(values)), pa.string()) for name, values in columns.items()
    }
    found = sketch(tmp_path_factory.mktemp("pairs") / "pairs.parquet", padded)
    return [
        (found[one], found[other], len(set(columns[one]) & set(columns[other])) / len(set(columns[one])))
        for one in columns
        for other in columns
        if one != other and one.split()[0] == other.split()[0]
    ]


def test_shares_err_as_little_as_is_promised(pairs: Sequence[tuple[ColumnSketch, ColumnSketch, float]]) -> None:
    found = [(ask(one, other), exact) for one, other, exact in pairs]
    wrong = [abs(item.share - exact) for item, exact in found]
    within = [abs(item.share - exact) <= find_margin(item.share, item.asked) for item, exact in found]
    assert len(found) == 150
    assert {0.0, 0.2, 0.5, 0.8, 1.0} <= {round(exact, 1) for _, exact in found}
    assert sum(within) >= 0.92 * len(within)
    assert max(wrong) <= 4 * 0.0442  # four standard errors
    assert sum(wrong) / len(wrong) < 0.03
    assert {len(one.sample) for one, _, _ in pairs} == {1024}


def test_the_number_of_different_values_errs_as_little_as_is_promised(
    pairs: Sequence[tuple[ColumnSketch, ColumnSketch, float]],
) -> None:
    facts = {one.facts.name: one.facts for one, _, _ in pairs}
    for item in facts.values():
        assert item.is_exact == (item.count < 4096)
        assert abs(item.distinct - item.count) <= (0 if item.is_exact else 4 * item.count / 64)
        assert item.is_unique
        assert item.error < 0.012


def test_small_columns_are_compared_as_a_whole(tmp_path: Path) -> None:
    found = sketch(
        tmp_path / "small.parquet", {"a": ["甲一", "乙一", "丙一", None], "b": ["甲一", "丙一", "丁一", "戊一"]}
    )
    assert ask(found["a"], found["b"]) == Overlap(pytest.approx(2 / 3, abs=1e-6), 2, 3, True)
    assert ask(found["b"], found["a"]).hits == 2


def test_values_of_every_type_have_the_text_that_people_look_for(tmp_path: Path) -> None:
    columns = {
        "whole": pa.array([12, 4601]),
        "money": pa.array([Decimal("12.50"), Decimal("0.00")]),
        "double": pa.array([0.1, 1e21]),
        "day": pa.array([date(2026, 1, 31), None]),
        "year": pa.array([1999, 987], pa.int32()),
        "yes": pa.array([True, False]),
        "empty": pa.array([None, None], pa.string()),
    }
    types = {"whole": "integer", "money": "number", "double": "number", "day": "date", "year": "year", "yes": "boolean"}
    found = sketch(tmp_path / "types.parquet", columns, types)
    assert "yes" not in found
    texts = {"whole": "4601", "money": "12.5", "double": "0.1", "day": "2026-01-31", "year": "0987"}
    assert all(has(found[name], text) for name, text in texts.items())
    assert (found["empty"].facts.count, found["empty"].facts.distinct) == (0, 0)
    assert {name: item.facts.kind for name, item in found.items() if item.facts.kind} == {"day": "date", "year": "year"}


@pytest.mark.parametrize(
    ("value", "number"),
    [("4601", "4601"), ("１２.５０", "12.5"), (" 0 ", "0"), ("-3.0", "-3"), ("007", None), ("1e5", None), ("甲", None)],
)
def test_a_number_is_looked_for_as_a_number(value: str, number: str | None) -> None:
    assert write_key(value) == number


def test_kinds_are_told_by_values_and_names(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "code": [*CREDIT_CODES, CREDIT_CODES[0]],
        "shifted": [code[1:] + code[0] for code in (*CREDIT_CODES, CREDIT_CODES[0])],
        "place": ["460100", "460106", "110000", "460200"],
        "village": ["460106001002", "460106001003", "110101001001", "110101001002"],
        "post": ["570100", "570203", "100010", "610031"],
        "founded": ["1999", "2004", "2011", "1987"],
        "经度": [Decimal("110.31"), Decimal("110.35"), None, None],
        "amount": [Decimal("1.5"), Decimal("2.5"), None, None],
    }
    found = sketch(tmp_path / "kinds.parquet", columns, {"经度": "number", "amount": "number"})
    assert {name: item.facts.kind for name, item in found.items()} == {
        "code": "creditCode",
        "shifted": "",
        "place": "divisionCode",
        "village": "divisionCode",
        "post": "",
        "founded": "year",
        "经度": "longitude",
        "amount": "",
    }


CODE = JoinColumn(
    place="a/b/code",
    name="org_code",
    title="机构代码",
    type="string",
    kind="",
    alphabet="latin",
    shortest=9,
    longest=9,
    distinct=500,
    is_unique=True,
    is_row_number=False,
    in_key=True,
)


def like(**changes: Any) -> JoinColumn:
    values = {name: getattr(CODE, name) for name in JoinColumn.__slots__}
    return JoinColumn(**{**values, "place": "c/d/code", **changes})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"is_unique": False, "in_key": False}, True),
        ({"alphabet": "other"}, False),
        ({"longest": 30, "shortest": 20}, False),
        ({"shortest": 2}, True),
        ({"shortest": 2, "title": "民族代码", "name": "group"}, False),
        ({"is_row_number": True, "title": "序号", "name": "id"}, False),
        ({"shortest": 2, "title": "民族代码", "name": "group", "refers_to": ["a/b/code"]}, True),
    ],
)
def test_columns_are_joined_where_that_makes_sense(change: dict[str, Any], expected: bool) -> None:
    assert are_joined(CODE, like(**change)) == are_joined(like(**change), CODE) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"type": "number"}, False),
        ({"type": "boolean"}, False),
        ({"kind": "year"}, False),
        ({"kind": "date"}, False),
        ({"distinct": 2}, False),
        ({"longest": 400}, False),
    ],
)
def test_amounts_days_and_sentences_are_no_keys(change: dict[str, Any], expected: bool) -> None:
    assert may_be_joined(like(**change)) == expected


def test_two_columns_that_repeat_their_values_are_joined_only_as_parts_of_keys() -> None:
    fact = like(is_unique=False, in_key=False)
    assert not are_joined(fact, like(is_unique=False))
    assert are_joined(like(is_unique=False), like(is_unique=False, place="e/f/code"))
    small = like(type="integer", in_key=False)
    assert not are_joined(small, like(type="integer", in_key=False, place="e/f/code"))


@pytest.mark.slow
def test_another_process_makes_the_same_sketches(tmp_path: Path) -> None:
    columns = {"a": ["甲", "Ａ", None], "b": [None, None, None]}
    here = sketch(tmp_path / "t.parquet", {name: pa.array(values, pa.string()) for name, values in columns.items()})
    fields = TableSchema({"fields": [{"name": name, "type": "string"} for name in columns]}).fields
    assert list(sketch_apart(tmp_path / "t.parquet", fields, tmp_path, 60)) == list(here.values())
    file = io.BytesIO()
    write_sketches(file, iter(here.values()))
    file.seek(0)
    assert list(read_sketches(file)) == list(here.values())


@pytest.mark.slow
def test_many_values_are_told_from_others(tmp_path: Path) -> None:
    chance = random.Random(11)

    def list_codes(count: int) -> Iterator[str]:
        return (f"{chance.randrange(16**12):012x}" for _ in range(count))

    values, others = list(list_codes(300_000)), list(list_codes(2_000))
    found = sketch(tmp_path / "many.parquet", {"a": values})["a"]
    assert all(has(found, value) for value in values[::100])
    wrong = sum(has(found, value) for value in others) / len(others)
    assert wrong < 2 * found.facts.error + 0.005
    assert len(found.bits) < 4 * len(values)
