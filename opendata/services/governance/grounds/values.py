"""What the negative list and the self-checks are to pages and REST: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from opendata.db.models import NegativeList
from opendata.domain.disclosure import Disclosure
from opendata.domain.grounds.entries import Entry
from opendata.domain.grounds.self_check import Decision, ItemState, Report
from opendata.services.catalogue.grounds.gate import read_entries
from opendata.services.core.values import PublisherView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A version of the negative list; `number` and `enforced` are None while it is prepared."""

    number: int | None
    entries: tuple[Entry, ...]
    note: str
    enforced: datetime | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseView:
    """A dataset that loses its ground: the entry, and the first day without it."""

    dataset: str
    title: str
    publisher: str
    publisher_title: str
    entry: Entry
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UngroundedView:
    """A dataset that isn't open and has no ground in force; `entry` is the one that it points to, if it was listed."""

    id: str
    title: str
    publisher: PublisherView
    disclosure: Disclosure
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many items of a publisher there are in each state."""

    publisher: str
    title: str
    undecided: int = 0
    proposed: int = 0
    decided: int = 0

    @property
    def items(self) -> int:
        """All of them."""
        return self.undecided + self.proposed + self.decided


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A self-check: its report is due on `due`. `progress` is that of the publishers that the reader acts for."""

    year: int
    begun: datetime
    due: date
    closed: datetime | None
    report: Report | None
    progress: tuple[Progress, ...] = ()

    @property
    def undecided(self) -> int:
        """How many items wait for a decision, proposed ones included."""
        return sum(item.undecided + item.proposed for item in self.progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An item of a self-check. `dataset` is None for a topic in words.

    `pointed` is the entry that the dataset points to now, `asked` how often it was asked for. `fulfilled` is the
    version with which something that was to be opened is open; empty where it has none, None while it isn't open.
    `digest` is another one once somebody has changed the answer.
    """

    id: int
    dataset: str | None
    title: str
    publisher: str
    publisher_title: str
    attribute: str
    pointed: str
    asked: int
    state: ItemState
    decision: Decision | None
    ground: str
    reason: str
    open_by: date | None
    proposed_by: str
    decided_by: str
    decided: datetime | None
    fulfilled: str | None
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A closed self-check as everybody may read it: its figures, and what is opened until when, of what is listed."""

    year: int
    closed: datetime
    due: date
    report: Report
    titles: Mapping[str, str] = field(default_factory=dict)
    opened: tuple[ItemView, ...] = ()


def view_list(row: NegativeList) -> ListView:
    """The value of a row."""
    return ListView(
        number=row.number, entries=read_entries(row), note=row.note, enforced=row.enforced, revision=row.revision
    )
