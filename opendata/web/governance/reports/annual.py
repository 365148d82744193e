"""Pages on which publishers and maintainers write annual reports on disclosure, and publish them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.reports.annual import CODES, AnnualReport, Part, write_amount
from opendata.errors import InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_publisher
from opendata.services.governance.reports.values import ReportView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.reports.tables import NAMES, PARTS, show_tables
from opendata.web.governance.requests.showing import read_year

blueprint = Blueprint("annual_reports", __name__, url_prefix="/workspace/annual-reports")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_ONE = "/<int:year>/<publisher>"
_YEARS = 6


@blueprint.get("")
def list_reports() -> str:
    """The reports of a year: which are begun, published, due."""
    require_publisher(g.actor)
    reports = services().annual_reports
    year = reports.read_year(read_year(request.args.get("year", "")))
    newest = max(year, reports.find_year())
    return render_template(
        "governance/reports/list.html",
        year=year,
        years=range(newest, newest - _YEARS, -1),
        rows=reports.list(g.actor, year),
        first=reports.find_year(),
    )


@blueprint.get("/<int:year>")
def show_whole(year: int) -> str:
    """The form of the report on all publishers."""
    return _render(services().annual_reports.get(g.actor, year), None)


@blueprint.post("/<int:year>")
def save_whole(year: int) -> Answer:
    """Save it, and publish it where that is asked for."""
    return _save(year, "")


@blueprint.get(_ONE)
def show_report(year: int, publisher: str) -> str:
    """The form of a publisher's report."""
    return _render(services().annual_reports.get(g.actor, year, publisher), None)


@blueprint.post(_ONE)
def save_report(year: int, publisher: str) -> Answer:
    """Save it, and publish it where that is asked for."""
    return _save(year, publisher)


def _save(year: int, publisher: str) -> Answer:
    reports, form = services().annual_reports, request.form
    said = _read_form()
    try:
        found = reports.save(g.actor, year, publisher, said, revision=read_number(form.get("revision", "")))
    except (InvalidMetadataError, PreconditionError) as error:
        return _render(reports.get(g.actor, year, publisher), error, form.to_dict()), status_of(error)
    parts: dict[str, Any] = {"year": year, **({"publisher": publisher} if publisher else {})}
    if form.get("do") != "publish":
        flash(gettext("Saved"), "good")
        return redirect(
            url_for("annual_reports.show_report" if publisher else "annual_reports.show_whole", **parts), 303
        )
    try:
        reports.publish(g.actor, year, publisher)
    except (InvalidMetadataError, StateError) as error:
        return _render(found, error), status_of(error)
    flash(gettext("The report is published"), "good")
    endpoint = "published_reports.show_report" if publisher else "published_reports.show_whole"
    return redirect(url_for(endpoint, **parts), 303)


def _read_form() -> dict[str, Any]:
    """What the service takes."""
    form, languages = request.form, services().settings.languages
    return {
        "texts": {language: {part: form.get(f"{part}.{language}", "") for part in PARTS} for language in languages},
        "numbers": {code: form.get(_field(code), "") for code in CODES},
    }


def _render(found: ReportView, error: OpendataError | None, sent: dict[str, str] | None = None) -> str:
    languages = services().settings.languages
    errors = _place_faults(error)
    values = sent if sent is not None else _show_values(found, languages[0])
    publisher = found.publisher.id if found.publisher is not None else ""
    return render_template(
        "governance/reports/form.html",
        found=found,
        publisher=publisher,
        values=values,
        names=NAMES,
        field=_field,
        languages=languages,
        known={_field(code): write_amount(number) for code, number in found.known.items()},
        errors=errors,
        summary=_shorten(errors),
        message=choose_voice().say_error(error) if error else "",
        table_faults=found.table.list_faults(),
        may_save=g.actor.is_maintainer or bool(publisher and g.actor.may_edit(publisher)),
        may_publish=found.is_over and (g.actor.is_maintainer or bool(publisher and g.actor.may_lead(publisher))),
        **show_tables(AnnualReport(numbers=found.effective, table=found.table)),
    )


def _show_values(found: ReportView, default: str) -> dict[str, str]:
    """What the fields show: what was entered; before that, the suggested texts in the portal's own language."""
    values = {_field(code): write_amount(number) for code, number in found.numbers.items()}
    values["revision"] = str(found.revision)
    values |= {f"{part}.{language}": text for language, texts in found.texts.items() for part, text in texts.items()}
    if not found.revision:
        values |= {f"{part}.{default}": text for part, text in found.suggested[default].items()}
    return values


def _field(code: str) -> str:
    """The name of the field of a number."""
    return code.replace("/", ".")


def _place_faults(error: OpendataError | None) -> dict[str, list[str]]:
    """The faults of an error by the field that they are about."""
    errors: dict[str, list[str]] = {}
    for item in error.faults if error is not None else ():
        kind, _, rest = item.pointer.strip("/").partition("/")
        name = rest.replace("~1", ".")
        if kind == "texts":
            language, _, part = rest.partition("/")
            name = f"{part}.{language}" if part in tuple(Part) else ""
        elif kind == "table":
            name = "applications"
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors


def _shorten(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Each text once, at the first field that it is about: many numbers may be missing for the same reason."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for name, texts in errors.items():
        new = [text for text in dict.fromkeys(texts) if text not in seen]
        seen.update(new)
        if new:
            found[name] = new
    return found
