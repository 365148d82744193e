"""How the file of a table is read: what was understood, shown beside its first rows, and corrected by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from opendata.domain.drafts import CHANGE, ENDED
from opendata.errors import InputError, OpendataError, PreconditionError, StateError
from opendata.intake.opening import WORKBOOKS
from opendata.intake.understanding import CAREFUL, Choices, read_choices
from opendata.problems import choose_voice
from opendata.recipes.sentences import QUESTION
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.draft_view import list_questions
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.drafts.choices import ENCODING_NAMES, offer_delimiters, offer_encodings

blueprint = Blueprint("readings", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

_NUMBERS = ("first_row", "last_row", "first_column", "last_column")
_FORMS = {
    "csv": "CSV",
    "xlsx": "Excel (XLSX)",
    "xls": "Excel 97–2003 (XLS)",
    "xlsb": "Excel (XLSB)",
    "ods": "OpenDocument (ODS)",
    "spreadsheetml": "Excel 2003 (XML)",
    "json": "JSON",
    "jsonl": "JSON Lines",
    "geojson": "GeoJSON",
    "xml": "XML",
    "html": "HTML",
    "dbase": "dBase (DBF)",
    "parquet": "Parquet",
    "arrow": "Arrow",
}


@blueprint.get("/<draft>/resources/<resource>/reading")
def show_reading(draft: str, resource: str) -> str:
    """What was understood; with choices in the query, how the file would be read by them."""
    kept = find_kept_form()
    return _render(draft, resource, kept.fields if kept else request.args if "try" in request.args else None)


@blueprint.post("/<draft>/resources/<resource>/reading")
def choose_reading(draft: str, resource: str) -> Response | str:
    """Read the file by these choices from now on, and check it again; or by none of them."""
    revision = request.form.get("revision", "")
    try:
        choices = (
            {} if "forget" in request.form else {**_keep_columns(draft, resource), **_read(request.form).describe()}
        )
        services().drafts.change_resource(
            g.actor, draft, resource, {"choices": choices}, revision=read_number(revision)
        )
    except InputError:
        return _render(draft, resource, request.form)
    except (StateError, PreconditionError) as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("readings.show_reading", draft=draft, resource=resource), 303)
    flash(gettext("The table is being read again"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft), 303)


def _keep_columns(draft: str, resource: str) -> dict[str, Any]:
    """What was said about the columns of a table, which the form here does not ask for."""
    tables = services().drafts.get(g.actor, draft).tables
    choices = next((item.choices for item in tables if item.name == resource), None) or {}
    return {"columns": choices["columns"]} if "columns" in choices else {}


def _render(draft: str, resource: str, form: MultiDict[str, str] | None) -> str:
    found = services().drafts.get(g.actor, draft)
    fault: OpendataError | None = None
    choices: Choices | None = None
    if form is not None:
        try:
            choices = _read(form)
        except InputError as error:
            fault = error
    preview = services().previews.show(g.actor, draft, resource, choices)
    fault = fault or preview.fault
    reading = preview.reading
    values = _fill(preview.choices) if form is None else dict(form.items())
    return render_template(
        "drafts/reading.html",
        draft=found,
        preview=preview,
        reading=reading,
        decisions=[_word(item) for item in reading.get("decisions", ()) if item["rule"] != QUESTION],
        form_name=_FORMS.get(reading.get("form", ""), reading.get("form", "")),
        values=values,
        errors={},
        fault=_say_error(fault) if fault is not None else "",
        encodings=offer_encodings(),
        workbooks=WORKBOOKS,
        encoding_names=ENCODING_NAMES,
        delimiters=offer_delimiters(),
        can_change=found.status in CHANGE.sources and not found.is_at_work,
    )


def _read(form: Mapping[str, str]) -> Choices:
    """The choices of a form; empty fields choose nothing. Raises `InvalidMetadataError`."""
    given: dict[str, Any] = {}
    if form.get("encoding"):
        given["encoding"] = form["encoding"][:40]
    if form.get("delimiter"):
        given["dialect"] = {"delimiter": {"tab": "\t"}.get(form["delimiter"], form["delimiter"][:1])}
    header = form.get("header_rows", "").replace("，", ",").strip()
    if header in ("0", "-"):
        given["header_rows"] = []
    elif header:
        given["header_rows"] = [_number(part) for part in header.split(",")]
    for name in _NUMBERS:
        if form.get(name, "").strip():
            given[name] = _number(form[name])
    if form.get("fill_merged"):
        given["fill_merged"] = True
    return read_choices(given)


def _number(text: str) -> object:
    number = read_number(text.strip())
    return text if number is None else number


def _fill(choices: Choices) -> dict[str, str]:
    """The form as it stands: what was chosen."""
    found = {name: str(getattr(choices, name) or "") for name in _NUMBERS}
    header = choices.header_rows
    delimiter = (choices.dialect or {}).get("delimiter", "")
    return {
        **found,
        "header_rows": "" if header is None else ", ".join(map(str, header)) or "0",
        "encoding": choices.encoding or "",
        "delimiter": "tab" if delimiter == "\t" else delimiter,
        "fill_merged": "1" if choices.fill_merged else "",
    }


def _word(decision: Mapping[str, Any]) -> dict[str, Any]:
    text = choose_voice().fill(decision.get("template", decision["text"]), decision.get("details", {}))
    return {"text": text, "is_doubtful": decision["sure"] < CAREFUL, "sure": decision["sure"]}


def _say_error(error: OpendataError) -> str:
    texts = [choose_voice().say_fault(item) for item in error.faults]
    return " ".join(texts) or choose_voice().say_error(error)


def needs_look(table: DraftResourceView) -> bool:
    """Whether something about a file was settled that a person should look at."""
    decisions = (table.reading or {}).get("decisions", ())
    is_settled = bool(table.choices) and "kept" not in (table.choices or {})
    return not is_settled and any(item["sure"] < CAREFUL and item["rule"] != QUESTION for item in decisions)


def find_questions(draft: DraftView) -> dict[str, list[str]]:
    """By table, what somebody must look at before it is published: choices for an earlier file that don't fit this one.

    What is asked of steps is shown beside them.

    A draft that has ended asks nothing.
    """
    if draft.status in ENDED:
        return {}
    asked = {
        item.name: [
            str(_word(decision)["text"]) for decision in list_questions(item.reading) if decision["rule"] != QUESTION
        ]
        for item in draft.tables
    }
    return {name: texts for name, texts in asked.items() if texts}
