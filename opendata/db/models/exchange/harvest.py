"""Portals that datasets are harvested from: sources, runs, what was seen of each dataset, links to other portals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Leased, Word, one_of
from opendata.domain.harvest.runs import HarvestOutcome, HarvestWish
from opendata.domain.harvest.sources import HarvestKind
from opendata.domain.site.links import LinkState
from opendata.domain.sources.timetable import Cycle


class HarvestSource(Leased, Base):
    """Another portal whose datasets are taken into the catalogue.

    `publisher_id` answers for what comes in, `mapping` says which of our publishers answers for a foreign one instead.
    `most_gone` is the largest share of the datasets (in percent) that may vanish at once. It is harvested by its
    timetable while it `is_active`; if it `takes_data`, tables are fetched as `author`, who saved it last. `wish` is
    what somebody asked for. `etag` and `modified` are those of the last document, `tries` how often it failed in a
    row. A worker holds it as `owner` until `held_until`.
    """

    __tablename__ = "harvest_sources"
    __table_args__ = (
        one_of("kind", HarvestKind),
        one_of("cycle", Cycle),
        one_of("wish", HarvestWish),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str]
    url: Mapped[str]
    kind: Mapped[HarvestKind] = mapped_column(Word(HarvestKind, 20))
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id"), index=True)
    mapping: Mapped[dict[str, Any]]
    most_gone: Mapped[int]
    cycle: Mapped[Cycle] = mapped_column(Word(Cycle, 20))
    at: Mapped[str] = mapped_column(String(5))
    day: Mapped[int]
    takes_data: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    due: Mapped[datetime | None] = mapped_column(index=True)
    wish: Mapped[HarvestWish] = mapped_column(Word(HarvestWish, 20), default=HarvestWish.NOTHING)
    tries: Mapped[int] = mapped_column(default=0)
    etag: Mapped[str] = mapped_column(default="")
    modified: Mapped[str] = mapped_column(default="")


class HarvestRun(Base):
    """One time that a source was harvested, or tried (`is_trial`): then nothing was written.

    `seen` = `kept` + `new` + `changed` + `refused`; `gone` were there before. `reason` says why it failed; `details`
    has the reasons of single datasets, and of a trial what would change.
    """

    __tablename__ = "harvest_runs"
    __table_args__ = (one_of("outcome", HarvestOutcome), Index("ix_harvest_runs_source_id_begun", "source_id", "begun"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("harvest_sources.id"))
    is_trial: Mapped[bool]
    begun: Mapped[datetime]
    ended: Mapped[datetime | None]
    outcome: Mapped[HarvestOutcome] = mapped_column(Word(HarvestOutcome, 20))
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    seen: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class HarvestItem(Base):
    """A dataset of a source, by its id there and by what it says, and the dataset that it became.

    `text_print` and `address_print` are what it is known by if its id changes, `digest` is that of what was taken in
    last. `seen` is when the source last had it, `gone` since when it hasn't.
    """

    __tablename__ = "harvest_items"
    __table_args__ = (UniqueConstraint("source_id", "identifier_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("harvest_sources.id"))
    identifier: Mapped[str]
    identifier_digest: Mapped[str] = mapped_column(String(64))
    text_print: Mapped[str] = mapped_column(String(64))
    address_print: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    seen: Mapped[datetime]
    gone: Mapped[datetime | None]


class ExternalLink(Base):
    """An address at another portal that a dataset names, and whether it still works. `due` is when it is asked next."""

    __tablename__ = "external_links"
    __table_args__ = (one_of("link", LinkState), UniqueConstraint("dataset_id", "digest"))

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    url: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    link: Mapped[LinkState] = mapped_column(Word(LinkState, 20), default=LinkState.UNCHECKED)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    checked: Mapped[datetime | None]
    due: Mapped[datetime] = mapped_column(index=True)
