"""A type that a column of text may be of: what each of its cells is under that type.

In, as a date:       `2026-08-31`, `2026/8/30`, `8月29日`, `8月32日`, `…`, `x`
Out:                 plain, mended, without its year, no day at all, a mark for a missing value, odd
In, as a number:     `12`, `8人`, `约12`
Out:                 plain, with a unit, odd
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from opendata.domain.findings import shorten_param
from opendata.domain.schema import Field, TableSchema
from opendata.tables.arrow.arrays import view_flags
from opendata.tables.check.cells import CellRule
from opendata.tables.notation.moments import is_like_day, lacks_year
from opendata.tables.repair.repairs import MISSING_MARK, REPAIRS, Repairer, is_missing_mark
from opendata.tables.types.registry import TYPES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

IsUnit = Callable[[str], bool]
"""Whether a text is the unit of a number."""

KINDS = ("year", "integer", "number", "date", "yearmonth", "datetime", "boolean")
"""In the order in which they are preferred."""

_YEAR = "^(19|20)[0-9]{2}$"
_MONTHS = re.compile(r"\s*(19|20)[0-9]{2}[^0-9]?.*")
_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.0+)?")
_ISO_DAY = 10
_MANY_DECIMALS = r"^-?(0|[1-9][0-9]{0,14})\.[0-9]{16,40}$"
"""Numbers with more digits than the type that is proposed without a question has."""

_TIME = re.compile(r"[0-9]:[0-9]{2}")
_LONG = re.compile(r"[+-]?[0-9]{16}|.*[eE]\+?(?:1[5-9]|[2-9][0-9])")
_LED_BY_ZERO = re.compile(r"0[0-9]+")
_FEW_ZEROS = 1
"""More digits than numbers have, and more cells than that with zeros before them: the digits of codes."""

_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})")

_WITH_UNIT = re.compile(r"([+\-−]?[0-9][0-9,]*(?:\.[0-9]+)?)\s*([^0-9\s.,].*)")
_ORDINALS = frozenset("班栋幢座")
"""Units after numbers that tell one thing from the next: 3栋."""

_NO = frozenset(["no", "n", "false", "否"])

_LEAST = 3
"""At least this many cells must be of the type, or nearly."""

_LEAST_SHARE = 1 / 3
_MOST_ODD, _ODD_SHARE, _END_OF_ODD = 10, 0.1, 1000
"""At most this many different cells may be something else: the first, or that share of all, but never the last."""

_MOST_TEXTS = 20_000
"""At most this many different texts are tried with repairs."""

_SHOWN = 5
_MOST_NAMED = 10


class Sense(StrEnum):
    """What a cell that isn't plainly of a type is under it, in the order in which they are shown."""

    NO_DAY = "no day"
    ODD = "odd"
    NO_YEAR = "no year"
    UNIT = "unit"
    MARK = "mark"
    MENDED = "mended"


class Candidate:
    """A type that a column may be of: how many cells are, plainly or nearly, and which aren't."""

    def __init__(self, kind: str, is_unit: IsUnit) -> None:
        self.kind = kind
        field = Field.from_json({"name": "value", "type": kind})
        rule = CellRule(TableSchema({"fields": [field.descriptor]}), field)
        kinds = [name for name in REPAIRS if name != MISSING_MARK]
        self._reads = rule.is_right
        self._repairer = Repairer(field, rule.nulls, kinds, rule.is_right)
        self._pattern = TYPES[kind].proposed or _YEAR
        self._is_unit = is_unit
        self._known: dict[str, tuple[Sense, tuple[str, ...], str]] = {}
        self._shown: dict[Sense, dict[str, int]] = {sense: {} for sense in Sense}
        self._odd: set[str] = set()
        self._units: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._repairs: Counter[str] = Counter()
        self._words: set[bool] = set()
        self._days: dict[str, bool] = {}
        self._zeros = 0
        self._has_decimal_commas = False
        self.counts: Counter[Sense] = Counter()
        self.plain = 0
        self.total = 0
        self.is_out = False

    @property
    def fits(self) -> int:
        """How many cells are of the type, plainly or after a repair."""
        return self.plain + self.counts[Sense.MENDED]

    @property
    def is_plain(self) -> bool:
        """Whether every cell plainly is, so that the type can be proposed without a question."""
        return not self.is_out and self.plain == self.total > 0

    @property
    def is_whole(self) -> bool:
        """Whether each of enough cells is, be it in another notation."""
        return not self.is_out and self.fits == self.total > _LEAST + 1

    @property
    def is_doubtful(self) -> bool:
        """Whether the column may be of the type, but not without a decision."""
        near = self.counts[Sense.NO_DAY] + self.counts[Sense.NO_YEAR] + self.counts[Sense.UNIT]
        known = self.total - self.counts[Sense.MARK]
        is_likely = not self.is_out and self.fits + near >= max(_LEAST, _LEAST_SHARE * known)
        return is_likely and not self.is_plain and self._is_own()

    @property
    def rank(self) -> tuple[int, int, bool]:
        """The smallest is the likeliest among types that may be meant."""
        is_measured = self._is_measured()
        others = 0 if is_measured else self.total - self.fits
        return self.counts[Sense.ODD], others, bool(self._repairs["magnitude"]) and not is_measured

    def _is_own(self) -> bool:
        """Whether something tells the type from one that the same cells have too."""
        match self.kind:
            case "year":
                return "date-form" in self._repairs  # plain years are numbers
            case "date":
                return self.plain + self.counts[Sense.MENDED] + self.counts[Sense.NO_YEAR] > self._repairs["excel-date"]
            case "yearmonth":
                return self.fits > 0
            case "datetime":
                return self.counts[Sense.ODD] + self.counts[Sense.MARK] + self.counts[Sense.MENDED] > 0
            case "boolean":
                return len(self._words) > 1
        return True

    def _is_measured(self) -> bool:
        """Whether all numbers have the same unit, so that they mean the same without it."""
        units = {*self._units, *self._sizes}
        with_unit = sum(self._units.values()) + sum(self._sizes.values())
        return len(units) == 1 and not self.plain and with_unit == self.counts[Sense.UNIT] + self.counts[Sense.MENDED]

    def take(self, column: pa.Array, start: int) -> int:
        """Look at some rows, of which `start` come before; how many are plainly of the type."""
        import numpy as np
        import pyarrow.compute as pc

        present = view_flags(column.is_valid())
        same = view_flags(pc.fill_null(pc.match_substring_regex(column, self._pattern), False))
        if self.kind == "date" and same.any():
            same = same & self._find_days(column)
        plain = int(same.sum())
        self.count(plain)
        others = np.flatnonzero(present & ~same)
        self.total += len(others)
        if self.kind == "number" and len(others):
            others = self._count_long(column, others, start)
        most = min(max(_MOST_ODD, _ODD_SHARE * self.total), _END_OF_ODD)
        for row, text in zip(others.tolist(), column.take(others).to_pylist(), strict=True):
            self._take_other(text, start + row, most)
            if self.is_out:
                return plain
        self.is_out = self.counts[Sense.ODD] > max(_MOST_ODD, (1 - _LEAST_SHARE) * self.total)
        return plain

    def _count_long(self, column: pa.Array, others: np.ndarray, start: int) -> np.ndarray:
        """Count the numbers with many decimals at once, as they may all be different; the rows that are left."""
        import pyarrow.compute as pc

        long = view_flags(pc.match_substring_regex(column.take(others), _MANY_DECIMALS))
        self.counts[Sense.MENDED] += int(long.sum())
        shown = self._shown[Sense.MENDED]
        for row in others[long][: _MOST_NAMED - len(shown)].tolist():
            shown.setdefault(column[row].as_py(), start + row)
        left: np.ndarray = others[~long]
        return left

    def count(self, plain: int) -> None:
        """Count cells that are plainly of the type."""
        self.total += plain
        self.plain += plain

    def _find_days(self, column: pa.Array) -> object:
        """Which texts of the pattern are days of the calendar; others are unimportant."""
        import numpy as np

        coded = column.dictionary_encode()
        texts = coded.dictionary.to_pylist()
        for text in texts:
            if text not in self._days:
                self._days[text] = len(text) == _ISO_DAY and self._reads(text)
        days = np.array([self._days[text] for text in texts], bool)
        return days[coded.indices.fill_null(0).to_numpy()] if len(days) else np.zeros(len(column), bool)

    def _take_other(self, text: str, row: int, most: float) -> None:
        if text not in self._known:
            if len(self._known) >= _MOST_TEXTS:
                self.is_out = True
                return
            self._known[text] = self._judge(text)
        sense, kinds, unit = self._known[text]
        self.counts[sense] += 1
        self._repairs.update(kinds)
        if unit:
            (self._units if sense == Sense.UNIT else self._sizes)[unit] += 1
        if sense == Sense.ODD:
            self._odd.add(text)
            self._zeros += self.kind in ("integer", "number") and bool(_LED_BY_ZERO.fullmatch(text.strip()))
            has_moments = self.kind == "date" and bool(_TIME.search(text))
            self.is_out = len(self._odd) > most or self._zeros > _FEW_ZEROS or has_moments
        shown = self._shown[sense]
        if len(shown) < _MOST_NAMED:
            shown.setdefault(text, row)

    def _judge(self, text: str) -> tuple[Sense, tuple[str, ...], str]:
        """What a text is, the repairs that it takes, its unit."""
        if is_missing_mark(text):
            return Sense.MARK, (), ""
        if self.kind in ("integer", "number"):
            return self._judge_number(text)
        kinds = self._repair(text)
        if self.kind == "boolean" and kinds is not None:
            self._words.add(text.strip().casefold() not in _NO)
        if kinds == ("excel-date",) and not _SERIAL.fullmatch(text):
            kinds = None
        if self.kind == "yearmonth" and not _MONTHS.fullmatch(text):
            kinds = None
        if kinds is not None and not (self.kind == "date" and re.search(r"Z$|[0-9][+-][0-9]{2}:?[0-9]{2}$", text)):
            return Sense.MENDED, kinds, ""
        if self.kind in ("date", "yearmonth") and lacks_year(text, is_day=self.kind == "date"):
            return Sense.NO_YEAR, (), ""
        return (Sense.NO_DAY if self.kind == "date" and is_like_day(text) else Sense.ODD), (), ""

    def _judge_number(self, text: str) -> tuple[Sense, tuple[str, ...], str]:
        kinds = self._repair(text)
        found = _WITH_UNIT.fullmatch(text.strip())
        unit = found[2].rstrip() if found and self._may_be_unit(found[1], found[2].rstrip()) else ""
        bare = self._repair(found[1]) if found and unit else None
        if kinds is not None:
            return Sense.MENDED, kinds, unit if bare is not None else ""
        if bare is not None:
            return Sense.UNIT, bare, unit
        self._has_decimal_commas = self._has_decimal_commas or bool(_DECIMAL_COMMA.fullmatch(text.strip()))
        return Sense.ODD, (), ""

    def _may_be_unit(self, number: str, text: str) -> bool:
        if text == "月":
            return self.kind == "integer" and number.isdigit() and 1 <= int(number) <= 12
        return text not in _ORDINALS and self._is_unit(text)

    def _repair(self, text: str) -> tuple[str, ...] | None:
        """The repairs that a text takes, none for one that is right already; None where it can't be mended."""
        if self._reads(text):
            is_code = self.kind in ("integer", "number") and (_LONG.match(text) or _LED_BY_ZERO.match(text.strip()))
            return None if is_code else ()
        repaired = self._repairer.repair(text)
        return repaired.kinds if repaired is not None and repaired.text is not None else None

    def describe(self, number_of: Callable[[int], int] | None) -> dict[str, object]:
        """The parameters of the finding. `number_of` gives a row's number in the file, where that can be told."""
        is_measured = self._is_measured()
        units = [unit for unit, _ in (self._units + self._sizes if is_measured else self._units).most_common()]
        near = self.counts[Sense.UNIT] + self.counts[Sense.NO_YEAR]
        is_usual = near > self.fits  # numbers of the column have a unit, or its days no year
        others = [sense for sense in Sense if sense != Sense.MENDED]
        if is_usual and not (self.counts[Sense.NO_DAY] or self.counts[Sense.ODD] or self.counts[Sense.MARK]):
            others = []
        shown = [(text, row) for sense in others for text, row in self._shown[sense].items()][:_SHOWN]
        usual = [*self._shown[Sense.UNIT], *self._shown[Sense.NO_YEAR], *self._shown[Sense.MENDED]][:_SHOWN]
        wrong = self.total - self.fits
        repairs = {kind for kind, count in self._repairs.items() if count}
        repairs -= {"magnitude"} if is_measured else set()
        repairs -= {"thousands-separators"} if self._has_decimal_commas else set()  # 1,234 may be 1.234
        return {
            "type": self.kind,
            "fits": self.fits + near if is_usual else self.fits,
            "of": self.total,
            "values": [shorten_param(text) for text in [text for text, _ in shown] or usual],
            "rows": [number_of(row) for _, row in shown] if number_of is not None else [],
            "repairs": [kind for kind in REPAIRS if kind in repairs],
            "are_marks": 0 < wrong == self.counts[Sense.MARK],
            "marks": self._name(Sense.MARK),
            "are_measured": is_measured and bool(units),
            "units": units[:_MOST_NAMED],
            "withUnit": self._name(Sense.UNIT) or (self._name(Sense.MENDED) if is_measured else []),
            "withoutYear": self._name(Sense.NO_YEAR),
            "noDays": self._name(Sense.NO_DAY),
        }

    def _name(self, sense: Sense) -> Sequence[str]:
        return [shorten_param(text) for text in self._shown[sense]]
