"""Who is built from what: settings into stores, database, queue, and from them the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import cast

from opendata.db.session import Database
from opendata.domain.mail.letters import LetterKind
from opendata.jobs.queue import DraftQueue
from opendata.search.columns.index import ColumnIndex
from opendata.search.index import SearchIndex
from opendata.services.access.accounts import Accounts
from opendata.services.access.external.identities import Identities
from opendata.services.access.factors.codes import SecondFactors
from opendata.services.access.factors.passkeys import Passkeys
from opendata.services.access.grants import Grants
from opendata.services.access.kept_forms import KeptForms
from opendata.services.access.keys import Keys
from opendata.services.access.limits import Limits
from opendata.services.access.mail_addresses import MailAddresses
from opendata.services.access.own.own_data import OwnData
from opendata.services.access.pace import Pace
from opendata.services.access.people.invitations import Invitations
from opendata.services.access.people.persons import Persons
from opendata.services.access.recoveries import Recoveries
from opendata.services.access.refusals import Refusals
from opendata.services.access.sessions import Sessions
from opendata.services.announcing.delivering import Delivering
from opendata.services.announcing.events import PublicEvents
from opendata.services.announcing.matching import SearchMatching
from opendata.services.announcing.payloads import Payloads
from opendata.services.announcing.subscriptions import Subscriptions, link_end
from opendata.services.announcing.subscriptions import open_link as open_subscription_link
from opendata.services.announcing.webhooks import Webhooks
from opendata.services.audit.checkpoints import Checkpoints
from opendata.services.audit.events import Events
from opendata.services.audit.verifying import Verifying
from opendata.services.capabilities.capabilities import Capabilities
from opendata.services.catalogue.archiving import Archiving
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.editions import Editions
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.public_state.keeping import PublicState
from opendata.services.catalogue.publishers import Publishers
from opendata.services.catalogue.renaming import Renaming
from opendata.services.catalogue.schemas import Schemas
from opendata.services.catalogue.stops import Stops
from opendata.services.catalogue.versions import Versions
from opendata.services.catalogue.withdrawals import Withdrawals
from opendata.services.charts.charts import Charts
from opendata.services.core.context import read_clock
from opendata.services.core.damages import Damages
from opendata.services.core.health import Health
from opendata.services.delivery.answers import AnswerForms
from opendata.services.delivery.differences import Differences
from opendata.services.delivery.downloads import Downloads
from opendata.services.delivery.exports import Exports
from opendata.services.delivery.forgetting import Forgetting
from opendata.services.delivery.forms import Forms
from opendata.services.describing.proposals import Proposals
from opendata.services.drafts.draft_changes import DraftChanges
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.edition.watching import Watching
from opendata.services.drafts.findings import Findings
from opendata.services.drafts.fixing.wrong_cells import Fixing
from opendata.services.drafts.matching import Matching
from opendata.services.drafts.parts.offering import PartedDrafts
from opendata.services.drafts.previews import Previews
from opendata.services.drafts.restoring import Restoring
from opendata.services.exchange.catalogue_rows import CatalogueRows
from opendata.services.exchange.ckan.catalogue import CkanCatalogue
from opendata.services.exchange.ckan.tables import CkanTables
from opendata.services.exchange.conformance import Conformance
from opendata.services.exchange.ducklake import DuckLakes
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.guide import Guide
from opendata.services.exchange.iceberg.tables import IcebergTables
from opendata.services.exchange.portal import Portals
from opendata.services.exchange.records import Records
from opendata.services.exchange.snapshots import Snapshots
from opendata.services.exchange.upward.upward import Upward
from opendata.services.governance.governance import Foundation, Governance, build_governance
from opendata.services.governance.requests.letters import open_link as open_request_link
from opendata.services.harvest.harvesting import Harvesting
from opendata.services.harvest.harvests import Harvests
from opendata.services.harvest.links import ExternalLinks
from opendata.services.mail.outbox import Outbox
from opendata.services.mail.sending import Sending
from opendata.services.monitoring.monitoring import Monitoring
from opendata.services.operations.backups import Backups
from opendata.services.operations.checking import Checking
from opendata.services.operations.collecting import Collecting
from opendata.services.operations.deletion import Deletion
from opendata.services.operations.originals import Originals
from opendata.services.operations.rebuilding import Rebuilding
from opendata.services.operations.screening import Screening
from opendata.services.operations.verification.public_records import PublicRecords
from opendata.services.packages.imports import Imports
from opendata.services.packages.list_definitions import define_lists
from opendata.services.packages.own_lists import OwnLists
from opendata.services.query.labels import Labels
from opendata.services.query.profiling import Profiling
from opendata.services.query.queries import Queries
from opendata.services.review.answers import Answers
from opendata.services.review.reviews import Reviews
from opendata.services.search.indexing import Indexing
from opendata.services.search.inside import Inside
from opendata.services.search.searching import Searching
from opendata.services.search.sketching import Sketching
from opendata.services.sources.fetching import Fetching
from opendata.services.sources.sources import Sources
from opendata.services.uploads.uploads import Uploads
from opendata.services.work.processing import Processing
from opendata.services.work.publication import Publication
from opendata.services.work.scanning import Scanning
from opendata.services.work.work import Work
from opendata.services.workbench.codes import Codes
from opendata.services.workbench.counts import Counts
from opendata.services.workbench.dictionaries import Dictionaries
from opendata.services.workbench.library import SchemaLibrary
from opendata.services.workbench.workbench import Workbench
from opendata.settings import Settings
from opendata.wiring.context import build_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Services(Governance):
    """Everything a skin may call."""

    settings: Settings
    clock: Callable[[], datetime]
    database: Database
    queue: DraftQueue
    accounts: Accounts
    answer_forms: AnswerForms
    answers: Answers
    backups: Backups
    capabilities: Capabilities
    charts: Charts
    checking: Checking
    checkpoints: Checkpoints
    ckan: CkanCatalogue
    ckan_tables: CkanTables
    codes: Codes
    collecting: Collecting
    conformance: Conformance
    counts: Counts
    datasets: Datasets
    deletion: Deletion
    delivering: Delivering
    dictionaries: Dictionaries
    differences: Differences
    downloads: Downloads
    drafts: Drafts
    parted_drafts: PartedDrafts
    ducklakes: DuckLakes
    editions: Editions
    entries: Entries
    events: Events
    exports: Exports
    external_links: ExternalLinks
    fetching: Fetching
    findings: Findings
    fixing: Fixing
    forgetting: Forgetting
    forms: Forms
    grants: Grants
    guide: Guide
    harvesting: Harvesting
    harvests: Harvests
    health: Health
    iceberg: IcebergTables
    identities: Identities
    imports: Imports
    indexing: Indexing
    inside: Inside
    invitations: Invitations
    keys: Keys
    public_records: PublicRecords
    kept_forms: KeptForms
    limits: Limits
    monitoring: Monitoring
    mail_addresses: MailAddresses
    matching: Matching
    originals: Originals
    outbox: Outbox
    own_data: OwnData
    own_lists: OwnLists
    pace: Pace
    passkeys: Passkeys
    persons: Persons
    portals: Portals
    previews: Previews
    proposals: Proposals
    public_events: PublicEvents
    publishers: Publishers
    labels: Labels
    profiling: Profiling
    queries: Queries
    rebuilding: Rebuilding
    records: Records
    recoveries: Recoveries
    refusals: Refusals
    archiving: Archiving
    renaming: Renaming
    restoring: Restoring
    reviews: Reviews
    schema_library: SchemaLibrary
    schemas: Schemas
    screening: Screening
    searching: Searching
    second_factors: SecondFactors
    sending: Sending
    sessions: Sessions
    sketching: Sketching
    snapshots: Snapshots
    sources: Sources
    stops: Stops
    subscriptions: Subscriptions
    uploads: Uploads
    upward: Upward
    verifying: Verifying
    versions: Versions
    watching: Watching
    webhooks: Webhooks
    withdrawals: Withdrawals
    work: Work
    workbench: Workbench


def build_services(
    settings: Settings, *, clock: Callable[[], datetime] = read_clock, is_patient: bool = False
) -> Services:
    """Build all services of one instance. Opens nothing yet but the store folders.

    `is_patient` lets a statement of the database take as long as it takes: a person waits, and can stop it.
    """
    context = build_context(settings, clock=clock, is_patient=is_patient)
    queue = cast(DraftQueue, context.queue)
    manifests = Manifests(context.public)
    publishers, schemas = Publishers(context), Schemas(context)
    withdrawals = Withdrawals(context, manifests)
    datasets, drafts = Datasets(context, withdrawals), Drafts(context, manifests)
    changes, scanning = DraftChanges(context, manifests), Scanning(context)
    processing = Processing(context, manifests, changes, scanning)
    publication = Publication(context, manifests, processing, scanning, changes, withdrawals)
    recoveries, mail_addresses, invitations = Recoveries(context), MailAddresses(context), Invitations(context)
    openers = {
        LetterKind.RECOVERY: recoveries.open_link,
        LetterKind.CONFIRM_ADDRESS: mail_addresses.open_link,
        LetterKind.INVITATION: invitations.open_link,
        LetterKind.REQUEST_RECEIVED: open_request_link,
        LetterKind.SUBSCRIBED: open_subscription_link,
    }
    sending, grants = Sending(context, openers, {LetterKind.EVENTS: link_end}), Grants(context)
    stops, damages, sources = Stops(context, manifests, withdrawals), Damages(context), Sources(context)
    versions = Versions(context, manifests, damages)
    editions, downloads, originals = Editions(context), Downloads(context), Originals(context)
    forms, queries = Forms(context, versions), Queries(context, versions)
    charts, workbench = Charts(versions, queries), Workbench(context, manifests, drafts)
    index, columns = SearchIndex(settings.search_folder), ColumnIndex(settings.search_folder)
    searching = Searching(context, index, downloads.rank)
    entries, payloads = Entries(context, versions, manifests), Payloads(context, manifests)
    matching = SearchMatching(searching, index)
    health, outbox, limits = Health(context), Outbox(context), Limits(context)
    governance = build_governance(
        context,
        Foundation(
            datasets=datasets,
            manifests=manifests,
            versions=versions,
            queries=queries,
            searching=searching,
            index=index,
            grants=grants,
            stops=stops,
            limits=limits,
            health=health,
            outbox=outbox,
            count_queue=queue.count,
        ),
    )
    catalogue_rows, portals = CatalogueRows(context, entries, schemas), Portals(settings, governance.identity)
    snapshots = Snapshots(context, entries, catalogue_rows)
    tidied = {
        "requests": governance.requests.keeping.tidy,
        "tables of the catalogue": snapshots.tidy,
        "public records": PublicState(context).finish,
    }
    work = Work(context, processing, publication, withdrawals, sending, tidied)
    imports = Imports(
        publishers=publishers, schemas=schemas, datasets=datasets, drafts=drafts, work=work, scanning=scanning
    )
    catalogue_rows, portals = CatalogueRows(context, entries, schemas), Portals(settings, governance.identity)
    ckan = CkanCatalogue(context, entries, index, lambda: portals.get().language)
    return Services(
        **{item.name: getattr(governance, item.name) for item in fields(governance)},
        settings=settings,
        clock=clock,
        database=context.database,
        queue=queue,
        accounts=Accounts(context),
        answer_forms=AnswerForms(context, versions, queries),
        answers=Answers(context, manifests, drafts),
        backups=Backups(context),
        capabilities=Capabilities(versions, forms, charts),
        charts=charts,
        checking=Checking(context, damages),
        checkpoints=Checkpoints(context),
        ckan=ckan,
        ckan_tables=CkanTables(ckan, queries),
        codes=Codes(versions, schemas),
        collecting=Collecting(context),
        conformance=Conformance(context, entries),
        counts=Counts(context),
        datasets=datasets,
        deletion=Deletion(context, originals),
        delivering=Delivering(context, payloads, matching),
        dictionaries=Dictionaries(context, workbench, schemas, versions),
        ducklakes=DuckLakes(context, entries),
        editions=editions,
        entries=entries,
        differences=Differences(context, versions),
        downloads=downloads,
        drafts=drafts,
        parted_drafts=PartedDrafts(context, drafts),
        events=Events(context),
        exports=Exports(context, versions),
        external_links=ExternalLinks(context),
        fetching=Fetching(context, drafts),
        findings=Findings(context),
        fixing=Fixing(context),
        forgetting=Forgetting(context),
        forms=forms,
        grants=grants,
        guide=Guide(context, entries, catalogue_rows),
        harvesting=Harvesting(context, datasets, sources),
        harvests=Harvests(context),
        health=health,
        iceberg=IcebergTables(context, versions, manifests),
        identities=Identities(context, invitations),
        keys=Keys(context),
        public_records=PublicRecords(context),
        kept_forms=KeptForms(context),
        limits=limits,
        monitoring=Monitoring(context, health, queue.count, index, columns),
        mail_addresses=mail_addresses,
        indexing=Indexing(context, versions, editions, index, ckan.read_facts),
        inside=Inside(context, versions, columns),
        invitations=invitations,
        imports=imports,
        matching=Matching(context, manifests),
        watching=Watching(context, manifests),
        webhooks=Webhooks(context),
        originals=originals,
        outbox=outbox,
        own_data=OwnData(context),
        own_lists=OwnLists(context, imports, define_lists(governance, catalogue_rows)),
        passkeys=Passkeys(context),
        persons=Persons(context),
        portals=portals,
        previews=Previews(context),
        proposals=Proposals(context, publishers, versions, Editions(context)),
        public_events=PublicEvents(context, payloads),
        publishers=publishers,
        labels=Labels(queries, versions),
        profiling=Profiling(queries, versions),
        queries=queries,
        rebuilding=Rebuilding(context),
        records=Records(context),
        recoveries=recoveries,
        pace=Pace(context),
        refusals=Refusals(context),
        archiving=Archiving(context),
        renaming=Renaming(context),
        restoring=Restoring(drafts, versions),
        reviews=Reviews(drafts),
        schema_library=SchemaLibrary(context, manifests, schemas),
        schemas=schemas,
        screening=Screening(context, manifests),
        searching=searching,
        second_factors=SecondFactors(context),
        sending=sending,
        sessions=Sessions(context),
        sketching=Sketching(context, versions, columns),
        snapshots=snapshots,
        sources=sources,
        stops=stops,
        subscriptions=Subscriptions(context, payloads, matching, limits),
        upward=Upward.build(context, entries, datasets),
        uploads=Uploads(context),
        verifying=Verifying(context),
        versions=versions,
        withdrawals=withdrawals,
        work=work,
        workbench=workbench,
    )
