"""Uploading files for the next version of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InputError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_editor
from opendata.services.core.values import DatasetView, SchemaView
from opendata.services.drafts.intake import Sent
from opendata.services.uploads.upload_values import UploadedFile
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import protect_forms
from opendata.web.drafts.upload_form import MORE_ROWS, ROWS, place_fault, read_upload, show_draft

blueprint = Blueprint("uploads", __name__, url_prefix="/workspace")
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

_UNSAID = ("", "last")
_HIDDEN = ("csrf_token", "box", "upload")
Answer = Response | str | tuple[str, int]


@blueprint.get("/datasets/<dataset>/upload")
def show_upload(dataset: str) -> Answer:
    """The form; filled in like the `draft` whose files are to be sent again, if one is named."""
    found = _get_own(dataset)
    values: Mapping[str, str] = {}
    if kept := find_kept_form():
        values = kept.values
    elif request.args.get("draft"):
        values = show_draft(services().drafts.get(g.actor, request.args["draft"]), _list_schemas())
    return _render(found, values, {}, "")


@blueprint.post("/datasets/<dataset>/upload")
def upload(dataset: str) -> Answer:
    """Receive the files and begin a draft."""
    with ExitStack() as opened:
        return _begin_draft(dataset, opened)


def _begin_draft(dataset: str, opened: ExitStack) -> Answer:
    found, form = _get_own(dataset), request.form.to_dict()

    def open_upload(upload: str) -> UploadedFile:
        file = services().uploads.open(g.actor, upload)
        opened.callback(file.stream.close)
        return file

    sent = read_upload(request.form, request.files, open_upload)
    if sent.errors:
        return _render(found, form, sent.errors, gettext("Some values aren't allowed")), 422
    files = Sent(files=sent.files, options=sent.options, notes=form.get("notes", ""))
    try:
        if form.get("draft"):
            draft = services().drafts.receive_again(g.actor, form["draft"], lambda: files)
        else:
            draft, _ = services().drafts.receive(g.actor, dataset, lambda: files)
    except (InputError, StateError) as error:
        errors: dict[str, list[str]] = {}
        for item in getattr(error, "faults", ()):
            text = choose_voice().say_fault(item)
            name = place_fault(item.pointer, sent.rows)
            errors.setdefault(name, []).append(text if name else f"{item.pointer} {text}".strip())
        return _render(found, form, errors, choose_voice().say_error(error)), status_of(error)
    flash(gettext("The files have arrived and are being checked"), "good")
    return redirect(url_for("drafts.show_draft", draft=draft.id), 303)


def _get_own(dataset: str) -> DatasetView:
    found = services().datasets.get(dataset, g.actor)
    require_editor(g.actor, found.publisher.id)
    return found


def _list_schemas() -> Sequence[SchemaView]:
    return services().schemas.list(limit=1000).items


def _render(dataset: DatasetView, values: Mapping[str, str], errors: Mapping[str, list[str]], message: str) -> str:
    said = [key for key in values if values[key] not in _UNSAID and key not in _HIDDEN]
    sent = max(1, sum(bool(values.get(f"name_{number}")) for number in range(ROWS)) if values.get("draft") else 1)
    return render_template(
        "drafts/upload.html",
        dataset=dataset,
        values=values,
        errors=errors,
        message=message,
        rows=ROWS,
        tables=services().versions.get_manifest(dataset.id, dataset.latest).tables if dataset.latest else (),
        schemas=_list_schemas(),
        more=any(name not in ("", "files") for name in (*errors, *said)),
        sent=sent,
        more_rows=any(name.endswith(MORE_ROWS[sent - 1 :]) for name in (*errors, *said)),
        limit=services().settings.max_upload_bytes,
    )
