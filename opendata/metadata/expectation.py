"""When the next edition of a dataset is expected: by its update cycle, its last period and the usual delay.

In: monthly, last 2026-10, published 18, 20 and 19 days after the ends of their months     Out: 2026-11, by 2026-12-19
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_high

from opendata.domain.meaning.periods import Period, read_period

ENOUGH = 3
"""From so many editions on, the usual delay is theirs; with fewer it is `DELAYS`."""

DELAYS: Mapping[str, tuple[str, int]] = {
    "daily": ("day", 1),
    "weekly": ("week", 7),
    "monthly": ("month", 30),
    "quarterly": ("quarter", 30),
    "semiannual": ("half", 60),
    "annual": ("year", 90),
}
"""Update cycle → the kind of its periods, and how many days after the end of one its edition is expected by default."""


@dataclass(frozen=True, slots=True)
class NextEdition:
    """What is expected next: its period, by which day; `editions` is how many earlier ones the delay is learnt from."""

    period: str
    by: date
    editions: int


CYCLES: Mapping[str, str] = {kind: cycle for cycle, (kind, _) in DELAYS.items()}
"""The kind of periods → the update cycle that has one edition for each."""


def learn_cycle(periods: Sequence[Period]) -> str | None:
    """The update cycle that the periods of editions follow; None where they are too few, or don't follow one.

    Each but the first begins where the one before ends. An edition that brought several periods at once counts as
    these.
    """
    parts = {(part.start, part.end): part for item in periods for part in item.split()}
    kinds = {part.kind for part in parts.values()}
    ordered = [parts[place] for place in sorted(parts)]
    if len(ordered) < ENOUGH or len(kinds) > 1:
        return None
    follows = [after.start == before.end + timedelta(days=1) for before, after in pairwise(ordered)]
    return CYCLES[ordered[0].kind] if follows.count(True) * 2 > len(follows) else None


def expect_next(cycle: str, published: Sequence[tuple[str, date]]) -> NextEdition | None:
    """The next edition after those published: the period of each with the day its first version came out.

    None for an update cycle without an end of periods, and where no period is known.
    """
    if cycle not in DELAYS:
        return None
    kind, default = DELAYS[cycle]
    known = [(period, day) for text, day in published if (period := read_period(text)) is not None]
    if not known:
        return None
    first: dict[str, tuple[Period, date]] = {}
    for period, day in known:
        before = first.get(period.text)
        first[period.text] = (period, min(day, before[1]) if before else day)
    last = max((period for period, _ in first.values()), key=lambda period: period.end)
    following = last.find_next(kind)
    delays = [(day - period.end).days for period, day in first.values() if day >= period.end]
    is_learnt = len(delays) >= ENOUGH
    days = median_high(delays) if is_learnt else default
    return NextEdition(following.text, following.end + timedelta(days=days), len(delays) if is_learnt else 0)
