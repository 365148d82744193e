"""The two pages that lead to who answers for what: one for the public, one for those who do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, g, render_template

from opendata.errors import N_
from opendata.services.core.actors import Actor, require_publisher
from opendata.web.access.sessions import ask_to_sign_in

public = Blueprint("disclosure", __name__)
staff = Blueprint("control", __name__, url_prefix="/workspace/control")
staff.before_request(ask_to_sign_in)


def _is_maintainer(actor: Actor) -> bool:
    return actor.is_maintainer


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a hub leads to: its endpoint, its name, what it is for, and who is shown it."""

    endpoint: str
    name: str
    purpose: str
    is_for: Callable[[Actor], bool] = bool


PUBLIC_ENTRIES: tuple[Entry, ...] = (
    Entry(
        "requests.list_requests",
        N_("Requests and replies"),
        N_("Ask for data or information, report a mistake, object, and read what publishers replied"),
    ),
)
"""In the order of the page."""

STAFF_ENTRIES: tuple[Entry, ...] = (
    Entry(
        "request_inbox.list_inbox",
        N_("Requests"),
        N_("What readers ask for: reply in time"),
    ),
    Entry(
        "audit.show_audit",
        N_("Audit log"),
        N_("Who did what, and when: nothing in it can be changed"),
        _is_maintainer,
    ),
    Entry(
        "mail.show_mail",
        N_("Mail"),
        N_("What became of the mail that the portal sends"),
        _is_maintainer,
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
    actor = require_publisher(g.actor)
    return render_template("governance/control.html", entries=[one for one in STAFF_ENTRIES if one.is_for(actor)])
