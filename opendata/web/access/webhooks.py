"""The pages of an account's webhooks: what is sent to which address, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.catalogue.public_events import LABELS
from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.announcing.values import WebhookView
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("webhooks", __name__, url_prefix="/account/webhooks")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_PAGE = 50


@blueprint.get("")
def list_webhooks() -> Answer:
    """The webhooks, and the form for a new one; the events and the search of an address are filled in."""
    values = {name: request.args.get(name, "") for name in ("dataset", "publisher", "schema", "search")}
    return _render_list(values, None)


@blueprint.post("")
def create_webhook() -> Answer:
    """Register an address; its secret is shown this once."""
    values = request.form.to_dict()
    try:
        found, secret = services().webhooks.create(g.actor, _read_form())
    except (InvalidMetadataError, StateError) as error:
        return _render_list(values, error), status_of(error)
    return _render_one(found, secret=secret)


@blueprint.get("/<webhook>")
def show_webhook(webhook: str) -> Answer:
    """One webhook with what was sent to it."""
    return _render_one(services().webhooks.get(g.actor, webhook))


@blueprint.post("/<webhook>")
def change_webhook(webhook: str) -> Answer:
    """Change which events are sent, or the address."""
    try:
        services().webhooks.update(g.actor, webhook, _read_form())
    except (InvalidMetadataError, StateError) as error:
        found = services().webhooks.get(g.actor, webhook)
        return _render_one(found, error=error, values=request.form.to_dict()), status_of(error)
    return _return(webhook, gettext("The webhook is saved"))


@blueprint.post("/<webhook>/switch")
def switch_webhook(webhook: str) -> Answer:
    """Turn it off, or on again."""
    active = request.form.get("active") == "1"
    services().webhooks.update(g.actor, webhook, {"active": active})
    text = gettext("The webhook is on. A test is on its way") if active else gettext("The webhook is off")
    return _return(webhook, text)


@blueprint.post("/<webhook>/test")
def test_webhook(webhook: str) -> Answer:
    """Send a test."""
    services().webhooks.test(g.actor, webhook)
    return _return(webhook, gettext("A test is on its way. Load this page again to see the answer"))


@blueprint.post("/<webhook>/secret")
def renew_secret(webhook: str) -> Answer:
    """Another secret, which is shown this once."""
    secret = services().webhooks.renew_secret(g.actor, webhook)
    return _render_one(services().webhooks.get(g.actor, webhook), secret=secret)


@blueprint.post("/<webhook>/delete")
def delete_webhook(webhook: str) -> Answer:
    """Delete it."""
    services().webhooks.delete(g.actor, webhook)
    flash(gettext("The webhook is deleted"), "good")
    return redirect(url_for("webhooks.list_webhooks"), 303)


def _return(webhook: str, text: str) -> Response:
    flash(text, "good")
    return redirect(url_for("webhooks.show_webhook", webhook=webhook), 303)


def _read_form() -> Mapping[str, Any]:
    form = request.form
    given = {name: form.get(name, "").strip() for name in ("url", "note", "dataset", "publisher", "schema", "search")}
    return {**given, "types": form.getlist("types")}


def _render_list(values: Mapping[str, str], error: OpendataError | None) -> str:
    return render_template(
        "access/webhooks.html",
        webhooks=services().webhooks.list(g.actor),
        kinds=LABELS,
        chosen=request.form.getlist("types"),
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _render_one(
    found: WebhookView,
    *,
    secret: str = "",
    error: OpendataError | None = None,
    values: Mapping[str, str] | None = None,
) -> str:
    wanted = found.wanted
    kept = {
        "url": found.url,
        "note": found.note,
        "dataset": wanted.dataset,
        "publisher": wanted.publisher,
        "schema": wanted.schema,
        "search": wanted.search,
    }
    deliveries = services().webhooks.list_deliveries(
        g.actor, found.id, limit=_PAGE, cursor=request.args.get("cursor") or None
    )
    voice = choose_voice()
    return render_template(
        "access/webhook.html",
        webhook=found,
        secret=secret,
        kinds=LABELS,
        chosen=request.form.getlist("types") if error else wanted.kinds,
        values=values if values is not None else kept,
        deliveries=deliveries,
        tell=lambda reason: voice.fill(reason["message"], reason["params"]) if reason else "",
        errors=place_faults(error) if error else {},
        message=voice.say_error(error) if error else "",
    )
