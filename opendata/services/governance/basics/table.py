"""The catalogue in force as a table for programs, and the Table Schema of that table in two languages.

Both are pure: the same entries give the same rows, so that the table can be published as a dataset when they change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opendata.domain.basics.codes import DOMAINS, Audience, Channel, Kind, Level, Method
from opendata.domain.basics.entries import TITLES
from opendata.domain.basics.timing import Kind as LimitKind
from opendata.domain.basics.timing import Trigger
from opendata.domain.clocks.limits import Unit
from opendata.errors import N_
from opendata.services.governance.basics.values import EntryView, State
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.wording.voice import voice_of

_BETWEEN = ";"
"""Codes of a list in one cell have this between them."""

_COLUMNS: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("id", "string", N_("Id of the entry"), ()),
    ("domain", "string", TITLES["domain"], ()),
    ("domain_title", "string", N_("Name of the domain"), ()),
    ("matter", "string", TITLES["matter"], ()),
    ("item", "string", TITLES["item"], ()),
    ("content", "string", TITLES["content"], ()),
    ("basis", "string", TITLES["basis"], ()),
    ("time_limit", "string", TITLES["time_limit"], ()),
    ("limit_kind", "string", N_("Kind of time limit"), [str(kind) for kind in LimitKind]),
    ("limit_trigger", "string", N_("What starts the time limit"), [str(trigger) for trigger in Trigger]),
    ("limit_number", "integer", N_("Number of the time limit"), ()),
    ("limit_unit", "string", N_("Unit of the time limit"), [str(unit) for unit in Unit]),
    ("body", "string", TITLES["body"], ()),
    ("publisher", "string", TITLES["publisher"], ()),
    ("channels", "string", TITLES["channels"], [str(code) for code in Channel]),
    ("other_channels", "string", TITLES["other_channels"], ()),
    ("audiences", "string", TITLES["audiences"], [str(code) for code in Audience]),
    ("group", "string", TITLES["group"], ()),
    ("methods", "string", TITLES["methods"], [str(code) for code in Method]),
    ("levels", "string", TITLES["levels"], [str(code) for code in Level]),
    ("kinds", "string", TITLES["kinds"], [str(code) for code in Kind]),
    ("supervision", "string", TITLES["supervision"], ()),
    ("since", "date", N_("In force since"), ()),
    ("state", "string", N_("How far it is fulfilled"), [str(state) for state in State]),
    ("datasets", "string", N_("Datasets that fulfil it"), ()),
    ("due", "date", N_("Last day in time"), ()),
    ("overdue", "boolean", N_("Overdue"), ()),
)
_LISTS = frozenset(["channels", "audiences", "methods", "levels", "kinds"])
_REQUIRED = frozenset(
    ["id", "domain", "domain_title", "content", "time_limit", "limit_kind", "methods", "since", "state"]
)

HEADER: Sequence[str] = [name for name, *_ in _COLUMNS]
"""The names of the columns."""


def list_rows(views: Iterable[EntryView]) -> list[list[str]]:
    """A row of texts for each entry, in the order of `HEADER`: dates in ISO 8601, lists with `;`, nothing as empty."""
    return [[row[name] for name in HEADER] for row in map(_write_row, views)]


def write_csv(views: Iterable[EntryView]) -> str:
    """The table as CSV (RFC 4180) with LF at the ends of lines; no spreadsheet finds a formula in it."""
    return "".join(write_csv_line(row) for row in [HEADER, *list_rows(views)])


def make_schema() -> Mapping[str, Any]:
    """The Table Schema of the table, with Chinese titles and English ones beside them."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "name": "basic-catalogue-entry",
        "title": "主动公开基本目录",
        "description": "现行主动公开基本目录，一行一个公开事项。",
        "fields": [_describe_field(*column) for column in _COLUMNS],
        "primaryKey": ["id"],
        "opendata": {
            "i18n": {
                "en": {
                    "title": "Basic catalogue of proactive disclosure",
                    "description": "The catalogue in force, one row for each matter.",
                }
            }
        },
    }


def name_domain(domain: str, language: str) -> str:
    """What a domain is called: an own one is named in the language of those who wrote it."""
    return DOMAINS[domain].title(language) if domain in DOMAINS else domain


def _describe_field(name: str, kind: str, title: str, codes: Sequence[str]) -> dict[str, Any]:
    rules: dict[str, Any] = {"required": True} if name in _REQUIRED else {}
    if name == "id":
        rules |= {"unique": True, "pattern": "b[0-9]{5,9}"}
    if codes and name in _LISTS:
        one = f"({'|'.join(codes)})"
        rules["pattern"] = f"{one}({_BETWEEN}{one})*"
    elif codes:
        rules["enum"] = list(codes)
    found: dict[str, Any] = {"name": name, "type": kind, "title": voice_of("zh").translate(title)}
    if rules:
        found["constraints"] = rules
    return {**found, "opendata": {"i18n": {"en": {"title": title}}}}


def _write_row(view: EntryView) -> dict[str, str]:
    entry, limit = view.entry, view.entry.limit
    row = {name: getattr(entry, name) for name in TITLES}
    return {
        **{name: _BETWEEN.join(value) if name in _LISTS else value for name, value in row.items()},
        "id": view.id,
        "domain_title": name_domain(entry.domain, "zh"),
        "limit_kind": str(limit.kind),
        "limit_trigger": str(limit.trigger),
        "limit_number": str(limit.limit.number) if limit.limit else "",
        "limit_unit": str(limit.limit.unit) if limit.limit else "",
        "since": view.begun.isoformat(),
        "state": str(view.state),
        "datasets": _BETWEEN.join(dataset.id for dataset in view.datasets if dataset.is_listed),
        "due": view.due.isoformat() if view.due else "",
        "overdue": "true" if view.is_overdue else "false",
    }
