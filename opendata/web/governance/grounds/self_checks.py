"""Pages of the yearly self-check: progress and decisions for those who publish, reports for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.grounds.codes import GROUNDS
from opendata.domain.grounds.self_check import DECISIONS, ITEM_STATES, Answer, Decision, ItemState
from opendata.domain.moments import read_day
from opendata.errors import N_, InvalidMetadataError, NotFoundError, NotPermittedError, OpendataError, StateError, fault
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_lead
from opendata.services.core.values import Page
from opendata.services.governance.grounds.values import CheckView, ItemView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.grounds.preparing import send_csv

public = Blueprint("self_check_reports", __name__, url_prefix="/self-check")
blueprint = Blueprint("self_checks", __name__, url_prefix="/workspace/self-check")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answered = AnyResponse | str | tuple[str, int]

PAGE_SIZE = 50
_EVERYTHING = 1000
_FIELDS = {"openBy": "open_by", "ground": "kept_on", "items": "item"}
"""Where a fault stands, if not at the field of its name."""


@public.get("")
def list_reports() -> str:
    """The reports of all years."""
    return render_template("governance/grounds/reports.html", reports=services().self_checks.list_reports())


@public.get("/<year>")
def show_report(year: str) -> str:
    """The report of a year."""
    found = services().self_checks.get_report(_read_year(year))
    return render_template("governance/grounds/report.html", found=found, grounds=GROUNDS)


@blueprint.get("")
def list_checks() -> str:
    """The self-checks of all years, and the form that begins one."""
    return _render_all(None)


@blueprint.post("")
def begin_check() -> Answered:
    """Begin the self-check of a year."""
    year = read_number(request.form.get("year", "")) or 0
    try:
        services().self_checks.begin(g.actor, year)
    except (InvalidMetadataError, StateError) as error:
        return _render_all(error), status_of(error)
    flash(gettext("The self-check of %(year)s has begun", year=year), "good")
    return redirect(url_for("self_checks.show_check", year=year), 303)


@blueprint.get("/<year>")
def show_check(year: str) -> str:
    """How far each publisher is, and the items to decide."""
    return _render(_read_year(year), {}, None)


@blueprint.get("/<year>.csv")
def export_items(year: str) -> Response:
    """The items that the filters find, as CSV."""
    number, voice = _read_year(year), choose_voice()
    heads = (N_("Publisher"), N_("Title"), N_("Disclosure"), N_("Former entry"), N_("Asked for"), N_("State"))
    more = (N_("Decision"), N_("Entry"), N_("Reason"), N_("Open by"), N_("Open since version"))
    rows = [[voice.translate(text) for text in (*heads, *more)]]
    page = _read_items(number, _EVERYTHING, None)
    while True:
        rows += [_write_item(item) for item in page.items]
        if page.next is None:
            return send_csv(rows, f"self-check-{number}")
        page = _read_items(number, _EVERYTHING, page.next)


@blueprint.post("/<year>/decide")
def decide_items(year: str) -> Answered:
    """Propose or decide one answer for the items that were chosen, or confirm what was proposed for them."""
    number, values = _read_year(year), request.form.to_dict()
    items = [found for text in request.form.getlist("item") if (found := read_number(text)) is not None]
    step, seen = values.get("step", ""), {item: values.get(f"seen-{item}", "") for item in items}
    try:
        if step == "confirm":
            count = services().self_checks.confirm(g.actor, number, seen)
        else:
            answer, is_decided = _read_answer(values), step == "decide"
            count = services().self_checks.decide(g.actor, number, items, answer, confirms=is_decided, seen=seen)
    except (InvalidMetadataError, NotFoundError, StateError) as error:
        return _render(number, values, error, chosen=items), status_of(error)
    if step == "propose":
        flash(ngettext("%(num)s item has a proposal now", "%(num)s items have a proposal now", count), "good")
    else:
        flash(ngettext("%(num)s item is decided", "%(num)s items are decided", count), "good")
    return redirect(url_for("self_checks.show_check", year=number, **_filters()), 303)


@blueprint.post("/<year>/close")
def close_check(year: str) -> Answered:
    """Close the self-check and publish its report."""
    number = _read_year(year)
    try:
        services().self_checks.close(g.actor, number)
    except StateError as error:
        return _render(number, {}, error), status_of(error)
    flash(gettext("The self-check of %(year)s is closed, and its report is public", year=number), "good")
    return redirect(url_for("self_check_reports.show_report", year=number), 303)


def _read_year(text: str) -> int:
    number = read_number(text)
    if not number:
        raise NotFoundError(N_("There is nothing at this address"))
    return number


def _read_answer(values: Mapping[str, str]) -> Answer:
    decision = values.get("decision", "")
    if decision not in list(Decision):
        raise InvalidMetadataError(faults=[fault("/decision", N_("Choose what becomes of the items"))])
    day = values.get("open_by", "").strip()
    found = read_day(day) if day else None
    if decision == Decision.OPEN and day and found is None:
        raise InvalidMetadataError(faults=[fault("/openBy", N_("Enter a date, such as 2026-12-31"))])
    return Answer(
        decision=Decision(decision), ground=values.get("kept_on", ""), reason=values.get("reason", ""), open_by=found
    )


def _filters() -> dict[str, Any]:
    names = ("publisher", "state", "ground", "cursor")
    return {name: text for name in names if (text := request.args.get(name, "").strip())}


def _read_items(year: int, limit: int, cursor: str | None) -> Page[ItemView]:
    wanted = _filters()
    state = wanted.get("state")
    return services().self_checks.list_items(
        g.actor,
        year,
        publisher=wanted.get("publisher"),
        state=state if state in list(ItemState) else None,
        ground=wanted.get("ground"),
        cursor=cursor,
        limit=limit,
    )


def _write_item(item: ItemView) -> list[str]:
    voice = choose_voice()
    decision = voice.translate(DECISIONS[item.decision]) if item.decision else ""
    row = [item.publisher_title, item.title, item.attribute, item.pointed, str(item.asked or "")]
    row += [voice.translate(ITEM_STATES[item.state]), decision, item.ground, item.reason]
    return [*row, str(item.open_by or ""), item.fulfilled or ""]


def _render_all(error: OpendataError | None) -> str:
    checks = services().self_checks.list(g.actor)
    this_year = services().negative_lists.read_today().year
    voice = choose_voice()
    return render_template(
        "governance/grounds/self_checks.html",
        checks=checks,
        year=this_year,
        errors={"year": [voice.say_fault(item) for item in error.faults]} if error and error.faults else {},
        message=voice.say_error(error) if error else "",
    )


def _render(year: int, values: Mapping[str, str], error: OpendataError | None, chosen: list[int] | None = None) -> str:
    found = services().self_checks.get(g.actor, year)
    wanted = _filters()
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        name = item.pointer.strip("/")
        errors.setdefault(_FIELDS.get(name, name), []).append(voice.say_fault(item))
    shown: dict[str, Any] = {
        "found": found,
        "page": _read_items(year, PAGE_SIZE, wanted.get("cursor")),
        "wanted": wanted,
        "grounds": _offer_entries(found, wanted),
        "may_decide": any(_may_decide(item.publisher) for item in found.progress),
        "filter_publishers": [(item.publisher, item.title) for item in found.progress],
        "filter_states": [(code, voice.translate(text)) for code, text in ITEM_STATES.items()],
        "filter_decisions": [(code, voice.translate(text)) for code, text in DECISIONS.items()],
        "states": ITEM_STATES,
        "decisions": DECISIONS,
        "chosen": chosen or [],
    }
    return render_template(
        "governance/grounds/self_check.html",
        values=values,
        errors=errors,
        message=voice.say_error(error) if error else "",
        **shown,
    )


def _offer_entries(found: CheckView, wanted: Mapping[str, str]) -> list[tuple[str, str]]:
    """The entries in force that fit the publisher that is shown; of several publishers, all that are in force."""
    only = found.progress[0].publisher if len(found.progress) == 1 else ""
    entries = services().negative_lists.list_fitting(wanted.get("publisher", only))
    return [("", gettext("Choose one")), *((item.id, f"{item.id} {item.title}") for item in entries)]


def _may_decide(publisher: str) -> bool:
    try:
        require_lead(g.actor, publisher)
    except NotPermittedError:
        return False
    return True
