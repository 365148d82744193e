"""The same value in every form: CSV, Parquet, Arrow, JSON, JSON Lines and XLSX, for each field type."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from opendata.tables.forms.forms import write_form
from opendata.tables.forms.workbook_form import write_workbook_form
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.tables.types.canonical import write_value
from opendata.tables.types.registry import TYPES
from tests.selection import examples

ZONES = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LOCAL = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8)
WRITTEN: Mapping[str, tuple[Mapping[str, Any], st.SearchStrategy[str]]] = {
    "string": ({}, TEXTS | st.sampled_from(["=1+1", "_x0041_", "00123", "4.2E+17", '","', "\n", "NaN", "null", " a "])),
    "any": ({}, TEXTS),
    "integer": ({}, st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["-0", "+7", "007", str(2**53 + 1)])),
    "number": (
        {},
        st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.sampled_from(["NaN", "INF", "-INF"]),
    ),
    "decimal": (
        {"type": "number", "opendata": {"scale": 3}},
        st.decimals(-(10**30), 10**30, places=3).map(lambda value: format(value, "f")) | st.sampled_from(["-0", "1e3"]),
    ),
    "bare": (
        {"type": "number", "bareNumber": False},
        st.integers(-(10**14), 10**14).map("{} 元".format) | st.sampled_from(["−5元", "（5）元", "¥.5"]),
    ),
    "boolean": ({}, st.sampled_from(["true", "FALSE", "1", "0"])),
    "date": ({}, st.dates().map(str) | st.sampled_from(["1900-02-28", "1899-12-31", "0001-01-01", "9999-12-31"])),
    "datetime": ({}, LOCAL.map(datetime.isoformat) | st.sampled_from(["1900-01-01 00:00:00", "2024-05-01T24:00:00"])),
    "instant": (
        {"type": "datetime"},
        st.builds(lambda moment, zone: moment.replace(tzinfo=zone).isoformat(), LOCAL, ZONES)
        | LOCAL.map(lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z"),
    ),
    "time": ({}, st.times().map(time.isoformat) | st.sampled_from(["08:00:00Z", "08:00:00+08:00"])),
    "year": ({}, st.integers(0, 9999).map("{:04}".format)),
    "yearmonth": ({}, st.sampled_from(["2024-02", "0001-01", "9999-12"])),
    "duration": ({}, st.sampled_from(["P1D", "PT1.5S", "P1Y2M"])),
    "geopoint": ({}, st.sampled_from(["120.15, 30.28", "-180,90"])),
    "geojson": ({}, st.sampled_from(['{"type": "Point", "coordinates": [1, 2]}'])),
    "object": ({}, st.sampled_from(["{}", '{"a": 1.50}'])),
    "array": ({}, st.sampled_from(["[]", '["a", 2]'])),
    "list": ({}, st.sampled_from(["a,b", "a"])),
}
COLUMNS = {kind: {"type": kind, **field} for kind, (field, _) in WRITTEN.items()}


def test_each_type_is_tried() -> None:
    assert {field["type"] for field in COLUMNS.values()} == set(TYPES)


def prepare(folder: Path, rows: Sequence[Mapping[str, str]]) -> PreparedTable:
    source = folder / "source.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", *COLUMNS])
        writer.writerows([[str(number), *(row.get(kind, "") for kind in COLUMNS)] for number, row in enumerate(rows)])
    fields = [{"name": "row", "type": "string"}, *({"name": kind, **field} for kind, field in COLUMNS.items())]
    return prepare_table(source, folder, name="t", schema=read_schema({"fields": fields}))


def same(kind: str, text: str, value: Any) -> bool:
    """Whether a value that a reader of some form has is the one that canonical CSV writes."""
    if value is None or text == "":
        return value is None and text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    if COLUMNS[kind]["type"] == "year" and isinstance(value, int):
        return text == f"{value:04}"
    if isinstance(value, float):
        return value == float(text) or (value != value and text == "NaN")
    if isinstance(value, int | Decimal):
        return value == Decimal(text)
    if isinstance(value, str) and COLUMNS[kind]["type"] in ("integer", "number") and text not in ("NaN", "INF", "-INF"):
        return Decimal(value) == Decimal(text)  # numbers that no double keeps are text, decimals with all their digits
    return text == (value if isinstance(value, str) else write_value(value))


def read_workbook(path: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def shown(kind: str, value: Any) -> Any:
    """A cell of a workbook as the type it stands for: openpyxl knows days as moments."""
    if isinstance(value, datetime):
        return value.date() if COLUMNS[kind]["type"] == "date" else value
    return unescape(value) if isinstance(value, str) else value


ROWS = st.lists(st.fixed_dictionaries({}, optional={kind: cells for kind, (_, cells) in WRITTEN.items()}), max_size=4)


@given(rows=ROWS)
@example(rows=[dict.fromkeys(COLUMNS, ""), {"instant": "2024-05-02T00:00:00+08:00", "year": "0999", "string": " a "}])
@settings(max_examples=examples(30))
def test_every_form_has_the_same_values(rows: Sequence[Mapping[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = prepare(folder, rows)
        assert table.task.valid, table.task.errors
        with table.csv.open(encoding="utf-8", newline="") as stream:
            texts = [dict(zip(COLUMNS, row[1:], strict=True)) for row in csv.reader(stream)][1:]
        for suffix in ("json", "jsonl", "arrow"):
            write_form(table.csv, table.parquet, folder / f"t.{suffix}")
        write_workbook_form(table.parquet, folder / "t.xlsx", name="t", pages=[], cut_note="")
        parquet = pq.read_table(table.parquet)
        with pa.ipc.open_file(folder / "t.arrow") as file:
            arrow = file.read_all()
        assert arrow.schema.equals(parquet.schema)
        lines = [json.loads(line) for line in (folder / "t.jsonl").read_text("utf-8").split("\n") if line]
        assert json.loads((folder / "t.json").read_text("utf-8")) == lines
        cells = read_workbook(folder / "t.xlsx")
        forms = {"parquet": parquet.to_pylist(), "arrow": arrow.to_pylist(), "jsonl": lines}
        forms["xlsx"] = [dict(zip(COLUMNS, row[1:], strict=True)) for row in cells]
        for number, row in enumerate(texts):
            for kind, text in row.items():
                for form, found in forms.items():
                    value = found[number][kind]
                    if form == "xlsx":
                        value = shown(kind, value)
                    assert same(kind, text, value), (form, kind, text, value)


def test_years_are_numbers(tmp_path: Path) -> None:
    table = prepare(tmp_path, [{"year": "0999"}])
    assert pq.read_schema(table.parquet).field("year").type == pa.int32()
    write_form(table.csv, table.parquet, tmp_path / "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text("utf-8"))["year"] == 999
