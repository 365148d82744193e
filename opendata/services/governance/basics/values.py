"""What the services of the basic catalogue give: entries with what fulfils them, drafts, versions, coverage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from opendata.domain.basics.comparing import Change
from opendata.domain.basics.entries import Entry
from opendata.domain.basics.sheets import SheetReading
from opendata.domain.clocks.limits import Limit
from opendata.domain.texts import I18n
from opendata.errors import N_, NotFoundError
from opendata.services.core.paging import DEFAULT_LIMIT


class State(StrEnum):
    """How far an entry is fulfilled: a public dataset, one that isn't public yet, none."""

    PUBLISHED = "published"
    PLANNED = "planned"
    GAP = "gap"


OVERDUE = "overdue"
"""A state to filter by: not fulfilled, and the time limit has passed."""

NOBODY = "-"
"""Stands for entries whose responsible body isn't a publisher of this portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyName:
    """A publisher as lists of the catalogue name it; its `id` is empty for bodies that aren't one."""

    id: str = ""
    title: str = ""
    i18n: I18n = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDataset:
    """A dataset that fulfils an entry; `is_public` where anybody may have its newest version."""

    id: str
    title: str
    i18n: I18n
    publisher: str
    is_public: bool
    is_listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry in force or of an earlier version. `since` is the version that it first was in, on day `begun`.

    `due` is the last day in time, None where it can't be computed.
    """

    id: str
    entry: Entry
    body: BodyName
    since: int
    begun: date
    datasets: Sequence[LinkedDataset] = ()
    due: date | None = None
    is_overdue: bool = False

    @property
    def state(self) -> State:
        """How far it is fulfilled."""
        if any(dataset.is_public for dataset in self.datasets):
            return State.PUBLISHED
        return State.PLANNED if self.datasets else State.GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """An entry in force for the list of what is due. `due` is None where its time limit can't be computed."""

    id: str
    title: str
    publisher: str
    begun: date
    limit: Limit | None
    due: date | None
    is_fulfilled: bool
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries somebody asks for; what is empty doesn't matter. `version` 0 is the one in force."""

    domain: str = ""
    publisher: str = ""
    level: str = ""
    audience: str = ""
    state: str = ""
    text: str = ""
    version: int = 0
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEntry:
    """An entry of the draft. `change` is what putting it in force does: `added`, `changed`, `removed` or nothing."""

    id: str
    entry: Entry
    body: BodyName
    change: str
    missing: Sequence[str]
    is_removed: bool
    is_in_force: bool
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version of the catalogue."""

    number: int
    at: datetime
    note: str
    entries: int
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from one version to another."""

    old: int
    new: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The numbers of a domain and a publisher; each counts the entries that the list with the same filter has."""

    entries: int = 0
    published: int = 0
    planned: int = 0
    gap: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """A domain: all of its entries, and those of each body by its id (`NOBODY` for others)."""

    domain: str
    total: Cell
    bodies: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Every pilot domain, then the own ones; the bodies that have entries, by id; `version` 0 before the first."""

    rows: Sequence[CoverageRow]
    bodies: Mapping[str, BodyName]
    total: Cell
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What was understood of a file, and what taking it changes against the catalogue in force.

    `left_out` counts the rows that can't be taken: without a matter, or of a publisher that isn't the author's.
    """

    id: str
    file: str
    is_guide: bool
    sheets: Sequence[SheetReading]
    changes: Sequence[Change]
    same: int
    left_out: int

    def count(self, kind: str) -> int:
        """How many changes of a kind there are."""
        return sum(change.kind == kind for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideView:
    """The guide of a domain: how many entries it has, and those that the local catalogue lacks."""

    domain: str
    entries: int
    absent: Sequence[Entry]
    file: str
    changed: datetime | None


def write_id(number: int) -> str:
    """The public id of an entry."""
    return f"b{number:05}"


def read_id(text: str) -> int:
    """The number in the id of an entry. Raises `NotFoundError`."""
    if not re.fullmatch(r"b[0-9]{5,9}", text) or write_id(int(text[1:])) != text:
        raise NotFoundError(N_("The basic catalogue has no entry “%(id)s”"), id=text[:80])
    return int(text[1:])
