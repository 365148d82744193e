"""How often files were downloaded, of whom nothing is kept; what the machines of an instance have in common."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id


class Download(Base):
    """How often a format of a table was downloaded on a day of the portal's time zone.

    `resource` is empty for packages (`zip`) and attachments. The dataset goes by its `uuid`, which outlives renaming.
    No constraint ties it to the dataset's row, which others hold locked while they publish.
    """

    __tablename__ = "downloads"

    dataset_uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(Id, primary_key=True)
    format: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int]


class QueueMessage(Base):
    """A message of the queue, where PostgreSQL is the queue too; the draft's row is the truth."""

    __tablename__ = "queue_messages"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class KeyMark(Base):
    """The digest of a secret that all machines of an instance have to have alike, by the name of its file."""

    __tablename__ = "key_marks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    noted: Mapped[datetime]


class PageRevision(Base):
    """A counter of commits that public pages depend on. There are several, so that two writers seldom wait."""

    __tablename__ = "page_revisions"

    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
