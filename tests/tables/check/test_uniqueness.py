"""Values that repeat, wherever in the file the blocks that are read at once begin and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table

pytestmark = pytest.mark.usefixtures("table_pass")

ROWS = 40


@pytest.mark.parametrize("kind", ["integer", "string", "date"])
def test_a_key_that_ascends_but_once_is_told_at_any_place(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 64)
    schema = read_schema({"fields": [{"name": "key", "type": kind}], "primaryKey": ["key"]})
    write = {"integer": "{}", "string": "k{}", "date": "20{}-01-01"}[kind].format
    for place in range(ROWS):
        numbers = [10 + number - (number > place) for number in range(ROWS)]
        path = tmp_path / "keys.csv"
        path.write_text("\n".join(["key", *map(write, numbers)]) + "\n")
        found = check_table(path, name="keys", schema=schema).task.errors
        repeats = [] if place == ROWS - 1 else [("primary-key", place + 3)]
        assert [(error["type"], error["rowNumber"]) for error in found] == repeats
