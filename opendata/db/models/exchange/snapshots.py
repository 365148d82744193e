"""Snapshots of the catalogue as tables, the same for all machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Leased


class CatalogueSnapshot(Base):
    """A snapshot that is whole: its files lie one behind the other in one blob of the public store.

    `state` is the state of the catalogue that it was made for. `files` says for each name where in the blob it begins,
    how many bytes it has, and their hexadecimal SHA-256.
    """

    __tablename__ = "catalogue_snapshots"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    made: Mapped[datetime] = mapped_column(index=True)
    blob: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, Any]]


class SnapshotTurn(Leased, Base):
    """Whose turn it is to make the next snapshot: one row."""

    __tablename__ = "snapshot_turns"

    id: Mapped[int] = mapped_column(primary_key=True)
