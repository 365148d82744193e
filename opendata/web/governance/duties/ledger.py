"""The ledger of duties for those who do them: the list, one with its history, and the steps with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.clocks.obligations import DutyState
from opendata.domain.clocks.rules import Trigger
from opendata.domain.moments import read_day
from opendata.domain.registers.needs import OPERATION_RULE
from opendata.domain.registers.needs import Duty as RegisterDuty
from opendata.domain.reports.annual import RULES as REPORT_RULES
from opendata.errors import N_, InputError, InvalidMetadataError, NotFoundError, OpendataError, StateError
from opendata.problems import status_of
from opendata.services.core.actors import require_publisher
from opendata.services.governance.duties.reading import DutyFilter, read_state
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.duties.words import HELPERS, STEPS, list_open_steps, place_faults, say_message, say_title
from opendata.wording.audit import ACTIONS
from opendata.wording.governance.duties import STATE_NAMES, UNIT_NAMES

blueprint = Blueprint("duties", __name__, url_prefix="/workspace/duties")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_PAGE = 50
_MANY = 1000
_FILTERS = ("whose", "publisher", "state", "rule", "dataset", "within", "since", "until")
_NO_STEP = N_("There is no such step")
_WRONG_DAY = N_("“%(text)s” isn't a day. Write it like 2026-12-31")


@blueprint.get("")
def list_duties() -> Answer:
    """What is due: of one's own, of the publisher, or of all."""
    actor = require_publisher(g.actor)
    values = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    page, message, status = None, "", 200
    try:
        page = services().duties.list(
            actor, _read_filter(values), cursor=request.args.get("cursor") or None, limit=_PAGE
        )
    except InputError as error:
        message, status = say_message(error), status_of(error)
    feed = services().duty_feeds.find(actor)
    text = render_template(
        "governance/duties/duties.html",
        page=page,
        values=values,
        message=message,
        overdue=services().duties.count(actor, DutyFilter(state=DutyState.OVERDUE)),
        states=STATE_NAMES,
        rules=services().duty_rules.list(),
        publishers=services().publishers.list(limit=_MANY).items if actor.is_maintainer else (),
        missing=services().calendars.find_missing(),
        feed=absolute_url(url_for("duty_feeds.send_feed", text=feed)) if feed else "",
        **HELPERS,
    )
    return text if status == 200 else (text, status)


@blueprint.get("/duties.csv")
def export_duties() -> Response:
    """The list as a CSV file."""
    values = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    lines = services().duties.export_csv(g.actor, _read_filter(values))
    headers = {"Content-Disposition": "attachment; filename=duties.csv", "Cache-Control": "private, no-store"}
    return FlaskResponse(stream_with_context(lines), mimetype="text/csv", headers=headers)


@blueprint.post("/feed")
def renew_feed() -> Response:
    """Give the private feed an address, or another one."""
    services().duty_feeds.renew(g.actor)
    flash(gettext("The feed has a new address. The one before doesn't work any more"), "good")
    return redirect(url_for("duties.list_duties") + "#feed", 303)


@blueprint.get("/new")
def show_new_duty() -> Answer:
    """An empty form."""
    actor = require_publisher(g.actor)
    return _render_new({"publisher": actor.edited_publisher or "", **request.args.to_dict()}, None)


@blueprint.post("/new")
def add_duty() -> Answer:
    """Begin a duty and show it."""
    values = request.form.to_dict()
    try:
        found = services().duty_steps.add(g.actor, values)
    except (InvalidMetadataError, StateError) as error:
        return _render_new(values, error), status_of(error)
    flash(gettext("The duty “%(title)s” is on the list", title=say_title(found)), "good")
    return redirect(url_for("duties.show_duty", duty=found.id), 303)


@blueprint.get("/<int:duty>")
def show_duty(duty: int) -> Answer:
    """A duty with its clock, its evidence and its history."""
    item = services().duties.get(g.actor, duty)
    decides = services().duty_steps.may_decide(g.actor, item.publisher.id)
    return render_template(
        "governance/duties/duty.html",
        item=item,
        history=services().duties.list_steps(g.actor, duty),
        actions=ACTIONS,
        states=STATE_NAMES,
        steps=list_open_steps(item, decides=decides, is_maintainer=g.actor.is_maintainer),
        units=UNIT_NAMES,
        report_year=read_number(item.period) if item.rule in REPORT_RULES else None,
        operation_year=read_number(item.period) if item.rule == OPERATION_RULE else None,
        is_registering=item.rule in tuple(RegisterDuty),
        **HELPERS,
    )


@blueprint.get("/<int:duty>/<step>")
def show_step(duty: int, step: str) -> Answer:
    """The form of a step."""
    item = services().duties.get(g.actor, duty)
    return _render_step(duty, step, {"owner": item.owner, "office": item.office}, None)


@blueprint.post("/<int:duty>/<step>")
def take_step(duty: int, step: str) -> Answer:
    """Take a step with a duty."""
    if step not in STEPS:
        raise NotFoundError(_NO_STEP)
    values = request.form.to_dict()
    try:
        getattr(services().duty_steps, step)(g.actor, duty, values)
    except (InvalidMetadataError, StateError) as error:
        return _render_step(duty, step, values, error), status_of(error)
    flash(gettext("Saved"), "good")
    return redirect(url_for("duties.show_duty", duty=duty), 303)


def _render_step(duty: int, step: str, values: Mapping[str, str], error: OpendataError | None) -> str:
    item = services().duties.get(g.actor, duty)
    if step not in STEPS:
        raise NotFoundError(_NO_STEP)
    owners = services().duty_steps.list_owners(g.actor, item.publisher.id) if step == "assign" else ()
    return render_template(
        "governance/duties/step.html",
        item=item,
        name=step,
        owners=[("", "—"), *((name, name) for name in owners)],
        units=UNIT_NAMES,
        values=values,
        errors=place_faults(error),
        message=say_message(error),
        **HELPERS,
    )


def _render_new(values: Mapping[str, str], error: OpendataError | None) -> str:
    actor = require_publisher(g.actor)
    publisher = actor.edited_publisher
    known = services().publishers.list(limit=_MANY).items
    return render_template(
        "governance/duties/new_duty.html",
        publishers=[item for item in known if publisher is None or item.id == publisher],
        rules=[view for view in services().duty_rules.list() if view.rule.trigger == Trigger.DATE and not view.is_off],
        values=values,
        errors=place_faults(error),
        message=say_message(error),
        **HELPERS,
    )


def _read_filter(values: Mapping[str, str]) -> DutyFilter:
    """What the address asks for. Raises `InputError`."""
    said: dict[str, Any] = {name: values.get(name, "") for name in ("publisher", "rule", "dataset")}
    for name in ("since", "until"):
        if name in values:
            said[name] = read_day(values[name])
            if said[name] is None:
                raise InputError(_WRONG_DAY, text=values[name][:40])
    if "within" in values:
        said["within"] = read_number(values["within"])
        if said["within"] is None or said["within"] > 3660:
            raise InputError(N_("Enter a number of days up to 3660"))
    whose = "mine" if values.get("whose") == "mine" else ""
    state = read_state(values.get("state", "open"))
    return DutyFilter(**said, whose=whose, state=state)
