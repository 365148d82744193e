"""The page on which somebody accepts an invitation to a role: with a new account, or with the one they have."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import begin_session, read_origin
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms
from opendata.wording.letters import ROLE_NAMES, ROLE_PURPOSES

blueprint = Blueprint("joining", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("/join/<text>")
def show_invitation(text: str) -> Answer:
    """What one is invited to; programs that look at links in mail change nothing by opening it."""
    return _render(text, {}, None)


@blueprint.post("/join/<text>")
def accept(text: str) -> Answer:
    """Accept, and go on to the workspace."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    try:
        if g.actor is not None:
            services().invitations.accept_as(g.actor, text)
        else:
            services().invitations.accept(text, name, password, read_origin())
            begin_session(name, password)
    except (InvalidMetadataError, StateError) as error:
        return _render(text, {"name": name}, error), status_of(error)
    flash(gettext("Welcome. You have your new role"), "good")
    return redirect(url_for("workspace.show_workspace"), 303)


def _render(text: str, values: dict[str, str], error: OpendataError | None) -> str:
    return render_template(
        "access/joining.html",
        invitation=services().invitations.find(text),
        role_names=ROLE_NAMES,
        purposes=ROLE_PURPOSES,
        provider=services().identities.provider,
        link=text,
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )
