"""What changed between two versions: a page, and the changed rows as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from opendata.domain.comparison import Comparison, TableComparison
from opendata.errors import N_
from opendata.metadata.canonical import write_canonical
from opendata.sending.content import DERIVED, describe_bytes, send
from opendata.sending.forms import describe_form, name_file
from opendata.services.catalogue.versions import LATEST
from opendata.web.core.formats import format_cell
from opendata.web.core.instance import prefers_json, services
from opendata.web.core.readers import for_readers, reader
from opendata.web.delivery.downloads import JSON, open_to_all

blueprint = Blueprint("differences", __name__)
blueprint.after_request(open_to_all)

CHANGES = {
    "added": N_("added"),
    "removed": N_("removed"),
    "changed": N_("changed"),
    "none": N_("unchanged"),
    "before": N_("before"),
    "after": N_("after"),
}
"""Kind of change → its name."""

SHOWN_ROWS = 50
SHOWN_TABLES = 20


@blueprint.get("/datasets/<dataset>/diff/")
def choose_versions(dataset: str) -> Response:
    """Lead to the page that compares the two versions chosen in a form."""
    old, new = (request.args.get(name, "") for name in ("old", "new"))
    return redirect(url_for("differences.show_difference", dataset=dataset, old=old or LATEST, new=new or LATEST), 303)


@blueprint.get("/datasets/<dataset>/diff/<old>...<new>")
@for_readers
def show_difference(dataset: str, old: str, new: str) -> Response | str:
    """What changed, in counts and reasons, and the first rows of it; with the suffix `.json` as a document."""
    as_json, new = new.endswith(".json") or prefers_json(), new.removesuffix(".json")
    named = [services().versions.find_latest(dataset) if item == LATEST else item for item in (old, new)]
    if named != [old, new]:
        suffix = ".json" if as_json else ""
        target = url_for("differences.show_difference", dataset=dataset, old=named[0], new=named[1] + suffix)
        response = redirect(target, 302)
        response.headers["Cache-Control"] = "no-cache"
        return response
    if as_json:
        found = services().differences.describe(dataset, old, new, reader())
        return send(describe_bytes(write_canonical(found), JSON, DERIVED))
    found = services().differences.compare(dataset, old, new, reader())
    return render_template(
        "catalogue/difference.html",
        dataset=services().datasets.get(dataset, g.actor),
        difference=found,
        versions=[item.version for item in services().versions.list(dataset) if item.is_standing],
        manifest=services().versions.get_manifest(dataset, new),
        tables=[_show_table(found, item) for item in found["resources"][:SHOWN_TABLES]],
    )


@blueprint.get("/datasets/<dataset>/diff/<old>...<new>/<file>")
@for_readers
def send_rows(dataset: str, old: str, new: str, file: str) -> Response:
    """The changed rows of a table: `{resource}.csv`, `.jsonl`, or `.daff.csv`."""
    resource, _, suffix = file.partition(".")
    form = services().differences.find_rows(dataset, old, new, resource, suffix, reader())
    return send(describe_form(services(), form, "", name_file(form.name)))


def _show_table(difference: Comparison, item: TableComparison) -> dict[str, Any]:
    """A table with its first changed rows; the cells that differ from the previous ones are marked."""
    if item["change"] != "changed" or not (item["rows"]["added"] or item["rows"]["removed"] or item["rows"]["changed"]):
        return {**item, "columns": (), "shown": ()}
    versions = difference["dataset"], difference["old"], difference["new"]
    columns, rows = services().differences.read_first_rows(*versions, item["name"], SHOWN_ROWS, reader())
    return {**item, "columns": columns[1:], "shown": mark_changes(rows)}


def mark_changes(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Changed rows as text, the cells marked that are no longer what they were in the row before."""
    shown = []
    for number, (change, *cells) in enumerate(rows):
        before = rows[number - 1][1:] if change == "after" else cells
        marked = [(format_cell(cell), cell != other) for cell, other in zip(cells, before, strict=True)]
        shown.append({"change": change, "cells": marked})
    return shown
