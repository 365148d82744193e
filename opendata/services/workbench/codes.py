"""The code list of a field from somewhere else: a column of a published table, or a field of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.resources import TableResource
from opendata.domain.schema import ForeignKey
from opendata.errors import N_, NotFoundError, StateError
from opendata.services.catalogue.schemas import Schemas
from opendata.services.catalogue.versions import Versions
from opendata.services.workbench.states import BenchState
from opendata.tables.arrow.parquet import open_parquet

MOST_CODES = 2000
"""At most this many values become a list; more are referred to by a key."""

_COPIED = ("type", "format", "categories", "categoriesOrdered", "missingValues")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """A published version whose columns may be code lists."""

    dataset: str
    version: str
    tables: Sequence[TableResource]


class Codes:
    """Gives fields their code lists."""

    def __init__(self, versions: Versions, schemas: Schemas) -> None:
        self._versions = versions
        self._schemas = schemas

    def find(self, dataset: str) -> CodeTable:
        """The tables of the newest version of a dataset. Raises `NotFoundError`, `WithdrawnError`, `SuspendedError`."""
        version = self._versions.find_latest(dataset)
        return CodeTable(dataset=dataset, version=version, tables=self._versions.get_manifest(dataset, version).tables)

    def refer(self, state: BenchState, field: int, dataset: str, table: str, column: str) -> BenchState:
        """Let a field refer to a column of the newest version of a table: each value must occur there."""
        found = self.find(dataset)
        _require_column(found, table, column)
        name = state.names[field]
        package = f"{dataset}@{found.version}"
        key = {"fields": [name], "reference": {"package": package, "resource": table, "fields": [column]}}
        keys = [item for item in _list_keys(state.schema) if item.get("fields") not in ([name], name)]
        return BenchState(schema={**state.schema, "foreignKeys": [*keys, key]}, sources=state.sources, ref=state.ref)

    def copy(self, state: BenchState, field: int, dataset: str, table: str, column: str, label: str = "") -> BenchState:
        """Copy the values of a column into a field as its list; those of the column `label` say what they mean.

        Raises `StateError` where there are too many values, or the rows are not open to all.
        """
        found = self.find(dataset)
        for name in filter(None, (column, label)):
            _require_column(found, table, name)
        pairs = self._read(ForeignKey((), table, (), f"{dataset}@{found.version}"), column, label)
        is_whole = _find_type(found, table, column) == "integer"
        values: list[Any] = [int(code) if is_whole else code for code, _ in pairs]
        changes: dict[str, Any] = {"enum": values}
        if label:
            labels = [text or code for code, text in pairs]
            changes = {
                "categories": [{"value": code, "label": text} for code, text in zip(values, labels, strict=True)]
            }
        return _change_field(state, field, {"type": "integer" if is_whole else "string", **changes})

    def take(self, state: BenchState, field: int, ref: str, name: str) -> BenchState:
        """Take over type, format, code list and rules of a field of the library. Raises `NotFoundError`."""
        schema = self._schemas.resolve(ref).schema
        found = next((item for item in schema.fields if item.name == name), None)
        if found is None:
            raise NotFoundError(N_("The schema “%(ref)s” has no field “%(name)s”"), ref=ref[:100], name=name[:100])
        fields = [dict(item) for item in state.schema["fields"]]
        copied = {key: found.descriptor[key] for key in _COPIED if key in found.descriptor}
        if found.constraints:
            copied["constraints"] = dict(found.constraints)
        kept = {key: value for key, value in fields[field].items() if key not in (*_COPIED, "constraints")}
        fields[field] = {**kept, **copied}
        return BenchState(schema={**state.schema, "fields": fields}, sources=state.sources, ref=state.ref)

    def _read(self, key: ForeignKey, column: str, label: str) -> Sequence[tuple[str, str]]:
        """The different values of a column with their labels, in the order of the table."""

        names = [column, *([label] if label else [])]
        found: dict[str, str] = {}
        with self._versions.local_table(key) as path:
            if path is None:
                raise StateError(N_("Not everybody may have the rows of this table, so it can't be a code list"))
            with open_parquet(path) as file:
                for batch in file.iter_batches(batch_size=8192, columns=names):
                    texts = [map(_write, batch.column(name).to_pylist()) for name in names]
                    for values in zip(*texts, strict=True):
                        if values[0]:
                            found.setdefault(values[0], values[-1] if label else "")
                    if len(found) > MOST_CODES:
                        text = N_("The column has more than %(limit)s different values. Refer to the table instead")
                        raise StateError(text, limit=MOST_CODES)
        return list(found.items())


def _write(value: object) -> str:
    return "" if value is None else str(value)


def _require_column(found: CodeTable, table: str, column: str) -> None:
    names = next((item.schema.names for item in found.tables if item.name == table), ())
    if column not in names:
        text = N_("The table “%(table)s” has no column “%(column)s”")
        raise NotFoundError(text, table=table[:100], column=column[:100])


def _find_type(found: CodeTable, table: str, column: str) -> str:
    fields = next(item.schema.fields for item in found.tables if item.name == table)
    return next(item.type for item in fields if item.name == column)


def _list_keys(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    keys = schema.get("foreignKeys")
    return [item for item in keys if isinstance(item, Mapping)] if isinstance(keys, list) else []


def _change_field(state: BenchState, field: int, changes: Mapping[str, Any]) -> BenchState:
    fields = [dict(item) for item in state.schema["fields"]]
    given = fields[field].get("constraints")
    constraints = {key: value for key, value in given.items() if key != "enum"} if isinstance(given, Mapping) else {}
    if "enum" in changes:
        constraints["enum"] = changes["enum"]
    item = {key: value for key, value in fields[field].items() if key not in ("categories", "constraints")}
    item |= {key: value for key, value in changes.items() if key != "enum"}
    fields[field] = {**item, **({"constraints": constraints} if constraints else {})}
    return BenchState(schema={**state.schema, "fields": fields}, sources=state.sources, ref=state.ref)
