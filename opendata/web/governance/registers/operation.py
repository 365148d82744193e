"""Pages on which publishers write the disclosure of authorised operation, and publish it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.registers.operation import COLUMNS, PARTS, Part, Role
from opendata.errors import (
    InputError,
    InvalidMetadataError,
    OpendataError,
    PreconditionError,
    StateError,
)
from opendata.intake.filled_sheets import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_publisher
from opendata.services.governance.registers.operation import OperationView
from opendata.services.governance.registers.operation_sheets import SheetTrial, write_book
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.basics.files import send_book
from opendata.web.governance.requests.showing import read_year
from opendata.wording.governance.operation import CHOICES, ROLES
from opendata.wording.governance.operation import COLUMNS as COLUMN_NAMES
from opendata.wording.governance.operation import PARTS as PART_NAMES

blueprint = Blueprint("operation_reports", __name__, url_prefix="/workspace/operation-reports")

Answer = Response | str | tuple[str, int]

_ONE = "/<int:year>/<publisher>"
_YEARS = 6
_MOST_ROWS = 40
"""Tables with more rows are filled by the workbook alone."""
_BLANK_ROWS = 2

WORDS: Mapping[str, Any] = {
    "part_names": PART_NAMES,
    "column_names": COLUMN_NAMES,
    "choice_names": CHOICES,
    "role_names": ROLES,
    "columns": COLUMNS,
    "parts_of": PARTS,
}
"""What the templates of these pages name."""


@blueprint.before_request
def _guard() -> Response | str | None:
    if request.mimetype == "multipart/form-data":
        request.max_content_length = MOST_BYTES + (1 << 16)
        request.max_form_memory_size = MOST_BYTES
    else:
        limit_form()
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get("")
def list_reports() -> str:
    """The reports of a year: which are begun, published, due."""
    require_publisher(g.actor)
    reports = services().operation_reports
    year = reports.read_year(read_year(request.args.get("year", "")))
    newest = max(year, reports.find_year())
    return render_template(
        "governance/registers/operation_list.html",
        year=year,
        years=range(newest, newest - _YEARS, -1),
        rows=reports.list(g.actor, year),
    )


@blueprint.get(_ONE)
def show_report(year: int, publisher: str) -> Answer:
    """The form of a report."""
    return _render(services().operation_reports.get(g.actor, year, publisher), None)


@blueprint.post(_ONE)
def save_report(year: int, publisher: str) -> Answer:
    """Save it, and publish it where that is asked for."""
    reports, form = services().operation_reports, request.form
    before = reports.get(g.actor, year, publisher)
    said = _read_form(before)
    try:
        found = reports.save(g.actor, year, publisher, said, revision=read_number(form.get("revision", "")))
    except (InvalidMetadataError, PreconditionError) as error:
        return _render(before, error, said), status_of(error)
    if form.get("do") != "publish":
        flash(gettext("Saved"), "good")
        return redirect(url_for("operation_reports.show_report", year=year, publisher=publisher), 303)
    try:
        reports.publish(g.actor, year, publisher)
    except (InvalidMetadataError, StateError) as error:
        return _render(found, error), status_of(error)
    flash(gettext("The report is published"), "good")
    return redirect(url_for("published_operation.show_report", year=year, publisher=publisher), 303)


@blueprint.get(f"{_ONE}/tables.xlsx")
def send_tables(year: int, publisher: str) -> Response:
    """The workbook to fill in, with what is entered or known."""
    found = services().operation_reports.get(g.actor, year, publisher)
    tables = found.tables if found.revision else found.known
    book = write_book(tables, tables.parts or list(Part), choose_voice())
    return send_book(book, f"operation-{year}-{publisher}.xlsx", is_private=True)


@blueprint.post(f"{_ONE}/tables")
def take_tables(year: int, publisher: str) -> Answer:
    """Try a workbook, or take the tables that were tried; all other tables stay."""
    reports = services().operation_reports
    found = reports.get(g.actor, year, publisher)
    tried = request.form.get("rows", "")
    try:
        if tried:
            _take(found, tried)
            flash(gettext("Saved"), "good")
            return redirect(url_for("operation_reports.show_report", year=year, publisher=publisher), 303)
        file = request.files.get("file")
        if file is None or not file.filename:
            return _render_trial(found, None, gettext("Choose a file")), 422
        trial = services().operation_sheets.run(g.actor, publisher, file.stream, file.filename)
    except (InputError, PreconditionError, ValueError) as error:
        message = choose_voice().say_error(error) if isinstance(error, OpendataError) else gettext("Choose a file")
        status = status_of(error) if isinstance(error, OpendataError) else 422
        return _render_trial(found, None, message, error if isinstance(error, OpendataError) else None), status
    return _render_trial(found, trial, "")


def _take(found: OperationView, text: str) -> None:
    """Save the tables of a trial beside those that are there. Raises `ValueError` for what isn't JSON."""
    rows = json.loads(text)
    kept = (found.tables if found.revision else found.known).to_json()
    if not isinstance(rows, dict):
        raise ValueError(text[:40])
    roles = [role for role in Role if role in kept["roles"] or any(part in PARTS[role] for part in rows)]
    said = {"roles": roles, "rows": {**kept["rows"], **rows}, "notes": kept["notes"]}
    revision = read_number(request.form.get("revision", ""))
    services().operation_reports.save(g.actor, found.year, found.publisher.id, said, revision=revision)


def _read_form(before: OperationView) -> dict[str, Any]:
    """What the service takes; tables that are too long for the page stay as they are."""
    form = request.form
    rows: dict[str, Sequence[Mapping[str, str]]] = {}
    for part in Part:
        count = read_number(form.get(f"{part}.count", ""))
        if count is None or count > _MOST_ROWS + _BLANK_ROWS:
            rows[str(part)] = before.tables.list(part)
            continue
        lines = [
            {column.name: form.get(f"{part}.{number}.{column.name}", "").strip() for column in COLUMNS[part]}
            for number in range(count)
        ]
        rows[str(part)] = [line for line in lines if any(line.values())]
    return {
        "roles": [role for role in Role if role in form.getlist("roles")],
        "rows": rows,
        "notes": {str(part): form.get(f"{part}.note", "") for part in Part},
    }


def _render(found: OperationView, error: OpendataError | None, said: Mapping[str, Any] | None = None) -> str:
    tables = (found.tables if found.revision else found.known).to_json()
    shown = said if said is not None else tables
    rows = {part: list(shown["rows"].get(str(part), ())) for part in Part}
    publisher = found.publisher.id
    errors = _place_faults(error)
    return render_template(
        "governance/registers/operation.html",
        found=found,
        roles=shown["roles"] or ([] if found.revision or said is not None else list(Role)),
        rows=rows,
        notes=shown["notes"],
        long={part for part, lines in rows.items() if len(lines) > _MOST_ROWS},
        blank=_BLANK_ROWS,
        errors=errors,
        summary={name: list(dict.fromkeys(texts)) for name, texts in errors.items()},
        message=choose_voice().say_error(error) if error else "",
        say_fault=choose_voice().say_fault,
        may_save=g.actor.may_edit(publisher),
        may_publish=found.is_over and g.actor.may_lead(publisher),
        **WORDS,
    )


def _render_trial(
    found: OperationView, trial: SheetTrial | None, message: str, error: OpendataError | None = None
) -> str:
    return render_template(
        "governance/registers/operation_trial.html",
        found=found,
        trial=trial,
        rows=json.dumps(trial.rows, ensure_ascii=False) if trial is not None else "",
        message=message,
        errors=_place_faults(error),
        say_fault=choose_voice().say_fault,
        **WORDS,
    )


def _place_faults(error: OpendataError | None) -> dict[str, list[str]]:
    """The faults of an error by the field that they are about."""
    errors: dict[str, list[str]] = {}
    for item in error.faults if error is not None else ():
        name = item.pointer.strip("/").removeprefix("rows/").replace("/", ".")
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors
