"""Table Schema as data: which cells, tables and schemas the standard accepts, which it refuses, and with what error.

Source: Table Schema v1 and v2 (datapackage.org); each group says which part. In `cases/` a group's cells are `accepted`
as they are, `rewritten` in canonical form, `missing`, or `refused` with the errors they take, told as type and rule. In
`tables/` each group is a file and its errors (type, row, column); in `schemas/` a schema that is taken or not. Groups
`as_frictionless` follow frictionless 5.21 where the standard says otherwise or nothing; `reason` says why.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import TableSchema
from opendata.errors import InvalidSchemaError
from opendata.tables.check.keys import check_foreign_key
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table, prepare_table

# Thousands of readings of the same lines: what is covered by tests that tell why is worth counting, these are not.
pytestmark = pytest.mark.no_cover

HERE = Path(__file__).parent
_RULE = re.compile(r'constraint "(\w+)"')

Group = Mapping[str, Any]


def load_groups(folder: str) -> list[Group]:
    paths = sorted((HERE / folder).glob("*.json"))
    return [group for path in paths for group in json.loads(path.read_text(encoding="utf-8"))]


def list_accepted(group: Group) -> dict[str, str | None]:
    """Each accepted cell and its canonical text, None for a missing value."""
    kept = {cell: cell for cell in group.get("accepted", ())}
    return {**kept, **group.get("rewritten", {}), **dict.fromkeys(group.get("missing", ()))}


def list_refused(group: Group) -> dict[str, list[str]]:
    """Each refused cell and its errors in order."""
    return {cell: told.split(" & ") for told, cells in group.get("refused", {}).items() for cell in cells}


def list_cells(group: Group) -> dict[str, list[str]]:
    """Each cell of a group and the errors it takes, none where it is accepted."""
    return {**{cell: [] for cell in list_accepted(group)}, **list_refused(group)}


def build_schema(group: Group) -> TableSchema:
    field = {"name": "value", **group["field"]}
    return _read_schema(json.dumps({"fields": [{"name": "id", "type": "string"}, field], **group.get("schema", {})}))


@cache
def _read_schema(text: str) -> TableSchema:
    return read_schema(json.loads(text))


def write_rows(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_column(folder: Path, cells: Sequence[str]) -> Path:
    """A file whose second column holds the cells; the first numbers the rows, so that none is blank."""
    return write_rows(folder, [["id", "value"], *([str(row), cell] for row, cell in enumerate(cells, start=2))])


def write_source(folder: Path, group: Group) -> Path:
    """A group's file: its rows, or its text to the letter."""
    if "rows" in group:
        return write_rows(folder, group["rows"])
    path = folder / "table.csv"
    path.write_bytes(group["text"].encode())
    return path


def tell(error: Mapping[str, Any]) -> str:
    """An error's type, and of a constraint its name."""
    rule = _RULE.match(error["note"]) if error["type"] == "constraint-error" else None
    return f"{error['type']} {rule[1]}" if rule else error["type"]


GROUPS, TABLES, SCHEMAS = load_groups("cases"), load_groups("tables"), load_groups("schemas")
CELLS = [
    pytest.param(group, cell, told, id=f"{group['group']}: {json.dumps(cell, ensure_ascii=True)}")
    for group in GROUPS
    for cell, told in list_cells(group).items()
]


def name_groups(groups: Sequence[Group]) -> list[Any]:
    return [pytest.param(group, id=group["group"]) for group in groups]


def test_each_group_has_a_name_of_its_own() -> None:
    for groups in (GROUPS, TABLES, SCHEMAS):
        names = [group["group"] for group in groups]
        assert len(set(names)) == len(names)


def test_each_group_that_leaves_the_standard_says_why() -> None:
    for group in (*GROUPS, *TABLES, *SCHEMAS):
        leaves = any(word in group["group"] for word in ("; as_frictionless", "; house rule", "; house limit"))
        assert group.get("reason") or not leaves, group["group"]


def test_each_cell_stands_in_its_group_once() -> None:
    for group in GROUPS:
        parts = [group.get(part, ()) for part in ("accepted", "rewritten", "missing")]
        listed = [cell for part in [*parts, *group.get("refused", {}).values()] for cell in part]
        assert len(set(listed)) == len(listed), group["group"]


def test_the_set_is_no_smaller_than_it_was() -> None:
    assert (len(CELLS) >= 1914, len(TABLES) >= 192, len(SCHEMAS) >= 267) == (True, True, True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the files of all cells, each written over the last."""
    return tmp_path_factory.mktemp("cells")


@pytest.mark.parametrize("group", name_groups(GROUPS))
def test_each_cell_of_a_group_is_accepted_or_refused_alone_in_its_column(group: Group, folder: Path) -> None:
    """One row, in which each cell has a column of its own: a table for each, as below, takes ten times as long."""
    cells = list_cells(group)
    fields = [{**group["field"], "name": f"value{place}"} for place in range(2, len(cells) + 2)]
    schema = read_schema({"fields": [{"name": "id", "type": "string"}, *fields], **group.get("schema", {})})
    source = write_rows(folder, [[field.name for field in schema.fields], ["2", *cells]])
    errors = check_table(source, name="table", schema=schema, limit=10_000).task.errors
    found = [(error["rowNumber"], error["fieldNumber"], error["cell"], tell(error)) for error in errors]
    listed = enumerate(cells.items(), start=2)
    assert found == [(2, place, cell, kind) for place, (cell, told) in listed for kind in told]


@pytest.mark.slow
@pytest.mark.parametrize(("group", "cell", "told"), CELLS)
def test_a_cell_is_accepted_or_refused_as_the_standard_says(
    group: Group, cell: str, told: list[str], folder: Path
) -> None:
    reader = check_table(write_column(folder, [cell]), name="table", schema=build_schema(group))
    errors = reader.task.errors
    assert [tell(error) for error in errors] == told
    assert [(error["rowNumber"], error["fieldNumber"], error["cell"]) for error in errors] == [(2, 2, cell)] * len(told)
    assert reader.task.valid == (not told)


@pytest.mark.parametrize("group", name_groups(GROUPS))
def test_the_cells_of_one_column_are_judged_each_by_itself(group: Group, folder: Path) -> None:
    cells = [*list_cells(group).items()] * 2
    reader = check_table(write_column(folder, [cell for cell, _ in cells]), name="table", schema=build_schema(group))
    found = [(error["rowNumber"], tell(error)) for error in reader.task.errors]
    assert found == [(row, told) for row, (_, listed) in enumerate(cells, start=2) for told in listed]


@pytest.mark.parametrize("group", name_groups([group for group in GROUPS if list_accepted(group)]))
def test_an_accepted_value_has_one_canonical_text(group: Group, tmp_path: Path) -> None:
    wanted = list_accepted(group)
    schema = build_schema(group)
    prepared = prepare_table(write_column(tmp_path, list(wanted)), tmp_path, name="prepared", schema=schema)
    with prepared.csv.open(encoding="utf-8", newline="") as file:
        written = [row["value"] for row in csv.DictReader(file)]
    null = schema.null_text_of(schema.fields[1])
    assert written == [null if text is None else text for text in wanted.values()]
    values = pq.read_table(prepared.parquet).column("value").to_pylist()
    assert [value is None for value in values] == [text is None for text in wanted.values()]


@pytest.mark.parametrize("group", name_groups(TABLES))
def test_a_table_has_the_errors_that_the_standard_says(group: Group, tmp_path: Path) -> None:
    schema = read_schema(group["schema"])
    source = write_source(tmp_path, group)
    reader = check_table(source, name="table", schema=schema)
    task = reader.task
    if schema.foreign_keys and task.valid:
        parquet = prepare_table(source, tmp_path, name="prepared", schema=schema).parquet
        for key in schema.foreign_keys:
            check_foreign_key(key, table=parquet, reference=parquet, task=task, first_row=reader.first_row)
    found = [[error["type"], error.get("rowNumber"), error.get("fieldNumber")] for error in task.errors]
    assert found == group["errors"]
    assert len(task.warnings) == group.get("warnings", 0)


@pytest.mark.parametrize("group", name_groups(SCHEMAS))
def test_a_schema_is_taken_or_not_as_the_standard_says(group: Group) -> None:
    if group["accepted"]:
        read_schema(group["schema"])
    else:
        with pytest.raises(InvalidSchemaError):
            read_schema(group["schema"])
