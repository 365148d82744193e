"""How maintainers keep the public side: one form for each kind of page, and the decisions about re-uses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.site.kinds import FIELDS, PARTS, PageKind
from opendata.domain.site.reuses import ReuseState
from opendata.errors import InputError, InvalidMetadataError, NotFoundError, OpendataError, StateError, TooLargeError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.governance.site.files import MOST_BYTES
from opendata.services.governance.site.pages import IDENTITY_ID
from opendata.services.governance.site.values import PageView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import protect_forms
from opendata.web.governance.site.form_values import read_form, show_form_values
from opendata.web.governance.site.reuses import PAGE_SIZE, read_values
from opendata.wording.governance.site import (
    CALL_STATES,
    FIELD_LABELS,
    GROUPING_NAMES,
    KIND_NAMES,
    KIND_PURPOSES,
    LINK_STATES,
    REUSE_STATES,
)

blueprint = Blueprint("site_staff", __name__, url_prefix="/workspace/site")
blueprint.before_request(ask_to_sign_in)


@blueprint.before_request
def _limit_form() -> None:
    request.max_content_length = 2 * MOST_BYTES


blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_KIND = "/<kind>"
_NEW = "new"


@blueprint.get("")
def show_site() -> str:
    """What there is to keep."""
    actor = require_maintainer(g.actor)
    counts = {kind: len(services().pages.list(actor, kind)) for kind in PageKind}
    return render_template(
        "governance/site/staff.html",
        kinds=list(PageKind),
        names=KIND_NAMES,
        purposes=KIND_PURPOSES,
        counts=counts,
        waiting=services().reuses.count_waiting(),
    )


@blueprint.get(_KIND)
def list_pages(kind: str) -> Response | str:
    """The pages of a kind; who runs the site is a single one."""
    actor = require_maintainer(g.actor)
    found = _read_kind(kind)
    if found == PageKind.IDENTITY:
        return redirect(url_for("site_staff.show_page", kind=kind, page=IDENTITY_ID), 303)
    return render_template(
        "governance/site/staff_list.html",
        kind=found,
        name=KIND_NAMES[found],
        purpose=KIND_PURPOSES[found],
        pages=services().pages.list(actor, found),
        states=CALL_STATES,
        link_page=link_page,
    )


@blueprint.get(f"{_KIND}/<page>")
def show_page(kind: str, page: str) -> str:
    """The form of a page; the page `new` is none yet."""
    which = _read_kind(kind)
    found = _find(which, page)
    return _render(which, page, found, show_form_values(which, found), None)


@blueprint.post(f"{_KIND}/<page>")
def save_page(kind: str, page: str) -> Answer:
    """Make or change a page."""
    which = _read_kind(kind)
    found = _find(which, page)
    try:
        said, is_public, position = read_form(which, found)
        name = "" if page == _NEW else page
        view, is_new = services().pages.put(g.actor, which, name, said, is_public=is_public, position=position)
    except (InvalidMetadataError, StateError, InputError, TooLargeError) as error:
        return _render(which, page, found, request.form.to_dict(), error), status_of(error)
    is_single = which == PageKind.IDENTITY
    is_named = is_new and not is_single
    flash(gettext("Saved. “%(title)s” is new", title=view.title) if is_named else gettext("Saved"), "good")
    return redirect(url_for("site_staff.show_site") if is_single else url_for("site_staff.list_pages", kind=kind), 303)


@blueprint.post(f"{_KIND}/<page>/delete")
def delete_page(kind: str, page: str) -> Response:
    """Delete a page."""
    services().pages.delete(g.actor, _read_kind(kind), page)
    flash(gettext("Deleted"), "good")
    return redirect(url_for("site_staff.list_pages", kind=kind), 303)


@blueprint.get("/reuses")
def list_reuses() -> str:
    """Re-uses by state: those that wait come first."""
    return _render_reuses(None)


@blueprint.post("/reuses/new")
def add_reuse() -> Answer:
    """Show a re-use that a maintainer has found."""
    values = request.form.to_dict()
    try:
        services().reuses.add(g.actor, read_values(values))
    except (InvalidMetadataError, StateError) as error:
        return _render_reuses(error, values), status_of(error)
    flash(gettext("The re-use is shown"), "good")
    return redirect(url_for("site_staff.list_reuses", state=ReuseState.APPROVED), 303)


@blueprint.post("/reuses/<reuse>/decide")
def decide_reuse(reuse: str) -> Answer:
    """Show a re-use, or refuse it."""
    approve = request.form.get("decision") == "approve"
    try:
        services().reuses.decide(g.actor, reuse, approve=approve, reason=request.form.get("reason", ""))
    except (InvalidMetadataError, StateError) as error:
        return _render_reuses(error), status_of(error)
    flash(gettext("The re-use is shown") if approve else gettext("The re-use isn't shown"), "good")
    return redirect(url_for("site_staff.list_reuses"), 303)


def link_page(page: PageView) -> str:
    """Where the public reads a page; empty for what has no page of its own."""
    if page.kind in PARTS:
        return url_for("site_disclosure.show_page", part=page.kind, page=page.id)
    endpoint = {PageKind.COLUMN: "site_topics.show_column", PageKind.CALL: "site_topics.show_call"}.get(page.kind)
    return url_for(endpoint, page=page.id) if endpoint else url_for("site_status.show_status")


def _read_kind(text: str) -> PageKind:
    """The kind that an address names. Raises `NotFoundError`."""
    if text not in list(PageKind):
        raise NotFoundError
    return PageKind(text)


def _find(kind: PageKind, page: str) -> PageView | None:
    """The page that a form changes; None for one that is made. Raises `NotFoundError`, `NotPermittedError`."""
    actor = require_maintainer(g.actor)
    if page == _NEW and kind != PageKind.IDENTITY:
        return None
    try:
        return services().pages.get(actor, kind, page)
    except NotFoundError:
        if kind == PageKind.IDENTITY and page == IDENTITY_ID:
            return None
        raise


def _render(
    kind: PageKind, page: str, found: PageView | None, values: dict[str, Any], error: OpendataError | None
) -> str:
    message, errors = _say(error)
    return render_template(
        "governance/site/form.html",
        kind=kind,
        kind_name=KIND_NAMES[kind],
        page=page,
        found=found,
        fields=FIELDS[kind],
        labels=FIELD_LABELS,
        languages=services().settings.languages[1:],
        groupings=[(value.value, gettext(name)) for value, name in GROUPING_NAMES.items()],
        values=values,
        errors=errors,
        message=message,
        is_single=kind == PageKind.IDENTITY,
        address=link_page(found) if found is not None and kind != PageKind.IDENTITY else "",
    )


def _render_reuses(error: OpendataError | None, values: dict[str, str] | None = None) -> str:
    actor = require_maintainer(g.actor)
    wanted = request.args.get("state", "")
    state = ReuseState(wanted) if wanted in list(ReuseState) else ReuseState.WAITING
    message, errors = _say(error)
    return render_template(
        "governance/site/staff_reuses.html",
        page=services().reuses.list(actor, state=state, cursor=request.args.get("cursor") or None, limit=PAGE_SIZE),
        state=state,
        states=REUSE_STATES,
        links=LINK_STATES,
        message=message,
        errors=errors,
        values=values or {},
    )


def _say(error: OpendataError | None) -> tuple[str, dict[str, list[str]]]:
    """An error in words, and its faults by the field that they are about."""
    if error is None:
        return "", {}
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults:
        parts = item.pointer.strip("/").split("/")
        name = f"{parts[2]}-{parts[1]}" if parts[0] == "i18n" and len(parts) > 2 else parts[0]
        errors.setdefault(name, []).append(voice.say_fault(item))
    return voice.say_error(error), errors
