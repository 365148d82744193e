"""The OpenAPI document of one table: its rows with real names, types, codes, units and examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from opendata.api.core.blueprints import PREFIX
from opendata.api.core.current import services
from opendata.api.document.columns import SAYS, describe_column, describe_value, list_operators
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import InputError
from opendata.metadata.codes import LICENSES
from opendata.problems import MEDIA_TYPE
from opendata.query.values import QueryTable
from opendata.services.catalogue.versions import LATEST
from opendata.services.delivery.answers import ANSWER_FORMS, require_points
from opendata.tables.arrow.parquet import open_parquet

blueprint = Blueprint("table_document", __name__, url_prefix=PREFIX)

MOST_FILTERED = 200
"""Filters of so many columns are listed; all columns can be filtered by."""

MOST_ROWS = 10_000
_EXAMPLES = 3
_KEPT = 64
_JSON = "application/json"

_TEXTS: Mapping[str, str] = {
    "select": "Columns or SQL expressions, with commas between. Other columns than in `Row` come back then.",
    "where": "A condition in SQL. Text in single quotes, unusual names of columns in double quotes.",
    "group_by": "What rows are grouped by, with commas between.",
    "having": "A condition over groups, such as `count(*) > 10`.",
    "order_by": "What rows are ordered by. Equal rows stay in the order of the table; missing values come last.",
    "q": "A text that any cell of a row has, whatever the letter case.",
    "cursor": "`next` or `previous` of another page of the same query.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is known of the rows: the first ones as JSON has them, which columns have numbers as text, and zones.

    `wide` is None where the rows aren't for everybody: nothing is said of them then.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    wide: frozenset[str] | None = None
    zoned: frozenset[str] = frozenset()


@blueprint.get("/datasets/<identifier:dataset>/<version:version>/<identifier:resource>/openapi.json")
def send_table_document(dataset: str, version: str, resource: str) -> Response:
    """The document of a table of a version, or of the newest."""
    versions = services().versions
    number = versions.find_latest(dataset) if version == LATEST else version
    table = versions.get_table(dataset, number, resource)
    is_public = table.name in versions.list_readable(None, dataset, number)
    data = _make(versions.get(dataset, number).manifest_sha256, dataset, number, resource, is_public=is_public)
    response = Response(data, mimetype=_JSON)
    response.headers["Cache-Control"] = "no-cache" if version == LATEST else "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]  # itself


@lru_cache(maxsize=_KEPT)
def _make(
    manifest_sha256: str,  # noqa: ARG001 - the digest is the key
    dataset: str,
    version: str,
    resource: str,
    *,
    is_public: bool,
) -> bytes:
    versions, languages = services().versions, services().settings.languages
    table = versions.get_table(dataset, version, resource)
    contents = _read_contents(dataset, version, table) if is_public else Contents()
    document = build_document(versions.get_manifest(dataset, version), table, contents, languages)
    return json.dumps(document, ensure_ascii=False).encode()


def _read_contents(dataset: str, version: str, table: TableResource) -> Contents:
    import pyarrow as pa

    from opendata.services.query.answers import write_lines
    from opendata.tables.forms.form_numbers import find_wide_columns

    found = services().versions.find_file(dataset, version, table.name, "parquet")
    with found.local_tables() as paths, open_parquet(paths[0]) as file:
        wide = find_wide_columns(file)
        for path in paths[1:]:
            with open_parquet(path) as more:
                wide |= find_wide_columns(more)
        zoned = frozenset(item.name for item in file.schema_arrow if pa.types.is_timestamp(item.type) and item.type.tz)
        first = next(file.iter_batches(batch_size=_EXAMPLES), None)
        lines = b"".join(write_lines(pa.Table.from_batches([first]), wide)) if first is not None else b""
    return Contents(rows=[json.loads(line) for line in lines.split(b"\n") if line], wide=wide, zoned=zoned)


def build_document(
    manifest: Manifest, table: TableResource, contents: Contents, languages: Sequence[str]
) -> dict[str, Any]:
    """The document; the same for the same version."""
    named = QueryTable(name="", path=Path(), sha256="", fields=table.schema.fields, rows=table.rows).columns
    place = f"{PREFIX}/datasets/{manifest.name}/{manifest.version}/{table.name}/rows"
    values = {
        name: describe_value(field, is_wide=_is_wide(field, contents), has_zone=field.name in contents.zoned)
        for name, field in named.items()
    }
    row = {
        name: describe_column(
            field,
            [item.get(field.name) for item in contents.rows],
            languages,
            is_wide=_is_wide(field, contents),
            has_zone=field.name in contents.zoned,
        )
        for name, field in named.items()
    }
    parameters = [*_list_parameters(named), *_list_filters(named, values, contents)]
    problems = {str(status): {"$ref": "#/components/responses/Problem"} for status in (400, 404, 410, 503)}
    page: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Page"}}
    if contents.rows:
        page["example"] = _make_example(manifest, table, contents)
    binary = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    suffix = {"name": "suffix", "in": "path", "required": True, "schema": {"enum": _list_suffixes(named)}}
    return {
        "openapi": "3.1.0",
        "info": _describe_info(manifest, table),
        "servers": [{"url": "/"}],
        "paths": {
            place: {
                "get": {
                    "operationId": "list_rows",
                    "summary": "Read rows: filtered, grouped and sorted, page by page.",
                    "parameters": parameters,
                    "responses": {"200": {"description": "A page of rows", "content": {_JSON: page}}, **problems},
                }
            },
            f"{place}.{{suffix}}": {
                "get": {
                    "operationId": "download_rows",
                    "summary": "Download all rows that a query finds as a file.",
                    "parameters": [suffix, *(item for item in parameters if item["name"] != "cursor")],
                    "responses": {"200": {"description": "The rows as a file", **binary}, **problems},
                }
            },
        },
        "components": {
            "schemas": {
                "Row": {
                    "type": "object",
                    "description": "A row, without `select` and `group_by`. Missing values are null.",
                    "properties": row,
                },
                "Page": _describe_page(),
                "Problem": _describe_problem(),
            },
            "responses": {
                "Problem": {
                    "description": "What is wrong, where, and what to write instead (RFC 9457)",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
        },
    }


def _list_suffixes(named: Mapping[str, Field]) -> list[str]:
    """The formats of a file of rows: GeoJSON if there are points."""
    try:
        require_points(list(named), list(named.values()))
    except InputError:
        return [suffix for suffix in ANSWER_FORMS if suffix != "geojson"]
    return list(ANSWER_FORMS)


def _is_wide(field: Field, contents: Contents) -> bool | None:
    return None if contents.wide is None else field.name in contents.wide


def _describe_info(manifest: Manifest, table: TableResource) -> dict[str, Any]:
    parts = [table.description or manifest.metadata.description]
    parts += [f"Period: {table.coverage or table.period}"] if table.coverage or table.period else []
    parts += [f"{table.rows:,} rows. Version {manifest.version} never changes. Parquet file: {table.parquet.hash}"]
    info: dict[str, Any] = {
        "title": table.title or manifest.title or table.name,
        "version": manifest.version,
        "description": "\n\n".join(filter(None, parts)),
    }
    for licence in manifest.metadata.licenses[:1]:
        code = LICENSES.get(licence.get("name", ""))
        name = licence.get("title") or (code.name if code else licence.get("name", ""))
        address = licence.get("path") or (code.path if code else "")
        if name:
            info["license"] = {"name": name, **({"url": address} if address.startswith("http") else {})}
    return info


def _list_parameters(named: Mapping[str, Field]) -> Iterator[dict[str, Any]]:
    first = next(iter(named), "")
    quoted = '"' + first.replace('"', '""') + '"'
    examples = {"select": quoted, "order_by": f"{quoted} DESC", "where": f"{quoted} IS NOT NULL"}
    for name, text in _TEXTS.items():
        found = {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        yield found | ({"example": examples[name]} if name in examples and first else {})
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100}
    yield {"name": "limit", "in": "query", "description": "How many rows.", "schema": limit}
    whole = {"type": "integer", "minimum": 0}
    yield {"name": "offset", "in": "query", "description": "How many rows to leave out first.", "schema": whole}
    text = "The edition of the query engine that a link was made with; it changes no row."
    yield {"name": "edition", "in": "query", "description": text, "schema": whole}


def _list_filters(
    named: Mapping[str, Field], values: Mapping[str, dict[str, Any]], contents: Contents
) -> Iterator[dict[str, Any]]:
    for name in list(named)[:MOST_FILTERED]:
        field = named[name]
        title = f" ({field.title})" if field.title else ""
        example = next((row[field.name] for row in contents.rows if row.get(field.name) is not None), None)
        for operator in list_operators(field):
            found: dict[str, Any] = {
                "name": f"{name}__{operator}",
                "in": "query",
                "description": f"Rows in which `{name}`{title} {SAYS[operator]}.",
                "schema": values[name],
            }
            if operator == "isnull":
                found["schema"] = {"type": "boolean"}
            elif operator in ("in", "notin"):
                found |= {"style": "form", "explode": False, "schema": {"type": "array", "items": values[name]}}
            elif operator not in ("exact", "not", "gt", "gte", "lt", "lte"):
                found["schema"] = {"type": "string"}
            if operator in ("exact", "gte", "lte") and example is not None:
                found["example"] = example
            yield found


def _make_example(manifest: Manifest, table: TableResource, contents: Contents) -> dict[str, Any]:
    source = {"dataset": manifest.name, "version": manifest.version, "resource": table.name}
    return {
        "items": list(contents.rows),
        "total": table.rows,
        "next": None,
        "source": {**source, "hash": table.parquet.hash},
    }


def _describe_page() -> dict[str, Any]:
    cursor = {"type": ["string", "null"]}
    return {
        "type": "object",
        "required": ["items", "total", "next", "source"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "total": {"type": "integer", "description": "How many rows all pages have."},
            "next": {**cursor, "description": "The cursor of the next page, null at the end."},
            "previous": {**cursor, "description": "The cursor of the page before, null at the beginning."},
            "source": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("dataset", "version", "resource", "hash")},
            },
            "query": {
                "type": "object",
                "properties": {"link": {"type": "string", "description": "The address that gives this page again."}},
            },
            "hash": {"type": "string", "description": "The digest of the rows as JSON Lines."},
        },
    }


def _describe_problem() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("type", "title", "detail", "instance")}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {**texts, "status": {"type": "integer"}},
    }
