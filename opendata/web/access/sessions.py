"""Signing in and out by password, and who somebody is while they stay signed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.access.origin import Origin, name_browser
from opendata.errors import N_, NotPermittedError, NotSignedInError, WaitError
from opendata.problems import status_of
from opendata.services.access.limits import DEVICE_DAYS
from opendata.services.access.pending import CodeNeededError
from opendata.services.core.actors import Actor, require_changes
from opendata.web.access.kept_forms import carry_over, forget_sent_form, keep_form, keep_old_form, note_former
from opendata.web.core.cookies import DEVICE, SESSION, delete_cookie, read_cookie, write_cookie
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.readers import find_session, is_read
from opendata.web.core.security import csrf, limit_form, protect_forms

blueprint = Blueprint("sessions", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

PENDING = "pending_sign_in"
"""What the signed cookie calls the sign-in that waits for its code."""

THROUGH = "through_openid"
"""What it calls one that came through another system."""

_WITHOUT = ("assets", "downloads", "operations")
"""What looks at the session only where not everybody may have it, so that caches may keep the rest."""

OWN = (
    *("sessions", "account", "recoveries", "addresses", "joining", "factors", "openid", "webhooks"),
    *("subscriptions", "subscription_ending", "mcp", "oai"),
)
"""What changes nothing but one's own account, or nothing. Who only watches may do that, and change nothing else."""


_ALWAYS = ("documentation", "guide", "words", "problem_pages")
"""Pages that help, whatever is still missing."""


def load_actor() -> AnyResponse | None:
    """Set `g.actor` (None where nobody is signed in) and `g.has_session`.

    Those who must have a second factor, and have none, are led to set it up before anything else.
    """
    g.actor, g.has_session = None, False
    if request.blueprint in _WITHOUT or not read_cookie(SESSION):
        return None
    g.actor = find_session()
    if not is_read() and request.blueprint not in OWN and not request.path.startswith("/api/"):
        require_changes(g.actor)
    g.has_session = g.actor is not None
    if g.actor is not None and g.actor.lacks_factor and request.blueprint not in (*OWN, *_ALWAYS):
        return _ask_for_factor()
    if g.actor is None:
        _end()
    return None


def _ask_for_factor() -> AnyResponse:
    if request.path.startswith("/api/") or not is_read():
        raise NotPermittedError(N_("Set up a second factor first, on the page of your account"))
    return redirect(url_for("factors.show_factor"), 303)


@blueprint.get("/sign-in")
def show_sign_in() -> AnyResponse | str:
    """The form."""
    if g.actor is not None:
        return redirect(safe_path(request.args.get("next")))
    return _render(next=request.args.get("next", ""))


@blueprint.post("/sign-in")
def sign_in() -> AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Check name and password and begin a new session."""
    name, wanted = request.form.get("name", "").strip(), request.form.get("next", "")
    try:
        actor = begin_session(name, request.form.get("password", ""))
    except WaitError as error:
        page = _render(error=gettext(error.message, **error.params), name=name, next=wanted)
        return page, status_of(error), {"Retry-After": str(error.seconds)}
    except CodeNeededError as error:
        session[PENDING] = error.pending
        session.pop(THROUGH, None)
        return redirect(url_for("factors.show_code", next=wanted), 303)
    except NotSignedInError as error:
        return _render(error=gettext(error.message), name=name, next=wanted), 401
    flash(gettext("Welcome, %(name)s", name=actor.name), "good")
    return redirect(safe_path(wanted), 303)


def begin_session(name: str, password: str) -> Actor:
    """Begin a new session; who it belongs to. Raises as `Accounts.sign_in` does."""
    origin = read_origin()
    actor, text = services().accounts.sign_in(name, password, origin)
    enter(actor, text, origin)
    return actor


def enter(actor: Actor, text: str, origin: Origin, *, is_through: bool = False) -> None:
    """Let this browser have a session that was begun; `is_through` another system, where signing out leads too."""
    write_cookie(DEVICE, services().limits.remember(actor, origin), seconds=DEVICE_DAYS * 24 * 3600)
    if g.get("actor") is not None:
        services().sessions.sign_out(g.actor)  # nobody could end it from this browser any longer
    write_cookie(SESSION, text)
    kept = carry_over()
    session.clear()  # nothing else of the time before counts any more
    session.update(kept)
    session["user"] = actor.id
    if is_through:
        session[THROUGH] = True


def read_origin() -> Origin:
    """Where this request comes from."""
    agent = name_browser(request.user_agent.string)
    return Origin(address=request.remote_addr or "", browser=agent, device=read_cookie(DEVICE))


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session, and lead to the other system to end the one there, if it began there."""
    is_through = g.actor is not None and THROUGH in session
    if g.actor is not None:
        services().sessions.sign_out(g.actor)
    _end()
    flash(gettext("You are signed out"), "good")
    home, identities = url_for("catalogue.show_home"), services().identities
    exit_there = identities.find_exit(absolute_url(home)) if is_through else ""
    response = redirect(home, 303)
    if exit_there:
        page = render_template("access/leading.html", address=exit_there, provider=identities.provider)
        response = make_response(page)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'  # not cookies: this browser stays known
    return response


def safe_path(wanted: str | None) -> str:
    """A path of this portal to go on to: the wanted one, or the workspace where it leads elsewhere."""
    default = url_for("workspace.show_workspace")
    if not wanted or not wanted.startswith("/") or wanted[1:2] in ("/", "\\"):
        return default
    if any(ord(letter) <= 32 or letter == "\\" for letter in wanted):
        return default
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else wanted


def ask_to_sign_in() -> Response | AnyResponse | None:
    """Before a page of the signed-in area: lead anyone who isn't signed in to the form, and back afterwards."""
    is_read = request.method in ("GET", "HEAD")
    if g.actor is not None:
        return None if is_read else _check_form()
    wanted = request.full_path.rstrip("?") if is_read else keep_form()
    return redirect(url_for("sessions.show_sign_in", next=wanted), 303)


def _check_form() -> AnyResponse | None:
    """Show a form again that was opened in an earlier session; what else is wrong with it is found later."""
    try:
        csrf.protect()
    except CSRFError:
        address = keep_old_form()
        return redirect(address, 303) if address else None
    forget_sent_form()
    return None


def _end() -> None:
    """End the session; of it, only whose it was is remembered, for the forms that they may still send."""
    user = session.get("user")
    delete_cookie(SESSION)
    session.clear()
    if user is not None:
        note_former(user)


def _render(**values: Any) -> str:
    return render_template("access/sign_in.html", provider=services().identities.provider, **values)
