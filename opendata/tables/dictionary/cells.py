"""A schema as rows of texts, and rows of texts as a schema: out and in again it is the same.

In, a descriptor (right or wrong). Out, for each field the texts of its cells by their keys, for the table likewise, and
under `rest` as JSON what no cell shows.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.errors import N_, Fault, fault
from opendata.tables.dictionary.properties import (
    CATEGORIES,
    CODES,
    ENUM,
    Property,
    clean,
    has_labels,
    list_properties,
    list_table_properties,
    write_cell,
)

REST = "rest"
KEY = "key"
"""The cell that says that a field is part of the primary key: its place in it."""

_FIELDS, _PRIMARY = "fields", "primaryKey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A schema as texts: `table` by the keys of its cells, and one mapping for each field."""

    table: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The schema that texts make. `faults` point into it and say which text can't be read; it lacks those."""

    schema: Mapping[str, Any]
    faults: Sequence[Fault] = field(default_factory=tuple)


def write_cells(schema: Mapping[str, Any], languages: Sequence[str] = ()) -> Cells:
    """The texts of a schema; `languages` are those it is translated into."""
    fields = schema.get(_FIELDS)
    given = [item for item in fields if isinstance(item, Mapping)] if isinstance(fields, list) else []
    rest = copy.deepcopy({key: value for key, value in schema.items() if key != _FIELDS})
    table = _take(rest, list_table_properties(languages), "")
    order = _read_key(rest.get(_PRIMARY), [item.get("name") for item in given])
    if order is not None:
        rest.pop(_PRIMARY, None)
    rows = []
    for item in given:
        row = _write_field(copy.deepcopy(dict(item)), languages)
        if order and item.get("name") in order:
            row[KEY] = str(order.index(item["name"]) + 1)
        rows.append(row)
    if rest:
        table[REST] = _dump(rest)
    return Cells(table=table, rows=rows)


def read_cells(cells: Cells, languages: Sequence[str] = ()) -> Assembled:
    """The schema that texts make. What a cell says counts before what `rest` says."""
    faults: list[Fault] = []
    schema = _read_rest(cells.table.get(REST, ""), f"/{REST}", faults)
    _put(schema, list_table_properties(languages), cells.table, "")
    schema[_FIELDS] = [
        _read_field(row, languages, f"/{_FIELDS}/{number}/{REST}", faults) for number, row in enumerate(cells.rows)
    ]
    names = _list_key(cells.rows)
    if names:
        schema[_PRIMARY] = names
    return Assembled(schema=schema, faults=faults)


def find_cell(pointer: str) -> tuple[int | None, str]:
    """The cell that a fault is about: the number of the field (None: the table) and the cell's key."""
    parts = pointer.strip("/").split("/")
    if parts[0] == _FIELDS and len(parts) > 1 and parts[1].isdecimal():
        return int(parts[1]), _find_key(tuple(parts[2:]), _FIELD_PLACES, "name")
    return None, KEY if parts[0] == _PRIMARY else _find_key(tuple(parts), _TABLE_PLACES, REST)


_FIELD_PLACES = {item.path: item.key for item in (*list_properties(()), ENUM, CATEGORIES)}
_TABLE_PLACES = {item.path: item.key for item in list_table_properties(())}


def _find_key(path: tuple[str, ...], places: Mapping[tuple[str, ...], str], default: str) -> str:
    if not path or path == ("",):
        return default
    return places.get(path, REST)


def _write_field(item: dict[str, Any], languages: Sequence[str]) -> dict[str, str]:
    given = item.get("type")
    kind = given if isinstance(given, str) else ""
    row = _take(item, list_properties(languages), kind)
    row |= _take(item, [CATEGORIES] if "categories" in item else [ENUM], kind)
    if item:
        row[REST] = _dump(item)
    return row


def _read_field(row: Mapping[str, str], languages: Sequence[str], place: str, faults: list[Fault]) -> dict[str, Any]:
    item = _read_rest(row.get(REST, ""), place, faults)
    _put(item, list_properties(languages), row, clean(row.get("type", "")))
    codes = clean(row.get(CODES, ""))
    if codes:
        _put(item, [CATEGORIES if has_labels(codes) else ENUM], row, clean(row.get("type", "")))
    return {"name": "", **item}


def _take(found: dict[str, Any], properties: Sequence[Property], kind: str) -> dict[str, str]:
    """The texts of properties, which are taken out of what was found."""
    texts: dict[str, str] = {}
    for item in properties:
        parents: list[dict[str, Any]] = [found]
        for part in item.path[:-1]:
            inner = parents[-1].get(part)
            if not isinstance(inner, dict):
                break
            parents.append(inner)
        if len(parents) < len(item.path) or item.path[-1] not in parents[-1]:
            continue
        text = write_cell(item, parents[-1][item.path[-1]], kind)
        if text is None:
            continue
        texts[item.key] = text
        del parents[-1][item.path[-1]]
        for depth in range(len(item.path) - 1, 0, -1):
            if not parents[depth]:
                del parents[depth - 1][item.path[depth - 1]]
    return texts


def _put(found: dict[str, Any], properties: Sequence[Property], texts: Mapping[str, str], kind: str) -> None:
    for item in properties:
        text = clean(texts.get(item.key, ""))
        if not text:
            continue
        inner = found
        for part in item.path[:-1]:
            following = inner.get(part)
            if not isinstance(following, dict):
                following = inner[part] = {}
            inner = following
        inner[item.path[-1]] = item.read(text, kind)


def _read_rest(text: str, place: str, faults: list[Fault]) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.append(fault(place, N_("This isn't valid JSON: %(reason)s"), reason=str(error)[:200]))
        return {}
    if not isinstance(found, dict):
        faults.append(fault(place, N_("This must be a JSON object: {…}")))
        return {}
    return found


def _read_key(found: Any, names: Sequence[Any]) -> list[str] | None:
    """The fields of a primary key, where cells can say which they are."""
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not listed or len(set(map(str, listed))) < len(listed):
        return None
    return listed if all(isinstance(name, str) and names.count(name) == 1 for name in listed) else None


def _list_key(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The names of the fields of the key: those with a place first, in its order, then the others."""
    marked = [(clean(row.get(KEY, "")), number, clean(row.get("name", ""))) for number, row in enumerate(rows)]
    found = [(int(mark) if mark.isdecimal() else len(rows), number, name) for mark, number, name in marked if mark]
    return [name for _, _, name in sorted(found) if name]


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
