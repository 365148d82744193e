"""Datasets as namespaces of the Iceberg catalogue: which there are, what they are called, which versions they have.

A dataset is one if its newest version that isn't taken down has tables that anybody may have. It is found by its name,
by its id and by ids that it had.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Version
from opendata.domain.disclosure import OPEN
from opendata.domain.resources import TableResource
from opendata.errors import OpendataError, StateError
from opendata.exchange.iceberg.faults import NoNamespaceError
from opendata.exchange.iceberg.names import list_ids, name_id
from opendata.exchange.iceberg.schemas import read_columns
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.access import disclosure_of, is_for_all, where_not_closed, where_open, where_standing
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, write_cursor
from opendata.services.core.values import Page

logger = logging.getLogger(__name__)

MOST_SNAPSHOTS = 10_000
"""At most so many versions of a table are snapshots: the newest."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A dataset as a namespace."""

    name: str
    dataset: str
    title: str


@dataclass(frozen=True, slots=True)
class StandingVersion:
    """A version that isn't taken down. `manifest` is the hexadecimal SHA-256 of its manifest."""

    version: str
    manifest: str
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The versions of a dataset that aren't taken down, oldest first: the newest `MOST_SNAPSHOTS`.

    `tables` are those of the newest that anybody may have, and Iceberg can: ids by names. `is_open` says that anybody
    may have all of the dataset.
    """

    dataset: str
    uuid: str
    title: str
    is_open: bool
    versions: Sequence[StandingVersion]
    has_more: bool
    tables: Mapping[str, str]


class Namespaces:
    """Finds namespaces."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests
        self._has_tables = lru_cache(maxsize=16384)(self._look_for_tables)

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Namespace]:
        """The namespaces by the ids of their datasets; all of them without a limit. Raises `InputError`."""
        after = read_cursor(cursor)
        query = _select_namespaces().order_by(Dataset.id).execution_options(yield_per=500)
        if after is not None:
            query = query.where(Dataset.id > after)
        found: list[tuple[str, str]] = []
        with self._context.read() as session:
            for row in session.execute(query):
                if row.is_open or self._has_tables(row.id, row.version, row.manifest):
                    found.append((row.id, row.title or ""))
                if limit is not None and len(found) > limit:
                    break
            listed = found if limit is None else found[:limit]
            ids = {name for name, _ in listed}
            is_taken = ids.__contains__ if limit is None and after is None else partial(self._is_one, session)
            items = [Namespace(name_id(name, is_taken), name, title) for name, title in listed]
        return Page(items, write_cursor(items[-1].dataset) if len(found) > len(listed) else None)

    def get(self, name: str) -> Namespace:
        """A namespace by its name. Raises `NoNamespaceError`."""
        with self._context.read() as session:
            dataset = self._resolve(session, name)
            own = name_id(dataset, partial(self._is_one, session))
            return Namespace(own, dataset, session.get_one(Dataset, dataset).title or "")

    def get_standing(self, name: str) -> Standing:
        """What a namespace has. Raises `NoNamespaceError`."""
        with self._context.read() as session:
            found = self._read_standing(session, self._resolve(session, name))
        if found is None:
            raise NoNamespaceError(name=name)
        return found

    def list_tables(self, name: str) -> tuple[str, Sequence[str]]:
        """The own name of a namespace, and those of its tables in order. Raises `NoNamespaceError`."""
        with self._context.read() as session:
            dataset = self._resolve(session, name)
            found = self._read_standing(session, dataset, most=1)
            if found is None:
                raise NoNamespaceError(name=name)
            return name_id(dataset, partial(self._is_one, session)), sorted(found.tables)

    def find_standing(self, dataset: str, until: str, *, most: int | None = None) -> Standing | None:
        """What a dataset has, up to a version; None where the dataset, or that version, isn't there.

        With `most`, only so many versions are read.
        """
        with self._context.read() as session:
            return self._read_standing(session, dataset, until, most)

    def _resolve(self, session: Session, name: str) -> str:
        """The dataset that a name leads to: its own one first, then ids."""
        candidates = [item for item in list_ids(name) if self._is_one(session, item)]
        for item in candidates:
            if name in (name_id(item, partial(self._is_one, session)), name_id(item, lambda _: True)):
                return item
        if name in candidates:
            return name
        moved = session.get(Alias, name) if find_identifier_fault("", name) is None else None
        if moved is not None and self._is_one(session, moved.dataset_id):
            return moved.dataset_id
        raise NoNamespaceError(name=name)

    def _is_one(self, session: Session, dataset: str) -> bool:
        """Whether a dataset is a namespace."""
        if find_identifier_fault("", dataset) is not None:
            return False
        row = session.execute(_select_namespaces().where(Dataset.id == dataset)).first()
        return row is not None and (row.is_open or self._has_tables(dataset, row.version, row.manifest))

    def _look_for_tables(self, dataset: str, version: str, manifest: str) -> bool:  # noqa: ARG002 - tells versions apart
        """Whether a dataset that isn't open has tables that anybody may have."""
        try:
            tables = self._manifests.get(dataset, version).tables
        except OpendataError:
            logger.warning("the manifest of %s %s can't be read", dataset, version, exc_info=True)
            return False
        return any(item.disclosure == OPEN for item in tables)

    def _read_standing(
        self, session: Session, dataset: str, until: str = "", most: int | None = None
    ) -> Standing | None:
        row, most = session.get(Dataset, dataset), most or MOST_SNAPSHOTS
        query = select(Version.version, Version.manifest, Version.published)
        query = query.where(Version.dataset_id == dataset, where_standing())
        if until:
            place = select(Version.id).where(Version.dataset_id == dataset, Version.version == until, where_standing())
            query = query.where(Version.id <= place.scalar_subquery())
        found = session.execute(query.order_by(Version.id.desc()).limit(most + 1)).all()
        if row is None or not found:
            return None
        versions = [StandingVersion(item.version, item.manifest, item.published) for item in found[:most]]
        versions.sort(key=lambda item: parse_version(item.version) or (0, 0, 0))
        disclosure = disclosure_of(row)
        tables = self._manifests.get(dataset, versions[-1].version).tables
        names = {item.name for item in tables}
        return Standing(
            dataset=dataset,
            uuid=row.uuid,
            title=row.title or "",
            is_open=disclosure.is_open,
            versions=versions,
            has_more=len(found) > most,
            tables={
                name_id(item.name, names.__contains__): item.name
                for item in tables
                if is_for_all(disclosure, item) and fits(item)
            },
        )


def fits(table: TableResource) -> bool:
    """Whether Iceberg can have a table."""
    try:
        read_columns(table.schema.fields)
    except StateError:
        return False
    return True


def _select_namespaces() -> Select[str, str | None, bool, str, str]:
    """Datasets that are open, or whose tables may be: id, title, whether it is open, newest version, its manifest."""
    newest = (
        select(func.max(Version.id))
        .where(Version.dataset_id == Dataset.id, where_standing())
        .correlate(Dataset)
        .scalar_subquery()
    )
    return (
        select(Dataset.id, Dataset.title, where_open().label("is_open"), Version.version, Version.manifest)
        .join(Version, Version.id == newest)
        .where(where_not_closed(), Version.rows > 0)
    )
