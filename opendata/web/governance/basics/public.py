"""The basic catalogue for everybody: the list in force, each entry, versions, coverage, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.basics.codes import find_domain
from opendata.errors import N_, NotFoundError
from opendata.problems import choose_voice
from opendata.services.governance.basics.table import write_csv
from opendata.services.governance.basics.values import NOBODY, Cell
from opendata.services.governance.basics.workbooks import write_template, write_workbook
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.web.core.instance import rest_path, services
from opendata.web.core.languages import say_plain
from opendata.web.core.numbers import read_number
from opendata.web.governance.basics.files import send_book, send_text
from opendata.web.governance.basics.words import CONTEXT, list_values, read_wanted, say_domain

blueprint = Blueprint("basics", __name__, url_prefix="/disclosure")

_CELLS = ("entries", "published", "planned", "gap", "overdue")


@blueprint.get("/catalogue")
def list_entries() -> str:
    """The catalogue in force, or an earlier version, by filters."""
    wanted = read_wanted()
    versions = services().basics.list_versions()
    page = services().basics.list(wanted)
    bodies, domains = services().basics.list_filters()
    return _render(
        "list.html",
        page=page,
        wanted=wanted,
        values=list_values(wanted),
        versions=versions,
        bodies=bodies,
        own=tuple(domains),
    )


@blueprint.get("/catalogue.<any('csv','xlsx','json'):suffix>")
def send_catalogue(suffix: str) -> AnyResponse:
    """The entries that the same filters show, as a file; JSON is the document of REST."""
    if suffix == "json":
        query = request.query_string.decode("ascii", "replace")
        return redirect(rest_path("basic-catalogue") + (f"?{query}" if query else ""), 302)
    found = services().basics.list_all(read_wanted())
    if suffix == "csv":
        return send_text(write_csv(found), "basic-catalogue.csv")
    voice = choose_voice()
    book = write_workbook((view.entry for view in found), voice, voice.say(N_("Basic catalogue")))
    return send_book(book, "basic-catalogue.xlsx")


@blueprint.get("/catalogue/template.xlsx")
def send_template() -> AnyResponse:
    """A workbook to fill in, for one of the pilot domains or any."""
    text = request.args.get("domain", "").strip()
    domain = find_domain(text) or ""
    if text and not domain:
        raise NotFoundError(N_("“%(domain)s” isn't one of the pilot domains"), domain=text[:80])
    return send_book(write_template(domain, choose_voice()), f"basic-catalogue-{domain or 'template'}.xlsx")


@blueprint.get("/catalogue/versions")
def list_versions() -> str:
    """The versions that were put in force."""
    return _render("versions.html", versions=services().basics.list_versions())


@blueprint.get("/catalogue/versions/<number>")
def show_version(number: str) -> str:
    """What a version changed, against the one before it or another."""
    new, text = read_number(number), request.args.get("from", "")
    if not new:
        raise NotFoundError(N_("The basic catalogue has no version %(number)s"), number=number[:20])
    old = read_number(text)
    found = services().basics.compare(new - 1 if old is None else old, new)
    version = next(item for item in services().basics.list_versions() if item.number == new)
    return _render("changes.html", comparison=found, version=version)


@blueprint.get("/catalogue/<entry>")
def show_entry(entry: str) -> str:
    """An entry in force with the datasets that fulfil it."""
    return _render("entry.html", view=services().basics.get(entry))


@blueprint.get("/coverage")
def show_coverage() -> str:
    """How far public datasets cover each domain and body."""
    publisher = request.args.get("publisher", "")
    return _render("coverage.html", coverage=services().basics.cover(), publisher=publisher, empty=Cell())


@blueprint.get("/coverage.csv")
def send_coverage() -> AnyResponse:
    """The same as a table: a row for each domain, and for each body in it."""
    found = services().basics.cover()
    lines: list[Sequence[object]] = [
        ["domain", "domain_title", "priority", "publisher", "publisher_title", *_CELLS],
    ]
    fields = CONTEXT["pilot_domains"]
    for row in found.rows:
        field = fields[row.domain].field if row.domain in fields else None
        head = [row.domain, say_domain(row.domain), field]
        lines.append([*head, "", "", *(getattr(row.total, name) for name in _CELLS)])
        for body, cell in row.bodies.items():
            title = gettext("Other bodies") if body == NOBODY else say_plain(found.bodies[body])
            lines.append([*head, body, title, *(getattr(cell, name) for name in _CELLS)])
    return send_text("".join(write_csv_line(line) for line in lines), "basic-catalogue-coverage.csv")


def _render(template: str, **values: Any) -> str:
    return render_template(f"governance/basics/{template}", **CONTEXT, **values)
