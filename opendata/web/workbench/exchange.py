"""What a schema is exchanged with: workbooks, code lists of published tables, the library."""

from __future__ import annotations

from typing import BinaryIO

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.errors import (
    N_,
    InputError,
    InvalidSchemaError,
    NotFoundError,
    OpendataError,
    StateError,
    SuspendedError,
    TooLargeError,
    UnreadableFileError,
    WithdrawnError,
)
from opendata.intake.schema_workbook import MOST_BYTES
from opendata.metadata.identifiers import suggest_identifier
from opendata.problems import choose_voice
from opendata.services.workbench.workbench import Bench, Origin
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import protect_forms
from opendata.web.drafts.choices import offer_schemas

blueprint = Blueprint("exchange", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TABLE = "/workspace/drafts/<draft>/resources/<resource>/schema"


@blueprint.before_request
def _guard() -> AnyResponse | str | None:
    request.max_content_length = MOST_BYTES + (1 << 16)
    if not request.path.startswith("/workspace/"):
        return None
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get("/workspace/drafts/<draft>/resources/<resource>/schema.xlsx")
def send_workbook(draft: str, resource: str) -> Response:
    """The schema on the workbench as a workbook."""
    found = services().dictionaries.write_draft(g.actor, draft, resource, choose_voice())
    return _send(found, f"{resource}-schema.xlsx", is_private=True)


@blueprint.get("/schemas/<schema>/<version>.xlsx")
def send_library_workbook(schema: str, version: str) -> Response:
    """A schema of the library as a workbook."""
    return _send(services().dictionaries.write_library(schema, version, choose_voice()), f"{schema}-{version}.xlsx")


@blueprint.get("/datasets/<dataset>/<version>/<resource>.schema.xlsx")
def send_published_workbook(dataset: str, version: str, resource: str) -> Response:
    """The schema of a published table as a workbook."""
    found = services().dictionaries.write_published(dataset, version, resource, choose_voice())
    return _send(found, f"{dataset}-{version}-{resource}-schema.xlsx")


@blueprint.post(f"{_TABLE}/workbook")
def take_workbook(draft: str, resource: str) -> AnyResponse | tuple[str, int]:
    """Read a workbook that was filled in. What can't be read is shown with its cell."""
    bench = services().workbench.show(g.actor, draft, resource)
    file = request.files.get("file")
    if file is None or not file.filename:
        flash(gettext("Choose a file"), "bad")
        return redirect(_address(bench), 303)
    try:
        schema = services().dictionaries.read(g.actor, file.stream)
    except InvalidSchemaError as error:
        faults = [(item.pointer, choose_voice().say_fault(item)) for item in error.faults]
        return render_template("workbench/workbook.html", bench=bench, faults=faults, file=file.filename), 422
    except (InputError, TooLargeError, UnreadableFileError) as error:
        flash(_say(error), "bad")
        return redirect(_address(bench), 303)
    services().workbench.adopt(g.actor, draft, resource, schema)
    flash(gettext("The workbook was read. Check the columns, then save"), "good")
    return redirect(_address(bench), 303)


@blueprint.get(f"{_TABLE}/codes")
def show_codes(draft: str, resource: str) -> str:
    """Where the code list of a field may come from: chosen step by step, by links and forms."""
    bench = services().workbench.show(g.actor, draft, resource)
    field = _find_field(bench)
    dataset, ref = request.args.get("dataset", ""), request.args.get("ref", "")
    table = schema = None
    fault = ""
    try:
        table = services().codes.find(dataset) if dataset else None
        schema = services().schemas.resolve(ref) if ref else None
    except (NotFoundError, WithdrawnError, SuspendedError) as error:
        fault = _say(error)
    datasets = services().datasets.list(None, limit=1000).items
    return render_template(
        "workbench/codes.html",
        bench=bench,
        field=field,
        name=bench.state.names[field],
        datasets=[item for item in datasets if item.latest],
        schemas=offer_schemas(services().schemas.list(limit=1000).items),
        table=table,
        schema=schema,
        fault=fault,
    )


@blueprint.post(f"{_TABLE}/codes")
def take_codes(draft: str, resource: str) -> AnyResponse:
    """Give a field the code list that was chosen."""
    bench = services().workbench.show(g.actor, draft, resource)
    field = _find_field(bench)
    form, codes = request.form, services().codes
    table, _, column = form.get("column", "").partition("\n")
    try:
        match form.get("how", ""):
            case "key":
                state = codes.refer(bench.state, field, form.get("dataset", ""), table, column)
            case "copy":
                label = form.get("label", "").partition("\n")[2]
                state = codes.copy(bench.state, field, form.get("dataset", ""), table, column, label)
            case _:
                state = codes.take(bench.state, field, form.get("ref", ""), form.get("field", ""))
    except (NotFoundError, StateError, WithdrawnError, SuspendedError) as error:
        flash(_say(error), "bad")
        return redirect(_address(bench), 303)
    services().workbench.keep(g.actor, draft, resource, state)
    flash(gettext("The column has the code list now"), "good")
    return redirect(_address(bench, f"row-{field}"), 303)


@blueprint.get(f"{_TABLE}/library")
def show_plan(draft: str, resource: str) -> str:
    """What adding the schema to the library would do."""
    bench = services().workbench.show(g.actor, draft, resource)
    own = bench.state.ref.partition("@")[0]
    name = request.args.get("name", own or suggest_identifier(bench.title or bench.resource)).strip()
    plan, fault = None, ""
    try:
        plan = services().schema_library.plan(g.actor, name, bench.state.schema)
    except InputError as error:
        fault = _say(error)
    return render_template("workbench/library.html", bench=bench, name=name, plan=plan, fault=fault)


@blueprint.post(f"{_TABLE}/library")
def add_to_library(draft: str, resource: str) -> AnyResponse:
    """Add the schema to the library, and check the table by it if wanted."""
    bench = services().workbench.show(g.actor, draft, resource)
    try:
        added = services().schema_library.add(g.actor, request.form.get("name", ""), bench.state.schema)
    except (InputError, StateError) as error:
        flash(_say(error), "bad")
        return redirect(url_for("exchange.show_plan", draft=draft, resource=resource), 303)
    services().workbench.start(g.actor, draft, resource, Origin.LIBRARY, added.ref)
    flash(gettext("The library has the schema “%(ref)s” now", ref=added.ref), "good")
    return redirect(_address(bench), 303)


def _find_field(bench: Bench) -> int:
    number = read_number(request.values.get("field_number", ""))
    if number is None or not 0 <= number < len(bench.state.names):
        raise NotFoundError(N_("The schema has no such column"))
    return number


def _send(found: BinaryIO, name: str, *, is_private: bool = False) -> Response:
    response = send_file(found, mimetype=XLSX, as_attachment=True, download_name=name, conditional=False, etag=False)
    response.headers["Cache-Control"] = "private, no-store" if is_private else "no-cache"
    response.vary.add("Accept-Language")
    return response


def _address(bench: Bench, anchor: str = "") -> str:
    address = url_for("workbench.show_schema", draft=bench.draft, resource=bench.resource)
    return f"{address}#{anchor}" if anchor else address


def _say(error: OpendataError) -> str:
    texts = [choose_voice().say_fault(item) for item in error.faults]
    return " ".join(texts) or choose_voice().say_error(error)
