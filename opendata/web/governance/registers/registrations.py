"""Registrations for those who work on them: the list, one with its application and its steps, files, and results."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from opendata.domain.registers.form import APPLICATION, Answer, Section, Source
from opendata.domain.registers.registration import NEEDS_CODE, DocumentKind, RegistrationKind, RegistrationStep
from opendata.errors import (
    InputError,
    InvalidMetadataError,
    NotFoundError,
    OpendataError,
    PreconditionError,
    StateError,
)
from opendata.intake.filled_sheets import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_publisher
from opendata.services.governance.registers.books import COMPLETE, INCOMPLETE, NO_TEXT, describe_form, write_batch
from opendata.services.governance.registers.books import write_book as write_form
from opendata.services.governance.registers.registrations import RegistrationFilter
from opendata.services.governance.registers.results import COLUMNS, ResultPlan
from opendata.services.governance.registers.values import RegistrationView
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.basics.files import send_book
from opendata.wording.governance.registers import (
    DOCUMENTS,
    FIELD_HINTS,
    FIELDS,
    KINDS,
    SECTIONS,
    STATES,
    STEP_HINTS,
    STEPS,
)

blueprint = Blueprint("registrations", __name__, url_prefix="/workspace/registrations")

Answered = Response | str | tuple[str, int]

_PAGE = 50
_UNTIL = frozenset(
    [RegistrationStep.NOTICE, RegistrationStep.REGISTER, RegistrationStep.RECORD, RegistrationStep.RENEW]
)
_LONG = frozenset(["use"])


@blueprint.before_request
def _guard() -> Response | str | None:
    if request.mimetype == "multipart/form-data":
        request.max_content_length = MOST_BYTES + (1 << 16)
        request.max_form_memory_size = MOST_BYTES
    else:
        limit_form()
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get("")
def list_registrations() -> Answered:
    """The registrations that one works on."""
    actor = require_publisher(g.actor)
    values = {name: request.args.get(name, "").strip() for name in ("publisher", "state", "dataset")}
    wanted = RegistrationFilter(**values)
    page = services().registrations.list(actor, wanted, cursor=request.args.get("cursor") or None, limit=_PAGE)
    return render_template(
        "governance/registers/registrations.html",
        page=page,
        values=values,
        publishers=services().publishers.list(limit=1000).items if actor.may_oversee else (),
        publisher=values["publisher"],
        **_words(),
    )


@blueprint.get("/new/<dataset>")
def show_new(dataset: str) -> Answered:
    """The kinds of registration that a dataset can have now."""
    return _render_new(dataset, {}, None)


@blueprint.post("/new/<dataset>")
def begin_registration(dataset: str) -> Answered:
    """Begin one and show it."""
    values = request.form.to_dict()
    try:
        found = services().registrations.begin(g.actor, dataset, values)
    except (InvalidMetadataError, StateError) as error:
        return _render_new(dataset, values, error), status_of(error)
    return redirect(url_for("registrations.show_registration", registration=found.id), 303)


@blueprint.get("/<int:registration>")
def show_registration(registration: int) -> Answered:
    """One with its application, what is missing in it, its clock and its steps."""
    return _render(registration, {}, None)


@blueprint.post("/<int:registration>")
def save_application(registration: int) -> Answered:
    """Save what the application says, and its documents."""
    found = services().registrations.get(g.actor, registration)
    values = request.form.to_dict()
    try:
        said = {name: values.get(name, "") for name in APPLICATION}
        documents = _read_documents(found)
        services().registrations.change(
            g.actor,
            registration,
            {"said": said, "documents": documents},
            revision=read_number(values.get("revision", "")),
        )
    except (InvalidMetadataError, PreconditionError, StateError) as error:
        return _render(registration, values, error), status_of(error)
    flash(gettext("Saved"), "good")
    return redirect(url_for("registrations.show_registration", registration=registration), 303)


@blueprint.post("/<int:registration>/steps")
def take_step(registration: int) -> Answered:
    """Say that a step was taken."""
    values = request.form.to_dict()
    try:
        services().registrations.take(g.actor, registration, values.get("step", ""), values)
    except (InvalidMetadataError, StateError) as error:
        return _render(registration, values, error), status_of(error)
    flash(gettext("Saved"), "good")
    return redirect(url_for("registrations.show_registration", registration=registration), 303)


@blueprint.get("/<int:registration>/form.<any('xlsx','json'):suffix>")
def send_form(registration: int, suffix: str) -> Response:
    """The application as the register asks for it."""
    voice = choose_voice()
    form = services().registration_forms.build(g.actor, registration, voice)
    if suffix == "json":
        return _send_json(describe_form(form, voice), f"registration-{registration}.json")
    return send_book(write_form(form, voice), f"registration-{registration}.xlsx", is_private=True)


@blueprint.get("/forms.<any('xlsx','json'):suffix>")
def send_forms(suffix: str) -> Response:
    """All applications that aren't decided yet, of one publisher or of all that one sees."""
    voice, publisher = choose_voice(), request.args.get("publisher", "").strip()
    forms = services().registration_forms.build_open(g.actor, publisher, voice)
    if suffix == "json":
        items = [describe_form(form, voice) for form in forms]
        whole = {"complete": all(item["complete"] for item in items), "items": items}
        return _send_json(whole, "registrations.json")
    return send_book(write_batch(forms, voice), "registrations.xlsx", is_private=True)


@blueprint.get("/results")
def show_results() -> Answered:
    """Where to send codes that came back."""
    require_publisher(g.actor)
    return _render_results(None, "")


@blueprint.get("/results.xlsx")
def send_template() -> Response:
    """The sheet to fill in, with what is with the register office."""
    found = services().registration_results.write_template(g.actor, choose_voice())
    return send_book(found, "registration-results.xlsx", is_private=True)  # type: ignore[arg-type]


@blueprint.post("/results")
def take_results() -> Answered:
    """Try a sheet, or take the rows that were tried."""
    require_publisher(g.actor)
    results, tried = services().registration_results, request.form.get("rows", "").strip()
    try:
        if tried:
            plan = results.run(g.actor, io.BytesIO(tried.encode()), "results.csv", dry=False, only_valid=True)
            flash(gettext("Codes entered: %(count)s", count=plan.taken), "good")
            return redirect(url_for("registrations.list_registrations"), 303)
        file = request.files.get("file")
        if file is None or not file.filename:
            return _render_results(None, gettext("Choose a file")), 422
        plan = results.run(g.actor, file.stream, file.filename, dry=True)
    except (InputError, StateError, NotFoundError) as error:
        return _render_results(None, choose_voice().say_error(error), error), status_of(error)
    return _render_results(plan, "")


def _render_new(dataset: str, values: Mapping[str, str], error: OpendataError | None) -> str:
    found = services().datasets.get(dataset, g.actor)
    services().registrations.require(g.actor, found.id)
    return render_template(
        "governance/registers/new.html",
        dataset=found,
        values=values,
        errors=_place_faults(error),
        message=choose_voice().say_error(error) if error else "",
        **_words(),
    )


def _render(registration: int, values: Mapping[str, str], error: OpendataError | None) -> str:
    voice = choose_voice()
    form = services().registration_forms.build(g.actor, registration, voice)
    found = form.registration
    may_edit = g.actor.may_edit(found.publisher.id, found.dataset.id)
    sections = {section: [item for item in form.answers if item.field.section == section] for section in Section}
    shown = values if values else {**found.said, "revision": str(found.revision)}
    return render_template(
        "governance/registers/registration.html",
        found=found,
        form=form,
        sections=sections,
        links={item.field.name: _link(found, item) for item in form.answers},
        history=services().registrations.list_steps(g.actor, registration),
        values=shown,
        today=services().calendars.today().isoformat(),
        application=list(APPLICATION),
        long=_LONG,
        needs_code=NEEDS_CODE,
        has_until=_UNTIL,
        may_edit=may_edit,
        settings=services().settings,
        errors=_place_faults(error),
        message=voice.say_error(error) if error else "",
        **_words(),
    )


def _link(found: RegistrationView, item: Answer) -> str:
    """Where a field is filled in."""
    match item.field.source:
        case Source.PUBLISHER:
            return url_for("offices.show_form", publisher=found.publisher.id)
        case Source.METADATA:
            place = item.field.place.partition(".")[0]
            return url_for("workspace.show_metadata", dataset=found.dataset.id) + f"#{place}"
        case Source.APPLICATION:
            return "#documents" if item.field.section == Section.DOCUMENTS else f"#{item.field.place}"
        case _:
            return ""


def _read_documents(found: RegistrationView) -> list[dict[str, str]]:
    """The documents that are kept, and a new one whose file is read for its digest alone."""
    removed = set(request.form.getlist("remove"))
    documents = [
        {"kind": str(item.kind), "name": item.name, "sha256": item.sha256}
        for number, item in enumerate(found.documents)
        if str(number) not in removed
    ]
    file = request.files.get("file")
    name, digest = request.form.get("document_name", "").strip(), request.form.get("document_sha256", "").strip()
    if file is not None and file.filename:
        name, digest = name or file.filename, _digest(file)
    if name or digest:
        kind = request.form.get("document_kind", "")
        documents.append({"kind": kind, "name": name, "sha256": digest})
    return documents


def _digest(file: FileStorage) -> str:
    found = hashlib.sha256()
    while chunk := file.stream.read(1 << 20):
        found.update(chunk)
    return found.hexdigest()


def _render_results(plan: ResultPlan | None, message: str, error: OpendataError | None = None) -> str:
    rows = ""
    if plan is not None and plan.new:
        lines = [list(COLUMNS), *([row.dataset, row.version, row.code, row.day, row.until] for row in plan.new)]
        rows = "".join(write_csv_line(line) for line in lines)
    return render_template(
        "governance/registers/results.html",
        plan=plan,
        rows=rows,
        message=message,
        errors=_place_faults(error),
        say_fault=choose_voice().say_fault,
        columns=COLUMNS,
    )


def _send_json(found: Mapping[str, Any], name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "private, no-store"}
    text = json.dumps(found, ensure_ascii=False, indent=2)
    return FlaskResponse(text + "\n", mimetype="application/json", headers=headers)


def _place_faults(error: OpendataError | None) -> dict[str, list[str]]:
    """Each fault beside its field."""
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        name = item.pointer.strip("/")
        if name.startswith("said/"):
            name = name.removeprefix("said/")
        elif name.startswith("documents"):
            name = "documents"
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors


def _words() -> dict[str, Any]:
    return {
        "kinds": KINDS,
        "states": STATES,
        "step_names": STEPS,
        "step_hints": STEP_HINTS,
        "section_names": SECTIONS,
        "field_names": FIELDS,
        "field_hints": FIELD_HINTS,
        "document_kinds": DOCUMENTS,
        "complete": COMPLETE,
        "incomplete": INCOMPLETE,
        "no_text": NO_TEXT,
        "all_kinds": list(RegistrationKind),
        "all_documents": list(DocumentKind),
    }
