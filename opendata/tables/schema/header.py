"""The names of a file's columns against the fields of its schema: which column is which field, and what is wrong.

Source: Table Schema v2, `fieldsMatch`; Table Dialect v2, `headerRows` and `headerJoin`. Error types and the numbers in
them are those of frictionless 5.21, except that a repeated name is always reported as such, however columns are
matched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.tables.text.dialect import Dialect

TOLERATES_EXTRA = ("subset", "partial")
TOLERATES_MISSING = ("superset", "partial")


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """What is wrong with one label, or with the header as a whole (`number` None). `number` counts columns from 1.

    `places` are the columns that have the label already.
    """

    code: str
    number: int | None = None
    label: str = ""
    field: str = ""
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """`columns` are the fields of the file's columns, in its order; those not in the schema are in `extra`."""

    labels: tuple[str, ...]
    columns: tuple[Field, ...]
    extra: frozenset[str]
    faults: tuple[HeaderFault, ...]


def read_labels(head: Sequence[Sequence[str]], dialect: Dialect) -> tuple[str, ...]:
    """The label of each column from the first records of a file; those of several header rows are joined."""
    labels: list[str] = []
    before: dict[int, str] = {}
    for number, row in enumerate(head, start=1):
        comment = dialect.comment_char and row and row[0].startswith(dialect.comment_char)
        if number not in dialect.header_rows or comment or number in dialect.comment_rows:
            continue
        for place, cell in enumerate(label.strip() for label in row):
            if before.get(place) == cell:
                continue
            before[place] = cell
            if place >= len(labels):
                labels.append(cell)
            else:
                labels[place] = dialect.header_join.join([labels[place], cell])
    return tuple(labels)


def match_header(labels: Sequence[str], schema: TableSchema, *, is_mapped: bool = False) -> Header:
    """Match the labels with the fields by the schema's `fieldsMatch`. Without labels the fields stand for them.

    Where somebody said which column is which field (`is_mapped`), their order does not count: `exact` is `equal`.
    """
    if not labels:
        return Header((), schema.fields, frozenset(), ())
    fields_match = "equal" if is_mapped and schema.fields_match == "exact" else schema.fields_match
    by_name = fields_match != "exact"
    matched = _match_by_name(labels, schema) if by_name else _match_by_order(labels, schema)
    names = name_columns([field.name if field else label for field, label in zip(matched, labels, strict=True)])
    columns = [
        field or Field.from_json({"name": name, "type": "any"}) for field, name in zip(matched, names, strict=True)
    ]
    extra = frozenset(name for field, name in zip(matched, names, strict=True) if field is None)
    faults = [*_find_extra(labels, matched, fields_match), *_find_missing(labels, matched, schema)]
    faults += _find_repeated(labels, matched) if by_name else _find_wrong(labels, matched)
    return Header(tuple(labels), tuple(columns), extra, tuple(faults))


def mark_fields(schema: TableSchema, header: Header, marks: Mapping[int, Mapping[str, Any]]) -> TableSchema:
    """The schema whose fields also say what their columns do, by their numbers; what a field says itself holds."""
    found = {header.columns[number - 1].name: mark for number, mark in marks.items() if number <= len(header.columns)}
    if not any(item.name in found for item in schema.fields):
        return schema
    fields = [
        {**item.descriptor, "opendata": {**found[item.name], **item.own}}
        if item.name in found and (item.own or "opendata" not in item.descriptor)
        else item.descriptor
        for item in schema.fields
    ]
    return TableSchema({**schema.descriptor, "fields": fields})


def make_distinct(labels: Sequence[str]) -> list[str]:
    """The labels of a file, each made distinct: one that is missing or repeated gets a number."""
    return name_columns([label or f"field{number}" for number, label in enumerate(labels, start=1)])


def name_columns(labels: Sequence[str]) -> list[str]:
    """Names for columns, each different: a repeated one has a number added."""
    names: list[str] = []
    used: set[str] = set()
    suffixes: dict[str, int] = {}
    for label in labels:
        name, suffix = label, suffixes.get(label, 2)
        while name in used:
            name, suffix = f"{label}{suffix}", suffix + 1
        suffixes[label] = suffix
        names.append(name)
        used.add(name)
    return names


def _match_by_order(labels: Sequence[str], schema: TableSchema) -> list[Field | None]:
    fields = schema.fields
    return [fields[place] if place < len(fields) else None for place in range(len(labels))]


def _match_by_name(labels: Sequence[str], schema: TableSchema) -> list[Field | None]:
    """A label that is repeated has its field at the first place."""
    fields = {item.name: item for item in schema.fields}
    return [fields.pop(label, None) for label in labels]


def _find_extra(labels: Sequence[str], matched: Sequence[Field | None], fields_match: str) -> list[HeaderFault]:
    tolerated = fields_match in TOLERATES_EXTRA
    by_name = fields_match != "exact"
    found: list[HeaderFault] = []
    for number, (label, field) in enumerate(zip(labels, matched, strict=True), start=1):
        if field is not None:
            continue
        if label and label in labels[: number - 1]:
            if not by_name:
                found.append(_repeated(labels, number))
        elif not tolerated and not (by_name and label in labels[: number - 1]):
            found.append(HeaderFault("extra-label", number, label))
    if fields_match == "partial" and not any(matched):
        found.append(HeaderFault("unmatched-header"))
    return found


def _find_missing(labels: Sequence[str], matched: Sequence[Field | None], schema: TableSchema) -> list[HeaderFault]:
    present = {item.name for item in matched if item is not None}
    missing = [item for item in schema.fields if item.name not in present]
    if schema.fields_match in TOLERATES_MISSING:
        missing = [item for item in missing if item.is_required or item.name in schema.primary_key]
    return [
        HeaderFault("missing-label", number, field=item.name)
        for number, item in enumerate(missing, start=len(labels) + 1)
    ]


def _find_wrong(labels: Sequence[str], matched: Sequence[Field | None]) -> list[HeaderFault]:
    """By order: labels that are blank, repeated, or not the name of their field."""
    found: list[HeaderFault] = []
    for number, (label, field) in enumerate(zip(labels, matched, strict=True), start=1):
        if field is None:
            break
        name = field.name
        if not label:
            found.append(HeaderFault("blank-label", number, field=name))
        elif label in labels[: number - 1]:
            found.append(_repeated(labels, number, name))
        elif label != name:
            found.append(HeaderFault("incorrect-label", number, label, name))
    return found


def _find_repeated(labels: Sequence[str], matched: Sequence[Field | None]) -> list[HeaderFault]:
    """By name: labels that are repeated, so that it is not clear which column is meant."""
    found: list[HeaderFault] = []
    for number, (label, field) in enumerate(zip(labels, matched, strict=True), start=1):
        if field is None and label in labels[: number - 1]:
            found.append(_repeated(labels, number) if label else HeaderFault("blank-label", number))
    return found


def _repeated(labels: Sequence[str], number: int, field: str = "") -> HeaderFault:
    places = [place for place, label in enumerate(labels[: number - 1], start=1) if label == labels[number - 1]]
    return HeaderFault("duplicate-label", number, labels[number - 1], field, tuple(places))
