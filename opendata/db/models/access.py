"""Grants: who may have the rows of a dataset that isn't open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opendata.db.models.accounts import User
from opendata.db.models.base import Base, Id
from opendata.db.models.catalogue import Dataset


class Grant(Base):
    """Permission for one reader to have the rows of a dataset.

    `holder` names the person or organisation. Its account is `user_id`, or all accounts of `publisher_id` have it; a
    grant with neither waits for its `invitation` to be accepted: the SHA-256 of a text that was shown once. It ends at
    `expires`, or earlier at `ended`, of which the store has a record.
    """

    __tablename__ = "grants"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    holder: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    publisher_id: Mapped[str | None] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    purpose: Mapped[str]
    agreement: Mapped[str] = mapped_column(default="")
    expires: Mapped[datetime]
    created: Mapped[datetime]
    created_by: Mapped[str]
    ended: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    invitation: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_until: Mapped[datetime | None]

    dataset: Mapped[Dataset] = relationship(lazy="joined")
    user: Mapped[User | None] = relationship(lazy="joined")
