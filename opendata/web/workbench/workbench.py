"""The page on which the schema of a draft's table is made, mended, tried on all rows, and saved."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import (
    InputError,
    InvalidMetadataError,
    InvalidSchemaError,
    NotFoundError,
    OpendataError,
    OverloadedError,
    PreconditionError,
    StateError,
    SupersededError,
    TooLargeError,
    UnreadableFileError,
)
from opendata.problems import choose_voice, status_of
from opendata.services.workbench.counts import TableCount
from opendata.services.workbench.states import find_faults
from opendata.services.workbench.workbench import Bench, Origin
from opendata.tables.dictionary.cells import write_cells
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import FORM_BYTES, limit_form, protect_forms
from opendata.web.drafts.choices import offer_schemas
from opendata.web.workbench.changes import say_changes
from opendata.web.workbench.grid import (
    MATCHES,
    MOST_ROWS,
    Sent,
    change_rows,
    list_differences,
    list_languages,
    list_rows,
    list_unused,
    list_wrong,
    name_cell,
    offer_types,
    offers_columns,
    read_grid,
    show_counts,
)

blueprint = Blueprint("workbench", __name__, url_prefix="/workspace/drafts")


@blueprint.before_request
def _allow_long_forms() -> None:
    request.max_form_memory_size = FORM_BYTES


blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

_NO_COUNT = (OverloadedError, SupersededError, TooLargeError, UnreadableFileError, StateError)


@blueprint.get("/<draft>/resources/<resource>/schema")
def show_schema(draft: str, resource: str) -> str:
    """The schema as it was left."""
    bench = services().workbench.show(g.actor, draft, resource)
    kept = find_kept_form()
    is_grid = kept is not None and kept.path == request.path
    if bench.can_count:
        services().counts.get_ready()
    return _render(bench, sent=read_grid(kept.values) if kept is not None and is_grid else None)


@blueprint.post("/<draft>/resources/<resource>/schema")
def change_schema(draft: str, resource: str) -> Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """What a button of the grid does. What was typed is kept whatever it is."""
    action = request.form.get("do", "keep")
    bench = services().workbench.show(g.actor, draft, resource)
    if "whole" not in request.form:
        sent = read_grid(request.form)
        if "only" in request.form:
            return _render_counts(bench, sent)
        if sent.faults:
            return _render(bench, sent=sent), 422
        try:
            bench = services().workbench.keep(g.actor, draft, resource, change_rows(sent.state, action, bench))
        except InvalidMetadataError as error:
            flash(_say(error), "bad")
            return _render(bench, sent=sent), 422
    match action:
        case "undo":
            services().workbench.undo(g.actor, draft, resource)
        case "redo":
            services().workbench.redo(g.actor, draft, resource)
        case "count":
            return _render(bench, count=True)
        case "save" | "next":
            return _save(bench, for_next=action == "next")
    return redirect(_address(bench, _find_anchor(action, bench)), 303)


@blueprint.post("/<draft>/resources/<resource>/schema/start")
def start_schema(draft: str, resource: str) -> Response:
    """Begin again with another schema; the one before can be brought back."""
    origin, ref = request.form.get("origin", ""), request.form.get("ref", "")
    if origin not in list(Origin) or (origin == Origin.LIBRARY and not ref):
        flash(gettext("Choose what to start from"), "bad")
        return redirect(url_for("workbench.show_schema", draft=draft, resource=resource), 303)
    try:
        before = services().workbench.show(g.actor, draft, resource)
        bench = services().workbench.start(g.actor, draft, resource, Origin(origin), ref)
    except NotFoundError as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("workbench.show_schema", draft=draft, resource=resource), 303)
    flash(say_changes(before.state, bench.state), "" if before.undo == bench.undo else "good")
    return redirect(_address(bench), 303)


def _save(bench: Bench, *, for_next: bool) -> Response | tuple[str, int]:
    try:
        services().workbench.save(
            g.actor,
            bench.draft,
            bench.resource,
            for_next=for_next,
            revision=read_number(request.form.get("revision", "")),
        )
    except InvalidSchemaError:
        flash(gettext("Correct what is marked, then save again. Nothing you entered is lost"), "bad")
        return _render(bench), 422
    except (StateError, PreconditionError, InputError) as error:
        flash(_say(error), "bad")
        return redirect(_address(bench), 303)
    text = gettext("The table is being checked again")
    if for_next:
        text = gettext("The table is being checked again. Its next files will be checked in the same way")
    flash(text, "good")
    return redirect(url_for("drafts.show_draft", draft=bench.draft), 303)


def _render(bench: Bench, *, sent: Sent | None = None, count: bool = False) -> str:
    if sent is None:
        cells, state, faults = write_cells(bench.state.schema, list_languages()), bench.state, bench.faults
    else:
        cells, state = sent.cells, sent.state
        faults = [*sent.faults, *find_faults(state.schema)]
    rows, errors = list_rows(bench, cells, state.sources, faults)
    table_count: TableCount | None = None
    fault, is_busy = "", False
    if count:
        try:
            table_count = services().counts.count(g.actor, bench.draft, bench.resource, state)
        except _NO_COUNT as error:
            fault, is_busy = _say(error), isinstance(error, OverloadedError | SupersededError)
        else:
            show_counts(rows, table_count.fields)
    return render_template(
        "workbench/schema.html",
        bench=bench,
        rows=rows,
        table=cells.table,
        errors=errors,
        ref=state.ref,
        count=table_count,
        count_fault=fault,
        is_busy=is_busy,
        of_table=list_wrong(table_count.table) if table_count and table_count.table else (),
        broken_keys=[(item, list_wrong(item)) for item in table_count.keys] if table_count else (),
        types=offer_types(),
        matches=MATCHES,
        languages=list_languages(),
        unused=list_unused(bench, state.sources),
        offers_columns=offers_columns(bench, rows),
        schemas=offer_schemas(services().schemas.list(limit=1000).items),
        differences=list_differences(bench) if not faults else (),
        name_cell=name_cell,
        most_rows=MOST_ROWS,
        is_too_long=len(rows) > MOST_ROWS,
    )


def _render_counts(bench: Bench, sent: Sent) -> tuple[str, int, dict[str, str]]:
    """The counts and faults of some rows alone, as the script of the page asks for.

    The status is 200, or that of what is in the way for a moment: 409 where a newer count has begun, 503 with
    `Retry-After` where others count.
    """
    rows, errors = list_rows(bench, sent.cells, sent.state.sources, [*sent.faults, *find_faults(sent.state.schema)])
    only = [number for part in request.form["only"].split(",") if (number := read_number(part)) is not None]
    fault, status, headers = "", 200, {}
    try:
        found = services().counts.count(g.actor, bench.draft, bench.resource, sent.state, only)
    except (OverloadedError, SupersededError) as error:
        fault, status = _say(error), status_of(error)
        if isinstance(error, OverloadedError):
            headers["Retry-After"] = str(error.seconds)
    except _NO_COUNT as error:
        fault = _say(error)
    else:
        show_counts(rows, found.fields)
    shown = [row for row in rows if row.number in only]
    return render_template("workbench/counts.html", rows=shown, errors=errors, count_fault=fault), status, headers


def _find_anchor(action: str, bench: Bench) -> str:
    """Where the page goes on after a row was changed."""
    verb, _, place = action.partition("-")
    number = read_number(place) or 0
    last = max(len(bench.state.names) - 1, 0)
    match verb:
        case "add" | "missing":
            return f"row-{last}"
        case "up":
            return f"row-{max(number - 1, 0)}"
        case "down":
            return f"row-{min(number + 1, last)}"
        case "delete":
            return f"row-{min(number, last)}"
    return ""


def _address(bench: Bench, anchor: str = "") -> str:
    options: dict[str, Any] = {"_anchor": anchor} if anchor else {}
    return url_for("workbench.show_schema", draft=bench.draft, resource=bench.resource, **options)


def _say(error: OpendataError) -> str:
    texts = [choose_voice().say_fault(item) for item in error.faults]
    return " ".join(texts) or choose_voice().say_error(error)
