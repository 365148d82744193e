"""The schemas of a table: types that agree with what our Parquet files have, ids of fields, the mapping of names.

The id of a field follows from its name and its kind of type alone. So a column keeps its id over all versions, gone and
come back included, and one whose type can't be promoted has another. Files have no ids: readers find columns by the
name mapping, in which a name has one id. Source: Iceberg table spec, "Schemas and Data Types", "Schema Evolution",
"Column Projection", "Name Mapping Serialization".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.errors import N_, StateError
from opendata.tables.types.registry import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

_HIGHEST = 2_000_000_000
"""Ids of fields and schemas are at most this: above it, Iceberg has some of its own."""

_PROMOTED: Mapping[str, str] = {"int": "integer", "long": "integer"}
"""Types of which one becomes the other keep their id."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its field id, its name, its type as Iceberg writes it, and what it is called."""

    id: int
    name: str
    type: str
    doc: str = ""

    def to_json(self) -> dict[str, Any]:
        """As schemas list it. Any value may be missing, whatever the schema demands of rows now."""
        found: dict[str, Any] = {"id": self.id, "name": self.name, "required": False, "type": self.type}
        return found | ({"doc": self.doc} if self.doc else {})


@dataclass(frozen=True)
class TableColumns:
    """The columns of a version of a table."""

    columns: tuple[Column, ...]

    @cached_property
    def id(self) -> int:
        """The schema id: equal schemas have equal ones."""
        return _hash(json.dumps([item.to_json() for item in self.columns], ensure_ascii=False))

    def to_json(self) -> dict[str, Any]:
        """As metadata files and manifests have it."""
        return {"type": "struct", "schema-id": self.id, "fields": [item.to_json() for item in self.columns]}


def read_columns(fields: Sequence[Field]) -> TableColumns:
    """The columns of a table.

    Raises `StateError` where Iceberg can't have them: a column without a name, two of one name in any letter case.
    """
    seen: set[str] = set()
    for item in fields:
        if not item.name:
            raise StateError(N_("A column of this table has no name, so Apache Iceberg can't have the table"))
        if item.name.casefold() in seen:
            text = N_("Two columns have names that differ in letter case alone (“%(name)s”), which engines can't use")
            raise StateError(text, name=item.name[:100])
        seen.add(item.name.casefold())
    columns = []
    taken: set[int] = set()
    for item in fields:
        kind = find_type(arrow_type(item))
        number = _hash(f"{_PROMOTED.get(kind, kind)} {item.name}")
        while number in taken:
            number = number % _HIGHEST + 1
        taken.add(number)
        columns.append(Column(number, item.name, kind, item.title))
    return TableColumns(tuple(columns))


def find_type(kind: pa.DataType) -> str:
    """The Iceberg type of what a Parquet file of ours has in a column."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return _TYPES[str(kind)]


_TYPES: Mapping[str, str] = {
    "int32": "int",
    "int64": "long",
    "double": "double",
    "bool": "boolean",
    "date32[day]": "date",
    "string": "string",
}


def fit_together(newer: Sequence[TableColumns], older: TableColumns) -> bool:
    """Whether one mapping of names serves an older version too: no name has two ids, no id two names or a lost type."""
    names = {column.name: column for item in newer for column in item.columns}
    ids = {column.id: column.name for column in names.values()}
    schemas = {item.id: item for item in newer}
    return schemas.get(older.id, older) == older and all(
        ids.get(column.id, column.name) == column.name
        and names.get(column.name, column).id == column.id
        and (names.get(column.name, column).type == column.type or column.type == "int")
        for column in older.columns
    )


def map_names(columns: Sequence[TableColumns]) -> str:
    """The property `schema.name-mapping.default` for all versions of a table."""
    names = {column.name: column.id for item in columns for column in item.columns}
    return json.dumps([{"field-id": number, "names": [name]} for name, number in names.items()], ensure_ascii=False)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % _HIGHEST + 1
