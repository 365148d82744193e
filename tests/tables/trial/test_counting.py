"""What a field would break is counted from the text copy as the check of the whole table counts it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.confined import Bounds
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.text.dialect import Dialect
from opendata.tables.trial.copying import write_copy
from opendata.tables.trial.counting import Wish, count_fields
from opendata.tables.trial.process import Text, count_confined
from tests.selection import examples

CELLS = st.sampled_from(["", "1", "2", "-3", "1.50", "x", "2026-01-31", "2026-02-30", "true", "是", "-", "  ", "A001"])
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number", "string", "date", "boolean", "year", "any", "time"])},
    optional={
        "constraints": st.fixed_dictionaries(
            {}, optional={"required": st.just(True), "unique": st.just(True), "enum": st.just(["1", "x"])}
        ),
        "missingValues": st.just(["", "-"]),
    },
)


def write_csv(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    return path


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), field=FIELDS, is_key=st.booleans())
@settings(deadline=None, max_examples=examples(25))
def test_each_field_fails_as_often_as_in_the_check_of_the_table(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], field: dict[str, Any], is_key: bool
) -> None:
    folder = tmp_path_factory.mktemp("count")
    rows = [(a, b or "b") for a, b in rows]  # a row with nothing in it is no row of the copy
    source = write_csv(folder / "t.csv", rows)
    keys = {"primaryKey": ["a", "b"]} if is_key else {}
    schema = {"fields": [{"name": "a", **field}, {"name": "b", "type": "string"}], **keys}
    if field["type"] in ("integer", "number", "year", "date", "boolean", "time"):
        field.get("constraints", {}).pop("enum", None)
    checked = check_table(source, name="t", schema=read_schema(schema)).task
    write_copy(source, Dialect(), folder / "copy.parquet")
    wish = Wish(
        fields=dict(enumerate(read_schema(schema).descriptor["fields"], start=1)),
        keys=[("primaryKey", ["a", "b"])] if is_key else [],
        limit=100,
    )
    counted, found = count_fields(folder / "copy.parquet", wish)
    assert counted == len(rows)
    expected = Counter({tally: number for tally, number in checked.tallies.items() if tally.type != "odd-text"})
    told = Counter(
        {(", ".join(item.names), kind["type"], kind["rule"]): kind["count"] for item in found for kind in item.counts}
    )
    assert told == Counter({(tally.field, tally.type, tally.rule): number for tally, number in expected.items()})
    cells = {(item["row"], item["type"]) for count in found for item in count.cells}
    assert cells == {(item.place.row, item.problem.type) for item in checked.listed}


def test_rows_keep_their_numbers_in_the_copy_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text('a;b\n1;x\n\n"2\n";y\n3\nx;z\n', encoding="utf-8")
    write_copy(source, Dialect(delimiter=";"), tmp_path / "copy.parquet")
    wish = Wish(fields={1: {"name": "a", "type": "integer"}, 2: {"name": "b", "constraints": {"required": True}}})
    rows, (first, second) = count_fields(tmp_path / "copy.parquet", wish)
    assert rows == 4
    assert [(item["row"], item["cell"]) for item in first.cells] == [(4, "2\n"), (6, "x")]
    assert [(item["row"], item["cell"], item["rule"]) for item in second.cells] == [(5, "", "required")]


@pytest.mark.slow
def test_copy_and_count_are_made_in_a_process_of_their_own(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "t.csv", [("1", "x"), ("y", "z")])
    text = Text(path=str(source), dialect=Dialect().describe())
    bounds = Bounds(seconds=60, memory=1 << 30)
    wish = Wish(fields={1: {"name": "a", "type": "integer"}})
    copied = count_confined(tmp_path / "copy.parquet", text, wish, bounds)
    assert copied[1][0].errors == 1
    assert count_confined(tmp_path / "copy.parquet", None, wish, bounds) == copied


def test_moments_with_a_zone_are_counted_as_the_check_reads_them(tmp_path: Path) -> None:
    source = write_csv(
        tmp_path / "t.csv", [("2026-01-31T08:00:00Z", "2026-01-31T08:00:00"), ("2026-01-31T08:00:00", "x")]
    )
    write_copy(source, Dialect(), tmp_path / "copy.parquet")
    wish = Wish(fields={1: {"name": "a", "type": "datetime"}, 2: {"name": "b", "type": "datetime"}})
    _, (first, second) = count_fields(tmp_path / "copy.parquet", wish)
    assert [(item["row"], item["code"]) for item in first.cells] == [(3, "moment-without-zone")]
    assert [(item["row"], item["code"]) for item in second.cells] == [(3, "type-error")]
