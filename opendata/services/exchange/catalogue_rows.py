"""The rows of the catalogue as tables, read in one pass: so each row refers to rows that are there.

datasets by id, a batch at a time → resources, columns, quality and downloads of the batch → the next batch
                                  → then publishers and schemas, which are never deleted
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select

from opendata.db.models import Dataset, DatasetMeasure, Download, Publisher, Schema, TableMeasure, Version
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.quality.figures import TableMeasures
from opendata.exchange.tables.definitions import TABLES
from opendata.exchange.tables.rows import (
    Row,
    describe_dataset,
    describe_publisher,
    describe_schema,
    list_columns,
    list_quality,
    list_resources,
)
from opendata.services.catalogue.schemas import Schemas
from opendata.services.core.context import Context
from opendata.services.exchange.entries import BATCH, Entries

FRESH = timedelta(minutes=5)
"""So long what was made of the whole catalogue is given without a look at it."""

SETTLED = timedelta(seconds=2)
"""Moments are told to the second: what was a moment ago may not be all that happened in it."""

LISTS = {name: f"catalogue-{name}" for name in TABLES}
"""Table → the id of the dataset that it is published as, where the portal publishes its lists."""


class CatalogueRows:
    """Reads the rows."""

    def __init__(self, context: Context, entries: Entries, schemas: Schemas) -> None:
        self._context = context
        self._entries = entries
        self._schemas = schemas
        self.addresses = Addresses(context.settings.base_url.rstrip("/"))
        """Where things are: without the portal's own address where that isn't set, whatever a request says."""

    def read(
        self, addresses: Addresses, wanted: Collection[str] = tuple(TABLES), left_out: Collection[str] = ()
    ) -> Iterator[tuple[str, Sequence[Row]]]:
        """Rows with the table that they are of, some at a time. Datasets that are `left_out` have none."""
        entries = (entry for entry in self._entries.iterate() if entry.id not in left_out)
        while wanted and (batch := list(islice(entries, BATCH))):
            if "datasets" in wanted:
                yield "datasets", [describe_dataset(entry, addresses) for entry in batch]
            if "resources" in wanted:
                yield "resources", [row for entry in batch for row in list_resources(entry, addresses)]
            if "columns" in wanted:
                yield "columns", [row for entry in batch for row in list_columns(entry)]
            if "quality" in wanted:
                measures = self._read_measures(batch)
                yield "quality", [row for entry in batch for row in list_quality(entry, measures.get(entry.id, {}))]
            if "usage" in wanted:
                yield "usage", self._read_usage(batch)
        if "publishers" in wanted:
            agencies = self._entries.list_agencies(with_ended=True)
            yield "publishers", [describe_publisher(agency, addresses) for agency in agencies]
        if "schemas" in wanted:
            yield from (("schemas", rows) for rows in self._read_schemas(addresses))

    def find_change(self) -> tuple[datetime | None, Sequence[object]]:
        """When anything of it changed last, and counts that tell apart what changes within a second.

        Downloads don't count: only those of days that are over are listed.
        """
        moments = (
            select(func.max(Publisher.modified)),
            select(func.max(Schema.created)),
            select(func.max(DatasetMeasure.measured)),
        )
        counts = (select(func.count(Version.id)), select(func.sum(Dataset.revision), func.count()))
        with self._context.read() as session:
            found = [session.scalar(query) for query in moments]
            numbers = [number for query in counts for number in session.execute(query).one()]
        return max((item for item in (*found, self._entries.find_change()) if item is not None), default=None), numbers

    def read_list(self, table: str) -> Iterator[Row]:
        """The rows of one table, as the portal publishes them: without the tables themselves, which never settled."""
        for _, rows in self.read(self.addresses, (table,), set(LISTS.values())):
            yield from rows

    def _read_measures(self, batch: Sequence[CatalogueEntry]) -> Mapping[str, Mapping[str, TableMeasures]]:
        versions = {entry.id: entry.version for entry in batch}
        query = (
            select(TableMeasure, DatasetMeasure.version)
            .join(DatasetMeasure, DatasetMeasure.dataset_id == TableMeasure.dataset_id)
            .where(TableMeasure.dataset_id.in_(versions))
        )
        found: dict[str, dict[str, TableMeasures]] = {}
        names = [item.name for item in fields(TableMeasures)]
        with self._context.read() as session:
            for row, version in session.execute(query):
                if versions[row.dataset_id] == version:
                    figures = TableMeasures(**{name: getattr(row, name) for name in names})
                    found.setdefault(row.dataset_id, {})[row.resource] = figures
        return found

    def _read_usage(self, batch: Sequence[CatalogueEntry]) -> Sequence[Row]:
        ids = {entry.uuid: entry.id for entry in batch if entry.is_open}
        query = select(Download).where(Download.dataset_uuid.in_(ids), Download.day < self._context.today())
        with self._context.read() as session:
            rows = [
                (ids[row.dataset_uuid], row.day, row.resource or "*", row.format, row.count)
                for row in session.scalars(query)
            ]
        return sorted(rows)

    def _read_schemas(self, addresses: Addresses) -> Iterator[Sequence[Row]]:
        cursor = None
        while True:
            page = self._schemas.list(cursor=cursor)
            yield [
                describe_schema(item.name, item.version, item.schema.descriptor, item.created, addresses)
                for item in page.items
            ]
            cursor = page.next
            if cursor is None:
                return
