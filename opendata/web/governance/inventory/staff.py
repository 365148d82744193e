"""The inventory for those who fill it: the list of one's own items, one item with its plan, and files of items."""

from __future__ import annotations

import io
from collections.abc import Mapping

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.inventory.plan import OUTCOME_NAMES
from opendata.domain.inventory.states import STATE_NAMES, ItemState
from opendata.errors import (
    InputError,
    InvalidMetadataError,
    NotFoundError,
    StateError,
    TooLargeError,
    UnreadableFileError,
)
from opendata.intake.filled_tables import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_publisher
from opendata.services.core.values import Page
from opendata.services.governance.inventory.columns import parse_day
from opendata.services.governance.inventory.exports import write_csv, write_workbook
from opendata.services.governance.inventory.import_values import ImportPlan, ImportResult, RowKind
from opendata.services.governance.inventory.items import ItemFilter, ItemView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import protect_forms
from opendata.web.governance.inventory.public import PAGE_SIZE, read_values, send_csv

blueprint = Blueprint("inventory_staff", __name__, url_prefix="/workspace/inventory")

Answer = AnyResponse | str | tuple[str, int]

_FILTERS = ("publisher", "disclosure", "state", "q")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_FAULTS = 500
_MOST_CHANGES = 200


@blueprint.before_request
def _guard() -> AnyResponse | str | None:
    request.max_content_length = MOST_BYTES + (1 << 16)
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get("")
def list_items() -> Answer:
    """The items that one looks after, in every state."""
    actor = require_publisher(g.actor)
    values, message = read_values(_FILTERS), ""
    page: Page[ItemView] = Page([])
    states: Mapping[ItemState, int] = {}
    try:
        wanted = ItemFilter.from_texts(values)
        cursor = request.args.get("cursor") or None
        page = services().inventory.list_page(actor, wanted, is_own=True, cursor=cursor, limit=PAGE_SIZE)
        chosen = ItemFilter(publisher=wanted.publisher, disclosure=wanted.disclosure, q=wanted.q)
        states = services().inventory.count_states(actor, chosen, is_own=True)
    except InputError as error:
        message = choose_voice().say_error(error)
        status = status_of(error)
    shown = render_template(
        "governance/inventory/list.html",
        values=values,
        page=page,
        counts=states,
        warnings=services().inventory.check(page.items),
        states=STATE_NAMES,
        publishers=services().publishers.list(limit=1000).items if actor.is_maintainer else (),
        message=message,
    )
    return (shown, status) if message else shown


@blueprint.get("/template.<any('xlsx','csv'):suffix>")
def send_template(suffix: str) -> Response:
    """The table to fill in: blank, or with one's own items."""
    actor, voice = require_publisher(g.actor), choose_voice()
    wanted = ItemFilter.from_texts(read_values(_FILTERS))
    items = iter(()) if "blank" in request.args else services().inventory.iterate(actor, wanted, is_own=True)
    if suffix == "csv":
        return send_csv(write_csv(items, voice), "inventory.csv", is_private=True)
    out = io.BytesIO()
    write_workbook(items, out, voice)
    out.seek(0)
    answer = send_file(out, mimetype=_XLSX, as_attachment=True, download_name="inventory.xlsx")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/upload")
def show_upload() -> str:
    """Where to send a table that was filled in."""
    require_publisher(g.actor)
    return render_template("governance/inventory/upload.html", message="")


@blueprint.post("/upload")
def take_upload() -> Answer:
    """Keep the file, and show what it would do."""
    require_publisher(g.actor)
    file = request.files.get("file")
    if file is None or not file.filename:
        return render_template("governance/inventory/upload.html", message=gettext("Choose a file")), 422
    kept = services().inventory_imports.keep(g.actor, file.stream, file.filename)  # type: ignore[arg-type]
    return redirect(url_for("inventory_staff.show_import", file=kept), 303)


@blueprint.get("/imports/<file>")
def show_import(file: str) -> Answer:
    """What a file would do: new, changed, unchanged and wrong rows, with the cells that are wrong."""
    try:
        return _render_plan(file, services().inventory_imports.plan(g.actor, file))
    except (NotFoundError, TooLargeError, UnreadableFileError) as error:
        message = choose_voice().say_error(error)
        return render_template("governance/inventory/upload.html", message=message), status_of(error)


@blueprint.post("/imports/<file>")
def take_import(file: str) -> Answer:
    """Take the file: all of it, or the rows that are right."""
    try:
        found = services().inventory_imports.take(g.actor, file, only_valid=request.form.get("rows") == "valid")
    except (NotFoundError, StateError, TooLargeError, UnreadableFileError) as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("inventory_staff.show_import", file=file), 303)
    _say_result(found)
    return redirect(url_for("inventory_staff.list_items"), 303)


@blueprint.get("/items/<item>")
def show_item(item: str) -> Answer:
    """One item: what is known of it, and its day in the plan."""
    return _render_item(services().inventory.get(require_publisher(g.actor), item), {}, None)


@blueprint.post("/items/<item>/plan")
def set_day(item: str) -> Answer:
    """Plan the day on which the item opens, or none."""
    values = request.form.to_dict()
    text = values.get("opens", "").strip()
    day = parse_day(text)
    found = services().inventory.get(require_publisher(g.actor), item)
    if text and day is None:
        return _render_item(found, values, {"opens": [gettext("Write the day like 2026-09-30")]})
    try:
        services().plans.set_day(g.actor, item, day, values.get("opensReason", ""))
    except InvalidMetadataError as error:
        errors: dict[str, list[str]] = {}
        for each in error.faults:
            errors.setdefault(each.pointer.strip("/"), []).append(choose_voice().say_fault(each))
        return _render_item(found, values, errors)
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("inventory_staff.show_item", item=item), 303)
    flash(gettext("The plan is saved"), "good")
    return redirect(url_for("inventory_staff.show_item", item=item), 303)


@blueprint.post("/items/<item>/entry")
def publish_entry(item: str) -> AnyResponse:
    """Begin a draft that makes the entry of the item public without any data."""
    try:
        draft, _ = services().drafts.create(g.actor, item, [])
    except (InvalidMetadataError, StateError) as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("inventory_staff.show_item", item=item), 303)
    flash(gettext("Submit this draft to publish the entry of the item"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft.id), 303)


@blueprint.post("/number")
def number_items() -> AnyResponse:
    """Give an index number to the items of a publisher that have none."""
    actor = require_publisher(g.actor)
    publisher = request.form.get("publisher") or actor.edited_publisher or ""
    count = services().inventory.number(actor, publisher)
    flash(gettext("%(count)s items have got an index number", count=count), "good")
    return redirect(url_for("inventory_staff.list_items"), 303)


def _render_item(found: ItemView, values: dict[str, str], errors: dict[str, list[str]] | None) -> Answer:
    shown = {"opens": found.opens.isoformat() if found.opens else "", **values}
    page = render_template(
        "governance/inventory/item.html",
        item=found,
        values=shown,
        errors=errors or {},
        plan=services().plans.get(g.actor, found.id),
        warnings=[choose_voice().say_fault(each) for each in services().inventory.check([found])[found.id]],
        states=STATE_NAMES,
        outcomes=OUTCOME_NAMES,
    )
    return (page, 422) if errors else page


def _render_plan(file: str, plan: ImportPlan) -> str:
    voice = choose_voice()
    faults = [
        {
            "sheet": item.sheet,
            "cell": f"{item.letters}{item.row}",
            "row": item.row,
            "heading": item.column.label(voice.language),
            "value": item.value,
            "wrong": item.say(voice),
            "hint": item.column.hint(voice.language),
        }
        for item in plan.faults[:_MOST_FAULTS]
    ]
    changes = [row for row in plan.rows if row.kind in (RowKind.NEW, RowKind.CHANGED)]
    return render_template(
        "governance/inventory/import.html",
        file=file,
        plan=plan,
        counts={kind.value: count for kind, count in plan.counts.items()},
        faults=faults,
        more_faults=max(0, len(plan.faults) - _MOST_FAULTS),
        changes=[(row, [column.label(voice.language) for column in row.changed]) for row in changes[:_MOST_CHANGES]],
        more_changes=max(0, len(changes) - _MOST_CHANGES),
    )


def _say_result(found: ImportResult) -> None:
    text = gettext("%(new)s items are new and %(changed)s changed", new=found.new, changed=found.changed)
    flash(text, "good")
    for row, error in found.failed[:20]:
        flash(gettext("Row %(row)s: %(reason)s", row=row.row, reason=choose_voice().say_error(error)), "bad")
