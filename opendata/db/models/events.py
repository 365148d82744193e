"""The audit log, and where its chain ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base


class Event(Base):
    """One line of the audit log; never changed.

    `actor` is empty where nobody was signed in. `digest` is the SHA-256 of the event with its `position` and the digest
    of the event before it (`previous`). These three are empty until the event is chained: only a process of a release
    without the chain leaves them so.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "subject_kind", "subject"),
        Index("ix_events_subject_kind_position", "subject_kind", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    verb: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    address: Mapped[str] = mapped_column(default="", server_default="")
    position: Mapped[int | None] = mapped_column(BigInteger, index=True, unique=True)
    previous: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))


class EventChain(Base):
    """The end of the chain of events: one row, which a writer locks.

    Until `adopts_until`, events of processes of a release without the chain are chained too.
    """

    __tablename__ = "event_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(64))
    adopts_until: Mapped[datetime | None]
