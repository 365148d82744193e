"""The public entries of the catalogue, one by one or all in their order, as `domain.catalogue` has them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, ExternalLink, Publisher, RegistrationRow, Version
from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Edition
from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.registers.registration import RegistrationKind, RegistrationState
from opendata.domain.site.links import LinkState
from opendata.errors import N_, BackendError, DamagedError, NotFoundError
from opendata.metadata.dataset import read_metadata
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.catalogue.versions import Versions
from opendata.services.core.access import disclosure_of, is_for_all, is_listed, where_listed
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.values import Page

logger = logging.getLogger(__name__)

BATCH = 200
"""So many entries are read from the database at once."""
CHANGES = 5000
"""So many ids with their moments are."""


class Entries:
    """Reads the public catalogue for those who write documents of it."""

    def __init__(self, context: Context, versions: Versions, manifests: Manifests) -> None:
        self._context = context
        self._versions = versions
        self._manifests = manifests

    def get(self, dataset: str) -> CatalogueEntry:
        """One dataset with its newest version. Raises `NotFoundError`, `MovedError`."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if not is_listed(row):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
            return self._describe(session, [row])[0]

    def get_version(self, dataset: str, version: str) -> CatalogueEntry:
        """One dataset as one of its versions has it, with the metadata of that time.

        Who may have its data is decided by the dataset as it is now. Raises `NotFoundError`, `MovedError`,
        `WithdrawnError`, `SuspendedError`, `DamagedError`.
        """
        manifest = self._versions.get_manifest(dataset, version)
        found = self.get(dataset)
        metadata = replace(manifest.metadata, disclosure=found.metadata.disclosure)
        code = next((item.registration for item in found.editions if item.version == version), "")
        public = _list_public(metadata, manifest)
        return replace(found, metadata=metadata, manifest=manifest, public=public, registration=code)

    def get_many(self, datasets: Sequence[str]) -> Sequence[CatalogueEntry]:
        """Datasets by id, in this order; those that aren't public are left out."""
        query = select(Dataset).where(Dataset.id.in_(datasets), where_listed())
        with self._context.read() as session:
            found = {item.id: item for item in self._describe(session, list(session.scalars(query)))}
        return [found[name] for name in datasets if name in found]

    def find_by_uuid(self, uuid: str) -> str | None:
        """The id of the public dataset with a UUID."""
        with self._context.read() as session:
            return session.scalar(select(Dataset.id).where(Dataset.uuid == uuid, where_listed()))

    def list(
        self, *, publisher: str | None = None, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[CatalogueEntry]:
        """A page of them by id, of all publishers or of one. Raises `InputError` for a cursor that isn't ours."""
        with self._context.read() as session:
            query = self._select(session, publisher, read_cursor(cursor) or "").limit(limit + 1)
            rows = list(session.scalars(query))
            items = self._describe(session, rows[:limit])
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def iterate(
        self,
        *,
        publisher: str | None = None,
        since: datetime | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> Iterator[CatalogueEntry]:
        """All of them by id, of all publishers or of one, read in batches: memory stays flat however many there are.

        With `since` those alone of which anything changed at that moment or later.
        """
        left = limit
        while left is None or left > 0:
            size = BATCH if left is None else min(BATCH, left)
            with self._context.read() as session:
                rows = list(session.scalars(self._select(session, publisher, after, since).limit(size)))
                items = self._describe(session, rows)
            yield from items
            if len(items) < size:
                return
            after = items[-1].id
            left = None if left is None else left - len(items)

    def find_place(self, number: int, *, publisher: str | None = None, since: datetime | None = None) -> str | None:
        """The id of the one with a number, counted from 1 in the order of `iterate`, to go on after it."""
        with self._context.read() as session:
            query = self._select(session, publisher, "", since).with_only_columns(Dataset.id)
            return session.scalar(query.offset(number - 1).limit(1))

    def count(self, publisher: str | None = None, since: datetime | None = None) -> int:
        """How many there are."""
        with self._context.read() as session:
            query = self._select(session, publisher, "", since).order_by(None).with_only_columns(func.count(Dataset.id))
            return int(session.scalar(query) or 0)

    def find_change(self) -> datetime | None:
        """When something of the public catalogue changed last: an entry, what is said of a version, a publisher."""
        with self._context.read() as session:
            entry = session.scalar(select(func.max(Dataset.modified)).where(where_listed()))
            version = session.scalar(select(func.max(Version.changed)))
            publisher = session.scalar(select(func.max(Publisher.modified)))
        return max((item for item in (entry, version, publisher) if item is not None), default=None)

    def iterate_changes(self, start: int = 0, limit: int | None = None) -> Iterator[tuple[str, datetime]]:
        """The ids in their order, from one place on, each with when anything of the dataset changed last."""
        after, left = "", limit
        while left is None or left > 0:
            size = CHANGES if left is None else min(CHANGES, left)
            with self._context.read() as session:
                rows = session.execute(_select_changes(start, size, after)).all()
            for name, modified, changed in rows:
                yield name, max(modified, changed or modified)
            if len(rows) < size:
                return
            start, after = 0, rows[-1][0]
            left = None if left is None else left - size

    def find_latest(self, start: int, limit: int) -> datetime | None:
        """When anything of these datasets changed last; None of none."""
        found = select(Dataset.id, Dataset.modified).where(where_listed()).order_by(Dataset.id)
        part = found.limit(limit).offset(start).subquery()
        query = select(func.max(part.c.modified), func.max(Version.changed)).select_from(part)
        with self._context.read() as session:
            row = session.execute(query.outerjoin(Version, Version.dataset_id == part.c.id)).one()
        return max((item for item in row if item is not None), default=None)

    def find_state(self) -> str:
        """A text that is another one whenever anything of the public catalogue has changed, its publishers included.

        Moments are those of a second, so there are counts too, of what may change twice in one.
        """
        with self._context.read() as session:
            parts = [
                session.execute(
                    select(func.count(), func.max(Dataset.modified), func.sum(Dataset.revision)).where(where_listed())
                ).one(),
                session.execute(
                    select(
                        func.count(),
                        func.max(Version.changed),
                        func.count(Version.id).filter(Version.withdrawal.is_not(None)),
                        func.count(Version.id).filter(Version.suspended.is_(True)),
                    )
                ).one(),
                session.execute(select(func.count(), func.max(Publisher.modified), func.sum(Publisher.revision))).one(),
                session.execute(select(func.count(Alias.old))).one(),
            ]
        return repr([tuple(item) for item in parts])

    def list_agencies(self, *, with_ended: bool = False) -> Sequence[Agency]:
        """The publishers by id; with those that were merged, split or closed, if wanted."""
        query = select(Publisher).order_by(Publisher.id)
        with self._context.read() as session:
            found = [describe_agency(row) for row in session.scalars(query)]
        return found if with_ended else [item for item in found if item.ended is None]

    def _select(
        self, session: Session, publisher: str | None, after: str, since: datetime | None = None
    ) -> Select[Dataset]:
        query = select(Dataset).where(where_listed()).order_by(Dataset.id)
        if after:
            query = query.where(Dataset.id > after)
        if since is not None:
            versions = select(Version.dataset_id).where(Version.changed >= since)
            query = query.where(or_(Dataset.modified >= since, Dataset.id.in_(versions)))
        if publisher is not None:
            query = query.where(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
        return query

    def _describe(self, session: Session, rows: Sequence[Dataset]) -> Sequence[CatalogueEntry]:
        names = [row.id for row in rows]
        editions: dict[str, list[Edition]] = {name: [] for name in names}
        codes = _read_codes(session, rows)
        for row in session.scalars(select(Version).where(Version.dataset_id.in_(names))):
            code = codes.get(row.dataset_id, {}).get(row.version, "")
            editions[row.dataset_id].append(_describe_edition(row, code))
        former: dict[str, list[str]] = {}
        for alias in session.scalars(select(Alias).where(Alias.dataset_id.in_(names)).order_by(Alias.old)):
            former.setdefault(alias.dataset_id, []).append(alias.old)
        dead: dict[str, set[str]] = {}
        for link in session.scalars(
            select(ExternalLink).where(ExternalLink.dataset_id.in_(names), ExternalLink.link == LinkState.DEAD)
        ):
            dead.setdefault(link.dataset_id, set()).add(link.url)
        agencies: dict[str, Agency] = {}
        return [
            self._describe_one(
                row,
                sorted(editions[row.id], key=_rank, reverse=True),
                agencies.setdefault(row.publisher_id, describe_agency(row.publisher)),
                former.get(row.id, ()),
                frozenset(dead.get(row.id, ())),
                ["", *codes.get(row.id, {}).values()][-1],
            )
            for row in rows
        ]

    def _describe_one(
        self,
        row: Dataset,
        editions: Sequence[Edition],
        publisher: Agency,
        former: Sequence[str],
        dead: frozenset[str],
        registration: str,
    ) -> CatalogueEntry:
        metadata = read_metadata(row.meta)
        manifest = self._find_manifest(row, editions)
        return CatalogueEntry(
            id=row.id,
            uuid=row.uuid,
            created=row.created,
            modified=row.modified,
            metadata=metadata,
            publisher=publisher,
            editions=editions,
            manifest=manifest,
            public=_list_public(metadata, manifest) if manifest else frozenset(),
            archived=row.archived,
            former=former,
            origin=row.origin,
            dead=dead,
            registration=registration,
        )

    def _find_manifest(self, row: Dataset, editions: Sequence[Edition]) -> Manifest | None:
        """The manifest of the newest version; None while it is stopped, and where the store has it damaged.

        What is closed is an entry alone: its versions were withdrawn.
        """
        newest = next((item for item in editions if item.version == row.latest), None)
        if newest is None or not newest.is_standing or disclosure_of(row).is_closed:
            return None
        try:
            found = self._manifests.get(row.id, newest.version)
        except BackendError:
            raise
        except (DamagedError, NotFoundError, OSError):
            logger.exception("the manifest of “%s” can't be read: its entry stands alone", row.id)
            return None
        return found if found.name == row.id else replace(found, name=row.id)


def _select_changes(start: int, limit: int, after: str = "") -> Select[str, datetime, datetime | None]:
    query = (
        select(Dataset.id, Dataset.modified, func.max(Version.changed).label("changed"))
        .outerjoin(Version, Version.dataset_id == Dataset.id)
        .where(where_listed())
        .group_by(Dataset.id, Dataset.modified)
        .order_by(Dataset.id)
        .limit(limit)
        .offset(start)
    )
    return query.where(Dataset.id > after) if after else query


def describe_agency(row: Publisher) -> Agency:
    """What is public of a publisher, but for its officials."""
    details: Mapping[str, object] = row.details or {}
    contact = details.get("contactPoint")
    return Agency(
        id=row.id,
        title=row.title,
        description=row.description,
        i18n=row.i18n,
        short_title=str(details.get("shortTitle") or ""),
        kind=row.kind,
        code=row.code or "",
        division=str(details.get("division") or ""),
        parent=row.parent_id,
        contact=contact if isinstance(contact, Mapping) else {},
        created=row.created,
        modified=row.modified,
        ended=row.ended,
    )


def _read_codes(session: Session, rows: Sequence[Dataset]) -> Mapping[str, Mapping[str, str]]:
    """Dataset → version → its code in the register, those that were registered last coming last."""
    names = {row.uuid: row.id for row in rows}
    query = select(RegistrationRow.dataset_uuid, RegistrationRow.version, RegistrationRow.code).where(
        RegistrationRow.dataset_uuid.in_(names),
        RegistrationRow.state == RegistrationState.REGISTERED,
        RegistrationRow.kind != RegistrationKind.CANCELLATION,
        RegistrationRow.code != "",
    )
    found: dict[str, dict[str, str]] = {}
    for uuid, version, code in session.execute(query.order_by(RegistrationRow.id)):
        of_dataset = found.setdefault(names[uuid], {})
        of_dataset.pop(version, None)
        of_dataset[version] = code
    return found


def _describe_edition(row: Version, registration: str) -> Edition:
    return Edition(
        version=row.version,
        published=row.published,
        changed=row.changed,
        notes=row.notes,
        period=row.period or "",
        manifest_sha256=row.manifest,
        rows=row.rows,
        bytes=row.bytes,
        withdrawal=row.withdrawal,
        suspension=row.suspension if row.suspended else None,
        registration=registration,
    )


def _rank(item: Edition) -> tuple[int, int, int]:
    return parse_version(item.version) or (0, 0, 0)


def _list_public(metadata: DatasetMetadata, manifest: Manifest) -> frozenset[str]:
    return frozenset(item.name for item in manifest.resources if is_for_all(metadata.disclosure, item))
