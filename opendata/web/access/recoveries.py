"""The pages on which people who forgot their password ask for a link, and set a new one with it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InvalidMetadataError, OpendataError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.access.limits import DEVICE_DAYS
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import read_origin
from opendata.web.core.cookies import DEVICE, write_cookie
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("recoveries", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/recover")
def show_request() -> Answer:
    """The form with which a link is asked for; where no mail is sent, who else gives one."""
    return _render_request()


@blueprint.post("/recover")
def ask() -> Answer:
    """Have a link mailed. The answer is the same whether or not there is such an account."""
    if services().settings.sends_mail:
        try:
            services().recoveries.ask(request.form.get("name", "").strip(), read_origin())
        except WaitError as error:
            page = _render_request(message=choose_voice().say_error(error))
            return page, status_of(error), {"Retry-After": str(error.seconds)}
    return _render_request(is_asked=services().settings.sends_mail)


@blueprint.get("/recover/<text>")
def show_recovery(text: str) -> Answer:
    """The form for a new password."""
    return _render(services().recoveries.find_account(text), None)


@blueprint.post("/recover/<text>")
def recover(text: str) -> Answer:
    """Set the password and lead to signing in, which this browser may do from now on whatever others try."""
    name, origin = services().recoveries.find_account(text), read_origin()
    try:
        actor = services().recoveries.accept(text, request.form.get("password", ""), origin)
    except InvalidMetadataError as error:
        return _render(name, error), status_of(error)
    write_cookie(DEVICE, services().limits.remember(actor, origin), seconds=DEVICE_DAYS * 24 * 3600)
    flash(gettext("Your new password is set. Sign in with it"), "good")
    return redirect(url_for("sessions.show_sign_in"), 303)


def _render_request(*, is_asked: bool = False, message: str = "") -> str:
    return render_template(
        "access/forgotten.html",
        is_asked=is_asked,
        message=message,
        sends_mail=services().settings.sends_mail,
        values=request.form.to_dict(),
    )


def _render(name: str, error: OpendataError | None) -> str:
    return render_template(
        "access/recover.html",
        name=name,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )
