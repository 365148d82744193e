"""Numbers that are kept, so that nobody counts a whole catalogue for a page.

How many public datasets each publisher has is kept with every change of a dataset. What the control room counts is
counted by the worker now and then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, String, insert, inspect
from sqlalchemy import event as events
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from opendata.db.models.base import Base, Id
from opendata.db.models.catalogue import Dataset


class DatasetCount(Base):
    """A part of a count: the number is the sum of all rows of a publisher.

    A change adds a row instead of changing one, so publications don't wait for each other. `recount` sums them up.
    """

    __tablename__ = "dataset_counts"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(String(100))
    datasets: Mapped[int]


class ControlCount(Base):
    """What a gauge of the control room (`code`) counted of a publisher, or of all where `publisher_id` is empty."""

    __tablename__ = "control_counts"

    publisher_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    oldest: Mapped[datetime | None]
    newest: Mapped[datetime | None]
    amount: Mapped[int | None] = mapped_column(BigInteger)


class ControlRound(Base):
    """When the gauges were counted last, and how long that took: one row."""

    __tablename__ = "control_rounds"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counted: Mapped[datetime]
    seconds: Mapped[float]


def _is_listed(head: str | None, editions: int | None) -> bool:
    return head is not None or bool(editions)


def _add(connection: Connection, publisher: str, change: int) -> None:
    connection.execute(insert(DatasetCount).values(publisher_id=publisher, datasets=change))


def _read_before(state: Any, name: str) -> Any:
    history = state.attrs[name].history
    return history.deleted[0] if history.deleted else (history.unchanged or (None,))[0]


@events.listens_for(Dataset, "after_insert")
def _count_new(_: Mapper[Dataset], connection: Connection, row: Dataset) -> None:
    if _is_listed(row.head, row.editions):
        _add(connection, row.publisher_id, 1)


@events.listens_for(Dataset, "after_update")
def _count_changed(_: Mapper[Dataset], connection: Connection, row: Dataset) -> None:
    state = inspect(row)
    before = _is_listed(_read_before(state, "head"), _read_before(state, "editions"))
    now, former = _is_listed(row.head, row.editions), _read_before(state, "publisher_id")
    if before == now and former == row.publisher_id:
        return
    if before:
        _add(connection, former, -1)
    if now:
        _add(connection, row.publisher_id, 1)


@events.listens_for(Dataset, "after_delete")
def _count_deleted(_: Mapper[Dataset], connection: Connection, row: Dataset) -> None:
    if _is_listed(row.head, row.editions):
        _add(connection, row.publisher_id, -1)
