"""The draft of the basic catalogue for those who edit it: entries, links with datasets, versions put in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from opendata.domain.basics.entries import LISTS, NAMES, Entry
from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.governance.basics.values import DraftEntry, Wanted
from opendata.services.governance.basics.workbooks import write_workbook
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.basics.files import send_book
from opendata.web.governance.basics.words import CONTEXT, list_values, read_wanted

blueprint = Blueprint("basic_drafts", __name__, url_prefix="/workspace/basic-catalogue")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("")
def list_entries() -> str:
    """The entries of the draft that somebody may edit."""
    wanted = read_wanted()
    page = services().basic_drafts.list(g.actor, wanted)
    return _render(
        "draft.html",
        page=page,
        wanted=wanted,
        values=list_values(wanted),
        bodies=services().basic_drafts.list_bodies(g.actor),
        versions=services().basics.list_versions(),
        drafts=services().basic_drafts.list_all(g.actor, Wanted()),
    )


@blueprint.get("/draft.xlsx")
def send_draft() -> Response:
    """The entries that the same filters show as a workbook, which can be changed and imported again."""
    found = services().basic_drafts.list_all(g.actor, read_wanted())
    book = write_workbook(
        (item.entry for item in found if not item.is_removed), choose_voice(), gettext("Basic catalogue")
    )
    return send_book(book, "basic-catalogue-draft.xlsx", is_private=True)


@blueprint.get("/new")
def show_new() -> str:
    """The form of a new entry."""
    values = MultiDict({"domain": request.args.get("domain", ""), "methods": "proactive", "audiences": "whole"})
    return _render_form(None, values, None)


@blueprint.post("/new")
def create_entry() -> Answer:
    """Add an entry to the draft."""
    try:
        made = services().basic_drafts.create(g.actor, _read(request.form))
    except InvalidMetadataError as error:
        return _render_form(None, request.form, error), status_of(error)
    flash(gettext("The entry is in the draft now"), "good")
    return redirect(url_for("basic_drafts.show_entry", entry=made.id), 303)


@blueprint.get("/entries/<entry>")
def show_entry(entry: str) -> str:
    """The form of an entry, and the datasets that fulfil it."""
    found = services().basic_drafts.get(g.actor, entry)
    return _render_form(found, _show(found.entry), None)


@blueprint.post("/entries/<entry>")
def change_entry(entry: str) -> Answer:
    """Change an entry of the draft."""
    found = services().basic_drafts.get(g.actor, entry)
    revision = read_number(request.form.get("revision", ""))
    try:
        services().basic_drafts.change(g.actor, entry, _read(request.form), revision=revision)
    except (InvalidMetadataError, StateError) as error:
        return _render_form(found, request.form, error), status_of(error)
    flash(gettext("Saved in the draft"), "good")
    return redirect(url_for("basic_drafts.show_entry", entry=entry), 303)


@blueprint.post("/entries/<entry>/remove")
def remove_entry(entry: str) -> Answer:
    """Leave an entry out of the next version."""
    services().basic_drafts.remove(g.actor, entry)
    flash(gettext("The entry is left out of the next version"), "good")
    return redirect(url_for("basic_drafts.list_entries"), 303)


@blueprint.post("/entries/<entry>/links")
def change_link(entry: str) -> Answer:
    """Link a dataset with an entry, or take a link away."""
    _link(entry, request.form.get("dataset", ""))
    return redirect(url_for("basic_drafts.show_entry", entry=entry, _anchor="datasets"), 303)


@blueprint.get("/in-force")
def show_in_force() -> str:
    """What putting the draft in force changes, and the form for it."""
    return _render_in_force({}, None)


@blueprint.post("/in-force")
def put_in_force() -> Answer:
    """Put the draft in force."""
    values = request.form.to_dict()
    try:
        made = services().basic_drafts.put_in_force(
            g.actor, values.get("note", ""), leaves_incomplete=bool(values.get("leave"))
        )
    except (InvalidMetadataError, StateError) as error:
        return _render_in_force(values, error), status_of(error)
    flash(gettext("Version %(number)s of the basic catalogue is in force", number=made.number), "good")
    return redirect(url_for("basics.show_version", number=made.number), 303)


@blueprint.get("/datasets/<dataset>")
def show_dataset(dataset: str) -> str:
    """The entries that a dataset fulfils, and those that it might."""
    links = services().basic_links
    return _render(
        "dataset.html",
        dataset=services().datasets.get(dataset, g.actor),
        linked=links.list_entries(g.actor, dataset),
        proposed=links.propose_entries(g.actor, dataset),
    )


@blueprint.post("/datasets/<dataset>")
def change_dataset(dataset: str) -> Answer:
    """Link an entry with a dataset, or take a link away."""
    _link(request.form.get("entry", "").strip(), dataset)
    return redirect(url_for("basic_drafts.show_dataset", dataset=dataset), 303)


def _link(entry: str, dataset: str) -> None:
    links = services().basic_links
    if request.form.get("action") == "unlink":
        links.unlink(g.actor, entry, dataset)
        flash(gettext("The dataset isn't linked with the entry any more"), "good")
    else:
        links.link(g.actor, entry, dataset)
        flash(gettext("The dataset is linked with the entry now"), "good")


def _read(form: MultiDict[str, str]) -> Mapping[str, Any]:
    """The values of a form under the names of JSON. What a field for an own domain says goes first."""
    found: dict[str, Any] = {
        key: form.getlist(name) if name in LISTS else form.get(name, "") for name, key in NAMES.items()
    }
    own = form.get("own_domain", "").strip()
    return {**found, "domain": own or found["domain"]}


def _show(entry: Entry) -> MultiDict[str, str]:
    values: dict[str, Any] = {name: getattr(entry, name) for name in NAMES}
    found = MultiDict({name: list(value) if name in LISTS else value for name, value in values.items()})
    if entry.domain not in CONTEXT["pilot_domains"]:
        found["own_domain"] = found.pop("domain")
    return found


def _render_form(found: DraftEntry | None, values: MultiDict[str, str], error: OpendataError | None) -> str:
    links = services().basic_links
    chosen = {name: values.getlist(name) for name in LISTS}
    return _render(
        "form.html",
        found=found,
        values=values.to_dict(),
        chosen=chosen,
        bodies=services().basic_drafts.list_bodies(g.actor),
        linked=links.list_datasets(found.id) if found else (),
        proposed=links.propose_datasets(g.actor, found.id) if found else (),
        offered=links.list_offered(g.actor) if found else (),
        **_list_errors(error),
    )


def _render_in_force(values: Mapping[str, str], error: OpendataError | None) -> str:
    drafts = services().basic_drafts.list_all(g.actor, Wanted())
    return _render(
        "in_force.html",
        changes=[item for item in drafts if item.change and not item.missing],
        incomplete=[item for item in drafts if item.missing],
        values=values,
        **_list_errors(error),
    )


def _list_errors(error: OpendataError | None) -> dict[str, Any]:
    voice, errors = choose_voice(), dict[str, list[str]]()
    names = {f"/{key}": name for name, key in NAMES.items()}
    for item in error.faults if error else ():
        place = names.get(item.pointer, item.pointer.removeprefix("/"))
        errors.setdefault(place, []).append(voice.say_fault(item))
    return {"errors": errors, "message": voice.say_error(error) if error else ""}


def _render(template: str, **values: Any) -> str:
    return render_template(f"governance/basics/{template}", **CONTEXT, **values)
