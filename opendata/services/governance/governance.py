"""Who is built from what in the governance of a catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from opendata.search.index import SearchIndex
from opendata.services.access.grants import Grants
from opendata.services.access.limits import Limits
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.stops import Stops
from opendata.services.catalogue.versions import Versions
from opendata.services.core.context import Context
from opendata.services.core.health import Health
from opendata.services.governance.basics.catalogue import Basics
from opendata.services.governance.basics.drafting import BasicDrafts
from opendata.services.governance.basics.importing import BasicImports
from opendata.services.governance.basics.linking import BasicLinks
from opendata.services.governance.control.control import Control
from opendata.services.governance.control.keeping import KeptCounts
from opendata.services.governance.duties.calendars import Calendars
from opendata.services.governance.duties.feeds import DutyFeeds
from opendata.services.governance.duties.keeping import Keeping
from opendata.services.governance.duties.reading import Duties
from opendata.services.governance.duties.reminding import Reminding
from opendata.services.governance.duties.reporting import Reports
from opendata.services.governance.duties.rules import Rules
from opendata.services.governance.duties.steps import DutySteps
from opendata.services.governance.goals.goals import Goals
from opendata.services.governance.grounds.lapses import Ungrounded
from opendata.services.governance.grounds.lists import NegativeLists
from opendata.services.governance.grounds.self_checks import SelfChecks
from opendata.services.governance.inventory.imports import InventoryImports
from opendata.services.governance.inventory.inventory import Inventory
from opendata.services.governance.inventory.plans import Plans
from opendata.services.governance.offices.figures import Figures
from opendata.services.governance.offices.lists import PublisherLists
from opendata.services.governance.offices.succession import Succession
from opendata.services.governance.quality.measuring import Measuring
from opendata.services.governance.registers.forms import RegistrationForms
from opendata.services.governance.registers.operation import OperationReports
from opendata.services.governance.registers.operation_sheets import OperationSheets
from opendata.services.governance.registers.registrations import Registrations
from opendata.services.governance.registers.results import RegistrationResults
from opendata.services.governance.reports.annual import AnnualReports
from opendata.services.governance.requests.asked import list_asked
from opendata.services.governance.requests.requests import Requests, build_requests
from opendata.services.governance.site.columns import Columns
from opendata.services.governance.site.files import SiteFiles
from opendata.services.governance.site.identity import Identity
from opendata.services.governance.site.link_checking import LinkChecking
from opendata.services.governance.site.pages import Pages
from opendata.services.governance.site.reuses import Reuses
from opendata.services.governance.site.status import Status
from opendata.services.mail.outbox import Outbox
from opendata.services.query.queries import Queries
from opendata.services.search.searching import Searching


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The services about who answers for what."""

    annual_reports: AnnualReports
    basic_drafts: BasicDrafts
    basic_imports: BasicImports
    basic_links: BasicLinks
    basics: Basics
    calendars: Calendars
    columns: Columns
    control: Control
    duties: Duties
    duty_feeds: DutyFeeds
    duty_keeping: Keeping
    duty_reports: Reports
    duty_rules: Rules
    duty_steps: DutySteps
    figures: Figures
    goals: Goals
    identity: Identity
    inventory: Inventory
    inventory_imports: InventoryImports
    kept_counts: KeptCounts
    link_checking: LinkChecking
    measuring: Measuring
    negative_lists: NegativeLists
    operation_reports: OperationReports
    operation_sheets: OperationSheets
    pages: Pages
    plans: Plans
    publisher_lists: PublisherLists
    registration_forms: RegistrationForms
    registration_results: RegistrationResults
    registrations: Registrations
    requests: Requests
    reuses: Reuses
    self_checks: SelfChecks
    site_files: SiteFiles
    status: Status
    succession: Succession
    ungrounded: Ungrounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The services that governance builds on. `count_queue` says how many drafts wait in the queue."""

    datasets: Datasets
    manifests: Manifests
    versions: Versions
    queries: Queries
    searching: Searching
    index: SearchIndex
    grants: Grants
    stops: Stops
    limits: Limits
    health: Health
    outbox: Outbox
    count_queue: Callable[[], int]


def build_governance(context: Context, found: Foundation) -> Governance:
    """Build all of them."""
    datasets, manifests, plans, pages = found.datasets, found.manifests, Plans(context), Pages(context)
    kept_counts = KeptCounts(context)
    reuses = Reuses(context, found.limits, pages)
    requests = build_requests(context, manifests, found.grants, found.stops)
    return Governance(
        annual_reports=AnnualReports(context, requests.figures),
        basic_drafts=BasicDrafts(context),
        basic_imports=BasicImports(context),
        basic_links=BasicLinks(context, found.searching),
        basics=Basics(context),
        calendars=Calendars(context),
        columns=Columns(context),
        control=Control(context, kept_counts),
        duties=Duties(context),
        duty_feeds=DutyFeeds(context),
        duty_keeping=Keeping(context, Reminding(context)),
        duty_reports=Reports(context),
        duty_rules=Rules(context),
        duty_steps=DutySteps(context),
        figures=Figures(context, kept_counts, found.searching),
        goals=Goals(context, kept_counts),
        identity=Identity(pages),
        inventory=Inventory(context, datasets, manifests, plans),
        inventory_imports=InventoryImports(context, datasets, manifests, plans),
        link_checking=LinkChecking(context, reuses),
        kept_counts=kept_counts,
        measuring=Measuring(context, found.versions, found.queries),
        negative_lists=NegativeLists(context),
        operation_reports=OperationReports(context),
        operation_sheets=OperationSheets(context),
        pages=pages,
        plans=plans,
        publisher_lists=PublisherLists(context),
        registration_forms=RegistrationForms(context, manifests),
        registration_results=RegistrationResults(context),
        registrations=Registrations(context),
        requests=requests,
        reuses=reuses,
        self_checks=SelfChecks(context, partial(list_asked, ZoneInfo(context.settings.timezone))),
        site_files=SiteFiles(context),
        status=Status(
            context,
            health=found.health,
            outbox=found.outbox,
            index=found.index,
            pages=pages,
            count_queue=found.count_queue,
        ),
        succession=Succession(context),
        ungrounded=Ungrounded(context),
    )
