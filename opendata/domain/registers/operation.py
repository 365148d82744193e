"""The yearly disclosure of authorised operation (授权运营信息披露): its tables, who fills which, and what is missing.

The implementing body says who it is, what it authorised and the ceilings of fees; the operator says who it is, which
data it was given, its products and services, and the fees that it takes. A body may be both.
Source: 国家数据局综合司关于做好公共数据资源授权运营信息披露工作的通知 (2026-02-10): yearly, by the end of March.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, fault

FIRST_YEAR, LAST_YEAR = 2025, 2200
"""The first year is that in which the rules for authorised operation came into force."""

MOST_ROWS = 2_000
LONGEST = 2_000


class Role(StrEnum):
    """What a body is in authorised operation (实施机构, 运营机构)."""

    IMPLEMENTING = "implementing"
    OPERATOR = "operator"


class Part(StrEnum):
    """The tables of a report, in their order."""

    BODY = "body"
    AUTHORISATIONS = "authorisations"
    CEILINGS = "ceilings"
    OPERATOR = "operator"
    RESOURCES = "resources"
    PRODUCTS = "products"
    FEES = "fees"


PARTS: Mapping[Role, Sequence[Part]] = {
    Role.IMPLEMENTING: (Part.BODY, Part.AUTHORISATIONS, Part.CEILINGS),
    Role.OPERATOR: (Part.OPERATOR, Part.RESOURCES, Part.PRODUCTS, Part.FEES),
}
"""Role → the tables that it fills."""


class Product(StrEnum):
    """What an operator offers."""

    PRODUCT = "product"
    SERVICE = "service"


class Mode(StrEnum):
    """How operation is authorised, by the codes of `operation-modes`."""

    WHOLE = "whole"
    DOMAIN = "domain"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a text, a day, or one of some `choices`."""

    name: str
    is_required: bool = True
    is_day: bool = False
    choices: tuple[str, ...] = ()


def _needed(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name) for name in names)


def _optional(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, is_required=False) for name in names)


COLUMNS: Mapping[Part, Sequence[Column]] = {
    Part.BODY: (*_needed("name", "creditCode", "telephone", "plan"), *_optional("address", "url")),
    Part.AUTHORISATIONS: (
        *_needed("operator", "scope"),
        Column(name="mode", choices=tuple(Mode)),
        Column(name="begins", is_day=True),
        Column(name="ends", is_day=True),
        *_optional("operatorCode", "procedure", "agreement"),
    ),
    Part.CEILINGS: (*_needed("service", "ceiling", "unit", "basis"), *_optional("authority")),
    Part.OPERATOR: (*_needed("name", "creditCode", "telephone"), *_optional("address", "url")),
    Part.RESOURCES: (*_needed("title", "provider"), *_optional("dataset", "registration", "cycle", "scope")),
    Part.PRODUCTS: (
        *_needed("product"),
        Column(name="kind", choices=tuple(Product)),
        *_needed("description"),
        *_optional("resources", "registration", "users"),
    ),
    Part.FEES: (*_needed("product", "fee", "unit"), *_optional("ceiling", "basis")),
}
"""Table → its columns."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTables:
    """What a report says. `notes` say of tables why they have no rows: there was nothing of that kind."""

    roles: Sequence[Role] = ()
    rows: Mapping[Part, Sequence[Row]] = field(default_factory=dict)
    notes: Mapping[Part, str] = field(default_factory=dict)

    @property
    def parts(self) -> Sequence[Part]:
        """The tables that belong to its roles, in their order."""
        return [part for part in Part if any(part in PARTS[role] for role in self.roles)]

    def list(self, part: Part) -> Sequence[Row]:
        """The rows of a table."""
        return self.rows.get(part, ())

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "roles": [str(role) for role in self.roles],
            "rows": {str(part): [dict(row) for row in rows] for part, rows in self.rows.items() if rows},
            "notes": {str(part): text for part, text in self.notes.items() if text},
        }


def read_kept(found: Mapping[str, Any]) -> OperationTables:
    """Tables as they are kept."""
    return OperationTables(
        roles=[role for role in Role if role in found.get("roles", ())],
        rows={part: found.get("rows", {}).get(part, ()) for part in Part},
        notes={part: text for part in Part if (text := found.get("notes", {}).get(part, ""))},
    )


def read_tables(said: Mapping[str, Any]) -> tuple[OperationTables, Sequence[Fault]]:
    """What somebody sends, with what is wrong in it; blank rows say nothing."""
    faults: list[Fault] = []
    roles = said.get("roles") or ()
    if not isinstance(roles, list | tuple) or any(role not in tuple(Role) for role in roles):
        faults.append(fault("/roles", N_("Choose a role: %(names)s"), names=", ".join(Role)))
        roles = ()
    rows: dict[Part, Sequence[Row]] = {}
    for name, found in _mapping(said.get("rows"), "/rows", faults).items():
        if name not in tuple(Part):
            faults.append(fault("/rows", N_("A report has no table “%(name)s”"), name=str(name)[:60]))
        elif not isinstance(found, list | tuple) or len(found) > MOST_ROWS:
            faults.append(fault(f"/rows/{name}", N_("This must be a list of at most %(most)s rows"), most=MOST_ROWS))
        else:
            part = Part(name)
            clean = [_read_row(part, row, f"/rows/{part}/{number}", faults) for number, row in enumerate(found)]
            rows[part] = [row for row in clean if row]
    notes: dict[Part, str] = {}
    for name, text in _mapping(said.get("notes"), "/notes", faults).items():
        if name not in tuple(Part) or not isinstance(text, str) or len(text) > LONGEST:
            faults.append(fault("/notes", N_("This must be text of at most %(most)s characters"), most=LONGEST))
        elif text.strip():
            notes[Part(name)] = text.strip()
    return OperationTables(roles=[role for role in Role if role in roles], rows=rows, notes=notes), faults


def list_gaps(tables: OperationTables, known: Sequence[Row]) -> Sequence[Fault]:
    """What is missing before a report can be published. `known` are the resources that must be in it."""
    if not tables.roles:
        return [fault("/roles", N_("Say what you are in authorised operation: implementing body, operator or both"))]
    faults = []
    for part in tables.parts:
        rows = tables.list(part)
        if not rows and not tables.notes.get(part):
            faults.append(fault(f"/rows/{part}", N_("Fill in this table, or say why there is nothing in it")))
        for number, row in enumerate(rows):
            faults += [
                fault(f"/rows/{part}/{number}/{column.name}", N_("This cell is needed"))
                for column in COLUMNS[part]
                if column.is_required and not row.get(column.name)
            ]
            if row.get("begins") and row.get("ends") and row["ends"] < row["begins"]:
                faults.append(fault(f"/rows/{part}/{number}/ends", N_("The last day is before the first one")))
    if Part.RESOURCES in tables.parts:
        listed = {row.get("dataset") for row in tables.list(Part.RESOURCES)}
        faults += [
            fault(
                f"/rows/{Part.RESOURCES}",
                N_("“%(title)s” is under authorised operation and isn't in this table"),
                title=row["title"],
            )
            for row in known
            if row["dataset"] not in listed
        ]
    return faults


def list_cells(tables: OperationTables) -> Sequence[tuple[str, int, str, str]]:
    """All cells as table, number of the row from 1, column, text. A note is row 0."""
    found: list[tuple[str, int, str, str]] = []
    for part in tables.parts:
        if tables.notes.get(part):
            found.append((str(part), 0, "note", tables.notes[part]))
        for number, row in enumerate(tables.list(part), start=1):
            found += [(str(part), number, column.name, row.get(column.name, "")) for column in COLUMNS[part]]
    return found


def _read_row(part: Part, row: Any, place: str, faults: list[Fault]) -> dict[str, str]:
    columns = {column.name: column for column in COLUMNS[part]}
    found: dict[str, str] = {}
    for name, value in _mapping(row, place, faults).items():
        text = value.strip() if isinstance(value, str) else None
        column = columns.get(str(name))
        if column is None:
            faults.append(fault(place, N_("This table has no column “%(name)s”"), name=str(name)[:60]))
        elif text is None or len(text) > LONGEST:
            text_fault = N_("This must be text of at most %(most)s characters")
            faults.append(fault(f"{place}/{name}", text_fault, most=LONGEST))
        elif text and column.is_day and read_day(text) is None:
            faults.append(fault(f"{place}/{name}", N_("Write the day like 2026-09-30")))
        elif text and column.choices and text not in column.choices:
            names = ", ".join(column.choices)
            faults.append(fault(f"{place}/{name}", N_("Choose one of %(names)s"), names=names))
        elif text:
            found[column.name] = text
    return found


def _mapping(value: Any, place: str, faults: list[Fault]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append(fault(place, N_("This must be a JSON object")))
        return {}
    return value
