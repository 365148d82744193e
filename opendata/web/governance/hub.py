"""The two pages that lead to who answers for what: one for the public, one for those who do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, render_template

from opendata.errors import N_
from opendata.services.core.actors import Actor

blueprint = Blueprint("disclosure", __name__)


def _is_maintainer(actor: Actor) -> bool:
    return actor.is_maintainer


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a hub leads to: its endpoint, its name, what it is for, and who is shown it."""

    endpoint: str
    name: str
    purpose: str
    is_for: Callable[[Actor], bool] = bool


PUBLIC_ENTRIES: tuple[Entry, ...] = ()
"""In the order of the page."""

STAFF_ENTRIES: tuple[Entry, ...] = (
    Entry("goals.show_goals", N_("Goals"), N_("How far the goals of open data are reached, and what is missing")),
    Entry(
        "offices.list_publishers",
        N_("Publishers"),
        N_("Names, contact and who is responsible; what is merged, split or moved"),
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


@blueprint.get("/disclosure")
def show_disclosure() -> str:
    """The disclosure column (政府信息公开专栏)."""
    return render_template("governance/disclosure.html", entries=PUBLIC_ENTRIES)
