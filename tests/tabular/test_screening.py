"""The columns' way against the rows' way: the same verdict, errors, values and texts, or no decision at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.errors import InvalidSchemaError
from opendata.tabular import screening
from opendata.tabular.columns import NeedsRowsError
from opendata.tabular.schema import TableSchema, read_schema
from opendata.tabular.screening import ScreeningReader
from opendata.tabular.validation import TableReader

FIELDS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "constraints": {"required": True, "pattern": "a|b+", "maxLength": 3}},
    {"type": "string", "constraints": {"enum": ["a", "b", ""], "minLength": 1}},
    {"type": "string", "constraints": {"unique": True}},
    {"type": "string", "format": "email"},
    {"type": "string", "missingValues": ["-", "NA"]},
    {"type": "integer"},
    {"type": "integer", "constraints": {"minimum": 0, "maximum": 10, "enum": [0, 1, 2, 3]}},
    {"type": "integer", "bareNumber": False, "constraints": {"exclusiveMinimum": 1}},
    {"type": "integer", "constraints": {"unique": True, "required": True}},
    {"type": "number"},
    {"type": "number", "constraints": {"minimum": 0, "exclusiveMaximum": 1.5}},
    {"type": "number", "opendata": {"scale": 2}, "constraints": {"minimum": "0.5"}},
    {"type": "number", "decimalChar": ",", "groupChar": "."},
    {"type": "number", "constraints": {"unique": True}},
    {"type": "boolean"},
    {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
    {"type": "date"},
    {"type": "date", "constraints": {"minimum": "2000-01-01", "required": True}},
    {"type": "date", "format": "%d/%m/%Y"},
    {"type": "datetime"},
    {"type": "datetime", "constraints": {"minimum": "2000-01-01T00:00:00"}},
    {"type": "time"},
    {"type": "year"},
    {"type": "year", "constraints": {"minimum": "1999"}},
    {"type": "any"},
    {"type": "object"},
    {"type": "list", "itemType": "integer"},
    {"type": "duration", "constraints": {"unique": True}},
]
CELLS = [
    *["", "-", "NA", "a", "b", "bb", "abc", "a@b.cn", " ", " 1", "x y", 'q"q', "多行\n格", "\r", "中文"],
    *["0", "1", "2", "3", "-1", "-0", "+5", "007", "11", "9223372036854775807", "9223372036854775808", "0x10", "1_0"],
    *["1.5", "1.50", "0.5", ".5", "5.", "1e3", "-0.0", "1,5", "1.000,5", "nan", "INF", "1.005", "٣", "１２"],
    *["0.1234567890123456789", "123456789012345678", "12345678901234567890.5"],
    *["true", "false", "True", "FALSE", "yes", "no"],
    *["2020-01-31", "2020-02-30", "1999-12-31", "0000-01-01", "2020-1-5", "31/12/2020", "20200131", "2020-13-01"],
    *[
        "2020-01-31T10:20:30",
        "2020-02-30T10:20:30",
        "2020-01-31 10:20:30",
        "2020-01-31T10:20:30Z",
        "1999-01-01T00:00:00",
    ],
    *["2020-01-31T10:20:30.5", "2020-01-31T10:20:60", "10:20:30", "24:00:00", "2020", "1998", "200", "P1D", "PT24H"],
    *["{}", '{"a": 1}', "[1]", "1,2", "1,x"],
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[str]]]:
    """A schema of one to four fields, and rows that mostly keep to few texts, so that some columns are clean."""
    fields = [
        dict(item, name=f"c{n}")
        for n, item in enumerate(draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4)))
    ]
    schema: dict[str, Any] = {"fields": fields}
    if draw(st.booleans()):
        schema["primaryKey"] = draw(st.lists(st.sampled_from([f["name"] for f in fields]), min_size=1, unique=True))
    if draw(st.integers(0, 4)) == 0:
        schema["missingValues"] = draw(st.sampled_from([["NA"], ["", "-"], []]))
    pools = [draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=5)) for _ in fields]
    rows = draw(st.lists(st.tuples(*(st.sampled_from(pool) for pool in pools)).map(list), max_size=8))
    return schema, rows


def write(path: Path, schema: dict[str, Any], rows: list[list[str]], end: str = "\n") -> None:
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if len(schema["fields"]) == 1 else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerow([item["name"] for item in schema["fields"]])
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def run(kind: type[TableReader], path: Path, schema: TableSchema | None) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """The report without its seconds, the typed rows and the text rows."""
    reader = kind(path, name="t", schema=schema)
    batches = list(reader.batches())
    report = reader.task.describe()
    report["stats"].pop("seconds")
    if not report["valid"]:
        return report, [], []
    typed = pa.Table.from_batches([batch.typed for batch in batches], reader.arrow_schema)
    texts = [row for batch in batches for row in batch.text.to_pylist()]
    return report, typed.to_pylist(), texts


def same(first: Any, second: Any) -> bool:
    """Equal, NaN to NaN too."""
    return repr(first) == repr(second)


def compare(folder: Path, table: tuple[dict[str, Any], list[list[str]]]) -> None:
    """Both ways over one table; a table the columns leave to the rows says nothing."""
    descriptor, rows = table
    try:
        schema = read_schema(descriptor)
    except InvalidSchemaError:
        return
    write(folder / "t.csv", descriptor, rows)
    try:
        found = run(ScreeningReader, folder / "t.csv", schema)
    except NeedsRowsError:
        return
    expected = run(TableReader, folder / "t.csv", schema)
    assert found[0] == expected[0]
    assert same(found[1:], expected[1:])


@settings(max_examples=150)
@given(tables())
def test_columns_and_rows_agree_wherever_columns_decide(tmp_path_factory: pytest.TempPathFactory, table: Any) -> None:
    compare(tmp_path_factory.mktemp("t"), table)


@pytest.mark.parametrize("field", FIELDS, ids=str)
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_each_cell_alone_is_judged_alike(tmp_path: Path, field: dict[str, Any], cell: str) -> None:
    descriptor = {"fields": [{**field, "name": "c"}, {"name": "n", "type": "integer"}]}
    write(tmp_path / "t.csv", descriptor, [[cell, "1"]])
    schema = read_schema(descriptor)
    try:
        found = run(ScreeningReader, tmp_path / "t.csv", schema)
    except NeedsRowsError:
        return
    expected = run(TableReader, tmp_path / "t.csv", schema)
    assert found[0] == expected[0]
    assert same(found[1:], expected[1:])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n\n1,2\n",
        b"a,b\n1,2\n\n",
        b"a,b\n,\n",
        b"a,b\n1\n",
        b"a,b\n1,2,3\n",
        b'a,b\n1,"x\n',
        b'a,b\n5",2\n3,"x',
        b'a,b\n5",2\n3,"x\n',
        b"a,b\n1,\x00\n",
        b"a,b\n1,\xff\n",
        b"a,a\n1,2\n",
        b"a,\n1,2\n",
        b"\na,b\n1,2\n",
        b"a\n1\n\n2\n",
    ],
    ids=repr,
)
def test_what_only_rows_can_tell_is_left_to_them(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(NeedsRowsError):
        run(ScreeningReader, tmp_path / "t.csv", None)


def test_ordinary_tables_are_decided_in_columns(tmp_path: Path) -> None:
    descriptor = {"fields": [{"name": "n", "type": "integer"}, {"name": "t", "type": "string"}], "primaryKey": ["n"]}
    write(tmp_path / "t.csv", descriptor, [[str(n), 'a "b", c\nd'] for n in range(500)], end="\r\n")
    report, typed, texts = run(ScreeningReader, tmp_path / "t.csv", read_schema(descriptor))
    assert report["valid"]
    assert typed[499] == {"n": 499, "t": 'a "b", c\nd'}
    assert texts[499] == {"n": "499", "t": 'a "b", c\nd'}


def test_wrong_rows_are_numbered_right_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "BLOCK_BYTES", 1000)
    descriptor = {"fields": [{"name": "n", "type": "integer"}, {"name": "t", "type": "string"}]}
    write(tmp_path / "t.csv", descriptor, [["x" if n % 97 == 5 else str(n), "two\nlines"] for n in range(1000)])
    schema = read_schema(descriptor)
    found = run(ScreeningReader, tmp_path / "t.csv", schema)
    assert found == run(TableReader, tmp_path / "t.csv", schema)
    assert [error["rowNumber"] for error in found[0]["errors"]] == [n + 2 for n in range(1000) if n % 97 == 5]


def test_a_repeated_key_is_left_to_the_rows(tmp_path: Path) -> None:
    descriptor = {
        "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "string"}],
        "primaryKey": ["a", "b"],
    }
    write(tmp_path / "t.csv", descriptor, [["1", "1"], ["1", "2"], ["1", "1"]])
    with pytest.raises(NeedsRowsError):
        run(ScreeningReader, tmp_path / "t.csv", read_schema(descriptor))


@pytest.mark.slow
@settings(max_examples=5_000)
@given(tables())
def test_columns_and_rows_agree_over_very_many_tables(tmp_path_factory: pytest.TempPathFactory, table: Any) -> None:
    compare(tmp_path_factory.mktemp("t"), table)
