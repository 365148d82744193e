"""The verdict is frictionless' own, but for differences meant and named here; counts are exact, memory is bounded.

Over generated tables the two are compared in tests/differential.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
import pyarrow.parquet as pq
import pytest
import yaml
from frictionless.formats import CsvControl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.errors import InvalidSchemaError
from opendata.intake.text.delimited import find_dialect
from opendata.tables.check.validation import TableReader
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.report.report import describe_report
from opendata.tables.schema.schema import build_engine_field, read_schema
from opendata.tables.table import check_table, prepare_table
from opendata.tables.text import splitting
from opendata.tables.text.dialect import Dialect, read_dialect
from opendata.tables.text.splitting import BATCH_ROWS, MAX_EXTRA_CELLS, hash_file
from opendata.tables.types.registry import TYPES
from opendata.wording.findings import explain_error
from opendata.wording.voice import voice_of
from tests.differential.answers import recall
from tests.selection import examples

pytestmark = pytest.mark.usefixtures("table_pass")

QUICK_BYTES = 1_000_000
Tables = Iterator[tuple[Path, Mapping[str, Any], Mapping[str, Any] | None, str | None]]
Verdict = dict[str, int] | str
ENGINE_TYPES = {getattr(item, "type", "") for item in vars(frictionless.errors).values()}


def ask_us(path: Path, descriptor: Mapping[str, Any], dialect: Dialect = Dialect()) -> Verdict:  # noqa: B008
    try:
        schema = read_schema(descriptor)
    except InvalidSchemaError:
        return "schema refused"
    reader = check_table(path, name="t", schema=schema, dialect=dialect)
    counts: Counter[str] = Counter()
    for (kind, _), count in reader.task.counts.items():
        counts[kind] += count
    return dict(counts)


def recall_frictionless(path: Path, descriptor: Mapping[str, Any], dialect: Dialect) -> Verdict:
    """The same, stored or live."""
    question = ["verdict", descriptor, [dialect.delimiter, dialect.encoding, *dialect.header_rows], path.suffix]
    found: Verdict = recall(question, path.read_bytes(), lambda: ask_frictionless(path, descriptor, dialect))
    return found


def ask_frictionless(path: Path, descriptor: Mapping[str, Any], dialect: Dialect = Dialect()) -> Verdict:  # noqa: B008
    plain = {key: value for key, value in descriptor.items() if key != "foreignKeys"}
    engine = frictionless.Dialect(
        header=True, header_rows=list(dialect.header_rows), controls=[CsvControl(delimiter=dialect.delimiter)]
    )
    try:
        schema = frictionless.Schema.from_descriptor(plain)
    except frictionless.FrictionlessException:
        return "schema refused"
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    resource = frictionless.Resource(
        path=path.name, basepath=str(path.parent), schema=schema, dialect=engine, encoding=encoding
    )
    report = resource.validate(limit_errors=10**9)
    return dict(Counter(error.type for item in [report, *report.tasks] for error in item.errors))


def find_packaged_tables(folder: Path) -> Tables:
    for package in sorted(folder.iterdir()):
        found = next(path for path in (package / "datapackage.json", package / "datapackage.yml") if path.exists())
        for resource in yaml.safe_load(found.read_text(encoding="utf-8"))["resources"]:
            schema, dialect = (
                yaml.safe_load((package / part).read_text(encoding="utf-8")) if isinstance(part, str) else part
                for part in (resource["schema"], resource.get("dialect"))
            )
            path = package / resource["path"]
            if path.suffix == ".csv" and path.exists():
                yield path, schema, dialect, resource.get("encoding")


def find_examples(folder: Path) -> Tables:
    for schema in sorted(folder.rglob("schema*.json")):
        for path in sorted(schema.parent.rglob("exempl*/*.csv")) + sorted(schema.parent.glob("exemple*.csv")):
            yield path, json.loads(schema.read_text(encoding="utf-8")), None, None


def check(
    folder: Path, content: str | bytes, descriptor: Mapping[str, Any] | None = None, **options: Any
) -> TableReader:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    schema = None if descriptor is None else read_schema(descriptor)
    return check_table(path, name="t", schema=schema, **options)


def find_places(reader: TableReader) -> list[tuple[str, int | None, str]]:
    return [(item["type"], item.get("rowNumber"), item.get("fieldName", "")) for item in reader.task.errors]


def fields(*kinds: str) -> dict[str, Any]:
    return {"fields": [{"name": name, "type": kind} for name, kind in zip("abcdef", kinds, strict=False)]}


@pytest.mark.parametrize(
    ("item", "cell"),
    [
        ({"type": "string", "constraints": {"minLength": 3}}, '["x"]'),
        ({"type": "integer", "constraints": {"minimum": 5}}, "[1, 9]"),
        ({"type": "integer"}, '["x"]'),
        ({"type": "date", "format": "%d.%m.%Y"}, '["2026-01-01"]'),
    ],
)
def test_what_an_item_of_a_list_breaks_is_said_of_the_item(tmp_path: Path, item: dict[str, Any], cell: str) -> None:
    field = {"name": "a", "type": "array", "arrayItem": item, "constraints": {"minLength": 1}}
    quoted = cell.replace('"', '""')
    (error,) = check(tmp_path, f'a\n"{quoted}"\n', {"fields": [field]}).task.errors
    _, notes = build_engine_field(field, ("",)).create_cell_reader()(cell)
    assert error["note"] == next(iter(notes.values()))
    assert error["note"].startswith("array item ")
    assert "item" in explain_error(voice_of("en"), error).message


@pytest.mark.parametrize(("folder", "least"), [("datapackages", 20), ("schemas", 25)])
def test_verdicts_on_published_tables_are_those_of_frictionless(folder: str, least: int, realdata: Path) -> None:
    compare_verdicts(realdata, folder, least, range(QUICK_BYTES))


@pytest.mark.slow
def test_verdicts_on_large_published_tables_are_those_of_frictionless(realdata: Path) -> None:
    compare_verdicts(realdata, "datapackages", 1, range(QUICK_BYTES, 10**9), ask=ask_frictionless)


def compare_verdicts(
    realdata: Path,
    folder: str,
    least: int,
    sizes: range,
    ask: Callable[[Path, Mapping[str, Any], Dialect], Verdict] = recall_frictionless,
) -> None:
    """Both verdicts over every table of a folder whose file has one of these sizes in bytes."""
    find = find_packaged_tables if folder == "datapackages" else find_examples
    ours: dict[str, Verdict] = {}
    theirs: dict[str, Verdict] = {}
    for path, schema, descriptor, encoding in find(realdata / folder):
        if path.stat().st_size not in sizes:
            continue
        dialect = read_dialect(descriptor, encoding=encoding)
        found, _ = find_dialect(path, dialect.encoding, descriptor)
        dialect = replace(dialect, delimiter=found["delimiter"])
        name = str(path.relative_to(realdata))
        ours[name] = ask_us(path, schema, dialect)
        theirs[name] = ask(path, schema, dialect)
    assert len(theirs) >= least
    assert ours == theirs


MEANT = {
    "a pattern with alternatives is of the whole value": (
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "x|y"}}]},
        "a\nx1\n",
        {"constraint-error": 1},
        {},
    ),
    "the end of a pattern is the end of the value": (
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "x"}}]},
        'a\n"x\n"\n',
        {"constraint-error": 1},
        {},
    ),
    "look-around is refused with the schema": (
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "x(?=y)y"}}]},
        "a\nxy\n",
        "schema refused",
        {},
    ),
    "an enum that no cell can be in is refused with the schema": (
        {"fields": [{"name": "a", "type": "string", "constraints": {"enum": [1]}}]},
        "a\n1\n",
        "schema refused",
        {"constraint-error": 1},
    ),
    "an example is read with the options of its field": (
        {"fields": [{"name": "a", "type": "number", "decimalChar": ",", "example": "1,5"}]},
        "a\n1\n",
        {},
        "schema refused",
    ),
    "a blank line where the header should be is damage": (fields("string"), "\nx\n", {"source-error": 1}, {}),
    "a NUL byte is damage": (fields("string"), "a\nx\0y\n", {"nul-byte": 1}, {}),
    "a quote never closed is damage": (fields("string", "string"), 'a,b\n1,"2\n', {"unclosed-quote": 1}, {}),
    "an integer beyond 64 bits does not fit": (fields("integer"), f"a\n{2**63}\n", {"type-error": 1}, {}),
    "a column that stands twice is told as such, however columns are matched": (
        {**fields("string"), "fieldsMatch": "subset"},
        "a,a\nx,y\n",
        {"duplicate-label": 1},
        {"error": 1},
    ),
    "a number with a blank before it is plain, but not the standard's": (
        fields("integer", "number"),
        "a,b\n 1,１\n",
        {"lax-integer": 1, "lax-number": 1},
        {},
    ),
    "blanks are no value": (
        {"fields": [{"name": "a", "type": "string", "constraints": {"required": True}}]},
        "a\n \u3000\n",
        {"blank-cell": 1},
        {},
    ),
    "unique keys are checked": (
        {**fields("string", "string"), "uniqueKeys": [["a", "b"]]},
        "a,b\nx,y\nx,\nx,y\nx,\n",
        {"unique-key": 1},
        {},
    ),
    "categories are checked": (
        {"fields": [{"name": "a", "type": "string", "categories": ["x", "y"]}]},
        "a\nx\nz\n",
        {"category-error": 1},
        {},
    ),
    "JSON Schema is checked": (
        {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {"required": ["x"]}}}]},
        'a\n"{""x"": 1}"\n{}\n',
        {"constraint-error": 1},
        "schema refused",
    ),
    "exclusive bounds need no version": (
        {"fields": [{"name": "a", "type": "integer", "constraints": {"exclusiveMinimum": 0}}]},
        "a\n0\n",
        {"constraint-error": 1},
        "schema refused",
    ),
}


@pytest.mark.parametrize(("descriptor", "content", "ours", "theirs"), MEANT.values(), ids=MEANT.keys())
def test_differences_to_frictionless_are_meant(
    descriptor: Mapping[str, Any], content: str, ours: Verdict, theirs: Verdict, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8", newline="")
    assert ask_us(path, descriptor) == ours
    assert ask_frictionless(path, descriptor) == theirs


@given(
    content=st.one_of(st.binary(max_size=60), st.text('0123456789-:.,eE+T Z\n"[]{}中naif', max_size=60).map(str.encode))
)
@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_bytes_the_end_is_a_report(content: bytes, tmp_path: Path) -> None:
    descriptor = {"fields": [{"name": kind, "type": kind} for kind in sorted(TYPES)], "fieldsMatch": "partial"}
    for schema in (descriptor, fields("number", "datetime"), None):
        task = check(tmp_path, content, schema).task.describe()
        assert task["valid"] == (not task["errors"])
        for error in task["errors"]:
            assert error["message"], error
            assert error["title"], error
        known = [error for error in task["errors"] if error["type"] in ENGINE_TYPES]
        frictionless.Report.from_descriptor(describe_report([{**task, "errors": known}]))


@given(
    kind=st.sampled_from(sorted(TYPES)),
    cells=st.lists(st.text('0123456789-:.,eE+PTZ/ []{}"snaif中', max_size=24), max_size=3),
)
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_cells_a_table_is_written_or_reported(kind: str, cells: list[str], tmp_path: Path) -> None:
    lines = ['"' + cell.replace('"', '""') + '",x\n' for cell in cells]
    path = tmp_path / "source.csv"
    path.write_text("a,b\n" + "".join(lines), encoding="utf-8")
    table = prepare_table(path, tmp_path, name="t", schema=read_schema(fields(kind, "string")))
    assert table.csv.exists() == table.parquet.exists() == table.task.valid
    if table.task.valid:
        assert pq.read_metadata(table.parquet).num_rows == table.rows == len(cells)


def test_a_file_that_is_empty_is_an_error(tmp_path: Path) -> None:
    for content in ("", "\ufeff", "\n"):
        reader = check(tmp_path, content)
        assert not reader.task.valid, content
    assert check(tmp_path, "", fields("string")).task.errors[0]["note"] == "the source is empty"


def test_a_header_alone_is_valid_and_has_no_rows(tmp_path: Path) -> None:
    reader = check(tmp_path, "a,b\n", fields("string", "integer"))
    assert (reader.task.valid, reader.rows, reader.task.labels) == (True, 0, ["a", "b"])


def test_blank_rows_are_named(tmp_path: Path) -> None:
    reader = check(tmp_path, "a,b\n\n1,2\n,\n", fields("string", "string"))
    assert find_places(reader) == [("blank-row", 2, ""), ("blank-row", 4, "")]


def test_ragged_rows_are_named_cell_by_cell(tmp_path: Path) -> None:
    reader = check(tmp_path, "a,b\n1\n1,2,3,4\n1,2\n", fields("string", "string"))
    assert find_places(reader) == [("missing-cell", 2, "b"), ("extra-cell", 3, ""), ("extra-cell", 3, "")]


@pytest.mark.parametrize("header", ["a,b\n", ""])
def test_many_cells_too_many_are_counted_and_a_few_of_a_row_listed(header: str, tmp_path: Path) -> None:
    content = f"{header}x,1\n2,{',' * 4997}9\n{',' * 4998}\n1,2\n"
    dialect = Dialect(delimiter=",", header_rows=(1,) if header else ())
    reader = check(tmp_path, content, fields("any", "any"), dialect=dialect, limit=10_000)
    first = 3 if header else 2
    assert reader.task.counts == {("extra-cell", ""): 4997, ("blank-row", ""): 1}
    assert find_places(reader) == [("extra-cell", first, "")] * MAX_EXTRA_CELLS + [("blank-row", first + 1, "")]
    assert len(reader.task.errors[0]["cells"]) == 2 + MAX_EXTRA_CELLS


def test_cells_may_be_separated_by_a_character_beyond_ascii(tmp_path: Path) -> None:
    text = "编号，水位\nA1，很高\nA2，3\n"
    fields = [{"name": "编号", "type": "string"}, {"name": "水位", "type": "number"}]
    reader = check(tmp_path, text, {"fields": fields}, dialect=Dialect(delimiter="，"))
    assert (reader.rows, find_places(reader)) == (2, [("type-error", 2, "水位")])


@pytest.mark.slow
def test_a_table_of_2000_columns_is_checked(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(2000)]
    descriptor = {"fields": [{"name": name, "type": "integer"} for name in names]}
    good = ",".join("1" for _ in names)
    reader = check(tmp_path, "\n".join([",".join(names), good, good.replace("1", "x", 1)]), descriptor)
    assert find_places(reader) == [("type-error", 3, "c0")]
    assert check(tmp_path, "\n".join([",".join(names), good])).task.valid


def test_more_columns_than_a_table_may_have_are_one_error(tmp_path: Path) -> None:
    reader = check(tmp_path, "," * MAX_FIELDS + "\n1\n")
    assert find_places(reader) == [("source-error", 1, "")]


def test_counts_are_exact_where_the_list_is_capped(tmp_path: Path) -> None:
    content = "a,b\n" + "x,1\n" * 30 + "1,y\n" * 5
    reader = check(tmp_path, content, fields("integer", "integer"), limit=10)
    task = reader.task.describe()
    assert len(task["errors"]) == 10
    assert task["stats"]["errors"] == 35
    assert task["opendata"]["counts"] == [
        {"type": "type-error", "fieldName": "a", "rule": "type", "count": 30},
        {"type": "type-error", "fieldName": "b", "rule": "type", "count": 5},
    ]


def test_damage_deep_in_the_file_is_reported_with_what_came_before(tmp_path: Path) -> None:
    reader = check(tmp_path, b"a\n1\nx\n" + b"2\n" * 500 + b"\xff\n", fields("integer"))
    assert find_places(reader) == [("type-error", 3, "a"), ("encoding-error", 504, "")]
    assert reader.rows == 502


def test_comments_and_rows_before_the_header_keep_the_row_numbers(tmp_path: Path) -> None:
    dialect = Dialect(header_rows=(2,), comment_char="#", comment_rows=(5,))
    content = "Title\na,b\n# note,\n1,2\nskipped,x\n1,y\n"
    assert find_places(check(tmp_path, content, fields("integer", "integer"), dialect=dialect)) == [
        ("type-error", 6, "b")
    ]


def test_a_table_without_header_is_checked_by_place(tmp_path: Path) -> None:
    reader = check(tmp_path, "1,x\ny,x\n", fields("integer", "string"), dialect=Dialect(header_rows=()))
    assert find_places(reader) == [("type-error", 2, "a")]


def test_a_bound_that_a_cell_cannot_be_compared_with_is_an_error_of_the_cell(tmp_path: Path) -> None:
    descriptor = fields("datetime")
    descriptor["fields"][0]["constraints"] = {"minimum": "2020-01-01T00:00:00Z"}
    content = "a\n2020-01-02T00:00:00Z\n# note\n2020-01-02T00:00:00\n"
    reader = check(tmp_path, content, descriptor, dialect=Dialect(comment_char="#"))
    assert find_places(reader) == [("constraint-error", 4, "a")]
    assert reader.task.errors[0]["note"] == 'constraint "minimum" is "2020-01-01T00:00:00Z"'


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "([a-z]+)*!"])
def test_a_pattern_that_explodes_elsewhere_is_decided(pattern: str, tmp_path: Path) -> None:
    descriptor = fields("string")
    descriptor["fields"][0]["constraints"] = {"pattern": pattern}
    reader = check(tmp_path, "a\n" + "a" * 50_000 + "?\n", descriptor)
    assert find_places(reader) == [("constraint-error", 2, "a")]


def test_a_pattern_only_the_linear_engine_knows_is_checked(tmp_path: Path) -> None:
    descriptor = fields("string")
    descriptor["fields"][0]["constraints"] = {"pattern": r"\p{Han}+"}
    assert find_places(check(tmp_path, "a\n北京\nBeijing\n", descriptor)) == [("constraint-error", 3, "a")]


@pytest.mark.parametrize(
    ("pattern", "cell"),
    [
        (r"^\w+$", "é"),
        (r"\W+", "é"),
        (r"[^\w]+", "é"),
        (r"\D+", "１"),
        (r"\S+", "a\u3000b"),
        (r"a{,2}", "aa"),
        (r"\u4e2d\–", "中–"),
        (r"[[:alpha:]]+", "x"),
        (r"a|b", "ab"),
        (r"\w{1,255}", "中"),
    ],
)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_pattern_means_the_same_by_columns_and_by_rows(pattern: str, cell: str, tmp_path: Path) -> None:
    descriptor = fields("string", "string")
    descriptor["fields"][0]["constraints"] = {"pattern": pattern}
    by_rows = check(tmp_path, f"a,b\n{cell},x\n", descriptor)
    by_columns = prepare_table(tmp_path / "table.csv", tmp_path, name="t", schema=by_rows.schema)
    assert by_columns.task.errors == by_rows.task.errors
    assert by_rows.task.valid == bool(re.fullmatch(pattern, cell))


@pytest.mark.parametrize(
    ("match", "header", "columns"),
    [
        ("equal", "c,a,b", ["a", "b", "c"]),
        ("subset", "x,c,b,a,y", ["a", "b", "c", "x", "y"]),
        ("superset", "c,a", ["a", "b", "c"]),
        ("partial", "x,b", ["a", "b", "c", "x"]),
        ("exact", "a,b,c", ["a", "b", "c"]),
    ],
)
def test_columns_are_published_in_the_order_of_the_schema_then_of_the_file(
    match: str, header: str, columns: list[str], tmp_path: Path
) -> None:
    descriptor = {**fields("string", "integer", "date"), "fieldsMatch": match}
    values = {"a": "t", "b": "1", "c": "2020-01-01", "x": "007", "y": ""}
    present = header.split(",")
    path = tmp_path / "source.csv"
    path.write_text(f"{header}\n{','.join(values[name] for name in present)}\n", encoding="utf-8")
    table = prepare_table(path, tmp_path, name="t", schema=read_schema(descriptor))
    assert table.task.errors == []
    expected = [values[name] if name in present else "" for name in columns]
    assert table.csv.read_text() == f"{','.join(columns)}\n{','.join(expected)}\n"
    (row,) = pq.read_table(table.parquet).to_pylist()
    assert {name: "" if value is None else str(value) for name, value in row.items()} == dict(
        zip(columns, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("match", "header", "errors"),
    [
        ("exact", "b,a,c", {"incorrect-label": 2}),
        ("equal", "a,b", {"missing-label": 1}),
        ("equal", "a,b,c,x", {"extra-label": 1}),
        ("subset", "a,b,x", {"missing-label": 1}),
        ("superset", "a,x", {"extra-label": 1}),
        ("partial", "x,y", {"unmatched-header": 1}),
    ],
)
def test_columns_that_do_not_match_are_named(match: str, header: str, errors: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n", encoding="utf-8")
    assert ask_us(path, {**fields("any", "any", "any"), "fieldsMatch": match}) == errors


def test_a_long_table_comes_in_batches_of_bounded_size_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 100_000)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "".join(f"{number},x\n" for number in range(200_000)), encoding="utf-8")
    heard: list[int] = []
    reader = TableReader(path, name="t", schema=read_schema(fields("integer", "string")), on_bytes=heard.append)
    batches = reader.batches()
    first = next(batches)
    assert heard[-1] < path.stat().st_size / 2  # the rest is not read yet
    sizes = [first.typed.num_rows, *(batch.typed.num_rows for batch in batches)]
    assert max(sizes) <= 100_000 / len("1,x\n")
    assert sum(sizes) == reader.rows == 200_000
    assert heard[-1] == path.stat().st_size


def test_a_long_table_read_record_by_record_comes_in_batches_too(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "".join(f"{number},x\n" for number in range(50_000)), encoding="utf-8")
    reader = TableReader(path, name="t", schema=read_schema(fields("integer", "string")), careful=True)
    assert [batch.typed.num_rows for batch in reader.batches()] == [BATCH_ROWS, BATCH_ROWS, 50_000 - 2 * BATCH_ROWS]


def test_batches_of_wide_rows_are_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "BATCH_CELLS", 600)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "1,x\n" * 1000, encoding="utf-8")
    reader = TableReader(path, name="t", careful=True)
    assert [batch.text.num_rows for batch in reader.batches()] == [300, 300, 300, 100]


def test_batches_of_long_texts_are_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "BATCH_CHARACTERS", 1000)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + f"1,{'x' * 99}\n" * 25, encoding="utf-8")
    reader = TableReader(path, name="t", schema=read_schema(fields("integer", "string")), careful=True)
    assert [batch.text.num_rows for batch in reader.batches()] == [10, 10, 5]


@pytest.mark.parametrize(("careful", "sizes"), [(False, [99, 100]), (True, [200])])
def test_no_batch_comes_after_the_first_error(
    careful: bool, sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "BATCH_ROWS", 200)
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 200)
    path = tmp_path / "table.csv"
    path.write_text("a\n" + "1\n" * 250 + "x\n" + "1\n" * 1000, encoding="utf-8")
    reader = TableReader(path, name="t", schema=read_schema(fields("integer")), careful=careful)
    assert [batch.text.num_rows for batch in reader.batches()] == sizes
    assert reader.rows == 1251


def test_the_task_tells_the_bytes_and_their_digest(tmp_path: Path) -> None:
    reader = check(tmp_path, "a\n1\n")
    assert reader.task.sha256 == hash_file(tmp_path / "table.csv")
    assert reader.task.sha256 == "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc"
    assert (reader.task.bytes, reader.task.rows) == (4, 1)
