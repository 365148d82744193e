"""Code that a reader copies to get a table: of one version, with a check of its digest where the tool has one.

The code for each tool is a template in the folder `code`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import get_locale, gettext

from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.web.core.instance import absolute_url

_TOOLS = {
    "curl": "curl",
    "Python: opendata_client": "client",
    "Python: pandas": "pandas",
    "Python: polars": "polars",
    "Python: DuckDB": "duckdb",
    "R": "r",
    "Excel: Power Query": "excel",
    "JavaScript": "javascript",
}
"""What a tool is called in every language, and the template of its code."""

_NUMBERS = frozenset(["integer", "number", "year"])
_R_CLASSES = {**dict.fromkeys(_NUMBERS, "numeric"), "boolean": "logical", "date": "Date"}
_M_TYPES = {
    **dict.fromkeys(_NUMBERS, "type number"),
    "integer": "Int64.Type",
    "boolean": "type logical",
    "date": "type date",
    "datetime": "type datetime",
}


_MOST = 256
"""For so many manifests, addresses and languages the code is remembered."""

_known: dict[tuple[int, str, str, tuple[str, ...]], tuple[Manifest, Mapping[str, Sequence[Snippet]]]] = {}


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code for one tool."""

    tool: str
    code: str


def build_snippets(dataset: str, manifest: Manifest, resources: Container[str]) -> Mapping[str, Sequence[Snippet]]:
    """The code for each of the tables that have these names; made once for a manifest, language and address."""
    names = tuple(table.name for table in manifest.tables if table.name in resources)
    place = absolute_url(url_for("version_pages.show_version", dataset=dataset, version=manifest.version))
    key = (id(manifest), place, str(get_locale()), names)
    known = _known.get(key)
    if known is not None and known[0] is manifest:
        return known[1]
    found = _build(place, manifest, frozenset(names))
    if len(_known) >= _MOST:
        _known.clear()
    _known[key] = manifest, found
    return found


def _build(place: str, manifest: Manifest, resources: Container[str]) -> Mapping[str, Sequence[Snippet]]:
    templates = {
        tool: current_app.jinja_env.get_template(f"catalogue/code/{name}.txt") for tool, name in _TOOLS.items()
    }
    found = {}
    for table in manifest.tables:
        if table.name in resources:
            context = _prepare(place, manifest.version, table)
            found[table.name] = [Snippet(tool, template.render(context)) for tool, template in templates.items()]
    return found


def _prepare(place: str, version: str, table: TableResource) -> Mapping[str, object]:
    """What the templates are filled with."""
    schema, about = table.schema, _describe(table)
    return {
        "table": table,
        "version": version,
        "place": place,
        "address": place.removesuffix(f"/{version}/"),
        "csv": f"{table.name}-{version}.csv",
        "parquet": f"{table.name}-{version}.parquet",
        "integrity": f"sha256-{base64.b64encode(bytes.fromhex(table.file.sha256)).decode()}",
        "nulls": list(dict.fromkeys(schema.null_text_of(item) for item in schema.fields)),
        "numbers": [item.name for item in schema.fields if item.type in _NUMBERS],
        "comment": lambda mark, *notes: "".join(f"{mark} {line}\n" for line in (about, *notes) if line),
        "quote": lambda value: json.dumps(value, ensure_ascii=False),
        "quote_m": _quote_m,
        "r_class": lambda item: _R_CLASSES.get(item.type, "character"),
        "m_type": _name_m_type,
        "install_note": gettext("Install the client first. It is in the folder clients/python of opendata"),
        "excel_note": gettext("In Excel: Data, Get Data, From Other Sources, Blank Query, Advanced Editor"),
        "excel_check": gettext("Excel can't check the file's digest: %(digest)s", digest=table.file.hash),
    }


def _describe(table: TableResource) -> str:
    """What the numbers mean, empty if nobody said."""
    units = {unit for field in table.schema.fields if isinstance(unit := field.own.get("unit"), str) and unit}
    words = [table.period, table.unit or ", ".join(sorted(units))]
    if not any(words):
        return ""
    return " · ".join(" ".join(word.split()) for word in (table.title or table.name, *words) if word)


def _name_m_type(item: Field) -> str:
    """The type of a column in Power Query's language M."""
    return "type datetimezone" if item.own.get("zone") else _M_TYPES.get(item.type, "type text")


def _quote_m(text: str) -> str:
    """A text in that language."""
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return '"' + "".join(letter if letter >= " " else f"#({ord(letter):04X})" for letter in escaped) + '"'
