"""The form with which a reader asks, and the pages on which they follow what becomes of it, without an account."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.requests.kinds import IDENTIFIED, PLACED, PRIVATE, RequestKind
from opendata.domain.requests.steps import RequestStep
from opendata.errors import InvalidMetadataError, NotFoundError, OpendataError, StateError, WaitError
from opendata.problems import choose_voice, status_of
from opendata.services.governance.requests.asking import FormProof
from opendata.services.governance.requests.following import Follower
from opendata.services.governance.requests.values import RequestView
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.requests.showing import NAMES, read_word, say_clock

blueprint = Blueprint("request_following", __name__, url_prefix="/requests")
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_FOLLOWED = "followed_request"
_SECONDS = 1800
"""How long a browser that showed a code may go on without it."""

_MANY = 1000
_PLACES = ("dataset", "version", "resource", "row", "column", "publisher")


@blueprint.get("/new")
def show_form() -> Answer:
    """The kinds of requests to choose from, or the form of one."""
    kind = read_word(RequestKind, request.args.get("kind", ""))
    values = {name: request.args.get(name, "")[:200] for name in _PLACES}
    if kind is None:
        given = {name: text for name, text in values.items() if text}
        return render_template("governance/requests/kinds.html", kinds=list(RequestKind), names=NAMES, given=given)
    return _render_form(RequestKind(kind), values, None)


@blueprint.post("/new")
def send_request() -> Answer:
    """Take the request; its number and code are shown this once."""
    values = request.form.to_dict()
    proof = FormProof(opened=values.pop("opened", ""), trap=values.pop("website", ""))
    try:
        asked = services().requests.asking.ask(
            g.actor, values, address=request.remote_addr or "", language=choose_language(), proof=proof
        )
    except (InvalidMetadataError, StateError, WaitError) as error:
        kind = read_word(RequestKind, values.get("kind", "")) or RequestKind.QUESTION
        return _render_form(RequestKind(kind), values, error, proof.opened), status_of(error)
    _remember(services().requests.following.open(asked.request.number, asked.code, request.remote_addr or ""))
    return render_template(
        "governance/requests/asked.html",
        asked=asked,
        clock=say_clock(asked.request),
        mail=values.get("mail"),
    )


@blueprint.get("/follow")
def show_followed() -> Answer:
    """The request that this browser showed the code of, or the form for number and code; and those of the account."""
    follower = _recall()
    if follower is not None:
        try:
            return _render_followed(services().requests.following.get(follower), {}, None)
        except NotFoundError:
            session.pop(_FOLLOWED, None)
    return _render_door({}, None)


@blueprint.post("/follow")
def open_request() -> Answer:
    """Check number and code."""
    values = request.form.to_dict()
    try:
        found = services().requests.following.open(
            values.get("number", ""), values.get("code", ""), request.remote_addr or ""
        )
    except (NotFoundError, WaitError) as error:
        return _render_door({"number": values.get("number", "")}, error), status_of(error)
    _remember(found)
    return redirect(url_for("request_following.show_followed"), 303)


@blueprint.post("/follow/leave")
def leave_request() -> Response:
    """Forget the request in this browser."""
    session.pop(_FOLLOWED, None)
    flash(gettext("This browser has forgotten the request"), "good")
    return redirect(url_for("request_following.show_followed"), 303)


@blueprint.post("/follow/<any('answer','add','withdraw'):step>")
def take_step(step: str) -> Answer:
    """Answer a question, add something, or withdraw the request."""
    follower = _recall()
    if follower is None:
        return _render_door({}, None), 403
    try:
        services().requests.following.take(follower, RequestStep(step), request.form.to_dict())
    except (InvalidMetadataError, StateError) as error:
        found = services().requests.following.get(follower)
        return _render_followed(found, request.form.to_dict(), error), status_of(error)
    flash(gettext("It is noted, and the publisher can see it"), "good")
    return redirect(url_for("request_following.show_followed"), 303)


@blueprint.post("/own/<number>")
def open_own(number: str) -> Answer:
    """Open a request that was sent with the account one is signed in to."""
    away = ask_to_sign_in()
    if away is not None:
        return away
    found = services().requests.following.get(Follower(number, actor=g.actor))
    session[_FOLLOWED] = {"number": found.number, "account": True, "at": _now()}
    return redirect(url_for("request_following.show_followed"), 303)


@blueprint.get("/confirm/<text>")
def show_confirmation(text: str) -> Answer:
    """The link in a mail: a button that confirms the address."""
    number = services().requests.following.find_confirmation(text)
    return render_template("governance/requests/confirm.html", number=number, text=text)


@blueprint.post("/confirm/<text>")
def confirm_address(text: str) -> Response:
    """Confirm the address, and open the request."""
    _remember(services().requests.following.confirm(text))
    flash(gettext("Your address is confirmed. You get mail when something happens to the request"), "good")
    return redirect(url_for("request_following.show_followed"), 303)


def _remember(follower: Follower) -> None:
    """Have this browser, for a while, do without the code: its cookie is signed, and the code isn't in it."""
    session[_FOLLOWED] = {"number": follower.number, "proof": follower.proof, "at": _now()}


def _recall() -> Follower | None:
    found = session.get(_FOLLOWED)
    if not isinstance(found, dict) or not 0 <= _now() - found.get("at", 0) < _SECONDS:
        return None
    return Follower(str(found["number"]), str(found.get("proof", "")), g.actor if found.get("account") else None)


def _now() -> int:
    return services().requests.asking.read_seconds()


def _render_form(kind: RequestKind, values: dict[str, str], error: OpendataError | None, opened: str = "") -> str:
    dataset = values.get("dataset", "")
    found = services().datasets.get(dataset) if dataset else None
    return render_template(
        "governance/requests/form.html",
        kind=kind,
        names=NAMES,
        dataset=found,
        needs_identity=kind in IDENTIFIED,
        needs_version=kind in PLACED,
        is_private=kind in PRIVATE,
        publishers=[item for item in services().publishers.list(limit=_MANY).items if item.ended is None],
        opened=opened or services().requests.asking.open_form(),
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _render_door(values: dict[str, str], error: OpendataError | None) -> str:
    return render_template(
        "governance/requests/door.html",
        values=values,
        names=NAMES,
        own=services().requests.following.list_own(g.actor) if g.actor is not None else (),
        message=choose_voice().say_error(error) if error else "",
    )


def _render_followed(item: RequestView, values: dict[str, str], error: OpendataError | None) -> str:
    return render_template(
        "governance/requests/followed.html",
        item=item,
        names=NAMES,
        clock=say_clock(item),
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )
