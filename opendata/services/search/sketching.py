"""Keeping the index of columns up to date: it follows the audit log, and reads tables that anybody may have."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from opendata.confined import BrokenOffError
from opendata.db.models import Dataset
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, TableSchema
from opendata.errors import (
    N_,
    BackendError,
    NotFoundError,
    NotPublicError,
    OpendataError,
    StateError,
    SuspendedError,
    WithdrawnError,
)
from opendata.search.columns.entries import ColumnEntry, TableEntry
from opendata.search.columns.index import ColumnIndex, ColumnWriter, Position, is_damage
from opendata.search.columns.sketches import ColumnSketch, sketch_columns
from opendata.search.columns.sketching import sketch_apart
from opendata.search.folding import fold
from opendata.search.index import BusyIndexError
from opendata.services.catalogue.entries import view_dataset
from opendata.services.catalogue.versions import Versions
from opendata.services.core.access import is_for_all, is_listed, where_listed
from opendata.services.core.context import Context
from opendata.services.core.values import ServedFile
from opendata.services.search.following import find_end, read_changes
from opendata.tables.profile.profile import is_withheld

logger = logging.getLogger(__name__)

_SMALL_CELLS = 500_000
"""A table of at most so many cells is read in this process, in a fraction of a second."""
_SECONDS = 3_600.0
"""At most so long a table is read."""


class Sketching:
    """Writes the index of columns of this machine: the tables of the newest versions, where anybody may have them."""

    def __init__(self, context: Context, versions: Versions, index: ColumnIndex) -> None:
        self._context = context
        self._versions = versions
        self._index = index

    def follow(self) -> int:
        """Take in what has happened since the last time: how many events of the audit log, 0 where there was none.

        Where another process does so already, nothing is done.
        """
        place = self._index.read_position()
        with self._context.read() as session:
            changes = None if place is None else read_changes(session, place.position, place.digest)
            if place is not None and changes is None:
                return 0
            some = changes if changes is not None and not changes.is_whole else None
            end = Position(*find_end(session)) if some is None else Position(some.position, some.digest)
        try:
            with self._index.write() as writer:
                if some is None:
                    self._take_in_all(writer, end)
                else:
                    for name in sorted(some.touched):
                        self._take_in(writer, name)
                    writer.keep(end)
        except BusyIndexError:
            return 0
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            logger.exception("the index of columns is damaged and will be made again")
            self._index.delete()
        return changes.count if changes is not None else 1

    def rebuild(self) -> int:
        """Make the index again, while the old one is asked; of how many datasets it has tables.

        Raises `StateError` where another process writes it now.
        """
        with self._context.read() as session:
            end = Position(*find_end(session))
        try:
            return self._make_again(end)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            self._index.delete()
            return self._make_again(end)
        except BusyIndexError:
            text = N_("The search index is being written by another process. Try again in a minute")
            raise StateError(text) from None

    def _make_again(self, end: Position) -> int:
        with self._index.write() as writer:
            writer.distrust()
            self._take_in_all(writer, end)
            return len(writer.list_datasets())

    def _take_in_all(self, writer: ColumnWriter, end: Position) -> None:
        with self._context.read() as session:
            names = session.scalars(select(Dataset.id).where(where_listed()).order_by(Dataset.id)).all()
        for name in (*names, *sorted(set(writer.list_datasets()) - set(names))):
            self._take_in(writer, name)
        writer.keep(end)

    def _take_in(self, writer: ColumnWriter, name: str) -> None:
        entries: list[TableEntry] = []
        files: dict[str, ServedFile | None] = {}
        try:
            with self._context.database.reading():
                manifest, tables = self._list_tables(name)
                if manifest is not None:
                    entries = [_describe(manifest, table, left) for table, left in tables.values()]
                files = {entry.resource: self._find_file(entry) for entry in writer.list_changed(name, entries)}
        except BackendError:
            raise
        except (OpendataError, OSError, ValueError, KeyError, TypeError):  # of all others nothing new would be found
            logger.exception("what “%s” has in the store is damaged: its columns aren't found", name)
            entries = []
        writer.replace(name, entries, lambda entry: self._sketch(entry, files[entry.resource], *tables[entry.resource]))

    def _list_tables(self, name: str) -> tuple[Manifest | None, dict[str, tuple[TableResource, frozenset[str]]]]:
        """The newest version of a dataset, its tables that anybody may have, and which columns of each are left out."""
        with self._context.read() as session:
            row = session.get(Dataset, name)
            if row is None or not is_listed(row):
                return None, {}
            view = view_dataset(row)
        if view.latest is None:
            return None, {}
        try:
            manifest = self._versions.get_manifest(name, view.latest)
        except (NotFoundError, SuspendedError, WithdrawnError):
            return None, {}
        readable = [table for table in manifest.tables if is_for_all(view.disclosure, table)]
        return manifest, {table.name: (table, self._list_left_out(manifest, table)) for table in readable}

    def _list_left_out(self, manifest: Manifest, table: TableResource) -> frozenset[str]:
        """The columns whose values nobody may look for across tables: those that may describe persons."""
        try:
            profile = self._versions.get_profile(manifest.name, manifest.version, table.name)
        except (NotFoundError, NotPublicError):
            profile = ()
        shown = {column["name"] for column in profile if not is_withheld(column)}
        return frozenset(table.schema.names) - shown

    def _find_file(self, entry: TableEntry) -> ServedFile | None:
        """The values of a table; None where they can't be read."""
        try:
            return self._versions.find_file(entry.dataset, entry.version, entry.resource, "parquet")
        except BackendError:
            raise
        except (OpendataError, OSError, ValueError):
            logger.exception("the values of %s@%s/%s can't be read", entry.dataset, entry.version, entry.resource)
            return None

    def _sketch(
        self, entry: TableEntry, file: ServedFile | None, table: TableResource, left: frozenset[str]
    ) -> Iterator[ColumnSketch]:
        if file is None:
            return
        fields = [item for item in table.schema.fields if item.name not in left]
        try:
            with file.local_copy() as path:
                if table.rows * len(fields) <= _SMALL_CELLS:
                    yield from sketch_columns(path, fields)
                else:
                    with self._context.work_folder() as folder:
                        yield from sketch_apart(path, fields, folder, _SECONDS)
        except BackendError:
            raise
        except (OpendataError, BrokenOffError, OSError, ValueError):
            logger.exception("the values of %s@%s/%s can't be read", entry.dataset, entry.version, entry.resource)


def _describe(manifest: Manifest, table: TableResource, left: frozenset[str]) -> TableEntry:
    descriptor = table.schema.descriptor
    what = json.dumps([table.parquet.sha256, table.schema_name, sorted(left), descriptor], sort_keys=True)
    return TableEntry(
        dataset=manifest.name,
        version=manifest.version,
        resource=table.name,
        rows=table.rows,
        schema=table.schema_name,
        mark=hashlib.sha256(what.encode()).hexdigest(),
        columns=[_describe_column(manifest.name, table, item) for item in table.schema.fields],
    )


def _describe_column(dataset: str, table: TableResource, item: Field) -> ColumnEntry:
    titles = [str(texts["title"]) for texts in item.i18n.values() if texts.get("title")]
    return ColumnEntry(
        name=item.name,
        type=item.type,
        title=item.title,
        i18n=item.i18n,
        words="\n".join(map(fold, [item.name, item.title, *titles])),
        in_key=item.name in table.schema.primary_key,
        refers_to=_list_targets(dataset, table, item.name),
    )


def _list_targets(dataset: str, table: TableResource, name: str) -> Sequence[str]:
    """The columns that the foreign keys of a column name."""
    schema: TableSchema = table.schema
    found = []
    for key in schema.foreign_keys:
        owner = key.package.partition("@")[0] or dataset
        for field, target in zip(key.fields, key.reference_fields, strict=False):
            if field == name:
                found.append(f"{owner}/{key.resource or table.name}/{target}")
    return list(dict.fromkeys(found))
