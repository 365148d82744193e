"""Pages of maintainers about clocks: the working calendar, rules, and the report of a quarter or half-year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.clocks.limits import Unit
from opendata.domain.clocks.years import write_days
from opendata.domain.meaning.periods import period_of
from opendata.errors import N_, InputError, InvalidMetadataError, NotFoundError, OpendataError
from opendata.problems import status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.governance.duties.reporting import SupervisionRow
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.duties.words import HELPERS, place_faults, say_message
from opendata.wording.governance.duties import PERIOD_NAMES, TRIGGER_NAMES, UNIT_NAMES

blueprint = Blueprint("clocks", __name__, url_prefix="/workspace")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = AnyResponse | str | tuple[str, int]

_MANY = 1000
_MONTH_DAY = N_("Write a day of the year as month and day, such as 131 for 31 January")


@blueprint.get("/calendar")
def list_years() -> Answer:
    """The years that are known, and the one to enter next."""
    require_maintainer(g.actor)
    years = services().calendars.list()
    return render_template(
        "governance/duties/years.html",
        years=years,
        missing=services().calendars.find_missing(),
        following=years[0].year + 1,
        **HELPERS,
    )


@blueprint.get("/calendar/<int:year>")
def show_year(year: int) -> Answer:
    """The form for a year, with what is known of it."""
    require_maintainer(g.actor)
    try:
        found = services().calendars.get(year)
    except NotFoundError:
        return _render_year(year, {}, None)
    values = {"off": write_days(found.days.off), "on": write_days(found.days.on), "source": found.source}
    return _render_year(year, values, None)


@blueprint.post("/calendar/<int:year>")
def save_year(year: int) -> Answer:
    """Enter a year, from the form or from a CSV file."""
    values, file = request.form.to_dict(), request.files.get("file")
    try:
        if file is not None and file.filename:
            text = file.read().decode("utf-8", "replace")
            services().calendars.save_csv(g.actor, year, text, values.get("source", ""))
        else:
            services().calendars.save(
                g.actor, year, values.get("off", ""), values.get("on", ""), values.get("source", "")
            )
    except InvalidMetadataError as error:
        return _render_year(year, values, error), status_of(error)
    flash(gettext("The working calendar of %(year)s is saved. What is due was computed again", year=year), "good")
    return redirect(url_for("clocks.list_years"), 303)


@blueprint.get("/rules")
def list_rules() -> Answer:
    """All rules, and whether each is used."""
    require_maintainer(g.actor)
    return render_template(
        "governance/duties/rules.html",
        rules=services().duty_rules.list(),
        others=services().duty_rules.list_not_computed(),
        triggers=TRIGGER_NAMES,
        periods=PERIOD_NAMES,
        **HELPERS,
    )


@blueprint.get("/rules/new")
def show_new_rule() -> Answer:
    """An empty form, or one with the rule that a version is made of."""
    require_maintainer(g.actor)
    return _render_rule({"trigger": "date", "unit": "working-day", "extensions": "1"}, None)


@blueprint.post("/rules/new")
def add_rule() -> Answer:
    """Add a rule, or a version of one."""
    values = request.form.to_dict()
    try:
        found = services().duty_rules.add(g.actor, _read_rule(values))
    except InvalidMetadataError as error:
        return _render_rule(values, error), status_of(error)
    flash(gettext("The rule is saved as version %(version)s", version=found.rule.version), "good")
    return redirect(url_for("clocks.show_rule", rule=found.rule.id), 303)


@blueprint.get("/rules/<rule>")
def show_rule(rule: str) -> Answer:
    """A rule, and for whom it makes duties."""
    require_maintainer(g.actor)
    return _render_use(rule, None)


@blueprint.post("/rules/<rule>")
def use_rule(rule: str) -> Answer:
    """Switch a rule, and say for whom it makes duties."""
    publishers = ["*"] if request.form.get("all") else request.form.getlist("publishers")
    try:
        services().duty_rules.use(g.actor, rule, is_off=request.form.get("is_off") == "1", publishers=publishers)
    except InvalidMetadataError as error:
        return _render_use(rule, error), status_of(error)
    flash(gettext("Saved"), "good")
    return redirect(url_for("clocks.show_rule", rule=rule), 303)


@blueprint.get("/supervision")
def show_supervision() -> Answer:
    """Each publisher in a quarter or half-year."""
    message, status, period = "", 200, None
    rows: Sequence[SupervisionRow] = ()
    try:
        period, rows = services().duty_reports.supervise(g.actor, request.args.get("period", "").strip())
    except InputError as error:
        message, status = say_message(error), status_of(error)
    page = render_template(
        "governance/duties/supervision.html",
        period=period,
        rows=rows,
        message=message,
        periods=_list_periods(),
        asked=request.args.get("period", "").strip() or (period.text if period else ""),
        **HELPERS,
    )
    return page if status == 200 else (page, status)


@blueprint.get("/supervision.csv")
def send_supervision() -> AnyResponse:
    """The same as a CSV file."""
    period, rows = services().duty_reports.supervise(g.actor, request.args.get("period", "").strip())
    text = "".join(services().duty_reports.write_supervision(period, rows))
    headers = {
        "Content-Disposition": f"attachment; filename=supervision-{period.text}.csv",
        "Cache-Control": "private, no-store",
    }
    return Response(text, mimetype="text/csv", headers=headers)


def _list_periods() -> list[str]:
    """The last quarters and half-years to choose from, the newest first."""
    today: date = services().calendars.today()
    found = []
    for back in range(9):
        month = today.year * 12 + today.month - 1 - back * 3
        day = date(month // 12, month % 12 + 1, 1)
        for kind in ("quarter", "half"):
            text = period_of(day, kind).text
            if text not in found:
                found.append(text)
    return found


def _read_rule(values: Mapping[str, str]) -> dict[str, Any]:
    """A rule as REST takes it, from what somebody entered."""
    found: dict[str, Any] = {
        name: {language: values.get(f"{name}_{language}", "") for language in ("zh", "en")}
        for name in ("title", "clause", "note", "starts")
    }
    found |= {name: values.get(name, "").strip() for name in ("id", "trigger")}
    if found["trigger"] in ("period", "update"):
        found["period"] = values.get("period", "")
        found["days"] = read_number(values.get("days", "").strip())
    found["pauses"] = bool(values.get("pauses"))
    extensions = read_number(values.get("extensions", "").strip() or "0")
    found["extensions"] = -1 if extensions is None else extensions
    for name, unit in (("limit", "unit"), ("extension", "extension_unit")):
        text = values.get(name, "").strip()
        found[name] = {"number": read_number(text), "unit": values.get(unit, "")} if text else None
    return found


def _render_year(year: int, values: Mapping[str, str], error: OpendataError | None) -> str:
    require_maintainer(g.actor)
    return render_template(
        "governance/duties/year.html",
        year=year,
        values=values,
        errors=place_faults(error),
        message=say_message(error),
        **HELPERS,
    )


def _render_rule(values: Mapping[str, str], error: OpendataError | None) -> str:
    require_maintainer(g.actor)
    return render_template(
        "governance/duties/new_rule.html",
        values=values,
        errors=place_faults(error),
        message=say_message(error),
        triggers=TRIGGER_NAMES,
        periods=PERIOD_NAMES,
        units=UNIT_NAMES,
        extension_units={unit: UNIT_NAMES[unit] for unit in (Unit.DAY, Unit.WORKING_DAY, Unit.MONTH)},
        **HELPERS,
    )


def _render_use(rule: str, error: OpendataError | None) -> str:
    require_maintainer(g.actor)
    return render_template(
        "governance/duties/rule.html",
        view=services().duty_rules.get(rule),
        publishers=services().publishers.list(limit=_MANY).items,
        errors=place_faults(error),
        message=say_message(error),
        triggers=TRIGGER_NAMES,
        periods=PERIOD_NAMES,
        **HELPERS,
    )
