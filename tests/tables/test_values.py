"""Columns of values without texts: what is published of a table is the same where the compiled pass makes none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from opendata.privacy.detection.screen import PrivacyScreen
from opendata.tables.arrow.compiled import SWITCH, find_native
from opendata.tables.check.uniqueness import KeyWatch, Repetition
from opendata.tables.forms.writing import TableWriter
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table
from opendata.tables.text.records import Ascent
from opendata.tables.types.casting import Batch

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "name", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "moment", "type": "datetime"},
        {"name": "price", "type": "number"},
        {"name": "open", "type": "boolean"},
    ],
    "primaryKey": ["id"],
}
HEAD = "id,name,day,moment,price,open\n"
CLEAN = [f"{row},南湖{row % 7},2026-01-0{row % 9 + 1},2026-01-01T00:00:0{row % 10},{row}.5,true\n" for row in range(90)]
TABLES: dict[str, Sequence[str]] = {
    "clean": CLEAN,
    "values missing": [*CLEAN, "90,,,,,\n", "91,a,,2026-01-01T00:00:00,,false\n"],
    "a number rewritten at the end": [*CLEAN, "+90,a,,,1.50,false\n"],
    "a moment with a space": [*CLEAN[:40], "1000,a,,2026-01-01 00:00:00,1,false\n"],
    "quotes at the end": [*CLEAN, '90,"a,b",,,1,false\n'],
    "a header again": [*CLEAN, HEAD],
    "a blank row": [*CLEAN, ",,,,,\n", "99,,,,,\n"],
    "a wrong cell": [*CLEAN, "90,a,2026-02-30,,1,false\n"],
    "a repeated key": [*CLEAN, CLEAN[3]],
    "a gap": [*CLEAN[:30], *CLEAN[40:]],
    "carriage returns at the end": [*CLEAN, "90,a,,,1,false\r\n"],
    "no end of the last line": [*CLEAN, "90,a,,,1,false"],
}


def publish(folder: Path, rows: Sequence[str]) -> Sequence[Any]:
    """All that a table becomes."""
    folder.mkdir()
    source = folder / "source.csv"
    source.write_text(HEAD + "".join(rows), encoding="utf-8", newline="")
    found = prepare_table(source, folder, name="t", schema=read_schema(SCHEMA), screen=PrivacyScreen)
    report = found.task.describe()
    report["stats"].pop("seconds")
    files = [path.read_bytes() if path.exists() else b"" for path in (found.csv, found.parquet)]
    return [report, *files, list(found.profile), list(found.privacy), found.csv_is_source]


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_becomes_the_same_without_the_compiled_pass(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 1500)
    compiled = publish(tmp_path / "compiled", TABLES[kind])
    monkeypatch.setenv(SWITCH, "0")
    find_native.cache_clear()
    try:
        plain = publish(tmp_path / "plain", TABLES[kind])
    finally:
        monkeypatch.delenv(SWITCH)
        find_native.cache_clear()
    assert compiled == plain


def test_rows_make_the_same_file_however_they_come(tmp_path: Path) -> None:
    rows = 9000
    table = pa.table({"a": list(range(rows)), "b": [f"t{row % 3000}" for row in range(rows)], "c": [True] * rows})
    text = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    files = []
    for number, size in enumerate((rows, 1, 700, 1024, 4096, 5000)):
        place = tmp_path / f"{number}.parquet"
        with TableWriter(tmp_path / "t.csv", place, schema=table.schema, metadata={}) as writer:
            start = 0
            while start < rows:
                count = size if size > 1 else start % 900 + 1
                typed, texts = (item.slice(start, count).combine_chunks().to_batches()[0] for item in (table, text))
                writer.write(Batch(typed, texts))
                start += count
        files.append(place.read_bytes())
    assert len(set(files)) == 1


def test_numbers_one_after_the_other_are_remembered_by_their_ends() -> None:
    def ascent(first: int, values: Sequence[int]) -> Ascent:
        return Ascent(pa.array(values, pa.int64()).buffers()[1].to_pybytes(), "int64", first, values[-1], len(values))

    watch = KeyWatch(["a"], "unique-error")
    assert watch.keep_ascent(ascent(1, [1, 2, 3]), range(2, 5))
    assert watch.keep_ascent(ascent(5, [5, 7]), range(5, 7))
    assert not watch.keep_ascent(ascent(2, [2, 9]), range(7, 9))
    found = pa.array([2, 9], pa.int64())
    watch.take([(found, pa.nulls(2, pa.string()))], pa.array([7, 8]).to_numpy())
    assert watch.list_repetitions() == (1, [Repetition(7, 3)])
