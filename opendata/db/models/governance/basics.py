"""The basic catalogue of proactive disclosure: its draft, its versions, and the datasets that fulfil it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id


class BasicEntry(Base):
    """An entry of the catalogue, with what its draft says (`Entry.to_json`); `removed` where it is to be left out.

    Rows are never deleted, so that an id stays the same entry in all versions.
    """

    __tablename__ = "basic_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"), index=True)
    domain: Mapped[str] = mapped_column(Id, index=True)
    content: Mapped[dict[str, Any]]
    removed: Mapped[bool] = mapped_column(default=False)
    author: Mapped[str]
    changed: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)


class BasicVersion(Base):
    """A version of the catalogue that was put in force: the numbers of its entries and of what changed."""

    __tablename__ = "basic_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    entries: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]


class BasicEdition(Base):
    """What an entry says from version `since` on; `until` is the first version without it, null while in force."""

    __tablename__ = "basic_editions"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("basic_entries.id"), index=True)
    since: Mapped[int] = mapped_column(index=True)
    until: Mapped[int | None] = mapped_column(index=True)
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"), index=True)
    domain: Mapped[str] = mapped_column(Id, index=True)
    content: Mapped[dict[str, Any]]


class BasicLink(Base):
    """A dataset that fulfils an entry. The dataset is named by what stays the same when it is renamed."""

    __tablename__ = "basic_links"

    entry_id: Mapped[int] = mapped_column(ForeignKey("basic_entries.id"), primary_key=True)
    dataset_uuid: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
    author: Mapped[str]
    created: Mapped[datetime]


class BasicGuide(Base):
    """The standard guide of a domain, with which the local catalogue is compared."""

    __tablename__ = "basic_guides"

    domain: Mapped[str] = mapped_column(Id, primary_key=True)
    content: Mapped[list[Any]]
    file: Mapped[str]
    author: Mapped[str]
    changed: Mapped[datetime]


class BasicImport(Base):
    """A file that was read and waits for its author: deleted once its entries are in the draft, or after some days."""

    __tablename__ = "basic_imports"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(index=True)
    file: Mapped[str]
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"))
    is_guide: Mapped[bool] = mapped_column(default=False)
    content: Mapped[dict[str, Any]]
