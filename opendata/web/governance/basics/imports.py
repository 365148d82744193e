"""Lists of the basic catalogue from files: sent, looked at, taken; and the guides of domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.basics.entries import TITLES
from opendata.domain.basics.sheets import CellNote
from opendata.errors import InputError, OpendataError, StateError
from opendata.intake.filled_sheets import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import protect_forms
from opendata.web.governance.basics.words import CONTEXT

blueprint = Blueprint("basic_imports", __name__, url_prefix="/workspace/basic-catalogue")

Answer = Response | str | tuple[str, int]

_SHOWN = 300
"""At most this many notes and changes are shown of each kind."""


@blueprint.before_request
def _limit_file() -> None:
    request.max_content_length = MOST_BYTES + (1 << 16)


blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)


@blueprint.get("/import")
def show_form() -> str:
    """The form for a file."""
    return _render_form({}, None)


@blueprint.post("/import")
def send_file() -> Answer:
    """Read a file, and show what was understood."""
    values, file = request.form.to_dict(), request.files.get("file")
    if file is None or not file.filename:
        return _render_form(values, None, gettext("Choose a file")), 422
    try:
        made = services().basic_imports.read(
            g.actor,
            file.stream,
            file.filename,
            domain=values.get("own_domain", "").strip()[:100] or values.get("domain", ""),
            publisher=values.get("publisher", ""),
            is_guide=values.get("purpose") == "guide",
        )
    except InputError as error:
        return _render_form(values, error), status_of(error)
    return redirect(url_for("basic_imports.show_import", number=made), 303)


@blueprint.get("/imports/<number>")
def show_import(number: str) -> str:
    """What was understood of a file: columns, faults and doubts by cell, what taking it changes."""
    found = services().basic_imports.show(g.actor, number)
    notes = [(sheet.name, note, _say(note)) for sheet in found.sheets for note in sheet.notes]
    return _render(
        "preview.html",
        preview=found,
        faults=[item for item in notes if item[1].is_fault],
        doubts=[item for item in notes if not item[1].is_fault],
        shown=_SHOWN,
    )


@blueprint.post("/imports/<number>")
def take_import(number: str) -> Answer:
    """Take a file into the draft, or keep it as the guide of its domains."""
    if request.form.get("purpose") == "guide":
        try:
            domains = services().basic_imports.keep_guide(g.actor, number)
        except StateError as error:
            flash(choose_voice().say_error(error), "bad")
            return redirect(url_for("basic_imports.show_import", number=number), 303)
        return redirect(url_for("basic_imports.list_guides", domain=domains[0]), 303)
    taken = services().basic_imports.take(g.actor, number, removes_gone=bool(request.form.get("remove")))
    flash(
        gettext(
            "The draft has the list now: %(added)s new, %(changed)s changed, %(removed)s left out",
            added=taken.added,
            changed=taken.changed,
            removed=taken.removed,
        ),
        "good",
    )
    return redirect(url_for("basic_drafts.list_entries"), 303)


@blueprint.get("/guides")
def list_guides() -> str:
    """The guides of domains, and what the draft lacks of them."""
    return _render("guides.html", guides=services().basic_imports.list_guides(g.actor))


@blueprint.post("/guides")
def adopt_guide() -> Answer:
    """Add what the draft lacks of a guide."""
    count = services().basic_imports.adopt_guide(g.actor, request.form.get("domain", ""))
    flash(gettext("%(count)s entries of the guide are in the draft now. Complete them", count=count), "good")
    return redirect(url_for("basic_imports.list_guides"), 303)


def _say(note: CellNote) -> str:
    params = {name: gettext(text) if text in TITLES.values() else text for name, text in note.params.items()}
    return choose_voice().fill(note.message, params)


def _render_form(values: dict[str, str], error: OpendataError | None, message: str = "") -> str:
    bodies: Sequence[Any] = services().basic_drafts.list_bodies(g.actor)
    if error is not None:
        message = choose_voice().say_error(error)
    return _render("import.html", values=values, bodies=bodies, message=message, errors={}, most=MOST_BYTES >> 20)


def _render(template: str, **values: Any) -> str:
    return render_template(f"governance/basics/{template}", **CONTEXT, **values)
