"""Datasets: the entries of the catalogue, their metadata and who may see them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Draft, Publisher
from opendata.domain.disclosure import Disclosure
from opendata.domain.drafts import ENDED
from opendata.domain.metadata import DatasetMetadata, MetadataJson
from opendata.errors import (
    N_,
    InvalidMetadataError,
    NotFoundError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.metadata.dataset import read_metadata
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.metadata.properties.patches import merge_patch
from opendata.services.catalogue.entries import (
    find_dataset,
    next_metadata,
    read_views,
    record_entry,
    require_kept,
    select_views,
    view_dataset,
)
from opendata.services.catalogue.grounds.gate import require_ground
from opendata.services.catalogue.publishers import find_publisher, follow_publishers
from opendata.services.catalogue.registering.numbers import PROPERTY, find_number, give_numbers
from opendata.services.catalogue.registering.opening import note_opening
from opendata.services.catalogue.withdrawals import Withdrawals
from opendata.services.core.access import disclosure_of, is_listed, where_edited, where_listed
from opendata.services.core.actors import SYSTEM, Actor, require_editor, require_insider, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.values import DatasetView, Page
from opendata.services.privacy.texts import needs_reason
from opendata.services.signing.endings import end_reviews

logger = logging.getLogger(__name__)


_OF = Dataset.__table__.c
_LISTED = select_views().where(where_listed(), _OF.id > bindparam("after")).order_by(_OF.id).limit(bindparam("most"))
_RECENT = select_views().where(where_listed()).order_by(_OF.modified.desc()).limit(bindparam("most"))


class Datasets:
    """Creating, changing and reading datasets. Until its entry is published, its publisher's editors alone see one."""

    def __init__(self, context: Context, withdrawals: Withdrawals) -> None:
        self._context = context
        self._withdrawals = withdrawals

    def list(
        self,
        actor: Actor | None = None,
        *,
        publisher: str | None = None,
        is_own: bool = False,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetView]:
        """The datasets this reader may see, by id; of one publisher, or of those that it became.

        With `is_own`, those alone whose work they see.
        """
        after = read_cursor(cursor)
        if actor is None and not publisher:
            return self._list_listed(after or "", limit)
        query = select_views().order_by(Dataset.id).limit(limit + 1)
        if actor is None:
            query = query.where(where_listed())
        else:
            query = query.where(where_edited(actor) if is_own else or_(where_listed(), where_edited(actor)))
        if publisher:
            if find_identifier_fault("", publisher):
                return Page([])
            with self._context.read() as session:
                query = query.where(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
        if after:
            query = query.where(Dataset.id > after)
        with self._context.read() as session:
            return _cut(read_views(session, query), limit)

    def _list_listed(self, after: str, limit: int) -> Page[DatasetView]:
        with self._context.read() as session:
            return _cut(read_views(session, _LISTED, {"after": after, "most": limit + 1}), limit)

    def list_recent(self, limit: int) -> tuple[DatasetView, ...]:
        """The public datasets changed last."""
        with self._context.read() as session:
            return tuple(read_views(session, _RECENT, {"most": limit}))

    def get(self, dataset: str, actor: Actor | None = None) -> DatasetView:
        """One dataset. Raises `NotFoundError` if there is no such dataset that this reader may see."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if not is_listed(row) and not (actor and actor.may_see(row.publisher_id, row.id)):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
            return view_dataset(row, actor)

    def get_ahead(self, dataset: str, actor: Actor | None) -> DatasetView:
        """One dataset as its next version will show it, for those who see the work on it.

        Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            return view_dataset(row, require_insider(actor, row.publisher_id, row.id), ahead=True)

    def create(
        self,
        actor: Actor | None,
        found: Mapping[str, Any],
        *,
        once: Once | None = None,
        also: Callable[[Session, Dataset], None] | None = None,
    ) -> tuple[DatasetView, bool]:
        """Create a dataset from its metadata, `publisher` and, if wanted, `id`; return it and whether it is new.

        If no publisher is named, an editor's dataset gets their own. `also` is done in the same unit of work.
        Raises `InvalidMetadataError`, `NotPermittedError`, and `StateError` if the id is in use.
        """
        require_publisher(actor)
        publisher = _read_publisher(found, actor)
        found_actor = require_editor(actor, publisher)
        metadata = read_metadata(found)
        wanted = found.get("id")
        if wanted is not None:
            wrong = find_identifier_fault("/id", wanted)
            if wrong:
                raise InvalidMetadataError(faults=[wrong])

        def create(session: Session) -> str:
            found_publisher = _require_publisher(session, publisher)
            identifier = wanted or find_free_identifier(session, metadata.title)
            if session.get(Dataset, identifier) or session.get(Alias, identifier):
                raise StateError(N_("The dataset “%(id)s” already exists"), id=identifier)
            rows = self.register(session, found_actor, found_publisher, {identifier: metadata})
            if also is not None:
                also(session, rows[0])
            return identifier

        identifier, created = create_once(self._context, found_actor, once, create)
        return self.get(identifier, found_actor), created

    def register(
        self,
        session: Session,
        actor: Actor,
        publisher: Publisher,
        found: Mapping[str, DatasetMetadata],
        *,
        is_numbered: bool = True,
        **details: Any,
    ) -> Sequence[Dataset]:
        """Add datasets of a publisher by their ids, which are free, within a unit of work that writes.

        Each gets an index number, unless it has one, the publisher has no code, or none `is_numbered`; `details` are
        those of its event.
        """
        now = self._context.now()
        rows = [
            Dataset(id=name, uuid=str(uuid.uuid4()), publisher_id=publisher.id, meta=metadata.to_json())
            for name, metadata in found.items()
        ]
        if is_numbered:
            self._number(session, publisher, rows)
        for row in rows:
            row.created = row.modified = now
            self._context.log(session, actor, "create", "dataset", row.id, **details)
        session.add_all(rows)
        return rows

    def _number(self, session: Session, publisher: Publisher, rows: Sequence[Dataset]) -> None:
        without = [row for row in rows if PROPERTY not in row.meta]
        if publisher.code and without:
            numbers = give_numbers(self._context, session, publisher.code, [row.uuid for row in without])
            for row, number in zip(without, numbers, strict=True):
                row.meta = cast(MetadataJson, {**row.meta, PROPERTY: number})

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
        withdraws: bool = True,
    ) -> DatasetView:
        """Change the properties named in `changes`: null removes, an object replaces the one before.

        With `deep` objects are merged within as well (JSON Merge Patch, RFC 7396). The next version carries them. Where
        fewer people may have the data than before, all versions of the dataset are withdrawn. Under two-person review
        the change to a published dataset is proposed only, and so is one whose texts look like personal data: the next
        draft makes it public.

        Raises `InvalidMetadataError`, also for a change that withdraws versions unless `withdraws` confirms that;
        `PreconditionError` if `revision` isn't the current one, `StateError` while a version is being published.
        """
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            found_actor = require_editor(actor, row.publisher_id, row.id)
            if revision is not None and revision != row.revision:
                raise PreconditionError(
                    N_("The dataset has changed since you read it. Read it again, then make your change")
                )
            is_direct = found_actor == SYSTEM
            self.change(session, row, found_actor, changes, deep=deep, withdraws=withdraws, is_direct=is_direct)
            view = view_dataset(row, found_actor)
        self.finish(dataset)
        return view

    def change(
        self,
        session: Session,
        row: Dataset,
        actor: Actor,
        changes: Mapping[str, Any],
        *,
        deep: bool = False,
        withdraws: bool = True,
        is_direct: bool = False,
        **details: Any,
    ) -> bool:
        """What `update` does, to a row that is locked, within a unit of work; whether that changed anything.

        What `is_direct` needs no draft to become public. `finish` must be called after it. `details` are added to those
        of its event.
        """
        disclosure = disclosure_of(row)
        carried = next_metadata(row)
        before = row.meta if is_direct else carried
        merged = merge_patch(before, changes) if deep else {**before, **changes}
        metadata = read_metadata({key: value for key, value in merged.items() if value is not None})
        described = metadata.to_json()
        waits = self._context.settings.review != "none" or needs_reason(metadata)
        is_reviewed = is_listed(row) and waits and not is_direct
        if described == (before if is_reviewed else row.meta):
            return False
        wanted = Disclosure.from_json(described.get("disclosure"))
        if row.latest is not None and not withdraws and wanted.is_narrower_than(disclosure):
            text = N_("By this disclosure all published versions are withdrawn. Confirm that you want this")
            raise InvalidMetadataError(faults=[fault("/withdraws", text)])
        if is_listed(row) and not is_reviewed:
            require_ground(self._context, session, row, wanted)
        described = self._keep_number(session, row, described)
        if is_reviewed:
            require_kept(row)
            self._propose(row, described, actor)
        else:
            row.meta = described
            row.proposed = row.proposed if is_direct else None
            row.modified = self._context.now()
            note_opening(self._context, row)
            self._withdrawals.follow(session, row, disclosure, actor)
            if is_listed(row):
                record_entry(self._context, row)
        row.revision += 1
        drafts = _count_as_contributor(session, row, actor)
        if next_metadata(row) != carried:
            end_reviews(self._context, row, drafts, actor)
        self._context.log(session, actor, "update", "dataset", row.id, properties=sorted(changes), **details)
        return True

    def give_number(self, session: Session, row: Dataset, actor: Actor) -> bool:
        """Give an item that is locked its index number, if it has none and can have one; whether it got one."""
        if PROPERTY in next_metadata(row) or not row.publisher.code or row.is_foreign:
            return False
        number = (
            find_number(session, row.uuid) or give_numbers(self._context, session, row.publisher.code, [row.uuid])[0]
        )
        return self.change(session, row, actor, {PROPERTY: number})

    def finish(self, dataset: str) -> None:
        """Do outside the database what a change of a dataset decided there."""
        self._withdrawals.finish_all(dataset)

    def _keep_number(self, session: Session, row: Dataset, described: MetadataJson) -> MetadataJson:
        """The metadata with the index number that was generated for the item, or is now, where they have none."""
        code = row.publisher.code
        if PROPERTY in described or not code or row.is_foreign:
            return described
        number = find_number(session, row.uuid) or give_numbers(self._context, session, code, [row.uuid])[0]
        return cast(MetadataJson, {**described, PROPERTY: number})

    def _propose(self, row: Dataset, described: MetadataJson, actor: Actor) -> None:
        """Keep metadata until a draft that carries them is approved; what is public already needs no approval."""
        if row.publishing_id is not None:
            raise StateError(N_("A version of this dataset is being published. Try again in a moment"))
        by = row.proposed["by"] if row.proposed else ()
        row.proposed = None if described == row.meta else {"metadata": described, "by": sorted({*by, actor.name})}


def _cut(views: Sequence[DatasetView], limit: int) -> Page[DatasetView]:
    """A page of these, of which there is one more where another page follows."""
    items = views[:limit]
    return Page(items, write_cursor(items[-1].id) if len(views) > limit else None)


def _count_as_contributor(session: Session, row: Dataset, actor: Actor) -> Sequence[Draft]:
    """Anyone who changes the metadata has changed every draft that will carry them. Returns those drafts."""
    query = select(Draft).where(Draft.dataset_id == row.id, Draft.status.not_in(ENDED))
    drafts = session.scalars(query).all()
    for draft in drafts:
        draft.contributors = sorted({*(draft.contributors or ()), actor.name})
    return drafts


def _require_publisher(session: Session, publisher: str) -> Publisher:
    """Hold a publisher until the dataset is there, so that nobody ends it meanwhile; raises `InvalidMetadataError`."""
    try:
        row = find_publisher(session, publisher, lock=True)
    except NotFoundError:
        wrong = fault("/publisher", N_("There is no publisher “%(id)s”"), id=publisher)
        raise InvalidMetadataError(faults=[wrong]) from None
    if row.ended is not None:
        wrong = fault("/publisher", N_("The publisher “%(id)s” has ended, so it gets no new datasets"), id=publisher)
        raise InvalidMetadataError(faults=[wrong])
    return row


def _read_publisher(found: Mapping[str, Any], actor: Actor | None) -> str:
    given = found.get("publisher")
    if isinstance(given, Mapping):
        given = given.get("id")
    publisher = given or (actor.edited_publisher if actor else None)
    if actor is not None and not isinstance(publisher, str):
        raise InvalidMetadataError(faults=[fault("/publisher", N_("Give the id of the publisher"))])
    return publisher if isinstance(publisher, str) else ""


def find_free_identifier(session: Session, title: str) -> str:
    """An id that nothing has, by a title."""
    base = suggest_identifier(title)
    taken = set(session.scalars(select(Dataset.id).where(Dataset.id.startswith(base, autoescape=True))))
    taken |= set(session.scalars(select(Alias.old).where(Alias.old.startswith(base, autoescape=True))))
    return suggest_identifier(title, taken=taken)
