"""Published versions: their manifests, their files, their first rows. Only what the index lists is visible."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, UtcDateTime, Version
from opendata.db.session import SHARED
from opendata.domain.manifest import Manifest
from opendata.domain.parts import name_part
from opendata.domain.profile import ColumnProfile
from opendata.domain.resources import Resource, StoredFile, TableResource
from opendata.domain.schema import ForeignKey
from opendata.errors import N_, NotFoundError, SuspendedError, WithdrawnError
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.entries import find_dataset, view_dataset
from opendata.services.catalogue.files.placement import find_store
from opendata.services.catalogue.files.reading import lend_file, lend_tables, open_file
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.catalogue.version_rows import (
    ALL_OF,
    LAST_ROW,
    ONE_OF,
    PAGE_OF,
    PLAIN_ONE_OF,
    make_version,
    view_plain,
    view_version,
)
from opendata.services.core.access import (
    disclosure_of,
    is_for_all,
    is_listed,
    list_public_blobs,
    may_have_rows,
    require_rows,
)
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.damages import Damages
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import DatasetView, News, Page, ServedFile
from opendata.storage.store import Store

LATEST = "latest"
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_KEPT_ROWS, _FEW_ROWS, _FEW_CHARACTERS = 500, 20, 20_000
"""Of so many files the first rows are kept in memory, where they are few: a file never changes."""


class Versions:
    """Reading published versions."""

    def __init__(self, context: Context, manifests: Manifests, damages: Damages) -> None:
        self._context = context
        self._manifests = manifests
        self._damages = damages
        self._first_rows: dict[tuple[str, int], Sequence[Mapping[str, Any]]] = {}

    def list(self, dataset: str) -> tuple[VersionView, ...]:
        """All versions of a dataset, newest first. Raises `NotFoundError` where the dataset is not public."""
        with self._context.read() as session:
            find_dataset(session, dataset)
            found = [view_plain(tuple(row)) for row in session.execute(ALL_OF, {"dataset": dataset})]
        if not found:
            raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
        return tuple(sorted(found, key=lambda item: parse_version(item.version) or (0, 0, 0), reverse=True))

    def list_page(self, dataset: str, *, limit: int, cursor: str | None = None) -> Page[VersionView]:
        """A page of the same, read from the database alone."""
        after = read_cursor(cursor)
        with self._context.read() as session:
            find_dataset(session, dataset)
            place = LAST_ROW
            if after is not None:
                known = select(Version.id).where(Version.dataset_id == dataset, Version.version == after)
                found_place = session.scalar(known)
                if found_place is None:
                    raise refuse_cursor()
                place = found_place
            rows = session.execute(PAGE_OF, {"dataset": dataset, "place": place, "most": limit + 1})
            found = [view_plain(tuple(row)) for row in rows]
        return Page(found[:limit], write_cursor(found[limit - 1].version) if len(found) > limit else None)

    def list_news(
        self, dataset: str | None = None, *, publisher: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[News]:
        """The versions, of all datasets, of one or of those of a publisher, those with the latest news first.

        Raises `NotFoundError` if the dataset is not public, `InputError` for a cursor that isn't one of ours.
        """
        query = select(Version, Dataset).join(Dataset, Dataset.id == Version.dataset_id)
        query = query.order_by(Version.changed.desc(), Version.id.desc()).limit(limit + 1)
        if cursor:
            changed, row = _read_place(cursor)
            place = tuple_(literal(changed, UtcDateTime()), literal(row))
            query = query.where(tuple_(Version.changed, Version.id) < place)
        with self._context.read() as session:
            if dataset is not None:
                if not is_listed(find_dataset(session, dataset)):
                    raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
                query = query.where(Version.dataset_id == dataset)
            if publisher is not None:
                query = query.where(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
            rows = list(session.execute(query))
            views: dict[str, DatasetView] = {}
            for _, owner in rows:
                if owner.id not in views:
                    views[owner.id] = view_dataset(owner)
            found = [News(views[owner.id], view_version(row)) for row, owner in rows[:limit]]
        return Page(found, _write_place(rows[limit - 1][0]) if len(rows) > limit else None)

    def get(self, dataset: str, version: str) -> VersionView:
        """One version. Raises `NotFoundError`, `WithdrawnError` with the tombstone, `SuspendedError` with the stop."""
        with self._context.read() as session:
            row = find_version(session, dataset, version)
            if row.withdrawal is not None:
                raise WithdrawnError(
                    N_("Version %(version)s of “%(dataset)s” was withdrawn on %(day)s: %(reason)s"),
                    version=row.version,
                    dataset=row.dataset_id,
                    day=str(row.withdrawal["withdrawn"])[:10],
                    reason=row.withdrawal["reason"],
                    tombstone=row.withdrawal,
                )
            if row.suspended:
                stop = row.suspension
                raise SuspendedError(
                    N_("Version %(version)s of “%(dataset)s” was stopped on %(day)s: %(reason)s"),
                    version=row.version,
                    dataset=row.dataset_id,
                    day=stop["created"][:10] if stop else "",
                    reason=stop["reason"] if stop else "",
                    suspension=stop,
                )
            return view_version(row)

    def find_predecessor(self, dataset: str, version: str) -> VersionView | None:
        """The version before, withdrawn or not: its manifest has the digest that the manifest of this one names."""
        previous = self.get_manifest(dataset, version).previous
        if previous is None:
            return None
        with self._context.read() as session:
            manifest = previous.removeprefix("sha256:")
            row = session.scalar(select(Version).where(Version.dataset_id == dataset, Version.manifest == manifest))
            return view_version(row) if row is not None else None

    def find_latest(self, dataset: str) -> str:
        """The number of the newest version that isn't withdrawn.

        Raises `NotFoundError` if there is no version, `WithdrawnError` if all were withdrawn.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            latest, head = row.latest, row.head
        if latest is None and head is None:
            raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
        return latest or self.get(dataset, str(head)).version

    def get_manifest(self, dataset: str, version: str) -> Manifest:
        """The manifest of a version. Its `name` is the dataset's id now, its document has the one of its time."""
        self.get(dataset, version)
        found = self._manifests.get(dataset, version)
        return found if found.name == dataset else replace(found, name=dataset)

    def read_manifest(self, dataset: str, version: str) -> bytes:
        """The exact bytes of the manifest: what is signed."""
        self.get(dataset, version)
        return self._manifests.read(dataset, version)

    def read_signature(self, dataset: str, version: str) -> bytes:
        """The detached signature of the manifest."""
        self.get(dataset, version)
        return self._manifests.read_signature(dataset, version)

    def get_resource(self, dataset: str, version: str, resource: str) -> Resource:
        """A resource of the manifest. Raises `NotFoundError`."""
        for item in self.get_manifest(dataset, version).resources:
            if item.name == resource:
                return item
        raise NotFoundError(N_("This version has no resource “%(name)s”"), name=resource[:100])

    def get_table(self, dataset: str, version: str, resource: str) -> TableResource:
        """One table of a version. Raises `NotFoundError` for an attachment too."""
        found = self.get_resource(dataset, version, resource)
        if not isinstance(found, TableResource):
            raise NotFoundError(
                N_("“%(name)s” isn't a table but an attachment. Its file is “%(path)s”"),
                name=resource[:100],
                path=found.path,
            )
        return found

    def require_rows(self, reader: Actor | None, dataset: str, *versions: str, resource: str | None = None) -> None:
        """Pass where a reader may have the rows of these versions, or of one resource of theirs.

        Raises `NotFoundError`, `WithdrawnError`, and `NotPublicError` by the disclosure of the dataset.
        """
        for version in versions:
            self.get(dataset, version)
        found = [self.get_resource(dataset, version, resource) for version in versions] if resource else [None]
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            for item in found:
                require_rows(self._context, session, row, reader, item)

    def list_readable(self, reader: Actor | None, dataset: str, version: str) -> frozenset[str]:
        """The names of the resources of a version that a reader may have. Raises `NotFoundError`, `WithdrawnError`."""
        resources = self.get_manifest(dataset, version).resources
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if may_have_rows(self._context, session, row, reader):
                return frozenset(item.name for item in resources)
            disclosure = disclosure_of(row)
        return frozenset(item.name for item in resources if is_for_all(disclosure, item))

    def find_attachment(self, dataset: str, version: str, name: str, reader: Actor | None = None) -> ServedFile:
        """The file of an attachment by the file's name. Raises `NotFoundError`, `NotPublicError`, `DamagedError`."""
        for item in self.get_manifest(dataset, version).attachments:
            if item.filename == name:
                self.require_rows(reader, dataset, version, resource=item.name)
                return self._serve(dataset, version, item.file, name, item.mediatype)
        self.require_rows(reader, dataset, version)
        raise NotFoundError(N_("This version has no attachment “%(name)s”"), name=name[:100])

    def find_file(
        self, dataset: str, version: str, resource: str, suffix: str, reader: Actor | None = None
    ) -> ServedFile:
        """The CSV or Parquet file of a table. Raises `NotFoundError`, `NotPublicError`, `DamagedError`."""
        found = self.get_table(dataset, version, resource)
        self.require_rows(reader, dataset, version, resource=resource)
        if suffix not in _MEDIA_TYPES:
            raise NotFoundError(N_("This resource isn't available as “%(suffix)s”"), suffix=suffix[:20])
        file = found.file if suffix == "csv" else found.parquet
        return self._serve(dataset, version, file, f"{dataset}-{version}-{resource}.{suffix}", _MEDIA_TYPES[suffix])

    def find_part(
        self, dataset: str, version: str, resource: str, number: int, suffix: str, reader: Actor | None = None
    ) -> ServedFile:
        """The n-th part of a table that is in parts, from 1. Raises as `find_file`."""
        found = self.get_table(dataset, version, resource)
        self.require_rows(reader, dataset, version, resource=resource)
        parts = {"csv": found.file.parts, "parquet": found.parquet.parts}.get(suffix, ())
        if not 1 <= number <= len(parts):
            raise NotFoundError(N_("The table “%(name)s” has no such part"), name=resource[:100])
        part = parts[number - 1]
        name = f"{dataset}-{version}-{name_part(resource, number, suffix)}"
        return self._serve(dataset, version, StoredFile(part.sha256, part.bytes), name, _MEDIA_TYPES[suffix])

    def _serve(self, dataset: str, version: str, file: StoredFile, name: str, media_type: str) -> ServedFile:
        """A file that its reader may have."""
        with self._context.read() as session:
            row, disclosure = find_version(session, dataset, version), disclosure_of(find_dataset(session, dataset))
        public = list_public_blobs(self._manifests.get(dataset, version), disclosure)
        is_public = all(item.sha256 in public for item in file.pieces)
        find = self._find_store if is_public and not row.unfinished else partial(find_store, self._context)
        self._damages.require_all(find, file.pieces, self._manifests.find_written(dataset, version))
        store = find(file.pieces[0].sha256)
        is_signed = is_public and store is self._context.public and store.can_sign and not file.parts
        return ServedFile(
            open=partial(open_file, self._context, file, find),
            local_copy=partial(lend_file, self._context, file, find),
            name=name,
            media_type=media_type,
            sha256=file.sha256,
            size=file.bytes,
            is_public=is_public,
            signing=store if is_signed else None,
            local_parts=partial(lend_tables, self._context, file, find) if file.parts else None,
        )

    def _find_store(self, name: str) -> Store:  # noqa: ARG002
        """Where a settled file is that anybody may have."""
        return self._context.public

    def get_report(self, dataset: str, version: str, resource: str, reader: Actor | None = None) -> Mapping[str, Any]:
        """The verdict and the counts per rule and column of a resource, without any value of a cell.

        Raises `NotFoundError`, `NotPublicError`.
        """
        found = self._get_report(dataset, version, resource, reader)
        return {key: value for key, value in found.items() if key != "opendata"}

    def get_profile(
        self, dataset: str, version: str, resource: str, reader: Actor | None = None
    ) -> Sequence[ColumnProfile]:
        """What is in each column of a resource; only counts for columns that may describe persons or aren't public."""
        found = self._get_report(dataset, version, resource, reader).get("opendata") or {}
        return list(found.get("profile", ()))

    def _get_report(self, dataset: str, version: str, resource: str, reader: Actor | None) -> Mapping[str, Any]:
        table = self.get_table(dataset, version, resource)
        with self._context.read() as session:
            disclosure = disclosure_of(find_dataset(session, dataset))
        public = list_public_blobs(self._manifests.get(dataset, version), disclosure)
        if table.report is None or table.report.sha256 not in public:
            self.require_rows(reader, dataset, version, resource=resource)
        if table.report is None:
            return {"valid": True, "tasks": []}
        with find_store(self._context, table.report.sha256).open_blob(table.report.sha256) as file:
            found: Mapping[str, Any] = json.load(file)
        return found

    @contextmanager
    def local_tables(self, key: ForeignKey) -> Iterator[Sequence[Path] | None]:
        """The local Parquet files with the rows of the published table that a foreign key refers to, or None."""
        dataset, _, version = key.package.partition("@")
        with ExitStack() as opened:
            try:
                file = self.find_file(dataset, version, key.resource, "parquet")
                paths: Sequence[Path] | None = opened.enter_context(file.local_tables())
            except (NotFoundError, SuspendedError, WithdrawnError):
                paths = None
            yield paths

    @contextmanager
    def local_table(self, key: ForeignKey) -> Iterator[Path | None]:
        """A local Parquet file of the published table that a foreign key refers to, or None."""
        dataset, _, version = key.package.partition("@")
        with ExitStack() as opened:
            try:
                path = opened.enter_context(self.find_file(dataset, version, key.resource, "parquet").local_copy())
            except (NotFoundError, SuspendedError, WithdrawnError):
                path = None
            yield path

    def read_rows(
        self, dataset: str, version: str, resource: str, limit: int, reader: Actor | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """The first rows of a resource, typed, from its Parquet file, not to be changed. Raises as `find_file`."""
        from opendata.tables.forms.preview import read_first_rows

        file = self.find_file(dataset, version, resource, "parquet", reader)
        known = self._first_rows.get((file.sha256, limit))
        if known is not None:
            return known
        with file.local_tables() as paths:
            rows = read_first_rows(paths, limit)
        if limit <= _FEW_ROWS and sum(len(str(row)) for row in rows) <= _FEW_CHARACTERS:
            while len(self._first_rows) >= _KEPT_ROWS:
                self._first_rows.pop(next(iter(self._first_rows), (file.sha256, limit)), None)
            self._first_rows[file.sha256, limit] = rows
        return rows


def find_version(session: Session, dataset: str, version: str) -> Version:
    """The row of a version, withdrawn or not; in a session that is shared to read, in no session.

    Raises `NotFoundError`.
    """
    shared = session.info.get(SHARED)
    if shared is not None and (dataset, version) in shared:
        found: Version = shared[dataset, version]
        return found
    wanted = {"dataset": dataset, "version": version}
    if shared is None:
        row = session.scalar(ONE_OF, wanted)
    else:
        values = session.execute(PLAIN_ONE_OF, wanted).first()
        row = None if values is None else make_version(tuple(values))
    if row is None:
        find_dataset(session, dataset)
        raise NotFoundError(
            N_("There is no version “%(version)s” of “%(dataset)s”"), version=version[:40], dataset=dataset[:200]
        )
    if shared is not None:
        shared[dataset, version] = row
    return row


def _write_place(row: Version) -> str:
    """The cursor of a place in the news: when the newest thing was said of a version, and which row it is."""
    return write_cursor(f"{row.changed.isoformat()} {row.id}")


def _read_place(cursor: str) -> tuple[datetime, int]:
    moment, _, row = (read_cursor(cursor) or "").partition(" ")
    try:
        changed = datetime.fromisoformat(moment)
    except ValueError:
        raise refuse_cursor() from None
    if changed.tzinfo != UTC or not row.isdecimal() or len(row) > 9:
        raise refuse_cursor()
    return changed, int(row)
