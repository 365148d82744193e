"""How well the metadata of datasets conform, now and before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id


class ConformanceScore(Base):
    """The points of a dataset at one time; a new row only where something changed.

    `revision`, `version` and `edition` are those of the dataset, its newest version and the rules then. `checked` is
    when somebody looked last. `lost` are the indicators that lost points, as `[scheme, code, lost, property, minutes]`.
    """

    __tablename__ = "conformance_scores"
    __table_args__ = (
        Index("ix_conformance_scores_dataset_id_id", "dataset_id", "id"),
        Index("ix_conformance_scores_is_newest_points", "is_newest", "points", "dataset_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id"))
    is_newest: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]
    checked: Mapped[datetime]
    revision: Mapped[int]
    version: Mapped[str | None] = mapped_column(String(40))
    edition: Mapped[int]
    points: Mapped[int]
    lost: Mapped[list[Any]]
