"""Duties with a clock: the working calendar that was entered, rules, obligations, reminders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base


class CalendarYear(Base):
    """A year of the working calendar that a maintainer entered: `days` are its days off and on, as `workdays.json`."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(default="")
    changed: Mapped[datetime]


class DutyRule(Base):
    """A version of a rule that the instance added: `body` is the rule as the file of the release has them."""

    __tablename__ = "duty_rules"
    __table_args__ = (UniqueConstraint("rule_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class DutyRuleUse(Base):
    """What the instance says of a rule: whether it is off, and for whom it makes duties from `since` on.

    `publishers` are ids, or `*` alone for all.
    """

    __tablename__ = "duty_rule_uses"

    rule_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    is_off: Mapped[bool] = mapped_column(default=False)
    publishers: Mapped[list[Any]] = mapped_column(default=list)
    since: Mapped[date | None] = mapped_column(Date)


class Obligation(Base):
    """A duty: of a publisher, about a dataset or what `task` says.

    `key` names one that was made automatically, so that it is made once. `rule_id` is empty for one that somebody
    wrote themselves. What its due day follows from is kept with it: `trigger`, `number` and `unit` of the limit or the
    day `entered`, `pauses`, `extensions`. `due` is computed again whenever one of these or the calendar changes; where
    it can't be, since a year isn't announced, `unknown_year` is that year. `due_month` is its month, to count by.
    `period_end` is the last day of the period that it is about. `evidence` says how it was done. `owner_id` is the
    person, `office` the office or post.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        Index("ix_obligations_done_on", "done_on", "waived_on", "due", "id"),
        Index("ix_obligations_due_month", "due_month", "publisher_id", "due", "done_on", "waived_on"),
        Index("ix_obligations_publisher_id_due", "publisher_id", "due"),
        Index("ix_obligations_dataset_uuid", "dataset_uuid", "done_on", "waived_on", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(300), unique=True)
    rule_id: Mapped[str] = mapped_column(String(40), default="", index=True)
    rule_version: Mapped[int] = mapped_column(default=0)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id"))
    dataset_uuid: Mapped[str | None] = mapped_column(String(36))
    task: Mapped[str] = mapped_column(default="")
    clause: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    office: Mapped[str] = mapped_column(default="")
    period: Mapped[str] = mapped_column(String(40), default="")
    period_end: Mapped[date | None] = mapped_column(Date)
    trigger: Mapped[date | None] = mapped_column(Date)
    number: Mapped[int | None]
    unit: Mapped[str] = mapped_column(String(20), default="")
    entered: Mapped[date | None] = mapped_column(Date)
    pauses: Mapped[list[Any]] = mapped_column(default=list)
    extensions: Mapped[list[Any]] = mapped_column(default=list)
    due: Mapped[date | None] = mapped_column(Date)
    due_month: Mapped[str | None] = mapped_column(String(7))
    unknown_year: Mapped[int | None]
    done_on: Mapped[date | None] = mapped_column(Date)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    waived_on: Mapped[date | None] = mapped_column(Date)
    waived_reason: Mapped[str] = mapped_column(default="")
    rectify_by: Mapped[date | None] = mapped_column(Date)
    rectify_reason: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime]
    changed: Mapped[datetime]


class DutyReminder(Base):
    """That somebody was reminded of a duty at a stage: once, whatever happens to the duty later."""

    __tablename__ = "duty_reminders"
    __table_args__ = (Index("ix_duty_reminders_user_id_day", "user_id", "day"),)

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(10), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date)


class DutyFeed(Base):
    """The feed of somebody's duties: its address follows from the random `nonce`, and changes when that is renewed."""

    __tablename__ = "duty_feeds"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    nonce: Mapped[str] = mapped_column(String(32))


class DutyProgress(Base):
    """How far the worker has followed the audit log, and for which day it made duties: one row, which it locks."""

    __tablename__ = "duty_progress"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    day: Mapped[date | None] = mapped_column(Date)
    reminded: Mapped[datetime | None]
