"""The tools that find: datasets by words, and what a dataset and its tables are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.api.core.current import services
from opendata.api.mcp.describing import (
    MOST_COLUMNS,
    describe_capability,
    describe_column,
    describe_dataset,
    describe_table,
    describe_version,
    say,
)
from opendata.domain.resources import TableResource
from opendata.errors import MovedError, OpendataError
from opendata.search.documents import FACETS
from opendata.services.catalogue.versions import LATEST
from opendata.services.core.values import DatasetView
from opendata.services.query.answers import find_wide
from opendata.services.search.facets import name_value
from opendata.services.search.searching import Search
from opendata.settings import SOURCE_LANGUAGE

_USUAL = 10
_FIRST_ROWS = 5
_MOST_TABLES = 20
_MOST_VALUES = 15


def search(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Datasets that a search finds, or the newest. Raises `InputError` for a cursor of another search."""
    limit = arguments.get("limit", _USUAL)
    wanted = Search(
        text=arguments.get("query", ""),
        filters={name: arguments[name] for name in FACETS if arguments.get(name)},
        sort=arguments.get("sort", ""),
        limit=limit,
        cursor=arguments.get("cursor") or None,
    )
    found = services().searching.search(wanted)
    if not found.is_ready:
        page = services().datasets.list(None, limit=limit, cursor=wanted.cursor)
        note = "The index for searching is being made. These are all datasets, by id. Search again in a minute"
        return {"items": [_describe_found(item) for item in page.items], "next": page.next, "note": note}
    return {
        "items": [_describe_found(item.dataset) for item in found.items],
        "total": found.total,
        "loose": found.exact < found.total,
        "words": list(found.words),
        "suggestions": list(found.suggestions),
        "filters": {
            name: [
                {
                    "value": item.value,
                    "title": name_value(name, item.value, SOURCE_LANGUAGE, item.title, item.i18n),
                    "count": item.count,
                }
                for item in values[:_MOST_VALUES]
            ]
            for name, values in found.facets.items()
            if values
        },
        "next": found.next,
    }


def describe(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """A dataset, one of its versions and its tables.

    Raises `NotFoundError`, `WithdrawnError`, `SuspendedError`.
    """
    try:
        return _describe(arguments["dataset"], arguments)
    except MovedError as error:
        return _describe(error.new, arguments)


def _describe(dataset: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    entry = services().datasets.get(dataset)
    described: dict[str, Any] = {"dataset": describe_dataset(entry)}
    if entry.head is None:
        return {**described, "note": "Nothing is published yet but this entry of the catalogue"}
    wanted = arguments.get("version") or LATEST
    number = services().versions.find_latest(entry.id) if wanted == LATEST else wanted
    version = services().versions.get(entry.id, number)
    manifest = services().versions.get_manifest(entry.id, number)
    described["version"] = describe_version(version)
    name = arguments.get("table")
    tables = [services().versions.get_table(entry.id, number, name)] if name else manifest.tables
    readable = services().versions.list_readable(None, entry.id, number)
    is_single = len(tables) == 1
    described["tables"] = [
        describe_table(
            manifest,
            table,
            is_public=table.name in readable,
            columns=[
                describe_column(field) if is_single else {"name": field.name, "title": say(field)}
                for field in table.schema.fields[:MOST_COLUMNS]
            ],
        )
        for table in tables[:_MOST_TABLES]
    ]
    if len(tables) > _MOST_TABLES:
        described["note"] = f"There are {len(tables)} tables; name one of them as “table”"
        described["tableNames"] = [item.name for item in tables]
    if is_single:
        described["tables"][0] |= _look_inside(entry.id, number, tables[0], is_public=tables[0].name in readable)
    return described


def _look_inside(dataset: str, version: str, table: TableResource, *, is_public: bool) -> Mapping[str, Any]:
    """The first rows of a table that everybody may have, and what can be done with it."""
    found = services().capabilities.list(dataset, version, table.name)
    capabilities = [describe_capability(item) for item in found]
    if not is_public:
        return {"capabilities": capabilities}
    return {"firstRows": _read_first_rows(dataset, version, table), "capabilities": capabilities}


def _read_first_rows(dataset: str, version: str, table: TableResource) -> Sequence[Mapping[str, Any]]:
    """As JSON has them, the first columns of a very wide table."""
    import pyarrow as pa

    from opendata.services.query.answers import write_lines

    names = table.schema.names[:MOST_COLUMNS]
    rows = services().versions.read_rows(dataset, version, table.name, _FIRST_ROWS)
    found = pa.table({name: [row.get(name) for row in rows] for name in names})
    return [json.loads(line) for text in write_lines(found, find_wide(found)) for line in text.splitlines()]


def _describe_found(found: DatasetView) -> Mapping[str, Any]:
    """A result: the entry, with the names of its tables."""
    described = describe_dataset(found)
    if found.latest is None:
        return {**described, "tables": []}
    try:
        tables = services().versions.get_manifest(found.id, found.latest).tables
    except OpendataError:  # withdrawn or damaged meanwhile: the entry stays
        return {**described, "tables": []}
    named = [{"name": item.name, "title": say(item), "rows": item.rows} for item in tables[:_MOST_TABLES]]
    return {**described, "tables": named}
