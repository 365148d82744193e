"""The pages beside a table's rows in a workbook: its columns explained, and where it is from. Rows of text.

Labels and titles are in all languages of the portal, the default first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.manifest import Manifest
from opendata.domain.moments import format_time
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, missing_values
from opendata.domain.texts import I18n, License
from opendata.errors import N_
from opendata.metadata.codes import LICENSES
from opendata.settings import LANGUAGES
from opendata.wording.schemas.units import show_unit
from opendata.wording.voice import voice_of

Rows = Sequence[Sequence[str]]

_LABELS: Mapping[str, str] = {
    "field": N_("Field"),
    "title": N_("Title"),
    "type": N_("Type"),
    "unit": N_("Unit"),
    "percent": N_("percentage, stored as a share of 1"),
    "description": N_("Description"),
    "constraints": N_("Constraints"),
    "missing": N_("Missing values"),
    "item": N_("Item"),
    "value": N_("Value"),
    "dataset": N_("Dataset"),
    "id": N_("Id"),
    "version": N_("Version"),
    "created": N_("Published"),
    "publisher": N_("Publisher"),
    "table": N_("Table"),
    "period": N_("Period"),
    "tableUnit": N_("Unit of the table"),
    "compiledBy": N_("Compiled by"),
    "footnote": N_("Notes on the table"),
    "rows": N_("Rows"),
    "license": N_("Licence"),
    "source": N_("Source"),
    "digest": N_("CSV digest"),
    "query": N_("Query"),
    "edition": N_("Edition of the query engine"),
    "readFrom": N_("Read from"),
    "dictionary": N_("dictionary"),
    "origin": N_("source and licence"),
    "cut": N_(
        "Cells that end in “…” are longer than the 32,767 characters that Excel allows. The CSV and Parquet"
        " files have the full text."
    ),
}


def label(key: str, languages: Sequence[str]) -> str:
    """A label of these pages, such as the name of one (`dictionary`, `origin`)."""
    return " / ".join(voice_of(language).translate(_LABELS[key]) for language in languages if language in LANGUAGES)


def explain_columns(resource: TableResource, languages: Sequence[str]) -> Rows:
    """The data dictionary: a heading, then a row for each field of a resource's schema."""
    keys = ("field", "title", "type", "unit", "description", "constraints")
    rows = [[label(key, languages) for key in keys]]
    for field in resource.schema.fields:
        rows.append(
            [
                field.name,
                _say(field.title, "title", field.i18n, languages),
                _name_type(field),
                _measure(field, languages),
                _say(field.description, "description", field.i18n, languages),
                "; ".join(f"{key}: {_write(value)}" for key, value in field.constraints.items()),
            ]
        )
    missing = [value for value in missing_values(resource.schema.descriptor) if value != ""]
    if missing:
        rows.append([label("missing", languages), "", "", "", _write(missing), ""])
    return rows


def _measure(field: Field, languages: Sequence[str]) -> str:
    """How the values of a field are meant: their unit, that they are percentages, the reference system of places."""
    unit, crs = (field.own.get(name, "") for name in ("unit", "crs"))
    parts = [show_unit(unit) if isinstance(unit, str) else _write(unit)]
    parts += [label("percent", languages)] if field.own.get("percent") is True else []
    parts += [crs if isinstance(crs, str) else _write(crs)]
    return "; ".join(filter(None, parts))


def explain_origin(manifest: Manifest, resource: TableResource, languages: Sequence[str]) -> Rows:
    """Where a table is from and on what terms it may be used: a heading, then an item and its value in each row."""
    rows = [("item", "value")]
    rows += [(key, value) for key, value in _list_facts(manifest, resource, languages) if value]
    first, *others = rows
    heading = [label(text, languages) for text in first]
    return [heading, *([label(key, languages), value] for key, value in others)]


def explain_answer(query: str, edition: int, tables: Sequence[str], languages: Sequence[str]) -> Rows:
    """What an answer was asked and read from: an item and its value in each row."""
    facts = [("query", query), ("edition", str(edition)), *(("readFrom", table) for table in tables)]
    return [[label(key, languages), value] for key, value in facts]


def _list_facts(manifest: Manifest, resource: TableResource, languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    publisher, metadata = manifest.publisher, manifest.metadata
    yield "dataset", _say(metadata.title, "title", metadata.i18n, languages)
    yield "id", manifest.name
    yield "version", manifest.version
    yield "created", format_time(manifest.created)
    yield "publisher", _say(publisher.get("title"), "title", publisher.get("i18n"), languages) or publisher["id"]
    yield "table", _say(resource.title, "title", resource.i18n, languages) or resource.name
    yield "period", resource.period or manifest.period
    yield "tableUnit", show_unit(resource.unit)
    yield "compiledBy", resource.compiled_by
    for note in resource.footnotes:
        yield "footnote", f"{note.get('mark', '')} {note['text']}".strip()
    for source in resource.sources:
        yield "source", " ".join(filter(None, (source.get("title"), source.get("path"))))
    yield "description", _say(metadata.description, "description", metadata.i18n, languages)
    yield "rows", str(resource.rows)
    for licence in metadata.licenses:
        yield "license", " ".join(_list_names(licence, languages))
    for source in metadata.sources:
        yield "source", " ".join(filter(None, (source.get("title"), source.get("path"))))
    yield "digest", resource.file.hash


def _list_names(licence: License, languages: Sequence[str]) -> Iterator[str]:
    code = LICENSES.get(licence.get("name", ""))
    if code is not None:
        yield " / ".join(dict.fromkeys(code.title(language) for language in languages))
    elif licence.get("title"):
        yield str(licence["title"])
    if licence.get("name"):
        yield f"({licence['name']})"
    path = licence.get("path") or (code.path if code else "")
    if path:
        yield str(path)


def _say(text: str | None, key: str, i18n: I18n | None, languages: Sequence[str]) -> str:
    """A text in each language it is given in, the default one first."""
    texts = [text, *(((i18n or {}).get(language) or {}).get(key) for language in languages[1:])]
    return " / ".join(dict.fromkeys(str(text) for text in texts if text))


def _name_type(field: Field) -> str:
    return field.type if field.format == "default" else f"{field.type} ({field.format})"


def _write(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
