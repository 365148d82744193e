"""Pages on which publishers are created and changed, one by one or by a list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.offices.codes import Doubt, list_doubts
from opendata.errors import N_, InputError, InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.intake.filled_sheets import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.sending.forms import name_file
from opendata.services.core.actors import require_lead, require_maintainer
from opendata.services.core.values import PublisherView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language, list_languages
from opendata.web.core.numbers import read_number
from opendata.web.core.security import protect_forms
from opendata.web.drafts.choices import name_publishers
from opendata.web.governance.offices.form import (
    Values,
    list_groups,
    place_faults,
    read_changes,
    show_publisher,
)

blueprint = Blueprint("offices", __name__, url_prefix="/workspace")

Answer = Response | str | tuple[str, int]

CODE_DOUBTS = {
    Doubt.CHECK: N_("The last character of the code doesn't fit the others. Compare the code with its certificate"),
    Doubt.PLACEHOLDER: N_("This looks like a placeholder, not like the code of a body. Leave the field empty instead"),
    Doubt.ISSUED_WRONG: N_("This code was issued with a wrong last character. You needn't change it"),
}
"""What is said of a code that is kept but may be a mistake."""


@blueprint.before_request
def _guard() -> Response | str | None:
    request.max_content_length = MOST_BYTES + (1 << 16)
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get("/publishers")
def list_publishers() -> str:
    """The publishers that somebody may change."""
    return render_template("governance/offices/list.html", publishers=services().publishers.list_led(g.actor))


@blueprint.get("/new-publisher")
def show_new() -> str:
    """The form of a new publisher."""
    require_maintainer(g.actor)
    return _render(None, {}, None)


@blueprint.post("/new-publisher")
def create_publisher() -> Answer:
    """Create it."""
    values = request.form.to_dict()
    found = {name: value for name, value in read_changes(values, is_own=False).items() if value is not None}
    if values.get("id", "").strip():
        found["id"] = values["id"].strip()
    try:
        view, _ = services().publishers.create(g.actor, found)
    except (InvalidMetadataError, StateError) as error:
        return _render(None, values, error), status_of(error)
    return _end(view, gettext("The publisher is created"))


@blueprint.get("/publishers/<publisher>")
def show_form(publisher: str) -> str:
    """The form of a publisher."""
    view = services().publishers.get(publisher, g.actor)
    require_lead(g.actor, view.id)
    return _render(view, show_publisher(view), None)


@blueprint.post("/publishers/<publisher>")
def update_publisher(publisher: str) -> Answer:
    """Save it."""
    view = services().publishers.get(publisher, g.actor)
    actor = require_lead(g.actor, view.id)
    values = request.form.to_dict()
    try:
        changed = services().publishers.update(
            actor,
            publisher,
            read_changes(values, is_own=not actor.is_maintainer),
            revision=read_number(values.get("revision", "")),
            is_correction=bool(values.get("correction")),
            reason=values.get("reason", ""),
        )
    except (InvalidMetadataError, StateError, PreconditionError) as error:
        return _render(view, values, error), status_of(error)
    return _end(changed, gettext("The publisher is saved"))


@blueprint.get("/publisher-list")
def show_import() -> str:
    """The form that takes a list of publishers."""
    require_maintainer(g.actor)
    return _render_import(None)


@blueprint.post("/publisher-list")
def take_list() -> Answer:
    """Take it in: all of it, or nothing with what is wrong in each cell."""
    require_maintainer(g.actor)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _render_import(InputError(N_("Choose a file"))), 422
    try:
        taken = services().publisher_lists.read(g.actor, file.stream, file.filename)
    except (InputError, StateError) as error:
        return _render_import(error, file.filename), status_of(error)
    flash(
        gettext(
            "Publishers created: %(created)s, changed: %(changed)s, as before: %(equal)s",
            created=len(taken.created),
            changed=len(taken.changed),
            equal=len(taken.equal),
        ),
        "good",
    )
    return redirect(url_for("offices.list_publishers"), 303)


@blueprint.get("/publisher-list/template.csv")
def send_template() -> Response:
    """The names of the columns of a list."""
    require_maintainer(g.actor)
    return _send(is_empty=True)


@blueprint.get("/publisher-list/publishers.csv")
def send_list() -> Response:
    """All publishers as a list, with what isn't public."""
    require_maintainer(g.actor)
    return _send(is_empty=False)


def _send(*, is_empty: bool) -> Response:
    data = services().publisher_lists.write(g.actor, choose_language(), is_empty=is_empty)
    response = Response(data, mimetype="text/csv")
    name = f"{gettext('Publishers')}.csv"
    response.headers["Content-Disposition"] = name_file(name, "publishers.csv")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _end(view: PublisherView, text: str) -> Response:
    flash(text, "good")
    for doubt in list_doubts(view.code) if view.code else ():
        flash(gettext(CODE_DOUBTS[doubt]), "warn")
    return redirect(url_for("offices.show_form", publisher=view.id), 303)


def _render(view: PublisherView | None, values: Values, error: OpendataError | None) -> str:
    is_own = not g.actor.is_maintainer
    others = [
        item for item in services().publishers.list_all() if item.ended is None and (not view or item.id != view.id)
    ]
    return render_template(
        "governance/offices/form.html",
        publisher=view,
        values=values,
        errors=place_faults(error.faults) if error else {},
        message=choose_voice().say_error(error) if error else "",
        groups=list_groups(is_own=is_own),
        languages=list_languages()[1:],
        publishers=[("", gettext("none")), *name_publishers(others)],
        is_own=is_own,
    )


def _render_import(error: OpendataError | None, file: str = "") -> str:
    voice = choose_voice()
    faults: list[Any] = [(item.pointer.strip("/"), voice.say_fault(item)) for item in (error.faults if error else ())]
    return render_template(
        "governance/offices/import.html",
        message=voice.say_error(error) if error else "",
        cells=[(place, text) for place, text in faults if place],
        file=file,
    )
