"""The judge of differences is itself no yes-man: it asks for each departure, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.differential.generating import PROFILE, Table, draw_table
from tests.differential.judge import ask_stored

REQUIRED = {"required": True}


def judge(path: Path, field: dict[str, Any], *cells: str, **keys: Any) -> list[tuple[Any, ...]]:
    """What has to be found in a table of these cells beside a column of numbers: row and type."""
    schema = {"$schema": PROFILE, "fields": [{"name": "a", **field}, {"name": "n", "type": "integer"}], **keys}
    table = Table(schema=schema, labels=["a", "n"], rows=[[cell, str(n)] for n, cell in enumerate(cells)])
    path.write_text(table.render(), encoding="utf-8", newline="")
    verdict = ask_stored(path, table.render(), schema, table.dialect, delimiter=",", quotechar='"')
    return [(found.row, found.type) for found in verdict.expected.rows]


@pytest.mark.parametrize(
    ("field", "cell", "told"),
    [
        ({"type": "integer"}, "１２", "lax-integer"),
        ({"type": "integer"}, "12", None),
        ({"type": "integer"}, "9223372036854775808", "type-error"),
        ({"type": "number"}, "Infinity", "lax-number"),
        ({"type": "number"}, "-inf", None),
        ({"type": "year"}, "２０２４", "lax-year"),
        ({"type": "time"}, "24:00:00", "type-error"),
        ({"type": "datetime", "opendata": {"zone": "local"}}, "2024-01-01T00:00:00Z", "type-error"),
        ({"type": "datetime", "opendata": {"zone": "UTC"}}, "2024-01-01T00:00:00Z", None),
        ({"type": "number"}, "1e400", "type-error"),
        ({"type": "number", "floatNumber": True}, "1__0", "lax-number"),
        ({"type": "number", "floatNumber": True}, "1__x", "type-error"),
        ({"type": "date"}, "2024-1-5", "lax-date"),
        ({"type": "date"}, "2024-13-05", "type-error"),
        ({"type": "date", "format": "%d/%m/%Y"}, "1/2/1999", None),
        ({"type": "yearmonth"}, " 2020 - 01 ", "lax-yearmonth"),
        ({"type": "duration"}, "P1DT", "lax-duration"),
        ({"type": "string", "format": "uri"}, "http://a b", "lax-uri"),
        ({"type": "string", "constraints": {"pattern": "a|b"}}, "ax", "constraint-error"),
        ({"type": "string", "constraints": {"pattern": "a|b"}}, "b", None),
        ({"type": "string", "constraints": REQUIRED}, "\u3000", "blank-cell"),
        ({"type": "string", "constraints": REQUIRED, "opendata": {"trim": False}}, "\u3000", None),
        ({"type": "integer", "categories": [0, {"value": 1}]}, "2", "category-error"),
        ({"type": "array", "constraints": {"jsonSchema": {"maxItems": 1}}}, "[1, 2]", "constraint-error"),
    ],
    ids=str,
)
def test_each_departure_is_asked_for_by_type(
    tmp_path: Path, field: dict[str, Any], cell: str, told: str | None
) -> None:
    assert judge(tmp_path / "t.csv", field, cell) == ([(2, told)] if told else [])


def test_a_cell_that_strict_rules_refuse_is_no_value_for_keys(tmp_path: Path) -> None:
    rules = {"type": "integer", "constraints": {"unique": True}}
    assert judge(tmp_path / "t.csv", rules, "1", " 1", "01") == [(3, "lax-integer"), (4, "unique-error")]
    found = judge(tmp_path / "t.csv", {"type": "integer"}, "1", "1", "", "", uniqueKeys=[["a"]])
    assert found == [(3, "unique-key")]


def test_what_follows_a_damaged_record_is_not_judged(tmp_path: Path) -> None:
    schema = {"$schema": PROFILE, "fields": [{"name": "a", "type": "integer"}]}
    for tail, told in (('"open\nx\n', "unclosed-quote"), ("b\0c\nx\n", "nul-byte")):
        table = Table(schema=schema, labels=["a"], rows=[["x"], ["1"]], tail=tail)
        (tmp_path / "t.csv").write_text(table.render(), encoding="utf-8")
        verdict = ask_stored(tmp_path / "t.csv", table.render(), schema, table.dialect, delimiter=",", quotechar='"')
        assert [(item.row, item.type) for item in verdict.expected.rows] == [(2, "type-error"), (4, told)]


def test_the_same_seed_gives_the_same_table_and_few_are_all_clean() -> None:
    assert [draw_table(Random(3)) for _ in range(20)] == [draw_table(Random(3)) for _ in range(20)]
    drawn = [draw_table(Random(seed)) for seed in range(300)]
    assert {item["type"] for table in drawn for item in table.schema["fields"]} >= {"list", "geojson", "yearmonth"}
    assert len({table.line_end for table in drawn}) == 3
