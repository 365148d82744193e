"""Entries of the catalogue: found, shown, and recorded in the store."""

from __future__ import annotations

import json
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset
from opendata.db.session import SHARED
from opendata.domain.metadata import MetadataJson
from opendata.domain.moments import format_time
from opendata.domain.records import Entry
from opendata.errors import N_, MovedError, NotFoundError, StateError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.dataset import read_metadata
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.records import keep_edition, keep_record
from opendata.services.core.values import DatasetView
from opendata.storage.store import entry_key


def find_dataset(session: Session, dataset: str, *, lock: bool = False) -> Dataset:
    """The row of a dataset, locked against other writers if wanted.

    Raises `NotFoundError`, `MovedError` where it was renamed.
    """
    shared = None if lock else session.info.get(SHARED)
    if shared is not None and dataset in shared:
        found: Dataset = shared[dataset]
        return found
    query = select(Dataset).where(Dataset.id == dataset)
    known = find_identifier_fault("", dataset) is None
    if lock:
        # What the session read before it had to wait for the lock may be out of date, so it is read again.
        query = query.with_for_update(of=Dataset).execution_options(populate_existing=True)
    row = session.scalar(query) if known else None
    if row is None:
        alias = session.get(Alias, dataset) if known else None
        if alias is not None:
            raise MovedError(dataset, alias.dataset_id)
        raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
    if shared is not None:
        shared[dataset] = row
    return row


def view_dataset(row: Dataset, actor: Actor | None = None, *, ahead: bool = False) -> DatasetView:
    """The value of a row, `ahead` as its next version will show it; what is proposed is for those who work on it."""
    metadata = read_metadata(next_metadata(row) if ahead else row.meta)
    may_see = actor is not None and actor.may_see(row.publisher_id, row.id)
    proposed = row.proposed if may_see else None
    return DatasetView(
        id=row.id,
        uuid=row.uuid,
        title=metadata.title,
        description=metadata.description,
        i18n=metadata.i18n,
        publisher=view_publisher(row.publisher),
        disclosure=metadata.disclosure,
        licenses=metadata.licenses,
        keywords=metadata.keywords,
        sources=metadata.sources,
        contributors=metadata.contributors,
        homepage=metadata.homepage,
        update_cycle=metadata.update_cycle,
        source_version=metadata.source_version,
        temporal=metadata.temporal,
        further=metadata.further,
        latest=row.latest,
        head=row.head,
        errata=row.errata or (),
        created=row.created,
        modified=row.modified,
        revision=row.revision,
        proposed=proposed["metadata"] if proposed else None,
        archived=row.archived,
        archiving=row.archiving if may_see else None,
        moves=row.moves or (),
        origin=row.origin,
    )


def next_metadata(row: Dataset) -> MetadataJson:
    """The metadata that the next version will carry: what waits for approval, else what is public."""
    return row.proposed["metadata"] if row.proposed else row.meta


def require_kept(row: Dataset) -> None:
    """Raises `StateError` where a dataset is archived: nothing new is published in it."""
    if row.archived is not None:
        raise StateError(N_("“%(id)s” is archived, so nothing new can be published in it. Reopen it first"), id=row.id)


def finish_entries(context: Context) -> None:
    """Write the entries into the store that were changed and aren't there yet, each in a unit of work of its own."""
    with context.read() as session:
        names = list(session.scalars(select(Dataset.id).where(Dataset.unfinished).order_by(Dataset.id)))
    for name in names:
        with context.write() as session:
            query = select(Dataset).where(Dataset.id == name, Dataset.unfinished)
            row = session.scalar(query.with_for_update(of=Dataset))
            if row is not None:
                record_entry(context, row)
                row.unfinished = False


def record_entry(context: Context, row: Dataset) -> None:
    """Write the next edition of a dataset's public entry into the store, unless the newest one says the same."""
    found: Entry = {
        "id": row.id,
        "uuid": row.uuid,
        "publisher": row.publisher_id,
        "created": format_time(row.created),
        "modified": format_time(row.modified),
        "metadata": row.meta,
    }
    if row.archived is not None:
        found["archived"] = row.archived
    if row.moves:
        found["moves"] = row.moves
    if row.origin is not None:
        found["origin"] = row.origin
    if row.editions:
        newest = context.public.get_record(entry_key(row.id, row.editions))
        if write_canonical({**json.loads(newest), "modified": ""}) == write_canonical({**found, "modified": ""}):
            keep_record(context, entry_key(row.id, row.editions), newest)  # it may have died before its signature
            return
    row.editions = keep_edition(context, partial(entry_key, row.id), found, row.editions)
