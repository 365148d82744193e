"""Who is built from what: settings into stores, database, queue, and from them the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from opendata.db.session import Database
from opendata.jobs.queue import DraftQueue
from opendata.services.accounts import Accounts
from opendata.services.backups import Backups
from opendata.services.checking import Checking
from opendata.services.collecting import Collecting
from opendata.services.context import Context, Queue, read_clock
from opendata.services.damages import Damages
from opendata.services.datasets import Datasets
from opendata.services.differences import Differences
from opendata.services.draft_changes import DraftChanges
from opendata.services.drafts import Drafts
from opendata.services.exports import Exports
from opendata.services.findings import Findings
from opendata.services.forms import Forms
from opendata.services.health import Health
from opendata.services.imports import Imports
from opendata.services.keys import Keys
from opendata.services.matching import Matching
from opendata.services.previews import Previews
from opendata.services.processing import Processing
from opendata.services.publication import Publication
from opendata.services.publishers import Publishers
from opendata.services.rebuilding import Rebuilding
from opendata.services.renaming import Renaming
from opendata.services.restoring import Restoring
from opendata.services.schemas import Schemas
from opendata.services.uploads import Uploads
from opendata.services.versions import Manifests, Versions
from opendata.services.withdrawals import Withdrawals
from opendata.services.work import Work
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
    backups: Backups
    checking: Checking
    collecting: Collecting
    datasets: Datasets
    differences: Differences
    drafts: Drafts
    exports: Exports
    findings: Findings
    forms: Forms
    health: Health
    imports: Imports
    keys: Keys
    matching: Matching
    previews: Previews
    publishers: Publishers
    rebuilding: Rebuilding
    renaming: Renaming
    restoring: Restoring
    schemas: Schemas
    uploads: Uploads
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
    datasets = Datasets(context)
    drafts = Drafts(context, manifests)
    changes = DraftChanges(context, manifests)
    processing = Processing(context, manifests, changes)
    publication = Publication(context, manifests, processing, changes)
    withdrawals = Withdrawals(context, manifests)
    work = Work(context, processing, publication, withdrawals)
    damages = Damages(context)
    versions = Versions(context, manifests, damages)
    return Services(
        settings=settings,
        database=context.database,
        queue=queue,
        accounts=Accounts(context),
        backups=Backups(context),
        checking=Checking(context, damages),
        collecting=Collecting(context),
        datasets=datasets,
        differences=Differences(context, versions),
        drafts=drafts,
        exports=Exports(context, versions),
        findings=Findings(context),
        forms=Forms(context, versions),
        health=Health(context),
        keys=Keys(context),
        imports=Imports(publishers=publishers, schemas=schemas, datasets=datasets, drafts=drafts, work=work),
        matching=Matching(context, manifests),
        previews=Previews(context),
        publishers=publishers,
        rebuilding=Rebuilding(context),
        renaming=Renaming(context),
        restoring=Restoring(drafts, versions),
        schemas=schemas,
        uploads=Uploads(context),
        versions=versions,
        withdrawals=withdrawals,
        work=work,
    )
