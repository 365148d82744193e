"""Sources that datasets are fetched from, and the runs of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Leased, Word, one_of
from opendata.domain.sources.timetable import Cycle, Outcome


class Source(Leased, Base):
    """Where a table of a dataset is fetched from, and when.

    `secret` is encrypted with a key that isn't in the database. The draft is made as `author`, who saved the source
    last. `due` is the next time, null while it is stopped or has no cycle. `asked` says that somebody asked for a run,
    `tries` how often fetching failed since it last succeeded. `offered_key` is the key that an SFTP server showed and
    that nobody has accepted. `digest`, `etag` and `modified` are those of the file that was fetched last, `draft_id`
    the draft that it went into, which `is_awaited` until its check is done and acted on. A worker holds the source as
    `owner` until `held_until`.
    """

    __tablename__ = "sources"
    __table_args__ = (one_of("cycle", Cycle),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), unique=True)
    resource: Mapped[str] = mapped_column(Id)
    url: Mapped[str]
    query: Mapped[str]
    secret: Mapped[str | None]
    host_key: Mapped[str]
    offered_key: Mapped[str | None]
    cycle: Mapped[Cycle] = mapped_column(Word(Cycle, 20))
    at: Mapped[str] = mapped_column(String(5))
    day: Mapped[int]
    submits: Mapped[bool]
    contact: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str]
    changed: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    due: Mapped[datetime | None] = mapped_column(index=True)
    asked: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str | None] = mapped_column(String(64))
    etag: Mapped[str] = mapped_column(default="")
    modified: Mapped[str] = mapped_column(default="")
    draft_id: Mapped[str | None] = mapped_column(String(32))
    is_awaited: Mapped[bool] = mapped_column(default=False, index=True)


class SourceRun(Base):
    """One time that a source was fetched. `reason` says in words why it failed, or what is still to do."""

    __tablename__ = "source_runs"
    __table_args__ = (one_of("outcome", Outcome), Index("ix_source_runs_source_id_begun", "source_id", "begun"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    begun: Mapped[datetime]
    ended: Mapped[datetime | None]
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome, 20))
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    draft_id: Mapped[str | None] = mapped_column(String(32))
