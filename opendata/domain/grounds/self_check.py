"""The yearly self-check: what isn't open, and what is often asked for, is decided one by one, and reported.

Source: Measures of 2017 on attributes of government information, part 1 (3) (次年1月底前).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from opendata.domain.clocks.calendar import load_calendar
from opendata.domain.clocks.limits import Limit, Unit, find_due
from opendata.errors import N_, Fault, fault

REPORT_LIMIT = Limit(131, Unit.FIXED_DATE)
"""The report is due on 31 January of the next year."""

LONGEST_REASON = 4000


class Decision(StrEnum):
    """What becomes of an item."""

    KEEP = "keep"
    OPEN = "open"


class ItemState(StrEnum):
    """How far the decision about an item is."""

    UNDECIDED = "undecided"
    PROPOSED = "proposed"
    DECIDED = "decided"


DECISIONS: Mapping[str, str] = {
    Decision.KEEP: N_("Stays as it is"),
    Decision.OPEN: N_("Is opened"),
}
"""Decision → what it is called on pages."""

ITEM_STATES: Mapping[str, str] = {
    ItemState.UNDECIDED: N_("Not decided"),
    ItemState.PROPOSED: N_("Proposed"),
    ItemState.DECIDED: N_("Decided"),
}
"""State → what it is called on pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is decided: kept on a `ground` (the id of an entry) for a `reason`, or opened until a day."""

    decision: Decision
    ground: str = ""
    reason: str = ""
    open_by: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What readers often asked for: a dataset by its id, or a topic in words, and how often."""

    text: str
    publisher: str
    count: int
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """An item as the report counts it. `ground` is the code of the ground in law it is kept on, or empty.

    `is_public`: everybody may know that there is such an item.
    """

    publisher: str
    decision: Decision
    ground: str = ""
    is_fulfilled: bool = False
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items there were, stay as they are, are opened, and of those are open already."""

    items: int = 0
    kept: int = 0
    opened: int = 0
    fulfilled: int = 0

    def add(self, item: Settled) -> Counts:
        """With one item more."""
        is_kept = item.decision == Decision.KEEP
        return Counts(
            items=self.items + 1,
            kept=self.kept + is_kept,
            opened=self.opened + (not is_kept),
            fulfilled=self.fulfilled + (not is_kept and item.is_fulfilled),
        )

    def to_json(self) -> dict[str, int]:
        """As it is kept and sent."""
        return {"items": self.items, "kept": self.kept, "opened": self.opened, "fulfilled": self.fulfilled}


@dataclass(frozen=True, slots=True)
class Report:
    """What a self-check found: in all, by publisher, and how many are kept on each ground of law."""

    total: Counts = Counts()
    publishers: Mapping[str, Counts] = field(default_factory=dict)
    grounds: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Report:
        """Read what `to_json` made."""
        return cls(
            total=Counts(**found["total"]),
            publishers={name: Counts(**counts) for name, counts in found["publishers"].items()},
            grounds=found["grounds"],
        )

    def to_json(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return {
            "total": self.total.to_json(),
            "publishers": {name: counts.to_json() for name, counts in self.publishers.items()},
            "grounds": dict(self.grounds),
        }


def count_report(items: Iterable[Settled]) -> Report:
    """The figures of the report."""
    total = Counts()
    publishers: dict[str, Counts] = {}
    grounds: dict[str, int] = {}
    for item in items:
        total = total.add(item)
        publishers[item.publisher] = publishers.get(item.publisher, Counts()).add(item)
        if item.decision == Decision.KEEP:
            grounds[item.ground] = grounds.get(item.ground, 0) + 1
    return Report(total, dict(sorted(publishers.items())), dict(sorted(grounds.items())))


def find_report_due(year: int) -> date:
    """The day until which the report of a year is due."""
    due = find_due(date(year, 12, 31), REPORT_LIMIT, load_calendar())
    assert due is not None  # noqa: S101 - only a pause has no end
    return due


def find_answer_faults(answer: Answer, fitting: Collection[str], today: date) -> Iterator[Fault]:
    """What is wrong with a decision; `fitting` are the entries in force that its publisher can point to."""
    if len(answer.reason) > LONGEST_REASON:
        yield fault("/reason", N_("At most %(limit)s characters are allowed"), limit=LONGEST_REASON)
    if answer.decision == Decision.OPEN:
        if answer.open_by is None:
            yield fault("/openBy", N_("Say until when it is opened, such as 2026-12-31"))
        elif answer.open_by < today:
            yield fault("/openBy", N_("This date is in the past. Choose today or a later day"))
        return
    if not answer.reason.strip():
        yield fault("/reason", N_("Say why it stays as it is"))
    if not answer.ground:
        yield fault("/ground", N_("Choose an entry of the negative list that is in force"))
    elif answer.ground not in fitting:
        text = N_("The entry “%(entry)s” isn't in force, or isn't for this publisher")
        yield fault("/ground", text, entry=answer.ground[:60])
