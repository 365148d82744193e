"""What was measured of the tables of each dataset's newest version."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, index_some


class DatasetMeasure(Base):
    """That the tables of a `version` were measured. A version that isn't the newest any more is measured again."""

    __tablename__ = "dataset_measures"
    __table_args__ = (Index("ix_dataset_measures_measured", "measured", "dataset_id"),)

    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    measured: Mapped[datetime]


class TableMeasure(Base):
    """The figures of a table (`domain.quality.figures`); `header` stands for names and types of columns."""

    __tablename__ = "table_measures"
    __table_args__ = (
        index_some("ix_table_measures_missing", "worst > 0.5", "dataset_id"),
        index_some("ix_table_measures_repeated", "repeated > 0", "dataset_id"),
        index_some("ix_table_measures_few_rows", "rows < 10", "dataset_id"),
        index_some("ix_table_measures_undescribed", "described < columns", "dataset_id"),
    )

    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), primary_key=True)
    resource: Mapped[str] = mapped_column(Id, primary_key=True)
    header: Mapped[str] = mapped_column(String(64), index=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[int]
    described: Mapped[int]
    missing: Mapped[int] = mapped_column(BigInteger)
    worst: Mapped[float]
    worst_column: Mapped[str]
    repeated: Mapped[int | None] = mapped_column(BigInteger)
    broken: Mapped[int] = mapped_column(BigInteger)
    paged: Mapped[int] = mapped_column(BigInteger)
