"""The two pages that lead to who answers for what: one for the public, one for those who do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, render_template

from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_
from opendata.services.access.people.persons import may_manage_any
from opendata.services.core.actors import Actor
from opendata.web.core.instance import services
from opendata.wording.governance.site import KIND_NAMES, KIND_PURPOSES

blueprint = Blueprint("disclosure", __name__)


def _oversees(actor: Actor) -> bool:
    return actor.may_oversee


def _sees_all_figures(actor: Actor) -> bool:
    return actor.may_see_figures


def handles_requests(actor: Actor) -> bool:
    """Whether somebody replies to what people ask, or reads all of it."""
    return bool(actor.posts.edited) or actor.may_oversee


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


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """Pages of a hub that belong together, under a heading."""

    name: str
    entries: Sequence[Entry]


PUBLIC_GROUPS: tuple[EntryGroup, ...] = (
    EntryGroup(
        N_("What is to be public"),
        (
            Entry(
                "basics.list_entries",
                N_("Basic catalogue of proactive disclosure"),
                N_("What must be public without anyone asking: who publishes it, where, and by when"),
            ),
            Entry(
                "basics.show_coverage",
                N_("Coverage of the basic catalogue"),
                N_("What is published, planned, missing or overdue in each of the 26 domains"),
            ),
            Entry(
                "inventory.show_inventory",
                N_("Resource inventory"),
                N_("What each publisher holds, open or not, and why"),
            ),
            Entry("inventory.show_plan", N_("Opening plan"), N_("What opens when, and whether that was kept")),
            Entry(
                "negative_list.show_list",
                N_("Negative list"),
                N_("What isn't disclosed, and on which ground of law. All else is open in principle"),
            ),
            Entry(
                "published_operation.list_reports",
                N_("Authorised operation of public data"),
                N_("Which public data others may operate, their products and services, and the fees"),
            ),
            Entry(
                "self_check_reports.list_reports",
                N_("Yearly self-check"),
                N_("What the publishers decided each year about what isn't open"),
            ),
        ),
    ),
    EntryGroup(
        N_("Requests and re-uses"),
        (
            Entry(
                "requests.list_requests",
                N_("Requests and replies"),
                N_("Ask for data or information, report a mistake, object, and read what publishers replied"),
            ),
            Entry(
                "site_reuses.list_reuses",
                N_("Re-uses of the data"),
                N_("What people made of the data; show what you made"),
            ),
            Entry("site_topics.list_calls", N_("Contests and calls"), N_("What people are asked to make of the data")),
        ),
    ),
    EntryGroup(
        N_("Time limits"),
        (
            Entry(
                "on_time.show_on_time",
                N_("Done on time"),
                N_("How much of what was due each publisher did in time, by month"),
            ),
            Entry(
                "conformance.show_overview",
                N_("Quality of the metadata"),
                N_("How well each dataset is described for other portals and search engines, and what would win most"),
            ),
            Entry(
                "on_time.list_rules",
                N_("Rules and limits"),
                N_("What must be published within which time, and where that is written"),
            ),
            Entry(
                "on_time.show_calendar",
                N_("Working calendar"),
                N_("The public holidays and the weekend days on which people work"),
            ),
        ),
    ),
    EntryGroup(
        N_("About this site"),
        (
            Entry(
                "site_status.show_status",
                N_("Status of the site"),
                N_("What of the portal works now, and what the last checks found"),
            ),
            Entry("site_public.show_sitemap", N_("Site map"), N_("All parts of this site on one page")),
            Entry(
                "guide.show_accessibility",
                N_("Accessibility"),
                N_("The simple version, and what works with a keyboard or a screen reader"),
            ),
        ),
    ),
)
"""In the order of the page."""

STAFF_GROUPS: tuple[EntryGroup, ...] = (
    EntryGroup(
        N_("Data"),
        (
            Entry(
                "inventory_staff.list_items",
                N_("Resource inventory"),
                N_("All that your office holds: list it, fill it in by a table, plan what opens when"),
            ),
            Entry(
                "basic_drafts.list_entries",
                N_("Basic catalogue"),
                N_("Write or import what must be public, and link the datasets that fulfil it"),
            ),
            Entry(
                "preparing.list_ungrounded",
                N_("Without a ground"),
                N_("What isn't open, and doesn't point to an entry of the negative list that is in force"),
            ),
            Entry(
                "self_checks.list_checks",
                N_("Yearly self-check"),
                N_("Decide about what isn't open: it stays as it is, or it is opened"),
            ),
            Entry(
                "preparing.show_draft",
                N_("Change the negative list"),
                N_("Prepare the next version, see what loses its ground by it, and put it in force"),
                _oversees,
            ),
        ),
    ),
    EntryGroup(
        N_("Duties and requests"),
        (
            Entry(
                "duties.list_duties",
                N_("Duties"),
                N_("What is due and what is overdue, who does it, and what proves it"),
            ),
            Entry(
                "request_inbox.list_inbox",
                N_("Requests"),
                N_("What readers ask for: reply in time"),
                handles_requests,
            ),
            Entry(
                "goals.show_goals",
                N_("Goals"),
                N_("How far the goals of open data are reached, and what is missing"),
                sees_figures,
            ),
            Entry(
                "annual_reports.list_reports",
                N_("Annual reports on disclosure"),
                N_("Complete what the portal has filled in, and publish it by 31 January"),
            ),
            Entry(
                "registrations.list_registrations",
                N_("Registrations of public data resources"),
                N_("Apply with forms that are filled in, follow what the register office decides, enter the codes"),
            ),
            Entry(
                "operation_reports.list_reports",
                N_("Disclosure of authorised operation"),
                N_("Each year by 31 March: what was authorised, the products, the fees"),
            ),
            Entry(
                "clocks.show_supervision",
                N_("Supervision report"),
                N_("Each publisher in a quarter or half-year: published, in time, late, overdue, returned"),
                _sees_all_figures,
            ),
            Entry(
                "clocks.list_rules",
                N_("Rules of clocks"),
                N_("Switch rules on and off, say for whom they count, and add your own"),
                _oversees,
            ),
            Entry(
                "clocks.list_years",
                N_("Enter the working calendar"),
                N_("Enter the days off and working weekend days of the next year once they are announced"),
                _oversees,
            ),
        ),
    ),
    EntryGroup(
        N_("Publishers and people"),
        (
            Entry(
                "offices.list_publishers",
                N_("Publishers"),
                N_("Names, contact and who is responsible; what is merged, split or moved"),
                may_manage_any,
            ),
            Entry(
                "people.list_people",
                N_("People"),
                N_("Who has which role, invitations, handing over"),
                may_manage_any,
            ),
        ),
    ),
    EntryGroup(
        N_("The site"),
        (
            Entry(
                "harvests.list_portals",
                N_("Harvested portals"),
                N_("Portals whose entries come into this catalogue, and what became of each run"),
                _oversees,
            ),
            Entry(
                "higher_platforms.list_platforms",
                N_("Higher platforms"),
                N_("Platforms above this one that get its open entries, and what became of each"),
                _oversees,
            ),
            Entry(
                "senders.list_senders",
                N_("Lower portals"),
                N_("Portals that register their open entries here themselves"),
                _oversees,
            ),
            Entry(
                "site_staff.show_site",
                N_("The public site"),
                N_("Name, header and footer, the disclosure column, columns, re-uses, calls, incidents"),
                _oversees,
            ),
            Entry(
                "mail.show_mail",
                N_("Mail"),
                N_("What became of the mail that the portal sends"),
                _oversees,
            ),
            Entry(
                "audit.show_audit",
                N_("Audit log"),
                N_("Who did what, and when: nothing in it can be changed"),
                _oversees,
            ),
        ),
    ),
)
"""In the order of the page."""


def list_staff_groups(actor: Actor) -> Sequence[EntryGroup]:
    """The groups with the pages that are for somebody; none without a page."""
    found = [EntryGroup(group.name, [one for one in group.entries if one.is_for(actor)]) for group in STAFF_GROUPS]
    return [group for group in found if group.entries]


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
        if kind == PageKind.REPORT:
            days += [row.republished or row.published for row in services().annual_reports.list_published()]
            days += [row.republished or row.published for row in services().operation_reports.list_published()]
        found.append(Part(kind, KIND_NAMES[kind], KIND_PURPOSES[kind], max(days, default=None)))
    return found


@blueprint.get("/disclosure")
def show_disclosure() -> str:
    """The disclosure column (政府信息公开专栏)."""
    sees_empty = g.actor is not None and g.actor.is_maintainer
    parts = [part for part in list_parts() if part.updated or sees_empty]
    columns = services().pages.list(None, PageKind.COLUMN)
    return render_template("governance/disclosure.html", groups=PUBLIC_GROUPS, parts=parts, columns=columns)
