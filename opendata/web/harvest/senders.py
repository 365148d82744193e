"""Lower portals that register their entries here: the list, the form, and their secrets, each shown once."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import N_, InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.harvest.senders import SenderInput, SenderView
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("senders", __name__, url_prefix="/workspace/senders")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]


@blueprint.get("")
def list_senders() -> str:
    """The portals that may send."""
    return _list()


@blueprint.get("/new")
def show_new() -> str:
    """The form for a new sender."""
    require_maintainer(g.actor)
    return _render(None, {"active": "1"}, None)


@blueprint.post("/new")
def add_sender() -> Answer:
    """Register a portal that may send; its secret is shown this once."""
    values = request.form.to_dict()
    name = values.get("id", "").strip()
    try:
        if name in {item.id for item in services().upward.senders.list(g.actor)}:
            raise StateError(N_("There is a sender with this id already"))
        _, secret = services().upward.senders.put(g.actor, name, _read(values))
    except (InvalidMetadataError, StateError) as error:
        return _render(None, values, error), status_of(error)
    return _list(name, secret)


@blueprint.get("/<sender>")
def show_form(sender: str) -> str:
    """The form of a sender."""
    require_maintainer(g.actor)
    found = services().upward.senders.get(g.actor, sender)
    return _render(found, _show(found), None)


@blueprint.post("/<sender>")
def save_sender(sender: str) -> Answer:
    """Change a sender."""
    found, values = services().upward.senders.get(g.actor, sender), request.form.to_dict()
    try:
        services().upward.senders.put(g.actor, sender, _read(values))
    except InvalidMetadataError as error:
        return _render(found, values, error), status_of(error)
    flash(gettext("Saved"), "good")
    return redirect(url_for("senders.list_senders"), 303)


@blueprint.post("/<sender>/secret")
def renew_secret(sender: str) -> str:
    """Give a sender another secret, which is shown this once."""
    return _list(sender, services().upward.senders.renew_secret(g.actor, sender))


def _list(sender: str = "", secret: str = "") -> str:
    return render_template(
        "harvest/senders.html",
        senders=services().upward.senders.list(g.actor),
        named=sender,
        secret=secret,
        may_keep=g.actor is not None and g.actor.is_maintainer,
    )


def _read(values: Mapping[str, str]) -> SenderInput:
    """The sender in a form; each line of the assignment is “publisher there = id here”."""
    texts = {name: values.get(name, "").strip() for name in ("title", "url", "publisher")}
    lines = [line.rpartition("=") for line in values.get("mapping", "").splitlines() if line.strip()]
    mapping = {foreign.strip(): own.strip() for foreign, _, own in lines}
    return SenderInput(**texts, mapping=mapping, is_active=bool(values.get("active")))


def _show(found: SenderView) -> Mapping[str, str]:
    return {
        "title": found.title,
        "url": found.url,
        "publisher": found.publisher,
        "mapping": "\n".join(f"{foreign} = {own}" for foreign, own in found.mapping.items()),
        "active": "1" if found.is_active else "",
    }


def _render(found: SenderView | None, values: Mapping[str, str], error: OpendataError | None) -> str:
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.removeprefix("/"), []).append(voice.say_fault(item))
    publishers = [(item.id, f"{item.title} ({item.id})") for item in services().publishers.list_all() if not item.ended]
    return render_template(
        "harvest/sender_form.html",
        sender=found,
        values=values,
        errors=errors,
        message=voice.say_error(error) if error else "",
        publishers=publishers,
    )
