"""A schema while somebody edits it, and its small history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.db.models import Draft, SchemaBench
from opendata.domain.schema import TableSchema
from opendata.errors import N_, Fault, InvalidMetadataError, InvalidSchemaError, fault
from opendata.tables.schema.header import make_distinct
from opendata.tables.schema.matching import match_columns
from opendata.tables.schema.schema import read_schema

MOST_STATES = 40
MOST_BYTES = 4 * 1024 * 1024
"""At most so many states of a table are kept, and so many bytes of JSON; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchState:
    """A descriptor that may be wrong still, and where its columns are.

    `sources` has for each field the label of its column as `make_distinct` gives it, "" for none. `ref` names the
    schema of the library that it began as.
    """

    schema: Mapping[str, Any]
    sources: Sequence[str] = ()
    ref: str = ""

    def describe(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"schema": dict(self.schema), "sources": list(self.sources), "ref": self.ref}

    @classmethod
    def restore(cls, kept: Mapping[str, Any]) -> BenchState:
        """What `describe` made this of."""
        return cls(schema=kept["schema"], sources=tuple(kept["sources"]), ref=kept.get("ref", ""))

    @property
    def names(self) -> Sequence[str]:
        """The names of the fields, "" for one that has none."""
        fields = self.schema.get("fields")
        found = [item.get("name") for item in fields if isinstance(item, Mapping)] if isinstance(fields, list) else []
        return [name if isinstance(name, str) else "" for name in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The state in force (None before the first), and how many can be undone and redone."""

    state: BenchState | None = None
    undo: int = 0
    redo: int = 0


def find_faults(schema: Mapping[str, Any]) -> Sequence[Fault]:
    """What is wrong with a schema, each at its place; nothing where it can be used."""
    try:
        read_schema(schema)
    except InvalidSchemaError as error:
        return error.faults or [fault("", error.message, **error.params)]
    return ()


def place_sources(schema: Mapping[str, Any], labels: Sequence[str], columns: Mapping[str, str]) -> Sequence[str]:
    """The column of each field: as somebody said (label → field), else as the words of the field tell."""
    told = make_distinct(labels)
    if not _is_named(schema):
        return ()
    words = ("name", "title", "opendata")  # the rest may be anything still
    usable = TableSchema({"fields": [{key: item[key] for key in words if key in item} for item in schema["fields"]]})
    said = {name: label for label, name in columns.items() if label in told}
    names = [item.name for item in usable.fields]
    taken = {label for name, label in said.items() if name in names}
    matched = {
        pairing.field: pairing.label
        for pairing in match_columns(labels, usable).pairings
        if pairing.label not in taken and pairing.field not in said
    }
    found = {**matched, **said}
    return [found.get(name, "") for name in names]


def _is_named(schema: Mapping[str, Any]) -> bool:
    fields = schema.get("fields")
    return isinstance(fields, list) and all(
        isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in fields
    )


def find_bench(row: Draft, resource: str) -> SchemaBench | None:
    """The row that keeps the states of a table."""
    return next((item for item in row.benches if item.resource == resource), None)


def read_history(row: Draft, resource: str) -> History:
    """The history of a table's schema."""
    kept = find_bench(row, resource)
    if kept is None or not kept.states:
        return History()
    return History(
        state=BenchState.restore(kept.states[kept.place]), undo=kept.place, redo=len(kept.states) - 1 - kept.place
    )


def keep_state(row: Draft, resource: str, state: BenchState) -> None:
    """Add a state after the one in force; what was undone is forgotten. The same state again changes nothing.

    Raises `InvalidMetadataError` for one that is too large to be kept.
    """
    described = state.describe()
    if len(json.dumps(described)) > MOST_BYTES:
        text = N_("The schema is too large to be edited here: it has more than %(limit)s MB")
        raise InvalidMetadataError(faults=[fault("", text, limit=MOST_BYTES >> 20)])
    kept = find_bench(row, resource)
    if kept is None:
        kept = SchemaBench(resource=resource, states=[], place=0)
        row.benches.append(kept)
    if kept.states and kept.states[kept.place] == described:
        return
    states = [*kept.states[: kept.place + 1], described][-MOST_STATES:]
    while len(json.dumps(states)) > MOST_BYTES:
        states = states[1:]
    kept.states, kept.place = states, len(states) - 1


def move(row: Draft, resource: str, steps: int) -> None:
    """Go back (-1) or forward (1) in the history, if there is a state."""
    kept = find_bench(row, resource)
    if kept is not None and kept.states:
        kept.place = min(max(kept.place + steps, 0), len(kept.states) - 1)
