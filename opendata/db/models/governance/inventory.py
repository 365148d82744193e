"""The inventory's own rows: numbers that were given, dates of opening that were set, files that wait to be imported."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base


class IndexCounter(Base):
    """The highest serial number that an office (`code`) has given in a year. It never falls."""

    __tablename__ = "index_counters"

    code: Mapped[str] = mapped_column(String(18), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class IndexNumber(Base):
    """An index number that was generated for an item, which goes by its `uuid`. It outlives the item."""

    __tablename__ = "index_numbers"
    __table_args__ = (UniqueConstraint("code", "year", "serial"),)

    number: Mapped[str] = mapped_column(String(100), primary_key=True)
    code: Mapped[str] = mapped_column(String(18))
    year: Mapped[int]
    serial: Mapped[int]
    dataset_uuid: Mapped[str] = mapped_column(String(36), unique=True)
    given: Mapped[datetime]


class OpeningDate(Base):
    """A day that the opening plan had for an item, or none from then on (`opens` is null), and the reason.

    `decided` is the day on which it was set and `replaced` that on which the next one was; null for the newest.
    `unfinished` says that the store doesn't have it yet. The days of items that aren't public stay out of it.
    """

    __tablename__ = "opening_dates"
    __table_args__ = (Index("ix_opening_dates_dataset_uuid", "dataset_uuid", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_uuid: Mapped[str] = mapped_column(String(36))
    opens: Mapped[date | None]
    reason: Mapped[str] = mapped_column(default="")
    decided: Mapped[date]
    decided_by: Mapped[str] = mapped_column(default="")
    replaced: Mapped[date | None]
    unfinished: Mapped[bool] = mapped_column(default=True, server_default=true(), index=True)


class InventoryFile(Base):
    """A file of items that somebody has sent, kept until it is imported or too old: `blob` is in the private store."""

    __tablename__ = "inventory_files"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    blob: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(index=True)
