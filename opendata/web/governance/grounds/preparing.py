"""Pages on which a maintainer prepares the next version of the negative list, and what lacks a ground."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.grounds.codes import GROUNDS
from opendata.domain.grounds.entries import Entry
from opendata.errors import (
    N_,
    InputError,
    InvalidMetadataError,
    NotFoundError,
    OpendataError,
    PreconditionError,
    StateError,
    TooLargeError,
    UnreadableFileError,
)
from opendata.intake.filled_sheets import MOST_BYTES
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.core.values import Page
from opendata.services.governance.grounds.sheets import write_table
from opendata.services.governance.grounds.values import ListView, UngroundedView
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import protect_forms
from opendata.web.drafts.choices import name_publishers
from opendata.web.governance.grounds.negative_list import send_entries

blueprint = Blueprint("preparing", __name__, url_prefix="/workspace")

Answer = AnyResponse | str | tuple[str, int]

_DRAFT = "/negative-list"
_EVERYTHING = 1000


@blueprint.before_request
def _guard() -> AnyResponse | str | None:
    request.max_content_length = MOST_BYTES + (1 << 16)
    refused = ask_to_sign_in()
    if refused is None:
        protect_forms()
    return refused


@blueprint.get(_DRAFT)
def show_draft() -> str:
    """What is prepared, what loses its ground by it, and the form that puts it in force."""
    return _render({}, None)


@blueprint.post(f"{_DRAFT}/begin")
def begin_draft() -> Answer:
    """Prepare a change of the list in force."""
    return _do(lambda: services().negative_lists.begin(g.actor))


@blueprint.post(f"{_DRAFT}/discard")
def discard_draft() -> Answer:
    """Give up what is prepared."""
    return _do(lambda: services().negative_lists.discard(g.actor), gettext("The change is dropped"))


@blueprint.get(f"{_DRAFT}/entry")
def show_entry() -> str:
    """The form of a new entry, or of one in the list that is prepared."""
    require_maintainer(g.actor)
    entry = request.args.get("entry", "")
    found = _find_entry(entry) if entry else None
    values = _show_entry(found) if found else {}
    return _render_entry(entry, {**values, "revision": str(_revision())}, None)


@blueprint.post(f"{_DRAFT}/entry")
def put_entry() -> Answer:
    """Add an entry, or change one."""
    values = request.form.to_dict()
    place = request.args.get("entry", "")
    entry: dict[str, Any] = {name: values.get(name, "") for name in ("id", "title", "description", "ground")}
    entry |= {"legalBasis": values.get("legalBasis", ""), "publishers": request.form.getlist("publishers")}
    entry |= {"from": values.get("from", ""), "until": values.get("until", "")}
    try:
        services().negative_lists.put_entry(
            g.actor, entry, place=place, revision=read_number(values.get("revision", "")) or None
        )
    except (InvalidMetadataError, PreconditionError) as error:
        chosen = {"publishers": " ".join(entry["publishers"])}
        return _render_entry(place, {**values, **chosen}, error), status_of(error)
    flash(gettext("The entry is saved. It isn't in force yet"), "good")
    return redirect(url_for("preparing.show_draft"), 303)


@blueprint.post(f"{_DRAFT}/drop")
def drop_entry() -> Answer:
    """Leave an entry out of the list that is prepared."""
    entry = request.form.get("entry", "")
    revision = read_number(request.form.get("revision", ""))
    return _do(lambda: services().negative_lists.drop_entry(g.actor, entry, revision=revision))


@blueprint.post(f"{_DRAFT}/form")
def take_form() -> Answer:
    """Take the entries of a form that was filled in. What can't be read is shown with its cell."""
    require_maintainer(g.actor)
    file = request.files.get("file")
    if file is None or not file.filename:
        flash(gettext("Choose a file"), "bad")
        return redirect(url_for("preparing.show_draft"), 303)
    revision = read_number(request.form.get("revision", ""))
    try:
        found = services().negative_lists.take_form(g.actor, file.stream, revision=revision)
    except InvalidMetadataError as error:
        cells = [(item.pointer, choose_voice().say_fault(item)) for item in error.faults]
        return _render({}, None, cells=cells, file=file.filename), 422
    except (InputError, TooLargeError, UnreadableFileError, PreconditionError) as error:
        return _render({}, error), status_of(error)
    flash(gettext("The file was read: %(count)s entries. They aren't in force yet", count=len(found.entries)), "good")
    return redirect(url_for("preparing.show_draft"), 303)


@blueprint.get(f"{_DRAFT}/form.xlsx")
def send_form() -> Response:
    """The form to fill in, with the entries of what is prepared, or of the list in force."""
    found = services().negative_lists.get_draft(g.actor) or services().negative_lists.get()
    response = send_entries(found.entries if found else (), "xlsx", "negative-list")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post(f"{_DRAFT}/enforce")
def enforce() -> Answer:
    """Put what is prepared in force."""
    values = request.form.to_dict()
    try:
        found = services().negative_lists.enforce(
            g.actor,
            values.get("note", ""),
            confirmed=bool(values.get("confirmed")),
            revision=read_number(values.get("revision", "")),
        )
    except (InvalidMetadataError, PreconditionError, StateError) as error:
        return _render(values, error), status_of(error)
    flash(gettext("Version %(version)s of the negative list is in force", version=found.number), "good")
    return redirect(url_for("negative_list.show_list"), 303)


@blueprint.get("/grounds")
def list_ungrounded() -> str:
    """The datasets that aren't open and have no ground in force."""
    return render_template(
        "governance/grounds/ungrounded.html",
        page=_read_ungrounded(100),
        count=services().ungrounded.count(g.actor),
        publisher=request.args.get("publisher", ""),
        publishers=services().publishers.list(limit=1000).items if g.actor.is_maintainer else (),
        has_list=services().negative_lists.get() is not None,
    )


@blueprint.get("/grounds.csv")
def export_ungrounded() -> Response:
    """The same as CSV."""
    voice = choose_voice()
    rows = [[voice.translate(text) for text in (N_("Dataset"), N_("Title"), N_("Publisher"), N_("Disclosure"))]]
    rows[0] += [voice.translate(text) for text in (N_("Reason"), N_("Legal basis"), N_("Former entry"))]
    page = _read_ungrounded(_EVERYTHING)
    while True:
        for item in page.items:
            said = item.disclosure
            rows.append([item.id, item.title, item.publisher.title, said.attribute, said.reason, said.legal_basis])
            rows[-1].append(said.ground)
        if page.next is None:
            break
        page = _read_ungrounded(_EVERYTHING, page.next)
    return send_csv(rows, "grounds")


def send_csv(rows: list[list[str]], name: str) -> Response:
    """Rows for those who work here, as a file."""
    headers = {"Content-Disposition": f"attachment; filename={name}.csv", "Cache-Control": "private, no-store"}
    return Response(write_table(rows), mimetype="text/csv", headers=headers)


def _read_ungrounded(limit: int, cursor: str | None = None) -> Page[UngroundedView]:
    return services().ungrounded.list(
        g.actor,
        publisher=request.args.get("publisher") or None,
        cursor=cursor or request.args.get("cursor") or None,
        limit=limit,
    )


def _do(step: Callable[[], object], said: str = "") -> Answer:
    try:
        step()
    except (InvalidMetadataError, NotFoundError, PreconditionError, StateError) as error:
        return _render({}, error), status_of(error)
    if said:
        flash(said, "good")
    return redirect(url_for("preparing.show_draft"), 303)


def _render(values: Mapping[str, str], error: OpendataError | None, **shown: Any) -> str:
    draft = services().negative_lists.get_draft(g.actor)
    return render_template(
        "governance/grounds/preparing.html",
        draft=draft,
        newest=services().negative_lists.get(),
        lapses=services().negative_lists.foresee(g.actor) if draft else (),
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
        **shown,
    )


def _render_entry(entry: str, values: Mapping[str, str], error: OpendataError | None) -> str:
    voice = choose_voice()
    return render_template(
        "governance/grounds/entry.html",
        entry=entry,
        values=values,
        grounds=[("", gettext("Choose one")), *((code, voice.translate(item.name)) for code, item in GROUNDS.items())],
        publishers=name_publishers(services().publishers.list(limit=1000).items),
        chosen=values.get("publishers", "").split(),
        errors=place_faults(error) if error else {},
        message=voice.say_error(error) if error else "",
    )


def _find_entry(entry: str) -> Entry:
    source: ListView | None = services().negative_lists.get_draft(g.actor) or services().negative_lists.get()
    found = next((item for item in source.entries if item.id == entry), None) if source else None
    if found is None:
        raise NotFoundError(N_("The list that is prepared has no entry “%(id)s”"), id=entry[:60])
    return found


def _show_entry(found: Entry) -> dict[str, str]:
    values = {name: str(value or "") for name, value in found.to_json().items()}
    return {**values, "publishers": " ".join(found.publishers)}


def _revision() -> int:
    draft = services().negative_lists.get_draft(g.actor)
    return draft.revision if draft else 0
