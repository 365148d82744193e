"""The rows of a frozen DuckLake: one snapshot of the newest versions, a schema for each dataset, files where they are.

Columns are found by their names, since our Parquet files have no field ids. Statistics are left out: the files have
them. Source: DuckLake specification 1.0, "Tables", "Data Types", "Name Mapping".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from opendata.exchange.iceberg.schemas import TableColumns

VERSION = "1.0"
_TYPES: Mapping[str, str] = {"long": "int64", "int": "int32", "double": "float64", "string": "varchar"}
_MAIN = UUID("00000000-0000-5000-8000-000000000000")

Row = tuple[str | int | bool | None, ...]


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A Parquet file: its address, how many bytes and rows it has."""

    address: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeTable:
    """A table: its name and title, its Parquet files in their order, its columns."""

    name: str
    files: Sequence[LakeFile]
    columns: TableColumns
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeSchema:
    """A dataset as a schema: its name, its UUID, what it is called, its tables."""

    name: str
    uuid: str
    title: str
    tables: Sequence[LakeTable]


def list_rows(schemas: Iterable[LakeSchema], base: str, moment: datetime) -> Iterator[tuple[str, Row]]:
    """All rows, each with its table. `base` is the address of the portal, `moment` when it was like this."""
    for key, value in {
        "version": VERSION,
        "created_by": "opendata",
        "data_path": f"{base}/datasets/",
        "encrypted": "false",
    }.items():
        yield "metadata", (key, value, None, None)
    yield "schema", (0, str(_MAIN), 0, None, "main", "main/", True)
    number, files = 0, 0
    for schema in schemas:
        number += 1
        place = number
        yield "schema", (place, schema.uuid, 0, None, schema.name, f"{schema.name}/", True)
        if schema.title:
            yield "tag", (place, 0, None, "comment", schema.title)
        for table in schema.tables:
            number += 1
            yield from _list_table(table, number, place, schema, files + 1)
            files += len(table.files)
    yield "snapshot", (0, moment.isoformat(), 0, number + 1, files + 1)
    yield "snapshot_changes", (0, 'created_schema:"main"', None, None, None)


def _list_table(
    table: LakeTable, number: int, schema: int, dataset: LakeSchema, file: int
) -> Iterator[tuple[str, Row]]:
    uuid = str(uuid5(UUID(dataset.uuid), table.name))
    yield "table", (number, uuid, 0, None, schema, table.name, f"{table.name}/", True)
    yield "schema_versions", (0, 0, number)
    if table.title:
        yield "tag", (number, 0, None, "comment", table.title)
    for place, column in enumerate(table.columns.columns, start=1):
        kind = _TYPES.get(column.type, column.type.replace(", ", ","))
        yield (
            "column",
            (place, 0, None, number, place, column.name, kind, None, "NULL", True, None, "literal", "duckdb"),
        )
        yield "name_mapping", (file, place, column.name, place, None, False)
        if column.doc:
            yield "column_tag", (number, place, 0, None, "comment", column.doc)
    yield "column_mapping", (file, number, "map_by_name")
    before = 0
    for position, item in enumerate(table.files):
        about = (file + position, number, 0, None, None, item.address, False, "parquet", item.rows, item.bytes)
        yield "data_file", (*about, None, before, None, None, file, None)
        before += item.rows
    yield "table_stats", (number, before, before, sum(item.bytes for item in table.files))
