"""What codes are called: by the categories of a column, or by the table that a foreign key refers to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, ForeignKey, TableSchema
from opendata.errors import InputError, NotFoundError, SuspendedError, WithdrawnError
from opendata.query.addresses import write_name
from opendata.query.values import Filter, RowsQuery, name_columns
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.query.queries import Queries
from opendata.tables.types.canonical import write_value

_NAMES = ("name", "title", "label")
_WORDS = ("名称", "标题", "中文名")
_CODE_END = re.compile(r"_?(code|id|no|number)$")
_MOST_VALUES = 1_000
_MOST_CHARACTERS = 100


class Labels:
    """Names of codes."""

    def __init__(self, queries: Queries, versions: Versions) -> None:
        self._queries = queries
        self._versions = versions

    def find(
        self,
        place: tuple[str, str, str],
        table: TableResource,
        field: Field,
        values: Collection[str],
        language: str,
        reader: Actor | None = None,
    ) -> Mapping[str, str]:
        """The names of those of these values of a column that have one, in a language where there are several."""
        found = list_categories(field)
        if found:
            return found
        key = find_key(table.schema, field)
        values = [value for value in values if value and "," not in value][:_MOST_VALUES]
        if key is None or not values:
            return {}
        dataset, version = key.package.split("@", 1) if key.package else place[:2]
        try:
            target = self._versions.get_table(dataset, version, key.resource or place[2])
            column = find_label(target.schema, key.reference_fields[0], language)
            if column is None or (target.name == place[2] and not key.package):
                return {}
            names = {item.name: name for name, item in name_columns(target.schema.fields).items()}
            code, label = names[key.reference_fields[0]], names[column]
            query = RowsQuery(
                select=f"{write_name(code)}, {write_name(label)}",
                filters=[Filter(code, "in", ",".join(values))],
                limit=_MOST_VALUES,
            )
            rows = self._queries.read_page(dataset, version, target.name, query, reader).rows
        except (NotFoundError, SuspendedError, WithdrawnError, InputError, KeyError):
            return {}  # a table that the reader may not have, or an old one that refers to nothing
        pairs = zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)
        return {write_value(code): str(text)[:_MOST_CHARACTERS] for code, text in pairs if text is not None}


def find_key(schema: TableSchema, field: Field) -> ForeignKey | None:
    """The foreign key that consists of a column."""
    return next((key for key in schema.foreign_keys if key.fields == (field.name,)), None)


def list_categories(field: Field) -> Mapping[str, str]:
    """The labels of a column's categories."""
    found: Sequence[object] = field.descriptor.get("categories") or ()
    return {
        write_value(item["value"]): str(item["label"])
        for item in found
        if isinstance(item, Mapping) and item.get("label") is not None
    }


def find_label(schema: TableSchema, key: str, language: str) -> str | None:
    """The column of a table that names what its key is the code of: `name`, or `province` beside `province_code`."""
    others = [item for item in schema.fields if item.type == "string" and item.name != key]
    others = [item for item in others if not any(item.name in found.fields for found in schema.foreign_keys)]
    stem = _CODE_END.sub("", key.lower())
    for end in (f"_{language}", ""):
        for item in others:
            name = item.name.lower()
            if name == f"{stem}{end}" or any(
                name in (f"{word}{end}", f"short_{word}{end}") or name.endswith(f"_{word}{end}") for word in _NAMES
            ):
                return item.name
            if not end and any(word in f"{item.name} {item.title}" for word in _WORDS):
                return item.name
    return None
