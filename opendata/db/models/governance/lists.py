"""The lists that the portal publishes about itself every day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id
from opendata.domain.drafts import Failure


class OwnListState(Base):
    """What became of a list: the `day` it was published for last, and the `fault` that stops it since.

    A worker that is at it holds it until `held_until`.
    """

    __tablename__ = "own_lists"

    list: Mapped[str] = mapped_column(Id, primary_key=True)
    day: Mapped[date | None]
    held_until: Mapped[datetime | None]
    version: Mapped[str] = mapped_column(String(40), default="")
    fault: Mapped[Failure | None] = mapped_column(JSON(none_as_null=True))
