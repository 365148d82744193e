"""Tables with flaws."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, distinct, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from opendata.db.models import Dataset, DatasetMeasure, TableMeasure
from opendata.domain.quality.figures import BREAKS_SHARE, FEW_ROWS, FRAGMENTS, MISSING_SHARE
from opendata.services.governance.control.gauges import Asking, Choice, Gauge, Group, Kind


def select_tables(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Tables of newest versions, as they were measured."""
    columns: tuple[Any, ...] = (
        (TableMeasure.dataset_id + "/" + TableMeasure.resource).label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        DatasetMeasure.measured.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == TableMeasure.dataset_id)
    is_newest = and_(DatasetMeasure.dataset_id == Dataset.id, DatasetMeasure.version == Dataset.latest)
    return found.join(DatasetMeasure, is_newest).where(asking.sees(Dataset.publisher_id), *conditions)


def _much_missing(_: Asking) -> ColumnElement[bool]:
    return TableMeasure.worst > literal_column(str(MISSING_SHARE))


def _repeated(_: Asking) -> ColumnElement[bool]:
    return TableMeasure.repeated > literal_column("0")


def _few_rows(_: Asking) -> ColumnElement[bool]:
    return TableMeasure.rows < literal_column(str(FEW_ROWS))


def _stiff(_: Asking) -> ColumnElement[bool]:
    return or_(TableMeasure.paged > 0, TableMeasure.broken > BREAKS_SHARE * TableMeasure.rows)


def _fragments(asking: Asking) -> Select[Any]:
    """Tables whose columns are those of tables of other datasets of the publisher too."""
    table, owner = aliased(TableMeasure), aliased(Dataset)
    shared = (
        select(table.header, owner.publisher_id)
        .join(owner, owner.id == table.dataset_id)
        .group_by(table.header, owner.publisher_id)
        .having(func.count(distinct(table.dataset_id)) >= FRAGMENTS)
        .subquery()
    )
    is_shared = and_(shared.c.header == TableMeasure.header, shared.c.publisher_id == Dataset.publisher_id)
    return select_tables(asking).join(shared, is_shared)


def _undescribed(_: Asking) -> ColumnElement[bool]:
    """Tables with a column that has neither title nor description."""
    return TableMeasure.described < TableMeasure.columns


TABLE_GAUGES = (
    Gauge("much-missing", Group.QUALITY, Kind.TABLE, Choice(select_tables, _much_missing), is_kept=True),
    Gauge("repeated-rows", Group.QUALITY, Kind.TABLE, Choice(select_tables, _repeated), is_kept=True),
    Gauge("few-rows", Group.QUALITY, Kind.TABLE, Choice(select_tables, _few_rows), is_kept=True),
    Gauge("fragments", Group.QUALITY, Kind.TABLE, _fragments, is_kept=True),
    Gauge("stiff", Group.QUALITY, Kind.TABLE, Choice(select_tables, _stiff), is_kept=True),
    Gauge("undescribed", Group.QUALITY, Kind.TABLE, Choice(select_tables, _undescribed), is_kept=True),
)
