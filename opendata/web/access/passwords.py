"""Pages on which people change their password, or set a new one with a link."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.access.limits import DEVICE_DAYS
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in, read_origin
from opendata.web.core.cookies import DEVICE, write_cookie
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("passwords", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]

_OWN, _LINK = "/account/password", "/recover/<text>"


@blueprint.get(_OWN)
def show_own_password() -> Answer:
    """The form for a new password."""
    return ask_to_sign_in() or _render("access/password.html")


@blueprint.post(_OWN)
def change_own_password() -> Answer:
    """Change the password; the other sessions end."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        services().accounts.change_password(g.actor, request.form.get("current", ""), request.form.get("password", ""))
    except (InvalidMetadataError, WaitError) as error:
        return _refuse(error, "access/password.html")
    flash(gettext("Your password is changed. Your other sessions have ended"), "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.get(_LINK)
def show_recovery(text: str) -> Answer:
    """The form for a new password, for somebody who has a link."""
    return _render("access/recover.html", name=services().recoveries.find_account(text))


@blueprint.post(_LINK)
def recover(text: str) -> Answer:
    """Set the password and lead to signing in, which this browser may do from now on whatever others try."""
    name, origin = services().recoveries.find_account(text), read_origin()
    try:
        actor = services().recoveries.accept(text, request.form.get("password", ""), origin)
    except (InvalidMetadataError, WaitError) as error:
        return _refuse(error, "access/recover.html", name=name)
    write_cookie(DEVICE, services().limits.remember(actor, origin), seconds=DEVICE_DAYS * 24 * 3600)
    flash(gettext("Your new password is set. Sign in with it"), "good")
    return redirect(url_for("sessions.show_sign_in"), 303)


def _refuse(error: OpendataError, template: str, **values: object) -> tuple[str, int, dict[str, str]]:
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, WaitError) else {}
    page = _render(template, errors=place_faults(error), message=choose_voice().say_error(error), **values)
    return page, status_of(error), headers


def _render(template: str, **values: object) -> str:
    return render_template(template, **{"errors": {}, "message": "", **values})
