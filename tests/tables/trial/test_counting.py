"""What a field would break is counted from the text copy, and told with the first cells that break it."""

from __future__ import annotations

from pathlib import Path

from opendata.tables.schema.schema import read_schema
from opendata.tables.text.dialect import Dialect
from opendata.tables.trial.copying import write_copy
from opendata.tables.trial.counting import Counts, Wish, count_fields


def count(
    folder: Path, text: str, *fields: dict[str, object], dialect: Dialect | None = None, **more: object
) -> Counts:
    source, copy = folder / "t.csv", folder / "copy.parquet"
    source.write_text(text, encoding="utf-8")
    write_copy(source, dialect or Dialect(), copy)
    return count_fields(copy, Wish(schema=read_schema({"fields": [*fields], **more}).descriptor))


def test_rows_keep_their_numbers_and_blank_ones_are_of_the_table(tmp_path: Path) -> None:
    text = 'a;b\n1;x\n\n"2\n";y\n3\nx;z\n1;w\n'
    integer = {"name": "a", "type": "integer", "constraints": {"unique": True}}
    required = {"name": "b", "constraints": {"required": True}}
    found = count(tmp_path, text, integer, required, dialect=Dialect(delimiter=";"))
    assert found.rows == 6
    cells = {name: [(item["row"], item["cell"], item["code"]) for item in found.fields[name].cells] for name in "ab"}
    assert cells == {
        "a": [(4, "2\n", "lax-integer"), (6, "x", "type-error"), (7, "1", "unique-error")],
        "b": [(5, "", "constraint-error"), (5, "", "missing-cell")],
    }
    assert found.table is not None
    assert [(item["row"], item["type"]) for item in found.table.cells] == [(3, "blank-row")]


def test_what_is_wrong_with_the_header_is_of_the_table_and_where_the_text_is_damaged_too(tmp_path: Path) -> None:
    found = count(tmp_path, "a,c\n1,2\nx\0,4\n", {"name": "a", "type": "integer"}, {"name": "b"})
    assert found.table is not None
    assert [(item["row"], item["cell"], item["code"]) for item in found.table.cells] == [
        (None, "c", "incorrect-label"),
        (3, "", "nul-byte"),
    ]
    assert found.fields["a"].errors == 0


def test_moments_with_a_zone_are_counted_as_the_check_reads_them(tmp_path: Path) -> None:
    text = "a,b\n2026-01-31T08:00:00Z,2026-01-31T08:00:00\n2026-01-31T08:00:00,x\n"
    found = count(tmp_path, text, {"name": "a", "type": "datetime"}, {"name": "b", "type": "datetime"}).fields
    assert [(item["row"], item["code"]) for item in found["a"].cells] == [(3, "moment-without-zone")]
    assert [(item["row"], item["code"]) for item in found["b"].cells] == [(3, "type-error")]
