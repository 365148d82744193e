"""What the annual reports hand to pages and REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from opendata.domain.reports.annual import AnnualReport, Numbers, Part
from opendata.domain.requests.annual import AnnualTable
from opendata.domain.texts import I18n

Texts = Mapping[str, Mapping[str, str]]
"""Language → part → text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A dataset in which numbers of table 2 can be looked up, and how many rows its newest version has."""

    dataset: str
    title: str
    i18n: I18n
    rows: int


@dataclass(frozen=True, slots=True)
class DutyClock:
    """The duty to publish a report: its number in the ledger, when it is due, when it was done."""

    id: int
    due: date | None
    done_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report being written.

    `texts` and `numbers` are what somebody entered. `suggested` are texts from what the portal knows, `known` are
    numbers from the reports of all publishers, where the report is on all of them (`reported` of `of` have begun
    theirs). `computed` is table 3 as the portal counts it, `table` the same with what was added. `carry_faults` are
    the columns that don't fit the report of the year before. `places` has the rows of table 2.
    """

    publisher: Any | None
    year: int
    texts: Texts
    suggested: Texts
    numbers: Numbers
    known: Numbers
    computed: AnnualTable
    table: AnnualTable
    carry_faults: Sequence[str]
    places: Mapping[str, Sequence[Place]]
    reported: int
    of: int
    duty: DutyClock | None
    revision: int
    author: str
    modified: datetime | None
    published: datetime | None
    shown_revision: int | None
    is_over: bool

    @property
    def effective(self) -> Numbers:
        """What was entered, else what is known."""
        return {**self.known, **self.numbers}

    @property
    def is_changed(self) -> bool:
        """Whether it was changed after it was published."""
        return self.shown_revision is not None and self.shown_revision != self.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report in a list; `publisher` is None for the one on all."""

    publisher: Any | None
    year: int
    modified: datetime | None
    published: datetime | None
    is_changed: bool
    duty: DutyClock | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedReport:
    """A report as it is published."""

    publisher: Any | None
    year: int
    texts: Texts
    report: AnnualReport
    published: datetime
    republished: datetime | None

    def text(self, part: Part, languages: Sequence[str]) -> str:
        """The text of a part in the first of these languages that has one."""
        return next((found for name in languages if (found := self.texts.get(name, {}).get(part, ""))), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """A published report in a list; `publisher` is None for the one on all."""

    publisher: Any | None
    year: int
    published: datetime
    republished: datetime | None
