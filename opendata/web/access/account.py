"""The pages of an account: its grants, tokens, sessions, password and e-mail address."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.access.scopes import VERBS
from opendata.errors import InvalidMetadataError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.access.tokens import TokenOptions
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.languages import NAMES, choose_language, list_languages
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.wording.audit import VERB_NAMES

blueprint = Blueprint("account", __name__, url_prefix="/account")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

TOKEN_DAYS = 90


@blueprint.get("")
def show_account() -> Answer:
    """What was granted to the account, and its tokens."""
    return _render()


@blueprint.post("/tokens")
def create_token() -> Answer:
    """Create a token, which is shown this once."""
    try:
        options = TokenOptions.from_values(
            {**request.form.to_dict(), "scopes": request.form.getlist("scopes") or ["read"], "days": _read_days()}
        )
        text, _ = services().accounts.create_token(g.actor.name, options=options, actor=g.actor)
    except InvalidMetadataError as error:
        message = choose_voice().say_error(error)
        return _render(message=message, errors=place_faults(error)), status_of(error)
    return _render(text=text)


@blueprint.post("/tokens/<int:token>/revoke")
def revoke_token(token: int) -> Answer:
    """End a token at once."""
    services().accounts.revoke_token(token, user=g.actor.name, actor=g.actor)
    flash(gettext("The token is revoked"), "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.get("/password")
def show_password() -> Answer:
    """The form for a new password."""
    return _render_password(None)


@blueprint.post("/password")
def change_password() -> Answer:
    """Change the password; the sessions of other browsers end."""
    current, password = request.form.get("current_password", ""), request.form.get("password", "")
    try:
        services().accounts.change_password(g.actor, current, password)
    except InvalidMetadataError as error:
        return _render_password(error), status_of(error)
    flash(gettext("Your password is changed. Your other sessions have ended"), "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.get("/address")
def show_address() -> Answer:
    """The form for the e-mail address."""
    return _render_address(None)


@blueprint.post("/address")
def change_address() -> Answer:
    """Have a link mailed to the new address, or remove the address."""
    current, addresses = request.form.get("current_password", ""), services().mail_addresses
    try:
        if request.form.get("remove"):
            addresses.remove(g.actor, current)
            text = gettext("The address is removed. You get no more mail")
        elif addresses.change(g.actor, current, request.form.get("address", ""), request.form.get("language", "")):
            text = gettext("A mail is on its way to the new address. Open the link in it to confirm the address")
        else:
            text = gettext("The language of the mail is saved")
    except (InvalidMetadataError, StateError) as error:
        return _render_address(error), status_of(error)
    flash(text, "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.get("/data")
def show_own_data() -> Answer:
    """What is kept, and the form that deletes the account."""
    return _render_own_data(None)


@blueprint.get("/data.json")
def send_own_data() -> Answer:
    """All that is kept about the account."""
    text = json.dumps(services().own_data.export(g.actor), ensure_ascii=False, indent=2)
    answer = Response(text, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/data/delete")
def delete_account() -> Answer:
    """Delete the account, and lead to the start of the portal."""
    try:
        confirmed = bool(request.form.get("confirm"))
        services().own_data.delete(g.actor, request.form.get("current_password", ""), confirmed=confirmed)
    except (InvalidMetadataError, StateError) as error:
        return _render_own_data(error), status_of(error)
    flash(gettext("Your account is deleted"), "good")
    return redirect(url_for("catalogue.show_home"), 303)


@blueprint.post("/sessions/<int:number>/end")
def end_session(number: int) -> Answer:
    """End the session of another browser."""
    services().sessions.end(g.actor, number)
    flash(gettext("The session is ended"), "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> Answer:
    """End the sessions of all other browsers."""
    count = services().sessions.end_others(g.actor)
    flash(gettext("Other sessions ended: %(count)s", count=count), "good")
    return redirect(url_for("account.show_account"), 303)


def _read_days() -> int:
    return read_number(request.form.get("days", "")) or TOKEN_DAYS


def _render_password(error: InvalidMetadataError | None) -> str:
    return render_template(
        "access/password.html",
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _render_own_data(error: OpendataError | None) -> str:
    return render_template(
        "access/own_data.html",
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _render_address(error: OpendataError | None) -> str:
    known = services().mail_addresses.get(g.actor)
    shown = {"address": known.address or known.pending or "", "language": known.language or choose_language()}
    if known.address is None and known.pending is None:
        shown["language"] = choose_language()
    return render_template(
        "access/address.html",
        known=known,
        languages=[(language, NAMES[language]) for language in list_languages()],
        values={**shown, **request.form.to_dict()},
        errors=place_faults(error) if isinstance(error, InvalidMetadataError) else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _render(text: str = "", message: str = "", errors: Mapping[str, list[str]] | None = None) -> str:
    return render_template(
        "access/account.html",
        grants=services().grants.list_own(g.actor),
        tokens=[item for item in services().accounts.list_tokens(g.actor.name) if not item.revoked],
        sessions=services().sessions.list(g.actor),
        provider=services().identities.provider,
        mail=services().mail_addresses.get(g.actor),
        sends_mail=services().settings.sends_mail,
        days=TOKEN_DAYS,
        text=text,
        message=message,
        errors=errors or {},
        values=request.form.to_dict(),
        verbs=VERBS,
        verb_names=VERB_NAMES,
    )
