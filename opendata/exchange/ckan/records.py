"""Rows of a table as CKAN's DataStore gives them: fields with PostgreSQL's types, CSV, TSV and XML.

Source: ckanext/datastore (backend/postgres.py, writer.py) of CKAN 2.10.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from opendata.domain.schema import Field

ID = "_id"
"""The column that numbers rows from 1, in the order of the file."""

TYPES: Mapping[str, str] = {
    "integer": "int",
    "year": "int",
    "number": "numeric",
    "boolean": "bool",
    "date": "date",
    "datetime": "timestamp",
}
"""Type of a field → the type of its column; all others are text."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_NAME = re.compile(r"[^\w.-]")


def type_of(field: Field | None) -> str:
    """The type of a column."""
    return TYPES.get(field.type, "text") if field else "text"


def describe_fields(columns: Mapping[str, Field]) -> list[dict[str, Any]]:
    """The columns of a table by their names in queries, after the one that numbers rows."""
    return [{"id": ID, "type": "int"}, *(describe_field(name, field) for name, field in columns.items())]


def describe_field(name: str, field: Field) -> dict[str, Any]:
    """One column, with what its data dictionary says."""
    said = {"label": field.title or "", "notes": str(field.descriptor.get("description") or "")}
    info = {key: text for key, text in said.items() if text}
    return {"id": name, "type": type_of(field), **({"info": info} if info else {})}


def describe_schema(name: str, field: Field) -> dict[str, Any]:
    """One column as `datastore_info` has it."""
    constraints = field.constraints
    schema = {
        "native_type": {"int": "int4", "bool": "bool"}.get(type_of(field), type_of(field)),
        "notnull": bool(constraints.get("required")),
        "index_name": "",
        "is_index": False,
        "uniquekey": bool(constraints.get("unique")),
    }
    return {"info": {}, **describe_field(name, field), "schema": schema}


def write_lines(rows: Iterable[Sequence[str]], separator: str) -> str:
    """Rows as CSV or TSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n" if separator == "," else "\n").writerows(rows)
    return text.getvalue()


def begin_xml() -> str:
    """What is before the first row."""
    return '<?xml version="1.0" encoding="utf-8"?>\n<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'


def write_xml(names: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Rows as elements, a cell each an element named as its column; None where there is no value.

    A column whose name no element can have has its name in `key`.
    """
    marks = [_mark(name) for name in names]
    text = []
    for row in rows:
        number = next((value for name, value in zip(names, row, strict=True) if name == ID), None)
        text.append("<row>" if number is None else f"<row _id={quoteattr(number)}>")
        for name, (tag, begin), value in zip(names, marks, row, strict=True):
            if name == ID:
                continue
            if value is None:
                text.append(f'<{begin} xsi:nil="true"/>')
            else:
                text.append(f"<{begin}>{escape(_NOT_XML.sub(' ', value))}</{tag}>")
        text.append("</row>\n")
    return "".join(text)


def _mark(name: str) -> tuple[str, str]:
    """The name of an element, and how it begins."""
    tag = _NOT_NAME.sub("_", name) or "_"
    if not (tag[0].isalpha() or tag[0] == "_") or tag.lower().startswith("xml"):
        tag = f"_{tag}"
    return tag, tag if tag == name else f"{tag} key={quoteattr(_NOT_XML.sub(' ', name))}"
