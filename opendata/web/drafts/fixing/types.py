"""Columns that were kept as text though many of their cells are of another type: one question for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.meaning.periods import read_period
from opendata.domain.recipes import REPAIR
from opendata.errors import N_, StateError
from opendata.intake.meaning.units import code_unit
from opendata.problems import choose_voice
from opendata.recipes.columns import is_chinese
from opendata.recipes.doubts import CODE
from opendata.recipes.verbs import ADD_YEAR, MISSING, SPLIT_UNIT, STRIP_SUFFIX
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.meaning.meanings import propose_units
from opendata.tables.schema.header import make_distinct
from opendata.tables.schema.origins import settle_field
from opendata.web.core.instance import services
from opendata.web.drafts.fixing.steps import blueprint, change_steps
from opendata.wording.schemas.field_types import TYPES

_OF_MONTHS = "月"
"""What follows the number of a month and is no unit."""

_YEAR = re.compile("[12][0-9]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDoubt:
    """A column that may be of a type; `number` names it in the form.

    Of its cells some are marks for a missing value (`marks`), have units (`units`, as in `with_unit`), or are dates
    that lack their year (`without_year`) or can't be read (`no_days`). `unit_column` is what a column for several units
    would be called.
    """

    number: int
    column: str
    kind: str
    type: str
    fits: int
    of: int
    others: Sequence[tuple[int | None, str]]
    examples: Sequence[str]
    marks: Sequence[str]
    units: Sequence[str]
    with_unit: Sequence[str]
    unit_column: str
    is_month: bool
    without_year: Sequence[str]
    no_days: Sequence[str]
    is_half: bool


def list_type_doubts(task: Mapping[str, Any]) -> list[TypeDoubt]:
    """The columns of a task of which it isn't sure that they are text."""
    return [_read_doubt(number, remark) for number, remark in enumerate(_list_remarks(task))]


def _read_doubt(number: int, remark: Mapping[str, Any]) -> TypeDoubt:
    params = remark["opendata"]["params"]
    has_others = params["fits"] < params["of"]
    rows = params["rows"] or [None] * len(params["values"])
    units = params.get("units", ())
    return TypeDoubt(
        number=number,
        column=remark["fieldName"],
        kind=params["type"],
        type=choose_voice().translate(TYPES.get(params["type"], params["type"])),
        fits=params["fits"],
        of=params["of"],
        others=list(zip(rows, params["values"], strict=False)) if has_others else (),
        examples=() if has_others else params["values"],
        marks=params.get("marks", params["values"] if params["are_marks"] else ()),
        units=units,
        with_unit=params.get("withUnit", ())[:3],
        unit_column=_name_units(remark["fieldName"]),
        is_month=[*units] == [_OF_MONTHS],
        without_year=params.get("withoutYear", ())[:3],
        no_days=params.get("noDays", ())[:3],
        is_half=2 * params["fits"] >= params["of"],
    )


def find_year(table: DraftResourceView, draft: DraftView) -> str:
    """The year of the period of a table, else of its draft; empty where that isn't one year."""
    for text in ((table.meaning or {}).get("period"), draft.period):
        period = read_period(text) if text else None
        if period is not None:
            return str(period.year or "")
    return ""


def guess_year(table: DraftResourceView) -> str:
    """The year of the period that the file of a table seems to be about, which nobody has confirmed."""
    found = ((table.meaning or {}).get("found") or {}).get("period") or {}
    period = read_period(str(found.get("value") or ""))
    return str(period.year or "") if period is not None else ""


@blueprint.post("/<draft>/resources/<resource>/types")
def choose_types(draft: str, resource: str) -> Response:
    """Check a table by the schema that was proposed for it, its doubtful columns of the types that were chosen."""
    found = services().drafts.get(g.actor, draft)
    table = next((item for item in found.tables if item.name == resource), None)
    remarks = _list_remarks(_find_task(found, resource))
    proposed = _find_schema(table)
    if proposed is None or not remarks:
        flash(choose_voice().say_error(StateError(N_("The schema no longer fits the table"))), "bad")
        return redirect(url_for("drafts.show_draft", draft=draft), 303)
    fields = [dict(item) for item in proposed["fields"]]
    steps: list[Mapping[str, Any]] = []
    for number, remark in enumerate(remarks):
        name, params = remark["fieldName"], remark["opendata"]["params"]
        place = next((at for at, item in enumerate(fields) if item["name"] == name), None)
        if place is None:
            continue
        if request.form.get(f"type_{number}", "text") == "text":
            fields[place] = settle_field(fields[place])
            continue
        year = request.form.get(f"year_{number}", "").strip() if f"year_of_{number}" in request.form else ""
        if f"year_of_{number}" in request.form and params.get("withoutYear") and not _YEAR.fullmatch(year):
            text = gettext("Enter the year of the dates in “%(column)s”, in four digits such as 2026", column=name)
            flash(text, "bad")
            return redirect(url_for("drafts.show_draft", draft=draft), 303)
        fields[place] = {**settle_field(fields[place]), "type": params["type"]}
        steps += list(_make_steps(number, name, params, year))
        if f"marks_{number}" in request.form:
            fields[place].pop("constraints", None)
        if f"unit_{number}" in request.form and params.get("units"):
            _follow_units(fields, place, params["units"])
    # Columns that are numbers only now have the table's unit too.
    schema = propose_units({**proposed, "fields": fields}, (table.meaning if table else None) or {})
    return change_steps(
        draft, resource, lambda before: [*before, *(item for item in steps if item not in before)], schema=schema
    )


def _find_schema(table: DraftResourceView | None) -> Mapping[str, Any] | None:
    """The schema in which the types of a table are chosen: its own, where steps made columns, or the proposed one."""
    if table is None or table.proposed_schema is None:
        return table.schema if table is not None else None
    return table.proposed_schema.descriptor


def _make_steps(number: int, name: str, params: Mapping[str, Any], year: str) -> Iterator[Mapping[str, Any]]:
    """The steps that were chosen for a column."""
    marks = params.get("marks") or (params["values"] if params["are_marks"] else ())
    units = params.get("units") or ()
    if f"marks_{number}" in request.form and marks:
        yield {"verb": MISSING, "field": name, "texts": list(marks)}
    if f"unit_{number}" in request.form and units:
        if len(units) > 1:
            yield {"verb": SPLIT_UNIT, "field": name, "to": _name_units(name)}
        elif params.get("are_measured") and units[0] != _OF_MONTHS:
            yield {"verb": SPLIT_UNIT, "field": name, "unit": units[0]}
        else:
            yield {"verb": STRIP_SUFFIX, "field": name, "suffix": units[0]}
    if year and params.get("withoutYear"):
        yield {"verb": ADD_YEAR, "field": name, "year": year}
    for kind in params["repairs"]:
        yield {"verb": REPAIR, "field": name, "kind": kind}


def _follow_units(fields: list[dict[str, Any]], place: int, units: Sequence[str]) -> None:
    """Give the field its unit, or the field of the units behind it, as the steps do with the columns."""
    item = fields[place]
    if len(units) > 1:
        names = make_distinct([*(other["name"] for other in fields), _name_units(item["name"])])
        fields.insert(place + 1, {"name": names[-1], "type": "string"})
    elif units[0] != _OF_MONTHS:
        item["opendata"] = {**(item.get("opendata") or {}), "unit": code_unit(units[0])}


def _name_units(column: str) -> str:
    """What a column for the units of another is called, in the language of its name."""
    return f"{column}单位" if is_chinese([column]) else f"{column} unit"


def _find_task(draft: DraftView, resource: str) -> Mapping[str, Any]:
    tasks = draft.report["tasks"] if draft.report else ()
    return next((item for item in tasks if item["name"] == resource), {})


def _list_remarks(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    remarks = (task.get("opendata") or {}).get("remarks", ())
    return [item for item in remarks if item["type"] == CODE]
