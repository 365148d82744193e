"""The two pages that lead to who answers for what: one for the public, one for those who do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, g, render_template

from opendata.errors import N_, NotPermittedError
from opendata.services.access.people.persons import may_manage_any
from opendata.services.core.actors import Actor, require_signed_in
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services

public = Blueprint("disclosure", __name__)
staff = Blueprint("control", __name__, url_prefix="/workspace/control")
staff.before_request(ask_to_sign_in)


def _oversees(actor: Actor) -> bool:
    return actor.may_oversee


def works_on_data(actor: Actor) -> bool:
    """Whether somebody sees the work of some publisher."""
    return bool(actor.posts.seen) or actor.may_oversee


def sees_figures(actor: Actor) -> bool:
    """Whether somebody works on data, or reads the figures of all."""
    return works_on_data(actor) or actor.may_see_figures


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a hub leads to: its endpoint, its name, what it is for, and who is shown it."""

    endpoint: str
    name: str
    purpose: str
    is_for: Callable[[Actor], bool] = works_on_data


PUBLIC_ENTRIES: tuple[Entry, ...] = ()
"""In the order of the page."""

STAFF_ENTRIES: tuple[Entry, ...] = (
    Entry(
        "people.list_people",
        N_("People"),
        N_("Who has which role, invitations, handing over"),
        may_manage_any,
    ),
    Entry(
        "audit.show_audit",
        N_("Audit log"),
        N_("Who did what, and when: nothing in it can be changed"),
        _oversees,
    ),
    Entry(
        "mail.show_mail",
        N_("Mail"),
        N_("What became of the mail that the portal sends"),
        _oversees,
    ),
)
"""In the order of the page."""


@public.get("/disclosure")
def show_disclosure() -> str:
    """The disclosure column (政府信息公开专栏)."""
    return render_template("governance/disclosure.html", entries=PUBLIC_ENTRIES)


@staff.get("")
def show_control() -> str:
    """Where those who publish find what is theirs to do."""
    actor = require_signed_in(g.actor)
    if not actor.works:
        raise NotPermittedError(N_("Only those who publish data can do this"))
    vacant = services().persons.list_vacant(actor) if may_manage_any(actor) else ()
    return render_template(
        "governance/control.html", vacant=vacant, entries=[one for one in STAFF_ENTRIES if one.is_for(actor)]
    )
