"""The public entries of the catalogue, one by one or all in their order, as `domain.catalogue` has them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from opendata.db.counts import read_counts
from opendata.db.models import Alias, Dataset, Event, ExternalLink, Publisher, RegistrationRow, Version
from opendata.db.plain import PlainRows
from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Edition
from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.registers.registration import RegistrationKind, RegistrationState
from opendata.domain.site.links import LinkState
from opendata.errors import N_, BackendError, DamagedError, NotFoundError
from opendata.metadata.dataset import read_stored
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.editions import remember_rows
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
SHELVES = tuple(f"{number:02x}" for number in range(256))
"""The shelves that datasets are on, each on one of them for good."""

_SHELVES_AT_ONCE = 64

_ROWS = PlainRows(
    Version,
    (
        *("dataset_id", "version", "published", "changed", "notes", "period", "manifest", "rows", "bytes"),
        *("withdrawal", "suspended", "suspension"),
    ),
)
"""What `_describe_edition` reads."""

_EDITIONS = _ROWS.select().where(Version.__table__.c.dataset_id.in_(bindparam("names", expanding=True)))
_ALIASES, _LINKS, _REGISTERED = Alias.__table__.c, ExternalLink.__table__.c, RegistrationRow.__table__.c
_FORMER = (
    select(_ALIASES.dataset_id, _ALIASES.old)
    .where(_ALIASES.dataset_id.in_(bindparam("names", expanding=True)))
    .order_by(_ALIASES.old)
)
_DEAD = select(_LINKS.dataset_id, _LINKS.url).where(
    _LINKS.dataset_id.in_(bindparam("names", expanding=True)), _LINKS.link == LinkState.DEAD
)
_CODES = (
    select(_REGISTERED.dataset_uuid, _REGISTERED.version, _REGISTERED.code)
    .where(
        _REGISTERED.dataset_uuid.in_(bindparam("uuids", expanding=True)),
        _REGISTERED.state == RegistrationState.REGISTERED,
        _REGISTERED.kind != RegistrationKind.CANCELLATION,
        _REGISTERED.code != "",
    )
    .order_by(_REGISTERED.id)
)

_CHANGING = ("dataset", "version", "publisher", "catalogue", "instance")
"""What the lines of the audit log are about that change the public catalogue."""


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
            found = {item.id: item for item in self._describe(session, list(session.scalars(query)), is_kept=True)}
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
        """The id of the one with a number, counted from 1 in the order of `iterate`, to go on after it.

        It is looked for from the nearer end, in an index that has nothing else. To go from page to page, `find_near`
        costs the same wherever the page is.
        """
        from_end = self.count(publisher) - number if since is None else number
        if from_end < 0:
            return None
        with self._context.read() as session:
            query = self._select(session, publisher, "", since).with_only_columns(Dataset.id)
            if from_end < number:
                return session.scalar(query.order_by(None).order_by(Dataset.id.desc()).offset(from_end).limit(1))
            return session.scalar(query.offset(number - 1).limit(1))

    def find_near(
        self, place: str, number: int, *, publisher: str | None = None, since: datetime | None = None
    ) -> str | None:
        """The id of the one so many places after another one, or before it, if the number is negative."""
        with self._context.read() as session:
            query = self._select(session, publisher, "", since).with_only_columns(Dataset.id)
            if number > 0:
                return session.scalar(query.where(Dataset.id > place).offset(number - 1).limit(1))
            query = query.where(Dataset.id <= place).order_by(None).order_by(Dataset.id.desc())
            return session.scalar(query.offset(-number).limit(1))

    def count(self, publisher: str | None = None, since: datetime | None = None) -> int:
        """How many there are. Without `since` they are kept counts, which cost the same however many there are."""
        with self._context.read() as session:
            if since is None:
                counts = read_counts(session)
                names = counts if publisher is None else follow_publishers(session, [publisher])
                return sum(counts.get(name, 0) for name in names)
            query = self._select(session, publisher, "", since).order_by(None).with_only_columns(func.count(Dataset.id))
            return int(session.scalar(query) or 0)

    def find_change(self) -> datetime | None:
        """When something of the public catalogue changed last: an entry, what is said of a version, a publisher."""
        with self._context.read() as session:
            entry = session.scalar(select(func.max(Dataset.modified)).where(where_listed()))
            version = session.scalar(select(func.max(Version.changed)))
            publisher = session.scalar(select(func.max(Publisher.modified)))
        return max((item for item in (entry, version, publisher) if item is not None), default=None)

    def list_changes(self, shelf: str = "") -> Sequence[tuple[str, datetime]]:
        """The ids of a shelf, or of those whose names begin like that, with when anything of each changed last."""
        query = select(Dataset.id, Dataset.changed).where(Dataset.changed.is_not(None), *_where_shelved(shelf))
        with self._context.read() as session:
            return [(name, changed) for name, changed in session.execute(query.order_by(Dataset.id)) if changed]

    def find_changes(self) -> Mapping[str, datetime]:
        """When anything of each shelf changed last, of those that have anything: as quick for a million as for ten."""
        changed = func.max(Dataset.changed).label("changed")
        parts = [select(literal(shelf).label("shelf"), changed).where(Dataset.shelf == shelf) for shelf in SHELVES]
        found: dict[str, datetime] = {}
        with self._context.read() as session:
            for start in range(0, len(parts), _SHELVES_AT_ONCE):
                query = union_all(*parts[start : start + _SHELVES_AT_ONCE])
                found |= {shelf: moment for shelf, moment in session.execute(query) if moment is not None}
        return found

    def find_state(self) -> str:
        """A text that is another one whenever anything of the public catalogue has changed, its publishers included.

        Whatever changes the catalogue is in the audit log, in the same transaction and in the order of commits: the
        newest lines about it say which state it is, however many datasets there are.
        """
        with self._context.read() as session:
            newest = [
                session.execute(
                    select(Event.position, Event.digest)
                    .where(Event.subject_kind == kind, Event.position.is_not(None))
                    .order_by(Event.position.desc())
                    .limit(1)
                ).first()
                for kind in _CHANGING
            ]
        return repr([tuple(item) if item is not None else None for item in newest])

    def list_agencies(self, *, with_ended: bool = False) -> Sequence[Agency]:
        """The publishers by id; with those that were merged, split or closed, if wanted."""
        query = select(Publisher).order_by(Publisher.id)
        with self._context.read() as session:
            found = [describe_agency(row) for row in session.scalars(query)]
        return found if with_ended else [item for item in found if item.ended is None]

    def _select(
        self, session: Session, publisher: str | None, after: str, since: datetime | None = None
    ) -> Select[Dataset]:
        query = select(Dataset).where(Dataset.changed.is_not(None)).order_by(Dataset.id)
        if after:
            query = query.where(Dataset.id > after)
        if since is not None:
            query = query.where(Dataset.changed >= since)
        if publisher is not None:
            query = query.where(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
        return query

    def _describe(
        self, session: Session, rows: Sequence[Dataset], *, is_kept: bool = False
    ) -> Sequence[CatalogueEntry]:
        """The entries of some rows; with `is_kept` a session that is shared knows the rows afterwards."""
        names = [row.id for row in rows]
        editions: dict[str, list[Edition]] = {name: [] for name in names}
        codes = _read_codes(session, rows)
        if is_kept:
            versions = session.scalars(select(Version).where(Version.dataset_id.in_(names))).all()
            remember_rows(session, rows, versions)
            for row in versions:
                code = codes.get(row.dataset_id, {}).get(row.version, "")
                editions[row.dataset_id].append(_describe_row(row, code))
        else:
            for values in session.execute(_EDITIONS, {"names": names}):
                code = codes.get(values.dataset_id, {}).get(values.version, "")
                editions[values.dataset_id].append(_describe_edition(tuple(values), code))
        former: dict[str, list[str]] = {}
        for name, old in session.execute(_FORMER, {"names": names}):
            former.setdefault(name, []).append(old)
        dead: dict[str, set[str]] = {}
        for name, url in session.execute(_DEAD, {"names": names}):
            dead.setdefault(name, set()).add(url)
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
        metadata = read_stored(row.meta)
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


def _where_shelved(shelf: str) -> Sequence[ColumnElement[bool]]:
    names = [name for name in SHELVES if name.startswith(shelf)]
    return (Dataset.shelf >= names[0], Dataset.shelf <= names[-1]) if shelf else ()


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
    found: dict[str, dict[str, str]] = {}
    for uuid, version, code in session.execute(_CODES, {"uuids": list(names)}):
        of_dataset = found.setdefault(names[uuid], {})
        of_dataset.pop(version, None)
        of_dataset[version] = code
    return found


@lru_cache(maxsize=4096)
def _describe_edition(values: tuple[Any, ...], registration: str) -> Edition:
    return _describe_row(_ROWS.make(values), registration)


def _describe_row(row: Version, registration: str) -> Edition:
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
