"""Entries of the catalogue: found, shown, and recorded in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Publisher
from opendata.db.plain import PlainRows
from opendata.db.session import SHARED
from opendata.domain.metadata import MetadataJson
from opendata.domain.moments import format_time
from opendata.domain.records import Entry
from opendata.errors import N_, MovedError, NotFoundError, StateError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.dataset import read_stored
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.catalogue.publishers import PUBLISHER_ROWS, view_publisher
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.records import keep_edition, keep_record
from opendata.services.core.values import DatasetView
from opendata.storage.store import entry_key

_ROWS = PlainRows(
    Dataset,
    (
        *("id", "uuid", "publisher_id", "meta", "latest", "head", "errata", "created", "modified", "revision"),
        *("archived", "moves", "origin"),
    ),
)
"""What `view_dataset` reads for everybody."""

_BY_ID = select(Dataset).where(Dataset.id == bindparam("id"))
_JOINED = Dataset.__table__.join(Publisher.__table__, Publisher.__table__.c.id == Dataset.__table__.c.publisher_id)
_WHOLE = PlainRows(Dataset), PlainRows(Publisher)
_WHOLE_BY_ID = (
    select(*_WHOLE[0].columns, *_WHOLE[1].columns).select_from(_JOINED).where(Dataset.__table__.c.id == bindparam("id"))
)


def find_dataset(session: Session, dataset: str, *, lock: bool = False) -> Dataset:
    """The row of a dataset, locked against other writers if wanted; in a session that is shared to read, in no session.

    Raises `NotFoundError`, `MovedError` where it was renamed.
    """
    shared = None if lock else session.info.get(SHARED)
    if shared is not None and dataset in shared:
        found: Dataset = shared[dataset]
        return found
    query = _BY_ID
    known = find_identifier_fault("", dataset) is None
    if lock:
        # What the session read before it had to wait for the lock may be out of date, so it is read again.
        query = query.with_for_update(of=Dataset).execution_options(populate_existing=True)
    if shared is not None and known:
        values = session.execute(_WHOLE_BY_ID, {"id": dataset}).first()
        row = None if values is None else _make_whole(tuple(values))
    else:
        row = session.scalar(query, {"id": dataset}) if known else None
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
    metadata = read_stored(next_metadata(row) if ahead else row.meta)
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


def select_views() -> Select[*tuple[Any, ...]]:
    """The statement of `read_views`, to which conditions are added."""
    return select(*_ROWS.columns, *PUBLISHER_ROWS.columns).select_from(_JOINED)


def read_views(
    session: Session, query: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
) -> Sequence[DatasetView]:
    """Datasets as everybody sees them, read by a statement that `select_views` began."""
    return [_view_plain(tuple(row)) for row in session.execute(query, values or {})]


@lru_cache(maxsize=2048)
def _view_plain(values: tuple[Any, ...]) -> DatasetView:
    own, publisher = values[: len(_ROWS)], values[len(_ROWS) :]
    return view_dataset(_ROWS.make(own, publisher=PUBLISHER_ROWS.make(publisher)))


@lru_cache(maxsize=512)
def _make_whole(values: tuple[Any, ...]) -> Dataset:
    datasets, publishers = _WHOLE
    own, publisher = values[: len(datasets)], values[len(datasets) :]
    return datasets.make(own, publisher=publishers.make(publisher))


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
