"""Measures the tables of each dataset's newest version: the worker looks for those that nobody has measured yet.

Most figures are those of the table's profile. Repeated rows and breaks in cells are counted by the query engine.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.exc import IntegrityError

from opendata.db.models import Dataset, DatasetMeasure, TableMeasure
from opendata.domain.quality.figures import TableMeasures
from opendata.domain.resources import TableResource
from opendata.errors import BackendError, InputError, OpendataError, OverloadedError
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.query.queries import Queries
from opendata.services.query.repeats import RowCounts, count_rows

logger = logging.getLogger(__name__)

_AT_ONCE = 20

_FIGURES = tuple(field.name for field in fields(TableMeasures))
_MEASURED, _OF_TABLES = DatasetMeasure.__table__, TableMeasure.__table__
_OF_VERSION = (
    select(_OF_TABLES.c.resource, *(_OF_TABLES.c[name] for name in _FIGURES))
    .select_from(_OF_TABLES.join(_MEASURED, _MEASURED.c.dataset_id == _OF_TABLES.c.dataset_id))
    .where(_MEASURED.c.dataset_id == bindparam("dataset"), _MEASURED.c.version == bindparam("version"))
)


class Measuring:
    """Measures, and gives what was measured."""

    def __init__(self, context: Context, versions: Versions, queries: Queries) -> None:
        self._context = context
        self._versions = versions
        self._queries = queries

    def run_due(self, is_stopping: Callable[[], bool], *, rest_seconds: float = 0.0) -> int:
        """Measure the datasets whose newest version nobody has measured, until it is to stop; how many.

        A dataset that was measured less than `rest_seconds` ago waits.
        """
        count = 0
        while not is_stopping():
            found = self._list_due(rest_seconds)
            for dataset, version in found:
                if is_stopping():
                    return count
                self._measure(dataset, version)
                count += 1
            if len(found) < _AT_ONCE:
                return count
        return count

    def find(self, dataset: str, version: str) -> Mapping[str, TableMeasures]:
        """The figures of the tables of a version, by their names; empty where it isn't measured or not the newest."""
        with self._context.read() as session:
            rows = session.execute(_OF_VERSION, {"dataset": dataset, "version": version})
            return {name: TableMeasures(**dict(zip(_FIGURES, values, strict=True))) for name, *values in rows}

    def _list_due(self, rest_seconds: float) -> Sequence[tuple[str, str]]:
        rested = self._context.where_rested(DatasetMeasure.measured, rest_seconds)
        measured = DatasetMeasure.dataset_id == Dataset.id
        query = (
            select(Dataset.id, Dataset.latest)
            .outerjoin(DatasetMeasure, measured)
            .where(
                Dataset.latest.is_not(None),
                or_(
                    DatasetMeasure.version.is_(None),
                    and_(DatasetMeasure.version != Dataset.latest, rested),
                ),
            )
            .order_by(Dataset.modified)
            .limit(_AT_ONCE)
        )
        with self._context.read() as session:
            return [(dataset, str(version)) for dataset, version in session.execute(query)]

    def _measure(self, dataset: str, version: str) -> None:
        rows: list[TableMeasure] = []
        try:
            manifest = self._versions.get_manifest(dataset, version)
            rows = [self._measure_table(dataset, version, table) for table in manifest.tables]
        except BackendError:
            raise
        except (
            OpendataError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:  # it has none then: it is damaged, or was taken down in this moment
            logger.warning("the tables of %s %s can't be measured: %s", dataset, version, error)
        try:
            with self._context.write() as session:
                if session.get(Dataset, dataset) is None:
                    return
                session.execute(delete(TableMeasure).where(TableMeasure.dataset_id == dataset))
                session.add_all(rows)
                session.merge(DatasetMeasure(dataset_id=dataset, version=version, measured=self._context.now()))
        except IntegrityError:
            logger.info("another worker has measured %s at the same time", dataset)

    def _measure_table(self, dataset: str, version: str, table: TableResource) -> TableMeasure:
        profile = self._versions.get_profile(dataset, version, table.name, SYSTEM)
        shares = [(item["missing"] / table.rows if table.rows else 0.0, item["name"]) for item in profile]
        worst, column = max(shares, default=(0.0, ""), key=lambda share: share[0])
        counts = self._count(dataset, version, table)
        fields = [[field.name, field.type] for field in table.schema.fields]
        return TableMeasure(
            dataset_id=dataset,
            resource=table.name,
            header=hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest(),
            rows=table.rows,
            columns=len(fields),
            described=sum(bool(field.title or field.description) for field in table.schema.fields),
            missing=sum(item["missing"] for item in profile),
            worst=worst,
            worst_column=column,
            repeated=counts.repeated if counts else None,
            broken=counts.broken if counts else 0,
            paged=counts.paged if counts else 0,
        )

    def _count(self, dataset: str, version: str, table: TableResource) -> RowCounts | None:
        if not table.rows:
            return RowCounts(0, 0, 0)
        try:
            return count_rows(self._queries, dataset, version, table.name)
        except (InputError, OverloadedError) as error:  # more memory or time than a query may have
            logger.warning("the rows of %s %s %s can't be counted: %s", dataset, version, table.name, error)
            return None
