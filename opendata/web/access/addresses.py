"""The page on which somebody confirms with a mailed link that an account may use their address."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.web.access.sessions import read_origin
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("addresses", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)


@blueprint.get("/confirm-address/<text>")
def show_confirmation(text: str) -> str:
    """What is to be confirmed; programs that look at links in mail change nothing by opening it."""
    name, address = services().mail_addresses.find_change(text)
    return render_template("access/confirm_address.html", name=name, address=address)


@blueprint.post("/confirm-address/<text>")
def confirm(text: str) -> Response:
    """Give the account its address."""
    name = services().mail_addresses.confirm(text, read_origin())
    flash(gettext("The address is confirmed for the account %(name)s", name=name), "good")
    return redirect(url_for("sessions.show_sign_in"), 303)
