"""How maintainers keep the portals to harvest: the form, and the buttons of the report."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.sources.timetable import Cycle
from opendata.errors import N_, InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.harvest.values import CYCLES, MOST_GONE, HarvestInput, HarvestSourceView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.harvest.reports import list_kinds

blueprint = Blueprint("harvest_staff", __name__, url_prefix="/workspace/harvest")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_CYCLE_NAMES: Mapping[str, str] = {
    Cycle.HOURLY: N_("Every hour"),
    Cycle.DAILY: N_("Every day"),
    Cycle.WEEKLY: N_("Every week"),
    Cycle.MONTHLY: N_("Every month"),
}
_TEXTS = ("title", "url", "kind", "publisher", "cycle", "at")


@blueprint.get("/new")
def show_new() -> str:
    """The form for a new portal."""
    require_maintainer(g.actor)
    return _render(None, {"cycle": Cycle.DAILY, "at": "03:00", "day": "1", "mostGone": str(MOST_GONE)}, None)


@blueprint.post("/new")
def add_portal() -> Answer:
    """Register a portal."""
    values = request.form.to_dict()
    try:
        source = values.get("id", "").strip()
        if source in {item.id for item in services().harvests.list()}:
            raise StateError(N_("There is a portal with this id already"))
        services().harvests.put(g.actor, source, _read(values))
    except (InvalidMetadataError, StateError) as error:
        return _render(None, values, error), status_of(error)
    flash(gettext("Saved. The portal is being read: this page shows what would come in"), "good")
    return redirect(url_for("harvests.show_portal", source=source), 303)


@blueprint.get("/<source>")
def show_form(source: str) -> str:
    """The form of a portal."""
    require_maintainer(g.actor)
    found = services().harvests.get(source)
    return _render(found, _show(found), None)


@blueprint.post("/<source>")
def save_portal(source: str) -> Answer:
    """Change a portal."""
    found, values = services().harvests.get(source), request.form.to_dict()
    try:
        revision = read_number(values.get("revision", ""))
        services().harvests.put(g.actor, source, _read(values), revision=revision)
    except (InvalidMetadataError, PreconditionError) as error:
        return _render(found, values, error), status_of(error)
    flash(gettext("Saved. The portal is being read: this page shows what would come in"), "good")
    return redirect(url_for("harvests.show_portal", source=source), 303)


@blueprint.post("/<source>/try")
def try_portal(source: str) -> Response:
    """Read the portal and show what would change."""
    return _ask(source, is_trial=True)


@blueprint.post("/<source>/run")
def run_portal(source: str) -> Response:
    """Harvest the portal now, and by its timetable from now on."""
    return _ask(source, is_trial=False)


@blueprint.post("/<source>/stop")
def stop_portal(source: str) -> Response:
    """Harvest the portal no more."""
    services().harvests.stop(g.actor, source)
    flash(gettext("The portal isn't harvested any more. Its datasets stay"), "good")
    return redirect(url_for("harvests.show_portal", source=source), 303)


@blueprint.post("/<source>/delete")
def delete_portal(source: str) -> Response:
    """Forget a portal from which nothing has come."""
    try:
        services().harvests.delete(g.actor, source)
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("harvests.show_portal", source=source), 303)
    flash(gettext("Deleted"), "good")
    return redirect(url_for("harvests.list_portals"), 303)


def _ask(source: str, *, is_trial: bool) -> Response:
    try:
        services().harvests.ask(g.actor, source, is_trial=is_trial)
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
    return redirect(url_for("harvests.show_portal", source=source), 303)


def _read(values: Mapping[str, str]) -> HarvestInput:
    """The portal in a form; each line of the assignment is “publisher there = id here”."""
    texts = {name: values.get(name, "").strip() for name in _TEXTS}
    lines = [line.rpartition("=") for line in values.get("mapping", "").splitlines() if line.strip()]
    share = read_number(values.get("mostGone", ""))
    return HarvestInput(
        **texts,
        mapping={foreign.strip(): own.strip() for foreign, _, own in lines},
        most_gone=-1 if share is None else share,
        day=read_number(values.get("day", "")) or 0,
        takes_data=bool(values.get("data")),
    )


def _show(found: HarvestSourceView) -> Mapping[str, str]:
    return {
        "title": found.title,
        "url": found.url,
        "kind": found.kind,
        "publisher": found.publisher,
        "mapping": "\n".join(f"{foreign} = {own}" for foreign, own in found.mapping.items()),
        "mostGone": str(found.most_gone),
        "cycle": found.cycle,
        "at": found.at,
        "day": str(found.day),
        "data": "1" if found.takes_data else "",
        "revision": str(found.revision),
    }


def _render(found: HarvestSourceView | None, values: Mapping[str, str], error: OpendataError | None) -> str:
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.removeprefix("/"), []).append(voice.say_fault(item))
    publishers = [(item.id, f"{item.title} ({item.id})") for item in services().publishers.list_all() if not item.ended]
    return render_template(
        "harvest/form.html",
        portal=found,
        values=values,
        errors=errors,
        message=voice.say_error(error) if error else "",
        kinds=list_kinds(),
        cycles=[(name, gettext(_CYCLE_NAMES[name])) for name in CYCLES],
        publishers=publishers,
        zone=services().settings.timezone,
    )
