"""Pages of mail about events: subscribe without an account, confirm the address, end it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.catalogue.public_events import LABELS
from opendata.errors import InvalidMetadataError, OpendataError, StateError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.announcing.subscriptions import PACE_NAMES
from opendata.web.access.grants import place_faults
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("subscriptions", __name__, url_prefix="/subscriptions")
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

ending = Blueprint("subscription_ending", __name__, url_prefix="/subscriptions/end")
"""Programs of mail end a subscription with a bare request, so its secret text alone protects it (RFC 8058)."""
ending.before_request(limit_form)

Answer = Response | str | tuple[str, int]

_LIMITS = ("dataset", "publisher", "schema", "search")


@blueprint.get("/new")
def show_form() -> Answer:
    """The form, filled in with what the address names."""
    values = {name: request.args.get(name, "")[:2000] for name in _LIMITS}
    return _render({**values, "pace": "daily"}, None)


@blueprint.post("/new")
def subscribe() -> Answer:
    """Take the subscription; a mail asks to confirm it."""
    form = request.form
    values = {name: form.get(name, "").strip() for name in ("mail", "pace", *_LIMITS)}
    try:
        services().subscriptions.subscribe(
            {**values, "types": form.getlist("types")},
            address=request.remote_addr or "",
            language=choose_language(),
        )
    except (InvalidMetadataError, StateError, WaitError) as error:
        return _render(values, error), status_of(error)
    return render_template("access/subscribed.html", address=values["mail"])


@blueprint.get("/confirm/<text>")
def show_confirmation(text: str) -> Answer:
    """The link in a mail: a button that confirms the subscription."""
    found = services().subscriptions.find_confirmation(text)
    return render_template("access/subscription.html", found=found, text=text, confirms=True)


@blueprint.post("/confirm/<text>")
def confirm(text: str) -> Answer:
    """Confirm it."""
    services().subscriptions.confirm(text)
    flash(gettext("Your subscription is confirmed. You get mail from now on"), "good")
    return redirect(url_for("catalogue.show_home"), 303)


@ending.get("/<text>")
def show_end(text: str) -> Answer:
    """The link in each mail: a button that ends the subscription."""
    found = services().subscriptions.find_end(text)
    return render_template("access/subscription.html", found=found, text=text, confirms=False)


@ending.post("/<text>")
def end(text: str) -> Answer:
    """End it, whether a person or a program of mail asks."""
    is_ended = services().subscriptions.end(text)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response(status=204)
    if not is_ended:
        services().subscriptions.find_end(text)
    flash(gettext("The subscription has ended. Your address is deleted"), "good")
    return redirect(url_for("catalogue.show_home"), 303)


def _render(values: Mapping[str, str], error: OpendataError | None) -> str:
    return render_template(
        "access/subscribe.html",
        sends=services().settings.sends_mail,
        kinds=LABELS,
        chosen=request.form.getlist("types"),
        paces=PACE_NAMES,
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )
