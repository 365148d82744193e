"""The whole way of one table: CSV and Parquet hold the same rows, and going the way again changes no byte."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.tables.arrow.compiled import describe_native
from opendata.tables.report.findings import iterate_findings
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.tables.text.dialect import Dialect
from tests.selection import examples

pytestmark = pytest.mark.usefixtures("table_pass")

TEXTS = st.text(
    st.one_of(st.sampled_from('",;\r\n 中#'), st.characters(codec="utf-8", exclude_characters="\0")), max_size=6
)
WHOLE = st.integers(-(2**63), 2**63 - 1)
EXACT = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**30), max_value=10**30)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001

# A field, its values, how a source writes one and how canonical CSV is read again.
Column = tuple[dict[str, Any], st.SearchStrategy[Any], Callable[[Any], str], Callable[[str], Any]]
COLUMNS: dict[str, Column] = {
    "text": ({"type": "string"}, TEXTS, str, str),
    "whole": ({"type": "integer"}, WHOLE, str, int),
    "bare": ({"type": "integer", "bareNumber": False}, WHOLE, lambda value: f"€ {value} %", int),
    "real": ({"type": "number"}, EXACT, str, Decimal),
    "exponent": ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False), repr, float),
    "comma": (
        {"type": "number", "decimalChar": ",", "groupChar": "."},
        EXACT,
        lambda value: f"{value:,}".translate(str.maketrans(",.", ".,")),
        Decimal,
    ),
    "scaled": ({"type": "number", "opendata": {"scale": 3}}, EXACT, str, Decimal),
    "flag": ({"type": "boolean"}, st.booleans(), lambda value: "TRUE" if value else "0", "true".__eq__),
    "word": (
        {"type": "boolean", "trueValues": ["是"], "falseValues": ["否"]},
        st.booleans(),
        lambda value: "是" if value else "否",
        "true".__eq__,
    ),
    "day": ({"type": "date"}, st.dates(), date.isoformat, date.fromisoformat),
    "french": (
        {"type": "date", "format": "%d/%m/%Y"},
        st.dates(),
        lambda value: f"{value.day:02}/{value.month:02}/{value.year:04}",
        date.fromisoformat,
    ),
    "moment": ({"type": "datetime"}, MOMENTS, datetime.isoformat, datetime.fromisoformat),
    "minute": (
        {"type": "datetime", "format": "%Y%m%d %H:%M"},
        MOMENTS.map(lambda value: value.replace(second=0, microsecond=0)),
        lambda value: f"{value.year:04}{value:%m%d %H:%M}",
        datetime.fromisoformat,
    ),
    "clock": ({"type": "time"}, st.times(), time.isoformat, time.fromisoformat),
    "year": ({"type": "year"}, st.integers(0, 9999), lambda value: f"{value:04}", int),
}
NULLS = st.sampled_from([[""], ["", "NA"], ["NA", "-"]])


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[Any]], list[str]]:
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=6, unique=True))
    nulls = draw(NULLS)
    fields = [{"name": kind, **COLUMNS[kind][0]} for kind in kinds]
    cells = [st.one_of(st.none(), COLUMNS[kind][1].filter(lambda value: value not in nulls)) for kind in kinds]
    rows = draw(st.lists(st.tuples(*cells).map(list), max_size=5))
    # A row without any value is an error of its own.
    rows = [row for row in rows if any(value is not None for value in row)]
    return {"fields": fields, "missingValues": nulls}, rows, kinds


def prepare(folder: Path, content: str, descriptor: Mapping[str, Any] | None = None, **options: Any) -> PreparedTable:
    source = folder / "source.csv"
    source.write_text(content, encoding="utf-8", newline="")
    schema = None if descriptor is None else read_schema(descriptor)
    return prepare_table(source, folder, name="t", schema=schema, **options)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def equal(left: Any, right: Any) -> bool:
    return bool(left == (float(right) if isinstance(left, float) else right))


@given(table=tables())
@settings(max_examples=examples(150))
def test_csv_and_parquet_hold_the_values_of_the_source_and_stay_as_they_are(
    table: tuple[dict[str, Any], list[list[Any]], list[str]],
) -> None:
    descriptor, rows, kinds = table
    null = descriptor["missingValues"][-1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "source.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(kinds)
            for row in rows:
                writer.writerow(
                    null if value is None else COLUMNS[kind][2](value) for kind, value in zip(kinds, row, strict=True)
                )
        schema = read_schema(descriptor)
        first = prepare_table(
            folder / "source.csv", folder, name="first", schema=schema, dialect=Dialect(delimiter=";")
        )
        assert first.task.errors == []

        header, *lines = read_csv(first.csv)
        assert header == kinds
        empty = schema.null_text
        read = [
            [None if cell == empty else COLUMNS[kind][3](cell) for kind, cell in zip(kinds, line, strict=True)]
            for line in lines
        ]
        assert read == rows

        columns = pq.read_table(first.parquet).to_pydict()
        for number, kind in enumerate(kinds):
            is_text = COLUMNS[kind][0]["type"] in ("time", "year")
            stored = [COLUMNS[kind][3](value) if is_text and value is not None else value for value in columns[kind]]
            assert all(equal(value, row[number]) for value, row in zip(stored, rows, strict=True))

        published = publish_schema(schema)
        plain = frictionless.Dialect(header_rows=[1], controls=[frictionless.formats.CsvControl(delimiter=",")])
        report = frictionless.Resource(
            path="first.csv", basepath=name, schema=frictionless.Schema.from_descriptor(published), dialect=plain
        ).validate()
        assert report.valid or not rows, report.flatten(["message"])

        again = prepare_table(
            first.csv, folder, name="again", schema=read_schema(published), dialect=Dialect(delimiter=",")
        )
        assert again.task.errors == []
        assert again.csv.read_bytes() == first.csv.read_bytes()
        assert again.parquet.read_bytes() == first.parquet.read_bytes()


def test_equal_rows_make_equal_files_however_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 2000)
    monkeypatch.setattr("opendata.tables.forms.writing.ROW_GROUP_ROWS", 500)
    monkeypatch.setattr("opendata.tables.forms.writing.PIECE_ROWS", 100)
    descriptor = {"fields": [{"name": "a", "type": "string"}, {"name": "d", "type": "date", "format": "any"}]}
    rows = [("x" * (number % 97), f"2020-01-{number % 28 + 1:02}") for number in range(2000)]
    long = "a;d\r\n" + "".join(f'"{text}";"{day}T00:00:00"\r\n' for text, day in rows)
    first = prepare(tmp_path, long, descriptor, dialect=Dialect(delimiter=";"))
    csv_bytes, parquet_bytes = first.csv.read_bytes(), first.parquet.read_bytes()
    assert first.schema is not None
    again = prepare(tmp_path, csv_bytes.decode(), publish_schema(first.schema))
    assert (again.csv.read_bytes(), again.parquet.read_bytes()) == (csv_bytes, parquet_bytes)
    assert pq.read_metadata(again.parquet).num_row_groups > 1


def test_null_is_the_first_missing_value_where_empty_is_text(tmp_path: Path) -> None:
    descriptor = {
        "fields": [
            {"name": "s", "type": "string"},
            {"name": "n", "type": "integer"},
            {"name": "own", "type": "string", "missingValues": [""]},
        ],
        "missingValues": ["NA", "-"],
    }
    table = prepare(tmp_path, "s,n,own\n,-,x\n-,1,\nNA,2,y\n", descriptor)
    assert table.csv.read_text() == "s,n,own\n,NA,x\nNA,1,\nNA,2,y\n"
    assert pq.read_table(table.parquet).to_pylist() == [
        {"s": "", "n": None, "own": "x"},
        {"s": None, "n": 1, "own": None},
        {"s": None, "n": 2, "own": "y"},
    ]


@pytest.mark.parametrize(
    ("field", "cell", "text"),
    [
        ({"type": "number"}, "-9.", "-9"),
        ({"type": "integer", "bareNumber": False}, "-9 %", "-9"),
        ({"type": "integer"}, "-09", "-9"),
        ({"type": "boolean", "trueValues": ["j"], "falseValues": ["-09"]}, "j", None),
    ],
)
def test_a_value_whose_canonical_text_means_null_is_an_error(
    field: dict[str, Any], cell: str, text: str | None, tmp_path: Path
) -> None:
    descriptor = {"fields": [{"name": "a", **field}, {"name": "b", "type": "string"}], "missingValues": ["", "-9"]}
    table = prepare(tmp_path, f"a,b\n{cell},x\n", descriptor)
    assert table.task.valid == (text is None)
    if text is not None:
        (error,) = table.task.errors
        assert (error["type"], error["rowNumber"], error["fieldName"], error["cell"]) == ("type-error", 2, "a", cell)
        assert "missing value" in error["note"]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ({"type": "integer"}, str(2**63 - 1), str(2**63)),
        ({"type": "number", "opendata": {"scale": 2}}, "9" * 36 + ".99", "0.125"),
        ({"type": "number"}, "1e308", "1e309"),
    ],
)
def test_a_number_beyond_its_type_is_an_error_of_the_report(
    field: dict[str, Any], good: str, bad: str, tmp_path: Path
) -> None:
    descriptor = {"fields": [{"name": "s", "type": "string"}, {"name": "n", **field}]}
    assert prepare(tmp_path, f"s,n\nx,{good}\n", descriptor).task.valid
    table = prepare(tmp_path, f"s,n\nx,{good}\ny,{bad}\nz,{bad},extra\n", descriptor)
    assert [
        (error["type"], error["rowNumber"], error.get("fieldName", ""), error["fieldNumber"], error["cell"])
        for error in table.task.errors
    ] == [
        ("type-error", 3, "n", 2, bad),
        ("type-error", 4, "n", 2, bad),
        ("extra-cell", 4, "", 3, "extra"),
    ]
    assert not table.csv.exists()
    assert not table.parquet.exists()


def test_a_missing_cell_is_stored_with_its_column_as_the_report_has_it(tmp_path: Path) -> None:
    descriptor = {"fields": [{"name": name, "type": "any"} for name in "abc"]}
    table = prepare(tmp_path, "a,b,c\n1,2,3\n4\n5,6\n", descriptor)
    reported = [(error["rowNumber"], error["fieldName"], error["fieldNumber"]) for error in table.task.errors]
    stored = [(found["row"], found["fieldName"], found["fieldNumber"]) for found in iterate_findings(table.findings)]
    assert stored == reported == [(3, "b", 2), (3, "c", 3), (4, "c", 3)]


@pytest.mark.parametrize("before", range(3))
def test_an_overflow_in_any_row_of_a_batch_is_one_error(
    before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 60)
    lines = ["n", *["1"] * (197 + before), str(2**63), "1"]
    table = prepare(tmp_path, "\n".join(lines), {"fields": [{"name": "n", "type": "integer"}]})
    assert [(error["type"], error["rowNumber"]) for error in table.task.errors] == [("type-error", 199 + before)]


def test_numbers_a_double_rounds_are_told_and_kept_in_the_csv(tmp_path: Path) -> None:
    exact = "0.1234567890123456789"
    table = prepare(tmp_path, f"s,n\nx,{exact}\ny,0.5\n", {"fields": [{"name": "s"}, {"name": "n", "type": "number"}]})
    assert table.task.valid
    assert table.csv.read_text() == f"s,n\nx,{exact}\ny,0.5\n"
    assert pq.read_table(table.parquet)["n"].to_pylist() == [float(exact), 0.5]
    (warning,) = table.task.warnings
    assert (warning.code, warning.params) == ("rounded-numbers", {"field": "n", "count": 1})


def test_the_footer_tells_the_published_schema_and_what_it_was_given(tmp_path: Path) -> None:
    descriptor = {"fields": [{"name": "a", "type": "date", "format": "%d/%m/%Y"}]}
    table = prepare(tmp_path, "a\n31/12/2020\n", descriptor, footer={"dataset": {"id": "d", "version": "1.0.0"}})
    metadata = pq.read_schema(table.parquet).metadata
    assert table.schema is not None
    assert json.loads(metadata[b"tableschema"]) == publish_schema(table.schema)
    assert json.loads(metadata[b"dataset"]) == {"id": "d", "version": "1.0.0"}


def test_a_table_without_schema_is_all_text(tmp_path: Path) -> None:
    table = prepare(tmp_path, "code, 名 ,n\n007,北京,1.50\n,x,2\n")
    assert table.csv.read_text(encoding="utf-8") == "code,名,n\n007,北京,1.50\n,x,2\n"
    assert pq.read_table(table.parquet).schema.types == [pa.string()] * 3
    assert pq.read_table(table.parquet)["code"].to_pylist() == ["007", None]


@pytest.mark.parametrize(
    ("dialect", "content", "names"),
    [
        (Dialect(header_rows=()), "a,b\n1,2\n", ["field1", "field2"]),
        (Dialect(header_rows=(3,)), "Title\nUnit\na,b\n1,2\n", ["a", "b"]),
        (Dialect(header_rows=(1, 2)), "2019,2019\ngdp,cpi\n1,2\n", ["2019 gdp", "2019 cpi"]),
        (Dialect(comment_char="#", header_rows=(2,)), "# note\na,b\n1,2\n", ["a", "b"]),
    ],
)
def test_the_names_of_a_table_without_schema_are_those_of_its_header(
    dialect: Dialect, content: str, names: Sequence[str], tmp_path: Path
) -> None:
    table = prepare(tmp_path, content, dialect=dialect)
    assert table.task.errors == []
    assert table.schema is not None
    assert list(table.schema.names) == read_csv(table.csv)[0] == list(names)
    assert table.rows == 1 + (not dialect.header_rows)


def test_a_valid_table_without_rows_has_both_files(tmp_path: Path) -> None:
    table = prepare(tmp_path, "a\n", {"fields": [{"name": "a", "type": "date"}]})
    assert table.task.valid
    assert table.csv.read_bytes() == b"a\n"
    assert pq.read_table(table.parquet).num_rows == 0
    assert pq.read_schema(table.parquet).types == [pa.date32()]


def test_a_table_that_turns_invalid_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 200)
    table = prepare(tmp_path, "a\n" + "1\n" * 500 + "x\n", {"fields": [{"name": "a", "type": "integer"}]})
    assert not table.task.valid
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.csv", "t.findings.parquet"]


def test_the_first_row_is_the_one_below_the_header(tmp_path: Path) -> None:
    assert prepare(tmp_path, "a\n1\n").first_row == 2
    assert prepare(tmp_path, "x\ny\na\n1\n", dialect=Dialect(header_rows=(3,))).first_row == 4
    assert prepare(tmp_path, "1\n", dialect=Dialect(header_rows=())).first_row == 1


def test_the_pass_of_a_test_is_the_one_it_names(table_pass: str) -> None:
    assert (describe_native() == "off") == (table_pass == "plain")
