"""The public side: pages that maintainers keep with their versions and files, re-uses, the last checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.domain.site.kinds import PageKind
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState


class SitePage(Base):
    """A page as it is now. `data` are its fields; `position` is its place among those of its kind.

    `published` is when its text last changed while the public could read it.
    """

    __tablename__ = "site_pages"
    __table_args__ = (one_of("kind", PageKind), Index("ix_site_pages_kind_position", "kind", "position"))

    kind: Mapped[PageKind] = mapped_column(Word(PageKind, 20), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int] = mapped_column(default=0)
    is_public: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    published: Mapped[datetime | None]


class SitePageVersion(Base):
    """A page as it was after a change. It stays when the page is deleted, for the same id may be used again."""

    __tablename__ = "site_page_versions"

    kind: Mapped[PageKind] = mapped_column(Word(PageKind, 20), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_public: Mapped[bool]
    at: Mapped[datetime]


class SiteFile(Base):
    """A picture or an attachment of pages, by the SHA-256 of its bytes: small, so a backup of the database has it."""

    __tablename__ = "site_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    mediatype: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime]


class Reuse(Base):
    """What somebody made of the data. `contact` is private and erased with the decision.

    `link` is what is known of the link of one that is approved, `due` when it is asked again.
    """

    __tablename__ = "reuses"
    __table_args__ = (
        one_of("state", ReuseState),
        one_of("link", LinkState),
        Index("ix_reuses_state_created", "state", "created"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    url: Mapped[str]
    author: Mapped[str]
    contact: Mapped[str] = mapped_column(default="")
    call: Mapped[str] = mapped_column(Id, default="", index=True)
    state: Mapped[ReuseState] = mapped_column(Word(ReuseState, 20))
    reason: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime]
    decided: Mapped[datetime | None]
    modified: Mapped[datetime]
    link: Mapped[LinkState] = mapped_column(Word(LinkState, 20), default=LinkState.UNCHECKED)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    checked: Mapped[datetime | None]
    due: Mapped[datetime | None] = mapped_column(index=True)
    etag: Mapped[str] = mapped_column(default="")


class ReuseDataset(Base):
    """A dataset that a re-use was made from, by its `uuid`, which outlives renaming."""

    __tablename__ = "reuse_datasets"

    reuse_id: Mapped[str] = mapped_column(ForeignKey("reuses.id"), primary_key=True)
    dataset_uuid: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)


class LastCheck(Base):
    """What a check that runs now and then found the last time."""

    __tablename__ = "last_checks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
