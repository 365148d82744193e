"""What was counted in a column, kind by kind: matches, rivals of the same shape, masked examples. No values.

Everything here adds up: the tallies of some rows and of the rows behind them are those of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opendata.domain.privacy import Kind
from opendata.privacy.masks import hide_value

if TYPE_CHECKING:
    import numpy as np

EXAMPLES = 3
"""At most this many masked examples of a finding."""

_GAP = 200
_FEW = 10
_SHORT_CARD_CHANCE, _CARD_CHANCE = 0.016, 0.002
"""The share of any numbers of 16 digits from 3, and of 17 to 19, that have the prefix and the check digit of a card."""


@dataclass(slots=True)
class Tally:
    """Cells of one column that look like one kind.

    `rivals` counts cells of the same shape, matches included; `inside` matches with other text around them; `checked`
    those with the right check digit. `weak` counts matches that need another sign, `hinted` those that the column's
    name makes personal data. `least` and `greatest` bound the matches as whole numbers. `runs` is how many numbers
    could have matched, `short` how many of these have 16 digits.
    """

    kind: Kind
    count: int = 0
    rivals: int = 0
    inside: int = 0
    checked: int = 0
    weak: int = 0
    hinted: int = 0
    runs: int = 0
    short: int = 0
    least: int | None = None
    greatest: int = 0
    examples: list[str] = field(default_factory=list)

    def add_example(self, text: str) -> None:
        """Keep a masked example, if there are not enough yet."""
        if len(self.examples) < EXAMPLES:
            self.examples.append(hide_value(self.kind, text))

    def bound(self, numbers: np.ndarray) -> None:
        """Widen the bounds of the matches."""
        if len(numbers):
            self._widen(int(numbers.min()), int(numbers.max()))

    def join(self, later: Tally) -> None:
        """Add the cells of later rows."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        if later.least is not None:
            self._widen(later.least, later.greatest)
        self.examples = [*self.examples, *later.examples][:EXAMPLES]

    @property
    def chance(self) -> float:
        """How many of the numbers that could be a bank card's look like one by chance."""
        return self.short * _SHORT_CARD_CHANCE + (self.runs - self.short) * _CARD_CHANCE

    @property
    def is_serial(self) -> bool:
        """Whether the matches fill their range so densely that they must be serial numbers."""
        return self.count >= _FEW and self.count * _GAP > self.greatest - (self.least or 0)

    def _widen(self, least: int, greatest: int) -> None:
        self.greatest = greatest if self.least is None else max(self.greatest, greatest)
        self.least = least if self.least is None else min(self.least, least)


_COUNTS = ("count", "rivals", "inside", "checked", "weak", "hinted", "runs", "short")


class Tallies:
    """The tallies of one column: `values` counts its cells with a value, `bytes` is how long its texts are together."""

    def __init__(self) -> None:
        self.values = 0
        self.bytes = 0
        self._kinds: dict[Kind, Tally] = {}

    def of(self, kind: Kind) -> Tally:
        """The tally of a kind, made if needed."""
        if kind not in self._kinds:
            self._kinds[kind] = Tally(kind)
        return self._kinds[kind]

    def find(self, kind: Kind) -> Tally | None:
        """The tally of a kind, if anything was counted."""
        return self._kinds.get(kind)

    def join(self, later: Tallies) -> None:
        """Add the cells of later rows."""
        self.values += later.values
        self.bytes += later.bytes
        for kind, tally in later._kinds.items():
            self.of(kind).join(tally)
