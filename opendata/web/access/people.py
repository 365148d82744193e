"""The pages of persons: who has which role, invitations, handing over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES
from opendata.errors import InvalidMetadataError, OpendataError, StateError, TooManyAttemptsError
from opendata.problems import choose_voice, status_of
from opendata.services.access.people.invitations import DAYS, InvitationView
from opendata.services.access.people.persons import PersonView
from opendata.services.core.values import PublisherView
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import NAMES, list_languages
from opendata.web.core.security import limit_form, protect_forms
from opendata.wording.letters import ROLE_NAMES, ROLE_PURPOSES

blueprint = Blueprint("people", __name__, url_prefix="/workspace/people")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Response | str | tuple[str, int]

_REFUSED = (InvalidMetadataError, StateError, TooManyAttemptsError)


@blueprint.get("")
def list_people() -> Answer:
    """The persons of one's publishers or of the instance, and who is invited."""
    return _render_list()


@blueprint.post("/invitations")
def invite() -> Answer:
    """Invite an address to a role."""
    said = {name: request.form.get(name, "").strip() for name in ("address", "role", "publisher", "language")}
    try:
        found, text = services().invitations.invite(
            g.actor, said["address"], said["role"], said["publisher"] or None, said["language"]
        )
    except _REFUSED as error:
        return _render_list(said, error), status_of(error)
    return _show_invited(found, text)


@blueprint.post("/invitations/<int:number>/repeat")
def repeat_invitation(number: int) -> Answer:
    """Send it again."""
    try:
        found, text = services().invitations.repeat(g.actor, number)
    except TooManyAttemptsError as error:
        return _render_list({}, error), status_of(error)
    return _show_invited(found, text)


@blueprint.post("/invitations/<int:number>/end")
def end_invitation(number: int) -> Answer:
    """Take it back."""
    services().invitations.take_back(g.actor, number)
    flash(gettext("The invitation has ended"), "good")
    return redirect(url_for("people.list_people"), 303)


@blueprint.get("/<name>")
def show_person(name: str) -> Answer:
    """One person: roles, tokens, and what can be done."""
    return _render_person(name, None)


@blueprint.post("/<name>/roles")
def set_roles(name: str) -> Answer:
    """Give and take roles at a publisher, or for the instance."""
    publisher, roles = request.form.get("publisher") or None, request.form.getlist("role")

    def change() -> str:
        services().persons.set_roles(g.actor, name, roles, publisher, confirmed=_is_confirmed())
        return str(gettext("The roles of %(name)s are changed", name=name))

    return _take(name, change)


@blueprint.post("/<name>/close")
def close_account(name: str) -> Answer:
    """Close the account, or open it again."""
    disabled = "open" not in request.form

    def change() -> str:
        services().persons.close(g.actor, name, disabled=disabled, confirmed=_is_confirmed())
        return str(gettext("The account is closed") if disabled else gettext("The account is open again"))

    return _take(name, change)


@blueprint.post("/<name>/hand-over")
def hand_over(name: str) -> Answer:
    """Pass all roles and open work to another person."""
    successor = request.form.get("successor", "").strip()

    def change() -> str:
        passed = services().persons.hand_over(g.actor, name, successor, closes=bool(request.form.get("closes")))
        return str(
            gettext(
                "Handed over to %(name)s. Roles: %(posts)s. Open drafts: %(drafts)s. Fetched tables: %(sources)s",
                name=successor,
                posts=passed.posts,
                drafts=passed.drafts,
                sources=passed.sources,
            )
        )

    return _take(name, change)


@blueprint.post("/<name>/reset-factor")
def reset_factor(name: str) -> Answer:
    """Take the second factor off the account."""
    services().second_factors.reset(g.actor, name)
    flash(gettext("The second factor of %(name)s is reset", name=name), "good")
    return redirect(url_for("people.show_person", name=name), 303)


@blueprint.post("/<name>/tokens/<int:token>/end")
def end_token(name: str, token: int) -> Answer:
    """End a token of the person."""
    services().persons.end_token(g.actor, name, token)
    flash(gettext("The token is revoked"), "good")
    return redirect(url_for("people.show_person", name=name), 303)


def _is_confirmed() -> bool:
    return bool(request.form.get("confirm"))


def _take(name: str, change: Callable[[], str]) -> Answer:
    """Change something and show the person again, or the list where one no longer sees them."""
    try:
        text = change()
    except _REFUSED as error:
        return _render_person(name, error), status_of(error)
    flash(text, "good")
    return redirect(url_for("people.list_people"), 303)


def _show_invited(found: InvitationView, text: str | None) -> Answer:
    if text is None:
        flash(gettext("An invitation is on its way to %(address)s", address=found.address), "good")
        return redirect(url_for("people.list_people"), 303)
    return _render_list(invited=found, link=absolute_url(url_for("joining.show_invitation", text=text)))


def _list_publishers() -> Sequence[PublisherView]:
    """The publishers that one decides for, or may look at."""
    found = services().publishers.list(limit=1000).items
    return found if g.actor.may_oversee else [item for item in found if g.actor.may_lead(item.id)]


def _render_list(values: Mapping[str, str] | None = None, error: OpendataError | None = None, **shown: Any) -> str:
    publisher = request.args.get("publisher") or None
    page = services().persons.list(g.actor, publisher=publisher, cursor=request.args.get("cursor") or None)
    publishers = _list_publishers()
    roles = [*PUBLISHER_ROLES, *(INSTANCE_ROLES if g.actor.is_maintainer else ())]
    return render_template(
        "access/people.html",
        page=page,
        publisher=publisher or "",
        publishers=publishers,
        titles={item.id: item for item in publishers},
        vacant=services().persons.list_vacant(g.actor),
        invitations=services().invitations.list(g.actor, publisher=publisher),
        may_invite=g.actor.is_maintainer or bool(g.actor.posts.led),
        roles=roles,
        role_names=ROLE_NAMES,
        purposes=ROLE_PURPOSES,
        languages=[(language, NAMES[language]) for language in list_languages()],
        days=DAYS,
        values=values or {},
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
        **shown,
    )


def _render_person(name: str, error: OpendataError | None) -> str:
    person = services().persons.get(g.actor, name)
    publishers = _list_publishers()
    errors = place_faults(error) if error else {}
    return render_template(
        "access/person.html",
        person=person,
        places=_list_places(person),
        publishers=publishers,
        titles={item.id: item for item in publishers},
        tokens=services().persons.list_tokens(g.actor, name) if person.may_close else (),
        publisher_roles=PUBLISHER_ROLES,
        instance_roles=INSTANCE_ROLES,
        role_names=ROLE_NAMES,
        purposes=ROLE_PURPOSES,
        asks="confirm" in errors,
        form=request.form.to_dict(),
        chosen=request.form.getlist("role"),
        errors=errors,
        message=choose_voice().say_error(error) if error else "",
    )


def _list_places(person: PersonView) -> Sequence[tuple[str, Sequence[str], bool]]:
    """Each publisher at which a person has roles, with these, and whether one may change them."""
    places: dict[str, list[str]] = {}
    for post in person.posts:
        if post.publisher is not None:
            places.setdefault(post.publisher, []).append(post.role)
    return [(place, roles, g.actor.may_lead(place)) for place, roles in sorted(places.items())]
