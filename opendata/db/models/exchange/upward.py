"""Higher platforms that the catalogue is registered on, what each has of it; and who registers theirs on this one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Leased, Word, one_of
from opendata.domain.upward.platforms import PlatformKind, SendMethod
from opendata.domain.upward.records import RecordState


class HigherPlatform(Leased, Base):
    """A platform above this one. `secret` is encrypted with a key that isn't in the database.

    `account` is what this portal is called there: the id of the sender, or the organization at CKAN. `publishers` and
    `themes` choose what is sent, nothing if it `is_withdrawn`. `position` and `digest` are those of the last line of
    the audit log that was looked at; -1 where all entries are to be looked at. After `failures` in a row it is left
    alone until `rests_until`, `reason` says why. `step` are the figures of the last comparison with what it has, of
    `compared`; `is_asked` has it compared at once. A worker holds it as `owner` until `held_until`.
    """

    __tablename__ = "higher_platforms"
    __table_args__ = (one_of("kind", PlatformKind), one_of("method", SendMethod))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str]
    url: Mapped[str]
    kind: Mapped[PlatformKind] = mapped_column(Word(PlatformKind, 20))
    secret: Mapped[str]
    account: Mapped[str]
    method: Mapped[SendMethod] = mapped_column(Word(SendMethod, 10))
    publishers: Mapped[list[Any]]
    themes: Mapped[list[Any]]
    takes_harvested: Mapped[bool]
    is_withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_active: Mapped[bool]
    is_public: Mapped[bool]
    author: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(BigInteger, default=-1)
    digest: Mapped[str] = mapped_column(String(64), default="")
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None]
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    compared: Mapped[datetime | None]
    is_asked: Mapped[bool] = mapped_column(default=False)
    step: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    taken: Mapped[datetime | None]


class UpwardRecord(Base):
    """An entry at a higher platform, as `domain.upward.records` decides about it.

    `revision` counts the times that it was marked, so that one that is marked while it is sent stays so. `answer` is
    what the platform said last, cut; `reason` why it couldn't be asked. `name` is what it was first called there,
    `there` its id there, `page` its address there. `settled` is when the platform last took it.
    """

    __tablename__ = "upward_records"
    __table_args__ = (
        one_of("state", RecordState),
        UniqueConstraint("platform_id", "dataset_uuid"),
        Index("ix_upward_records_platform_id_state_due", "platform_id", "state", "due"),
        Index("ix_upward_records_dataset_uuid", "dataset_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[str] = mapped_column(ForeignKey("higher_platforms.id"))
    dataset_uuid: Mapped[str] = mapped_column(String(36))
    state: Mapped[RecordState] = mapped_column(Word(RecordState, 20))
    wanted: Mapped[str | None] = mapped_column(String(64))
    delivered: Mapped[str | None] = mapped_column(String(64))
    is_unsure: Mapped[bool]
    is_new: Mapped[bool]
    serial: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    revision: Mapped[int]
    due: Mapped[datetime]
    tried: Mapped[datetime | None]
    settled: Mapped[datetime | None]
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(default="")
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    name: Mapped[str] = mapped_column(default="")
    there: Mapped[str] = mapped_column(default="")
    page: Mapped[str] = mapped_column(default="")


class ExchangeSender(Base):
    """A portal that may register its entries here, as the harvest source with the same id. `secret` is encrypted."""

    __tablename__ = "exchange_senders"

    id: Mapped[str] = mapped_column(ForeignKey("harvest_sources.id"), primary_key=True)
    secret: Mapped[str]
    is_active: Mapped[bool]
    author: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    received: Mapped[datetime | None]


class ReceivedRecord(Base):
    """An entry that a sender registered here: the digest of what it sent last, and the serial of that message.

    `item_id` is what is remembered of the dataset it became; `digest` is empty once the sender took it back.
    """

    __tablename__ = "received_records"
    __table_args__ = (UniqueConstraint("sender_id", "identifier"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[str] = mapped_column(ForeignKey("exchange_senders.id"))
    identifier: Mapped[str] = mapped_column(String(36))
    serial: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("harvest_items.id"), index=True)
    at: Mapped[datetime]
