"""The negative list in its versions, and the yearly self-checks of what isn't open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.domain.grounds.self_check import Decision, ItemState


class NegativeList(Base):
    """A version of the negative list. It is a draft until it has its `number`, and isn't changed after that.

    `entries` are those of `domain.grounds.entries`, as JSON. `unfinished` says that the store doesn't have it yet.
    """

    __tablename__ = "negative_lists"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    entries: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime]
    created_by: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    enforced: Mapped[datetime | None]
    enforced_by: Mapped[str] = mapped_column(default="")
    unfinished: Mapped[bool] = mapped_column(default=True, server_default=true())


class SelfCheck(Base):
    """The self-check of a calendar year; `report` has its figures once it is closed."""

    __tablename__ = "self_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    begun: Mapped[datetime]
    begun_by: Mapped[str]
    closed: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class SelfCheckItem(Base):
    """What a self-check decides about: a dataset by its UUID, or a topic in words that is often asked for.

    `attribute` is the disclosure of the dataset when it was added, `asked` how often somebody asked for it. `kind` is
    the code of the ground in law that the entry `ground` had when that was decided.
    """

    __tablename__ = "self_check_items"
    __table_args__ = (
        UniqueConstraint("check_id", "dataset_uuid"),
        one_of("state", ItemState),
        one_of("decision", Decision),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("self_checks.id"), index=True)
    dataset_uuid: Mapped[str | None] = mapped_column(String(36))
    publisher_id: Mapped[str] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    title: Mapped[str]
    attribute: Mapped[str] = mapped_column(String(20), default="")
    asked: Mapped[int] = mapped_column(default=0)
    added: Mapped[datetime]
    state: Mapped[ItemState] = mapped_column(Word(ItemState, 20), default=ItemState.UNDECIDED)
    decision: Mapped[Decision | None] = mapped_column(Word(Decision, 20))
    ground: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    open_by: Mapped[date | None]
    proposed: Mapped[datetime | None]
    proposed_by: Mapped[str] = mapped_column(default="")
    decided: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
