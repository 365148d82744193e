"""Pages of grants: given and ended by the publisher, accepted by those who were invited."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.web.access.sessions import ask_to_sign_in, begin_session
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("grants", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_ALL = "/workspace/datasets/<dataset>/grants"
_INVITATION = "/invitations/<text>"


@blueprint.get(_ALL)
def show_grants(dataset: str) -> Answer:
    """The grants for a dataset, and the form for a new one."""
    return ask_to_sign_in() or _render(dataset, {}, None)


@blueprint.post(_ALL)
def give_grant(dataset: str) -> Answer:
    """Give a grant; a new reader's invitation is shown once."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    values = request.form.to_dict()
    try:
        grant, text = services().grants.give(g.actor, dataset, values)
    except (InvalidMetadataError, StateError) as error:
        return _render(dataset, values, error), status_of(error)
    if text is None:
        flash(gettext("%(holder)s may now have the data", holder=grant.holder), "good")
        return redirect(url_for("grants.show_grants", dataset=dataset), 303)
    return _render(dataset, {}, None, link=absolute_url(url_for("grants.show_invitation", text=text)), invited=grant)


@blueprint.post(f"{_ALL}/<grant>/end")
def end_grant(dataset: str, grant: str) -> Answer:
    """End a grant at once."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        found = services().grants.end(g.actor, dataset, grant, request.form.get("reason", ""))
    except (InvalidMetadataError, StateError) as error:
        return _render(dataset, {}, error), status_of(error)
    flash(gettext("The grant of %(holder)s has ended", holder=found.holder), "good")
    return redirect(url_for("grants.show_grants", dataset=dataset), 303)


@blueprint.get(_INVITATION)
def show_invitation(text: str) -> Answer:
    """What the invitation is for, and the form for a new account."""
    return _render_invitation(text, {}, None)


@blueprint.post(_INVITATION)
def accept_invitation(text: str) -> Answer:
    """Accept with the account one is signed in to, or with a new one, and go on to the dataset."""
    attempt = services().limits.count_invitation(request.remote_addr or "")
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        if g.actor is not None:
            grant = services().grants.accept_as(g.actor, text)
        else:
            grant = services().grants.accept(text, name, password)
            begin_session(name.strip(), password)
    except (InvalidMetadataError, StateError) as error:
        return _render_invitation(text, {"name": name}, error), status_of(error)
    services().limits.take_back(attempt)
    flash(gettext("You may now have the data of this dataset until %(day)s", day=grant.until), "good")
    return redirect(url_for("catalogue.show_dataset", dataset=grant.dataset), 303)


def _render(dataset: str, values: dict[str, str], error: OpendataError | None, **shown: object) -> str:
    grants = services().grants.list(g.actor, dataset)
    return render_template(
        "access/grants.html",
        dataset=services().datasets.get(dataset, g.actor),
        grants=grants,
        publishers=services().publishers.list(limit=1000).items,
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
        **shown,
    )


def _render_invitation(text: str, values: dict[str, str], error: OpendataError | None) -> str:
    dataset, grant = services().grants.get_invitation(text)
    return render_template(
        "access/invitation.html",
        dataset=dataset,
        grant=grant,
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def place_faults(error: OpendataError) -> dict[str, list[str]]:
    """Each fault beside its field."""
    errors: dict[str, list[str]] = {}
    for item in error.faults:
        errors.setdefault(item.pointer.strip("/"), []).append(choose_voice().say_fault(item))
    return errors
