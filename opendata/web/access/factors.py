"""The pages of the second factor: set up with an app, entered when signing in, removed."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import InputError, InvalidMetadataError, NotSignedInError, OpendataError, StateError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.access.factors.passkeys import Site
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import PENDING, THROUGH, ask_to_sign_in, enter, read_origin, safe_path
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("factors", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/sign-in/code")
def show_code() -> Answer:
    """The form for the code, once the password was right."""
    if PENDING not in session:
        return redirect(url_for("sessions.show_sign_in"), 303)
    return _render_code(request.args.get("next", ""))


@blueprint.post("/sign-in/code")
def enter_code() -> Answer:
    """Check the code and begin the session."""
    wanted = request.form.get("next", "")
    try:
        origin = read_origin()
        actor, text = services().second_factors.sign_in(session.get(PENDING, ""), request.form.get("code", ""), origin)
    except WaitError as error:
        page = _render_code(wanted, choose_voice().say_error(error))
        return page, status_of(error), {"Retry-After": str(error.seconds)}
    except NotSignedInError as error:
        return _render_code(wanted, choose_voice().say_error(error)), 401
    enter(actor, text, origin, is_through=THROUGH in session)
    flash(gettext("Welcome, %(name)s", name=actor.name), "good")
    return redirect(safe_path(wanted), 303)


@blueprint.get("/account/second-factor")
def show_factor() -> Answer:
    """What the account has, or the secret to set it up with."""
    return ask_to_sign_in() or _render(None)


@blueprint.get("/account/second-factor/qr.svg")
def show_qr() -> Answer:
    """The secret as a picture for the app."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    answer = Response(services().second_factors.draw(g.actor), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/account/second-factor")
def confirm_factor() -> Answer:
    """Switch it on with the first code; the recovery codes are shown this once."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        codes = services().second_factors.confirm(
            g.actor, request.form.get("current_password", ""), request.form.get("code", "")
        )
    except (InvalidMetadataError, StateError) as error:
        return _render(error), status_of(error)
    return _render(None, codes)


@blueprint.post("/account/second-factor/codes")
def renew_codes() -> Answer:
    """Make new recovery codes."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        codes = services().second_factors.renew(g.actor, request.form.get("code", ""))
    except InvalidMetadataError as error:
        return _render(error), status_of(error)
    return _render(None, codes)


@blueprint.post("/account/second-factor/remove")
def remove_factor() -> Answer:
    """Switch it off."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        services().second_factors.remove(
            g.actor, request.form.get("current_password", ""), request.form.get("code", "")
        )
    except (InvalidMetadataError, StateError) as error:
        return _render(error), status_of(error)
    flash(gettext("The second factor is removed"), "good")
    return redirect(url_for("account.show_account"), 303)


@blueprint.post("/sign-in/passkey/options")
def offer_sign_in() -> Answer:
    """What the browser asks a device for."""
    return Response(services().passkeys.offer_sign_in(_find_site()), mimetype="application/json")


@blueprint.post("/sign-in/passkey")
def sign_in_with_passkey() -> Answer:
    """Begin a session with what a device has signed."""
    wanted, origin = request.form.get("next", ""), read_origin()
    try:
        actor, text = services().passkeys.sign_in(request.form.get("credential", ""), _find_site(), origin)
    except (NotSignedInError, WaitError) as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("sessions.show_sign_in", next=wanted), 303)
    enter(actor, text, origin)
    flash(gettext("Welcome, %(name)s", name=actor.name), "good")
    return redirect(safe_path(wanted), 303)


@blueprint.post("/account/passkeys/options")
def offer_passkey() -> Answer:
    """What the browser asks a device for, to make a new passkey."""
    return ask_to_sign_in() or Response(
        services().passkeys.offer_registration(g.actor, _find_site()), mimetype="application/json"
    )


@blueprint.post("/account/passkeys")
def add_passkey() -> Answer:
    """Keep a new passkey."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    said = [request.form.get(name, "") for name in ("current_password", "name", "credential")]
    try:
        services().passkeys.register(g.actor, said[0], said[1], said[2], _find_site())
    except (InvalidMetadataError, InputError, StateError) as error:
        return _render(error), status_of(error)
    flash(gettext("The passkey is added. From now on, sign in with it"), "good")
    return redirect(url_for("factors.show_factor"), 303)


@blueprint.post("/account/passkeys/<int:number>/remove")
def remove_passkey(number: int) -> Answer:
    """Remove a passkey."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        services().passkeys.remove(g.actor, request.form.get("current_password", ""), number)
    except InvalidMetadataError as error:
        return _render(error), status_of(error)
    flash(gettext("The passkey is removed"), "good")
    return redirect(url_for("factors.show_factor"), 303)


def _find_site() -> Site:
    """The portal as devices know it."""
    parts = urlsplit(services().settings.base_url or request.url_root)
    return Site(host=parts.hostname or "", origin=f"{parts.scheme}://{parts.netloc}")


def _render_code(wanted: str, error: str = "") -> str:
    return render_template("access/code.html", next=wanted, error=error)


def _render(error: OpendataError | None, codes: object = ()) -> str:
    factor = services().second_factors.get(g.actor)
    return render_template(
        "access/factor.html",
        factor=factor,
        passkeys=services().passkeys.list(g.actor),
        secret=services().second_factors.begin(g.actor)[0] if factor.since is None else "",
        codes=codes,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )
