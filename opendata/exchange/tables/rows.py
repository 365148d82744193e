"""The rows of the tables: what an entry, a publisher, a schema says, in the order of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry
from opendata.domain.quality.figures import TableMeasures, list_flaws
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, TableSchema
from opendata.exchange.core.terms import find_licence

Row = tuple[object, ...]


def describe_dataset(entry: CatalogueEntry, addresses: Addresses) -> Row:
    """A row of `datasets`."""
    metadata, further = entry.metadata, entry.metadata.further
    disclosure, edition = metadata.disclosure, entry.edition
    licences = [find_licence(item) for item in metadata.licenses]
    spatial = further.get("spatial")
    return (
        *(entry.id, entry.uuid, metadata.title or entry.id, _english(metadata.i18n, "title")),
        *(metadata.description or None, _english(metadata.i18n, "description"), entry.publisher.id),
        *(str(disclosure.attribute), disclosure.reason or None, disclosure.legal_basis or None),
        *(";".join(item.id or item.title for item in licences) or None, _join(metadata.keywords)),
        *(_join(further.get("themes")), metadata.update_cycle or None, metadata.temporal or None),
        *(_text(spatial.get("code")) if isinstance(spatial, Mapping) else None, entry.version, len(entry.editions)),
        *(edition.rows if edition else 0, edition.bytes if edition else 0, entry.issued, entry.created),
        *(entry.changed, entry.archived is not None, addresses.dataset(entry.id), entry.registration or None),
    )


def list_resources(entry: CatalogueEntry, addresses: Addresses) -> Iterator[Row]:
    """The rows of `resources` of an entry: of those that not everybody may have, what their dictionary says."""
    manifest = entry.manifest
    for item in manifest.resources if manifest else ():
        is_public = item.name in entry.public
        table = item if isinstance(item, TableResource) else None
        yield (
            *(entry.id, item.name, entry.version, "table" if table else "attachment", item.title or None),
            *(_english(item.i18n, "title"), item.format, item.mediatype, is_public),
            *((table.rows, len(table.schema.fields)) if table else (None, None)),
            *((table.schema_name or None, table.period or None, table.unit or None) if table else (None, None, None)),
            *((item.file.bytes, item.file.sha256) if is_public else (None, None)),
            *((table.parquet.bytes, table.parquet.sha256) if table and is_public else (None, None)),
            addresses.file(entry.id, str(entry.version), item.path) if is_public else None,
        )


def list_columns(entry: CatalogueEntry) -> Iterator[Row]:
    """The rows of `columns` of an entry."""
    for table in entry.manifest.tables if entry.manifest else ():
        for position, item in enumerate(table.schema.fields, start=1):
            unit = item.own.get("unit")
            yield (
                *(entry.id, table.name, position, item.name, item.title or None, _english(item.i18n, "title")),
                *(item.description or None, item.type, item.format, unit if isinstance(unit, str) and unit else None),
                *(item.is_required or item.name in table.schema.primary_key, _is_unique(item, table.schema)),
                *(item.name in table.schema.primary_key, _find_reference(item, table.schema)),
            )


def describe_publisher(agency: Agency, addresses: Addresses) -> Row:
    """A row of `publishers`."""
    return (
        *(agency.id, agency.title or agency.id, _english(agency.i18n, "title"), agency.short_title or None),
        *(agency.description or None, agency.kind, agency.code or None, agency.division or None, agency.parent),
        *(agency.created, agency.modified, agency.ended, addresses.publisher(agency.id)),
    )


def describe_schema(
    name: str, version: str, descriptor: Mapping[str, Any], created: datetime, addresses: Addresses
) -> Row:
    """A row of `schemas`."""
    found = TableSchema(descriptor)
    own = found.own.get("i18n") or descriptor.get("i18n") or {}
    return (
        *(name, version, _text(descriptor.get("title")), _english(own, "title"), _text(descriptor.get("description"))),
        *(len(found.fields), created, addresses.schema(f"{name}@{version}")),
    )


def list_quality(entry: CatalogueEntry, measures: Mapping[str, TableMeasures]) -> Iterator[Row]:
    """The rows of `quality` of an entry: of the tables that anybody may have."""
    for table in entry.list_tables():
        found = measures.get(table.name)
        if found is not None:
            yield (
                *(entry.id, table.name, found.rows, found.columns, found.described, found.missing, found.worst),
                *(found.worst_column or None, found.repeated, found.broken, found.paged),
                ";".join(list_flaws(found)) or None,
            )


def _is_unique(item: Field, schema: TableSchema) -> bool:
    return bool(item.constraints.get("unique")) or schema.primary_key == (item.name,)


def _find_reference(item: Field, schema: TableSchema) -> str | None:
    for key in schema.foreign_keys:
        if item.name in key.fields:
            place = key.fields.index(item.name)
            return f"{key.target}#{key.reference_fields[place]}" if place < len(key.reference_fields) else None
    return None


def _english(i18n: Any, key: str) -> str | None:
    found = i18n.get("en") if isinstance(i18n, Mapping) else None
    return _text(found.get(key)) if isinstance(found, Mapping) else None


def _join(found: object) -> str | None:
    items: Sequence[object] = found if isinstance(found, list | tuple) else ()
    return ";".join(str(item) for item in items) or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
