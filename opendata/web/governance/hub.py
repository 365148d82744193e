"""The two pages that lead to who answers for what: one for the public, one for those who do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, render_template

from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_
from opendata.services.core.actors import Actor, require_publisher
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.wording.site import KIND_NAMES, KIND_PURPOSES

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
    Entry("site_reuses.list_reuses", N_("Re-uses of the data"), N_("What people made of the data; show what you made")),
    Entry("site_topics.list_calls", N_("Contests and calls"), N_("What people are asked to make of the data")),
    Entry(
        "site_status.show_status",
        N_("Status of the site"),
        N_("What of the portal works now, and what the last checks found"),
    ),
)
"""In the order of the page."""

STAFF_ENTRIES: tuple[Entry, ...] = (
    Entry(
        "site_staff.show_site",
        N_("The public site"),
        N_("Name, header and footer, the disclosure column, columns, re-uses, calls, incidents"),
        _is_maintainer,
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


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the disclosure column; `updated` is None where it is empty."""

    kind: PageKind
    name: str
    purpose: str
    updated: datetime | None


def list_parts() -> Sequence[Part]:
    """The four parts in their order, and when each was changed last."""
    found = []
    for kind in PARTS:
        days = [page.published for page in services().pages.list(None, kind) if page.published]
        found.append(Part(kind, KIND_NAMES[kind], KIND_PURPOSES[kind], max(days, default=None)))
    return found


@public.get("/disclosure")
def show_disclosure() -> str:
    """The disclosure column (政府信息公开专栏)."""
    sees_empty = g.actor is not None and g.actor.is_maintainer
    parts = [part for part in list_parts() if part.updated or sees_empty]
    columns = services().pages.list(None, PageKind.COLUMN)
    return render_template("governance/disclosure.html", entries=PUBLIC_ENTRIES, parts=parts, columns=columns)


@staff.get("")
def show_control() -> str:
    """Where those who publish find what is theirs to do."""
    actor = require_publisher(g.actor)
    return render_template("governance/control.html", entries=[one for one in STAFF_ENTRIES if one.is_for(actor)])
