"""Who is built from what: settings into stores, database, queue, and from them the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from opendata.db.session import Database
from opendata.jobs.queue import DraftQueue
from opendata.services.access.accounts import Accounts
from opendata.services.access.grants import Grants
from opendata.services.access.kept_forms import KeptForms
from opendata.services.access.keys import Keys
from opendata.services.access.limits import Limits
from opendata.services.access.recoveries import Recoveries
from opendata.services.access.sessions import Sessions
from opendata.services.audit.checkpoints import Checkpoints
from opendata.services.audit.events import Events
from opendata.services.audit.verifying import Verifying
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import Publishers
from opendata.services.catalogue.renaming import Renaming
from opendata.services.catalogue.schemas import Schemas
from opendata.services.catalogue.stops import Stops
from opendata.services.catalogue.versions import Versions
from opendata.services.catalogue.withdrawals import Withdrawals
from opendata.services.core.context import Context, Queue, read_clock
from opendata.services.core.damages import Damages
from opendata.services.core.health import Health
from opendata.services.delivery.differences import Differences
from opendata.services.delivery.exports import Exports
from opendata.services.delivery.forms import Forms
from opendata.services.drafts.draft_changes import DraftChanges
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.findings import Findings
from opendata.services.drafts.fixing.wrong_cells import Fixing
from opendata.services.drafts.matching import Matching
from opendata.services.drafts.previews import Previews
from opendata.services.drafts.restoring import Restoring
from opendata.services.operations.backups import Backups
from opendata.services.operations.checking import Checking
from opendata.services.operations.collecting import Collecting
from opendata.services.operations.originals import Originals
from opendata.services.operations.rebuilding import Rebuilding
from opendata.services.operations.screening import Screening
from opendata.services.packages.imports import Imports
from opendata.services.review.answers import Answers
from opendata.services.review.reviews import Reviews
from opendata.services.uploads.uploads import Uploads
from opendata.services.work.processing import Processing
from opendata.services.work.publication import Publication
from opendata.services.work.scanning import Scanning
from opendata.services.work.work import Work
from opendata.settings import Settings
from opendata.storage.local import LocalStore
from opendata.storage.signing import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a skin may call."""

    settings: Settings
    database: Database
    queue: DraftQueue
    accounts: Accounts
    answers: Answers
    backups: Backups
    checking: Checking
    checkpoints: Checkpoints
    collecting: Collecting
    datasets: Datasets
    differences: Differences
    drafts: Drafts
    events: Events
    exports: Exports
    findings: Findings
    fixing: Fixing
    forms: Forms
    grants: Grants
    health: Health
    imports: Imports
    keys: Keys
    kept_forms: KeptForms
    limits: Limits
    matching: Matching
    originals: Originals
    previews: Previews
    publishers: Publishers
    rebuilding: Rebuilding
    recoveries: Recoveries
    renaming: Renaming
    restoring: Restoring
    reviews: Reviews
    schemas: Schemas
    screening: Screening
    sessions: Sessions
    stops: Stops
    uploads: Uploads
    verifying: Verifying
    versions: Versions
    withdrawals: Withdrawals
    work: Work


def build_context(
    settings: Settings, *, queue: Queue | None = None, clock: Callable[[], datetime] = read_clock
) -> Context:
    """Build what all services share: database, stores, signer, queue. Opens nothing yet but the store folders."""
    return Context(
        settings=settings,
        database=Database(settings.database),
        public=LocalStore(settings.public_folder),
        private=LocalStore(settings.private_folder),
        signer=Signer(settings.key_folder),
        queue=queue or DraftQueue(settings.queue_file, settings.queue_url),
        clock=clock,
    )


def build_services(settings: Settings, *, clock: Callable[[], datetime] = read_clock) -> Services:
    """Build all services of one instance. Opens nothing yet but the store folders."""
    queue = DraftQueue(settings.queue_file, settings.queue_url)
    context = build_context(settings, queue=queue, clock=clock)
    manifests = Manifests(context.public)
    publishers = Publishers(context)
    schemas = Schemas(context)
    withdrawals = Withdrawals(context, manifests)
    datasets = Datasets(context, withdrawals)
    drafts = Drafts(context, manifests)
    changes = DraftChanges(context, manifests)
    scanning = Scanning(context)
    processing = Processing(context, manifests, changes, scanning)
    publication = Publication(context, manifests, processing, scanning, changes, withdrawals)
    work = Work(context, processing, publication, withdrawals)
    damages = Damages(context)
    versions = Versions(context, manifests, damages)
    return Services(
        settings=settings,
        database=context.database,
        queue=queue,
        accounts=Accounts(context),
        answers=Answers(context, manifests, drafts),
        backups=Backups(context),
        checking=Checking(context, damages),
        checkpoints=Checkpoints(context),
        collecting=Collecting(context),
        datasets=datasets,
        differences=Differences(context, versions),
        drafts=drafts,
        events=Events(context),
        exports=Exports(context, versions),
        findings=Findings(context),
        fixing=Fixing(context),
        forms=Forms(context, versions),
        grants=Grants(context),
        health=Health(context),
        keys=Keys(context),
        kept_forms=KeptForms(context),
        limits=Limits(context),
        imports=Imports(
            publishers=publishers, schemas=schemas, datasets=datasets, drafts=drafts, work=work, scanning=scanning
        ),
        matching=Matching(context, manifests),
        originals=Originals(context),
        previews=Previews(context),
        publishers=publishers,
        rebuilding=Rebuilding(context),
        recoveries=Recoveries(context),
        renaming=Renaming(context),
        restoring=Restoring(drafts, versions),
        reviews=Reviews(drafts),
        schemas=schemas,
        screening=Screening(context, manifests),
        sessions=Sessions(context),
        stops=Stops(context, manifests, withdrawals),
        uploads=Uploads(context),
        verifying=Verifying(context),
        versions=versions,
        withdrawals=withdrawals,
        work=work,
    )
