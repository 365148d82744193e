"""Signing in through another system (OpenID Connect): led there, coming back, connected with an account."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import BackendError, InvalidMetadataError, NotFoundError, NotSignedInError, StateError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.access.external.identities import Answer, Wish
from opendata.services.access.pending import CodeNeededError
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import PENDING, THROUGH, ask_to_sign_in, enter, read_origin, safe_path
from opendata.web.core.cookies import OPENID, delete_cookie, read_cookie, write_cookie
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("openid", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Page = Response | str | tuple[str, int]

_MOST_PATH = 1000
"""Letters of a path that the cookie keeps."""


@blueprint.get("/sign-in/openid")
def show_button() -> Response:
    """The page with the button, for a page that was reloaded."""
    return redirect(url_for("sessions.show_sign_in", next=request.args.get("next", "")), 303)


@blueprint.post("/sign-in/openid")
def begin() -> Page:
    """Lead to the other system."""
    following = request.form.get("next", "")[:_MOST_PATH]
    wish = Wish(following=following, invitation=request.form.get("invitation", "")[:_MOST_PATH])
    try:
        return _lead(*services().identities.begin(wish, _find_return()))
    except BackendError as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("sessions.show_sign_in", next=following), 303)


@blueprint.get("/sign-in/openid/done")
def finish() -> Response:
    """Take what the other system has sent a person back with."""
    kept, origin, identities = read_cookie(OPENID), read_origin(), services().identities
    delete_cookie(OPENID)
    wish = Wish()
    try:
        wish = identities.read_wish(kept)
        begun = identities.finish(kept, _read_answer(), g.actor, origin)
    except CodeNeededError as error:
        session[PENDING], session[THROUGH] = error.pending, True
        return redirect(url_for("factors.show_code", next=_find_next(wish)), 303)
    except (NotSignedInError, StateError, NotFoundError, BackendError, InvalidMetadataError, WaitError) as error:
        flash(choose_voice().say_error(error), "bad")
        back = url_for("account.show_account") if wish.user else url_for("sessions.show_sign_in", next=_find_next(wish))
        return redirect(back, 303)
    if begun is None:
        flash(gettext("Your account is connected. From now on, you can sign in through the other system too"), "good")
        return redirect(url_for("account.show_account"), 303)
    actor, text = begun
    enter(actor, text, origin, is_through=True)
    flash(gettext("Welcome, %(name)s", name=actor.name), "good")
    return redirect(safe_path(_find_next(wish)), 303)


@blueprint.get("/account/openid")
def show_connections() -> Page:
    """What the account is connected with, and the form to connect it."""
    return ask_to_sign_in() or _render(None)


@blueprint.post("/account/openid")
def connect() -> Page:
    """Lead to the other system, to connect the account with one there."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        return _lead(*services().identities.connect(g.actor, request.form.get("current_password", ""), _find_return()))
    except (InvalidMetadataError, BackendError) as error:
        return _render(error), status_of(error)


@blueprint.post("/account/openid/<int:number>/remove")
def disconnect(number: int) -> Page:
    """Disconnect an account."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    try:
        services().identities.disconnect(g.actor, request.form.get("current_password", ""), number)
    except InvalidMetadataError as error:
        return _render(error), status_of(error)
    flash(gettext("The account is disconnected"), "good")
    return redirect(url_for("openid.show_connections"), 303)


def _lead(address: str, kept: str) -> str:
    """A page that leads on: forms may send to this portal alone, and browsers hold redirects to that."""
    write_cookie(OPENID, kept, seconds=600)
    return render_template("access/leading.html", address=address, provider=services().identities.provider)


def _find_return() -> str:
    return absolute_url(url_for("openid.finish"))


def _find_next(wish: Wish) -> str:
    """Where to go on; somebody who has an account accepts an invitation on its page."""
    return url_for("joining.show_invitation", text=wish.invitation) if wish.invitation else wish.following


def _read_answer() -> Answer:
    said = {name: request.args.get(name, "")[:4000] for name in ("state", "code", "error")}
    return Answer(**said, issuer=request.args.get("iss", "")[:1000])


def _render(error: InvalidMetadataError | BackendError | None) -> str:
    return render_template(
        "access/openid.html",
        identities=services().identities.list(g.actor),
        provider=services().identities.provider,
        errors=place_faults(error) if isinstance(error, InvalidMetadataError) else {},
        message=choose_voice().say_error(error) if error else "",
    )
