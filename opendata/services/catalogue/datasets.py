"""Datasets: the entries of the catalogue, their metadata and who may see them."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Draft
from opendata.domain.drafts import ENDED
from opendata.domain.metadata import MetadataJson
from opendata.domain.moments import format_time
from opendata.domain.records import Entry
from opendata.errors import (
    N_,
    BackendError,
    InvalidMetadataError,
    MovedError,
    NotFoundError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.metadata.canonical import write_canonical
from opendata.metadata.dataset import read_metadata
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.services.catalogue.publishers import find_publisher, view_publisher
from opendata.services.core.actors import SYSTEM, Actor, require_editor
from opendata.services.core.caches import purge_caches
from opendata.services.core.context import Context
from opendata.services.core.disclosure import opens_rows
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.records import keep_edition, keep_record
from opendata.services.core.values import DatasetView, Page
from opendata.storage.store import entry_key

logger = logging.getLogger(__name__)


class Datasets:
    """Creating, changing and reading datasets. One without a version is seen by its publisher's editors only."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor | None = None,
        *,
        publisher: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetView]:
        """The datasets this reader may see, by id."""
        query = select(Dataset).order_by(Dataset.id).limit(limit + 1)
        if actor is None:
            query = query.where(Dataset.head.is_not(None))
        elif not actor.is_maintainer:
            query = query.where(or_(Dataset.head.is_not(None), Dataset.publisher_id == (actor.publisher or "")))
        if publisher:
            if find_identifier_fault("", publisher):
                return Page([])
            query = query.where(Dataset.publisher_id == publisher)
        after = read_cursor(cursor)
        if after:
            query = query.where(Dataset.id > after)
        with self._context.read() as session:
            rows = list(session.scalars(query))
        items = [view_dataset(row) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def list_recent(self, limit: int) -> tuple[DatasetView, ...]:
        """The public datasets changed last."""
        query = select(Dataset).where(Dataset.head.is_not(None)).order_by(Dataset.modified.desc()).limit(limit)
        with self._context.read() as session:
            return tuple(view_dataset(row) for row in session.scalars(query))

    def get(self, dataset: str, actor: Actor | None = None) -> DatasetView:
        """One dataset. Raises `NotFoundError` if there is no such dataset that this reader may see."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if row.head is None and not (actor and actor.may_edit(row.publisher_id)):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
            return view_dataset(row, actor)

    def get_ahead(self, dataset: str, actor: Actor | None) -> DatasetView:
        """One dataset as its next version will show it, for those who may edit it.

        Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            return view_dataset(row, require_editor(actor, row.publisher_id), ahead=True)

    def create(
        self, actor: Actor | None, found: Mapping[str, Any], *, once: Once | None = None
    ) -> tuple[DatasetView, bool]:
        """Create a dataset from its metadata, `publisher` and, if wanted, `id`; return it and whether it is new.

        If no publisher is named, an editor's dataset gets their own. Raises `InvalidMetadataError`,
        `NotPermittedError`, and `StateError` if the id is in use.
        """
        publisher = _read_publisher(found, actor)
        found_actor = require_editor(actor, publisher)
        metadata = read_metadata(found)
        wanted = found.get("id")
        if wanted is not None:
            wrong = find_identifier_fault("/id", wanted)
            if wrong:
                raise InvalidMetadataError(faults=[wrong])

        def create(session: Session) -> str:
            try:
                find_publisher(session, publisher)
            except NotFoundError:
                raise InvalidMetadataError(
                    faults=[fault("/publisher", N_("There is no publisher “%(id)s”"), id=publisher)]
                ) from None
            identifier = wanted or _free_identifier(session, metadata.title)
            if session.get(Dataset, identifier) or session.get(Alias, identifier):
                raise StateError(N_("The dataset “%(id)s” already exists"), id=identifier)
            now = self._context.now()
            session.add(
                Dataset(
                    id=identifier,
                    uuid=str(uuid.uuid4()),
                    publisher_id=publisher,
                    meta=metadata.to_json(),
                    created=now,
                    modified=now,
                )
            )
            self._context.log(session, found_actor, "create", "dataset", identifier)
            return identifier

        identifier, created = create_once(self._context, found_actor, once, create)
        return self.get(identifier, found_actor), created

    def require_publisher(self, dataset: str, publisher: str) -> None:
        """Raises `StateError` where the dataset belongs to another publisher."""
        with self._context.read() as session:
            owner = find_dataset(session, dataset).publisher_id
        if owner != publisher:
            raise StateError(
                N_("The dataset “%(dataset)s” belongs to the publisher “%(owner)s”, not to “%(publisher)s”"),
                dataset=dataset,
                owner=owner,
                publisher=publisher,
            )

    def update(
        self,
        actor: Actor | None,
        dataset: str,
        changes: Mapping[str, Any],
        *,
        revision: int | None = None,
        deep: bool = False,
    ) -> DatasetView:
        """Change the properties named in `changes`: null removes, an object replaces the one before.

        With `deep` objects are merged within as well (JSON Merge Patch, RFC 7396). The next version carries them. Under
        two-person review the change to a published dataset is proposed only: its next approved draft makes it public.
        Raises `PreconditionError` if `revision` isn't the current one, `StateError` while a version is being published.
        """
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            found_actor = require_editor(actor, row.publisher_id)
            if revision is not None and revision != row.revision:
                raise PreconditionError(
                    N_("The dataset has changed since you read it. Read it again, then make your change")
                )
            was_open = opens_rows(row.meta)
            is_reviewed = row.head is not None and self._context.settings.review != "none" and actor != SYSTEM
            before = row.meta if actor == SYSTEM else next_metadata(row)
            merged = merge_patch(before, changes) if deep else {**before, **changes}
            described = read_metadata({key: value for key, value in merged.items() if value is not None}).to_json()
            if described != (before if is_reviewed else row.meta):
                if is_reviewed:
                    self._propose(row, described, found_actor)
                else:
                    row.meta = described
                    row.proposed = row.proposed if actor == SYSTEM else None
                    row.modified = self._context.now()
                    if row.head is not None:
                        record_entry(self._context, row)
                row.revision += 1
                _count_as_contributor(session, row, found_actor)
                self._context.log(session, found_actor, "update", "dataset", dataset, properties=sorted(changes))
            view = view_dataset(row, found_actor)
            is_closing = was_open and not opens_rows(row.meta)
        if is_closing:
            forget_files(self._context, dataset)
        return view

    def _propose(self, row: Dataset, described: MetadataJson, actor: Actor) -> None:
        """Keep metadata until a draft that carries them is approved; what is public already needs no approval."""
        if row.publishing_id is not None:
            raise StateError(N_("A version of this dataset is being published. Try again in a moment"))
        by = row.proposed["by"] if row.proposed else ()
        row.proposed = None if described == row.meta else {"metadata": described, "by": sorted({*by, actor.name})}


def next_metadata(row: Dataset) -> MetadataJson:
    """The metadata that the next version will carry: what waits for approval, else what is public."""
    return row.proposed["metadata"] if row.proposed else row.meta


def take_over_proposed(row: Dataset) -> None:
    """Make the proposed metadata of a dataset those that the catalogue shows, now that they are approved."""
    if row.proposed is not None:
        row.meta, row.proposed = row.proposed["metadata"], None


def forget_files(context: Context, dataset: str) -> None:
    """Ask the caches before the portal to forget the files of a dataset whose data is public no longer."""
    try:
        purge_caches(context.settings, f"/datasets/{dataset}/")
    except BackendError as error:
        logger.warning("The data of %s is public no longer, but caches may still hold it: %s", dataset, error)


def _count_as_contributor(session: Session, row: Dataset, actor: Actor) -> None:
    """Anyone who changes the metadata has changed every draft that will carry them."""
    for draft in session.scalars(select(Draft).where(Draft.dataset_id == row.id, Draft.status.not_in(ENDED))):
        draft.contributors = sorted({*(draft.contributors or ()), actor.name})


def merge_patch(target: Any, patch: Any) -> Any:
    """A document with a JSON Merge Patch applied (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found


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
    if row.editions:
        newest = context.public.get_record(entry_key(row.id, row.editions))
        if write_canonical({**json.loads(newest), "modified": ""}) == write_canonical({**found, "modified": ""}):
            keep_record(context, entry_key(row.id, row.editions), newest)  # it may have died before its signature
            return
    row.editions = keep_edition(context, partial(entry_key, row.id), found, row.editions)


def find_dataset(session: Session, dataset: str, *, lock: bool = False) -> Dataset:
    """The row of a dataset, locked against other writers if wanted.

    Raises `NotFoundError`, `MovedError` where it was renamed.
    """
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
    return row


def view_dataset(row: Dataset, actor: Actor | None = None, *, ahead: bool = False) -> DatasetView:
    """The value of a row, `ahead` as its next version will show it; what is proposed is for those who may edit it."""
    metadata = read_metadata(next_metadata(row) if ahead else row.meta)
    proposed = row.proposed if actor is not None and actor.may_edit(row.publisher_id) else None
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
        latest=row.latest,
        head=row.head,
        errata=row.errata or (),
        created=row.created,
        modified=row.modified,
        revision=row.revision,
        proposed=proposed["metadata"] if proposed else None,
    )


def _read_publisher(found: Mapping[str, Any], actor: Actor | None) -> str:
    given = found.get("publisher")
    if isinstance(given, Mapping):
        given = given.get("id")
    publisher = given or (actor.publisher if actor else None)
    if actor is not None and not isinstance(publisher, str):
        raise InvalidMetadataError(faults=[fault("/publisher", N_("Give the id of the publisher"))])
    return publisher if isinstance(publisher, str) else ""


def _free_identifier(session: Session, title: str) -> str:
    base = suggest_identifier(title)
    taken = set(session.scalars(select(Dataset.id).where(Dataset.id.startswith(base, autoescape=True))))
    return suggest_identifier(title, taken=taken)
