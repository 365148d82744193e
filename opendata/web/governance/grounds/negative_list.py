"""The public pages of the negative list: in force, each version, how two differ, and as files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.grounds.codes import FORCES
from opendata.domain.grounds.entries import Entry
from opendata.errors import N_, NotFoundError
from opendata.problems import choose_voice
from opendata.services.governance.grounds.sheets import COLUMNS, write_csv, write_workbook
from opendata.services.governance.grounds.values import ListView
from opendata.web.core.instance import prefers_json, rest_path, services
from opendata.web.core.numbers import read_number
from opendata.web.workbench.exchange import XLSX

blueprint = Blueprint("negative_list", __name__)

PROPERTIES = {
    **{name: text for name, text in COLUMNS.items() if name not in ("legalBasis", "from", "until")},
    "legal_basis": COLUMNS["legalBasis"],
    "begins": COLUMNS["from"],
    "ends": COLUMNS["until"],
}
"""Name of a property of an entry → what it is called."""


@blueprint.get("/negative-list")
def show_list() -> str | AnyResponse:
    """The list in force."""
    if prefers_json():
        return redirect(rest_path("negative-list"), 303)
    return _render(services().negative_lists.get())


@blueprint.get("/negative-list/<number>")
def show_version(number: str) -> str | AnyResponse:
    """A version of the list."""
    if prefers_json():
        return redirect(rest_path("negative-list", "versions", number), 303)
    return _render(_find(number))


@blueprint.get("/negative-list/differences")
def show_differences() -> str:
    """How two versions differ."""
    old, new = (read_number(request.args.get(name, "")) or 0 for name in ("old", "new"))
    return render_template(
        "governance/grounds/differences.html",
        old=old,
        new=new,
        versions=services().negative_lists.list_versions(),
        found=services().negative_lists.compare(old, new),
        properties=PROPERTIES,
        show_value=_show_value,
    )


@blueprint.get("/negative-list.<any('json','csv','xlsx'):suffix>", defaults={"number": ""})
@blueprint.get("/negative-list/<number>.<any('json','csv','xlsx'):suffix>")
def send_list(number: str, suffix: str) -> AnyResponse:
    """A version of the list, or the one in force, as a file."""
    if suffix == "json":
        place = ("negative-list", "versions", number) if number else ("negative-list",)
        return redirect(rest_path(*place), 303)
    found = _find(number) if number else services().negative_lists.get()
    return send_entries(found.entries if found else (), suffix, f"negative-list-{found.number if found else 0}")


def send_entries(entries: Sequence[Entry], suffix: str, name: str) -> Response:
    """Entries as a workbook or as CSV, in the reader's language."""
    voice = choose_voice()
    if suffix == "xlsx":
        response = Response(write_workbook(entries, voice), mimetype=XLSX)
    else:
        response = Response(write_csv(entries, voice), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}.{suffix}"
    response.vary.add("Accept-Language")
    return response


def _find(number: str) -> ListView:
    found = services().negative_lists.get(read_number(number) or 0)
    if found is None:
        raise NotFoundError(N_("There is nothing at this address"))
    return found


def _render(found: ListView | None) -> str:
    wanted = request.args.get("q", "").strip()
    versions = services().negative_lists.list_versions()
    return render_template(
        "governance/grounds/negative_list.html",
        found=found,
        q=wanted,
        entries=_search(found.entries if found else (), wanted),
        versions=versions,
        is_newest=found is not None and found.number == versions[0].number,
        forces=FORCES,
        today=services().negative_lists.read_today(),
        publishers={item.id: item for item in services().publishers.list(limit=1000).items},
    )


def _search(entries: Sequence[Entry], wanted: str) -> list[Entry]:
    """The entries in which each word occurs."""
    words = wanted.casefold().split()
    voice = choose_voice()
    return [
        item
        for item in entries
        if all(
            word
            in " ".join(
                (item.id, item.title, item.description, item.legal_basis, voice.translate(item.kind.name))
            ).casefold()
            for word in words
        )
    ]


def _show_value(entry: Entry, name: str) -> str:
    value = getattr(entry, name)
    if name == "ground":
        return choose_voice().translate(entry.kind.name)
    if name == "publishers":
        return ", ".join(value) or gettext("all")
    return "" if value is None else str(value)
