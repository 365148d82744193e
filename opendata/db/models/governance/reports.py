"""Annual reports on disclosure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id


class AnnualReport(Base):
    """What a publisher has entered for the report of a year; an empty `publisher_id` is the report on all.

    `texts` has language → part → text, `numbers` code → number as text. `shown` is what was published (`texts`,
    `numbers` with those that were known, `cells` of table 3), of the revision `shown_revision`.
    """

    __tablename__ = "annual_reports"

    publisher_id: Mapped[str] = mapped_column(Id, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    texts: Mapped[dict[str, Any]]
    numbers: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=0)
    author: Mapped[str]
    modified: Mapped[datetime]
    published: Mapped[datetime | None]
    republished: Mapped[datetime | None]
    shown: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    shown_revision: Mapped[int | None]
