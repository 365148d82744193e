"""The CSV files of a version as CSV on the Web: one table beside its file, or all of them with the keys between them.

A program that reads `stations.csv` looks for `stations.csv-metadata.json`, then for `csv-metadata.json` beside it.
Source: Model for Tabular Data and Metadata on the Web (W3C, 2015-12-17), section 5.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.exchange.core.terms import find_licence
from opendata.exchange.core.texts import list_texts
from opendata.exchange.csvw.columns import Json, describe_column, name_column, tag_texts

MEDIA_TYPE = "application/csvm+json"

_DIALECT: Json = {
    "encoding": "utf-8",
    "delimiter": ",",
    "quoteChar": '"',
    "doubleQuote": True,
    "lineTerminators": ["\n"],
    "header": True,
    "headerRowCount": 1,
}


def write_table(manifest: Manifest, table: TableResource, addresses: Addresses, language: str) -> bytes:
    """The document of one table. `language` is that of texts that don't say theirs."""
    found = _describe_table(table, manifest, language, {table.name})
    return _dump({"@context": _context(language), **found, "dialect": _DIALECT}, manifest, addresses, language)


def write_group(manifest: Manifest, addresses: Addresses, language: str) -> bytes:
    """The document of all tables of a version, in which foreign keys are between tables."""
    names = {table.name for table in manifest.tables}
    tables = [_describe_table(table, manifest, language, names) for table in manifest.tables]
    found: Json = {"@context": _context(language), "@type": "TableGroup", "tables": tables, "dialect": _DIALECT}
    return _dump(found, manifest, addresses, language)


def _context(language: str) -> list[Any]:
    return ["http://www.w3.org/ns/csvw", {"@language": language}]


def _dump(found: Json, manifest: Manifest, addresses: Addresses, language: str) -> bytes:
    metadata = manifest.metadata
    about: Json = {
        "dc:isPartOf": {"@id": addresses.version(manifest.name, manifest.version)},
        "dc:publisher": {"@id": addresses.publisher(manifest.publisher["id"])},
        "dc:license": [{"@id": item.address} for item in map(find_licence, metadata.licenses) if item.address],
        "schema:version": manifest.version,
    }
    if "dc:title" not in found:
        about["dc:title"] = tag_texts(list_texts(metadata.title, metadata.i18n, "title", language))
    kept = {key: value for key, value in {**found, **about}.items() if value not in ("", [])}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")


def _describe_table(table: TableResource, manifest: Manifest, language: str, names: Collection[str]) -> Json:
    schema = table.schema
    described: Json = {
        "columns": [describe_column(item, schema, language) for item in schema.fields],
        "primaryKey": [name_column(name) for name in schema.primary_key],
        "foreignKeys": list(_list_foreign_keys(table, names)),
    }
    found: Json = {
        "@type": "Table",
        "url": table.path,
        "dc:title": tag_texts(list_texts(table.title or manifest.title, table.i18n, "title", language)),
        "dc:description": tag_texts(list_texts(table.description, table.i18n, "description", language)),
        "tableSchema": {key: value for key, value in described.items() if value},
    }
    return {key: value for key, value in found.items() if value not in ("", [])}


def _list_foreign_keys(table: TableResource, names: Collection[str]) -> Iterator[Json]:
    """The keys to tables of the document: a reference to any other would make it invalid."""
    for key in table.schema.foreign_keys:
        target = key.resource or table.name
        if not key.package and target in names:
            yield {
                "columnReference": [name_column(name) for name in key.fields],
                "reference": {
                    "resource": f"{target}.csv",
                    "columnReference": [name_column(name) for name in key.reference_fields],
                },
            }
