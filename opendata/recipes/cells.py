"""Steps that change the cells of one column, each exactly what it names.

In, `missing` with `…`:             `12`, `…`          Out: `12`, a missing value
In, `replace` `郑洲` by `郑州`:       `郑洲`, `开封`      Out: `郑州`, `开封`
In, `edit` of row 5, `1O` to `10`:  row 5 has `1O`     Out: `10`; where row 5 has `11`, nothing changes and it is asked
In, `strip-suffix` `年`:             `2018年`, `近年`    Out: `2018`, `近年`
In, `add-year` `2026`:              `8月31日`, `8月32日`   Out: `2026-08-31`, `8月32日`
In, `split-unit` `万吨`:             `12.5万吨`          Out: `12.5`, and the field has the unit
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opendata.domain.recipes import Step
from opendata.errors import N_
from opendata.recipes.action import SHOWN, Action, count_true, find_blank, find_text, join_numbers
from opendata.recipes.frame import Columns, Frame
from opendata.tables.arrow.arrays import make_text, make_texts, view_flags
from opendata.tables.notation.moments import add_year

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = r"[+\-−]?[0-9][0-9,]*(?:\.[0-9]+)?"


class Missing(Action):
    """Texts that stand for a missing value in one column."""

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        marks = pc.is_in(pc.utf8_trim_whitespace(column), value_set=make_texts(self.params["texts"]))
        found = count_true(marks)
        self.count += found
        yield frame.set(self.index, pc.if_else(marks, make_text(None), column)) if found else frame


class Replace(Action):
    """One text of a column by another, in all its cells."""

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        same = find_text(column, self.params["old"])
        found = count_true(same)
        self.count += found
        yield frame.set(self.index, pc.if_else(same, make_text(self.params["new"]), column)) if found else frame

    def conclude(self) -> None:
        if not self.count:
            self.doubt(
                N_("The column “%(column)s” has no “%(text)s” any more, so this step changes nothing: %(step)s"),
                column=self.step.field,
                text=self.params["old"],
            )


class Edit(Action):
    """One cell, told by the values of other columns or by its row, and by the text it had."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._keys: list[tuple[int, str]] = []
        self._more: list[int] = []

    def settle(self, columns: Columns) -> Columns:
        found = super().settle(columns)
        for name, text in self.params.get("key", {}).items():
            place = columns.find(name)
            if place is None and not self.is_off:
                text = N_("The file has no column “%(column)s” any more, so this step isn't applied: %(step)s")
                return self.give_up(columns, text, column=name)
            self._keys.append((place if place is not None else -1, text))
        return found

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        row = self.params.get("row")
        if not frame.rows or (row is not None and not frame.numbers[0] <= row <= frame.numbers[-1]):
            yield frame
            return
        column = frame.columns[self.index]
        same = find_text(column, self.params["old"])
        for place, text in self._keys:
            same = pc.and_(same, find_text(frame.columns[place], text))
        found = np.flatnonzero(view_flags(same))
        if row is not None:
            found = found[frame.numbers[found] == row]
        if not len(found):
            yield frame
            return
        first = found[:1] if not self.count else found[:0]
        self._more += frame.numbers[found[len(first) :]].tolist()[: SHOWN + 1]
        self.count += len(first)
        flags = np.zeros(frame.rows, bool)
        flags[first] = True
        yield frame.set(self.index, pc.if_else(pa.array(flags), make_text(self.params["new"]), column))

    def conclude(self) -> None:
        if not self.count:
            self.doubt(
                N_("The cell with “%(text)s” in the column “%(column)s” isn't there any more, so this step changes"
                   " nothing: %(step)s"),
                column=self.step.field,
                text=self.params["old"],
            )  # fmt: skip
        elif self._more:
            self.doubt(
                N_("More than one cell may be meant: also rows %(rows)s. Only the first is changed: %(step)s"),
                rows=join_numbers(self._more),
            )
        elif self.params.get("again"):
            self.doubt(N_("This was changed in an earlier file and is changed again. Is it still right? %(step)s"))


class AddYear(Action):
    """The year of days and months that are written without theirs. One that isn't in that year stays as it is.

    A year that was said for an earlier file isn't added again before a person says that it is that of this one.
    """

    _LIKELY = "[0-9０-９] ?月"

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._rows: list[int] = []

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        likely = np.flatnonzero(view_flags(pc.fill_null(pc.match_substring_regex(column, self._LIKELY), False)))
        if not len(likely):
            yield frame
            return
        coded = column.take(likely).dictionary_encode()
        dated = [add_year(text, int(self.params["year"])) for text in coded.dictionary.to_pylist()]
        codes = coded.indices.to_numpy()
        found = likely[np.array([text is not None for text in dated], bool)[codes]]
        self.count += len(found)
        if len(self._rows) <= SHOWN:
            self._rows += frame.numbers[found[: SHOWN + 1]].tolist()
        if self.params.get("again") or not len(found):
            yield frame
            return
        flags = np.zeros(frame.rows, bool)
        flags[found] = True
        texts = pa.array(dated, pa.string()).take(coded.indices).drop_null()
        yield frame.set(self.index, pc.replace_with_mask(column, pa.array(flags), texts))

    def conclude(self) -> None:
        if self.count and self.params.get("again"):
            self.doubt(
                N_("Dates in the column “%(column)s” have no year (rows %(rows)s). In an earlier file they were in"
                   " %(year)s. Are they again? Until you say so they stay as they are: %(step)s"),
                column=self.step.field,
                rows=join_numbers(self._rows),
                year=self.params["year"],
            )  # fmt: skip


class StripSuffix(Action):
    """Takes a text off after numbers. A cell without a number before the text stays."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._pattern = rf"^\s*({_NUMBER})\s*{re.escape(self._suffix)}\s*$"
        self._others: list[int] = []
        self._others_count = 0
        self._odd_count = 0

    @property
    def _suffix(self) -> str:
        return str(self.params["suffix"])

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        matches = pc.fill_null(pc.match_substring_regex(column, self._pattern), False)
        self.count += count_true(matches)
        others = np.flatnonzero(~view_flags(pc.or_(matches, find_blank(column))))
        self._others_count += len(others)
        if len(others) and not self.count:
            plain = pc.fill_null(pc.match_substring_regex(column.take(others), rf"^\s*{_NUMBER}\s*$"), False)
            self._odd_count += len(others) - count_true(plain)
        if len(self._others) <= SHOWN:
            self._others += frame.numbers[others[: SHOWN + 1]].tolist()
        yield frame.set(self.index, pc.replace_substring_regex(column, self._pattern, r"\1"))

    def _is_missed(self) -> bool:
        """Whether no cell has the text though the column isn't all of plain numbers, which need no step."""
        return not self.count and bool(self._odd_count)

    def conclude(self) -> None:
        if self._is_missed():
            self.doubt(
                N_("No cell of the column “%(column)s” ends in “%(text)s” any more, so this step changes nothing:"
                   " %(step)s"),
                column=self.step.field,
                text=self._suffix,
            )  # fmt: skip


class SplitUnit(StripSuffix):
    """The unit after the numbers of a column, which becomes the unit of the field."""

    @property
    def _suffix(self) -> str:
        return str(self.params["unit"])

    def _is_missed(self) -> bool:
        return not self.count  # plain numbers may be in another unit

    def settle(self, columns: Columns) -> Columns:
        found = super().settle(columns)
        if self.is_off:
            return found
        marks = [{**mark, "unit": self._suffix} if at == self.index else mark for at, mark in enumerate(found.marks)]
        return Columns(found.names, marks)

    def conclude(self) -> None:
        super().conclude()
        if self.count and self._others_count:
            self.doubt(
                N_("%(count)s cells of the column “%(column)s” don't have the unit “%(unit)s” of the others (rows"
                   " %(rows)s). What is their unit? %(step)s"),
                count=self._others_count,
                column=self.step.field,
                unit=self._suffix,
                rows=join_numbers(self._others),
            )  # fmt: skip


class SplitUnits(Action):
    """The units after the numbers of a column, which become a column of their own."""

    _SPLIT = rf"^\s*({_NUMBER})\s*([^0-9\s.,].*?)\s*$"

    def settle(self, columns: Columns) -> Columns:
        found = super().settle(columns)
        if self.is_off:
            return found
        name = self.params["to"]
        if columns.find(name) is not None:
            text = N_("The file has a column “%(column)s” already, so this step isn't applied: %(step)s")
            return self.give_up(columns, text, column=name)
        names, marks = list(found.names), list(found.marks)
        names.insert(self.index + 1, name)
        marks.insert(self.index + 1, {})
        return Columns(names, marks)

    def place(self, places: Sequence[int]) -> Sequence[int]:
        return [*places[: self.index + 1], places[self.index], *places[self.index + 1 :]]

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        matches = pc.fill_null(pc.match_substring_regex(column, self._SPLIT), False)
        self.count += count_true(matches)
        units: pa.Array = pc.if_else(matches, pc.replace_substring_regex(column, self._SPLIT, r"\2"), make_text(""))
        frame = frame.set(self.index, pc.replace_substring_regex(column, self._SPLIT, r"\1"))
        columns, places = list(frame.columns), list(frame.places)
        columns.insert(self.index + 1, units)
        places.insert(self.index + 1, places[self.index])
        frame.columns, frame.places = columns, places
        yield frame

    def conclude(self) -> None:
        if not self.count:
            self.doubt(
                N_("No cell of the column “%(column)s” has a unit any more, so this step changes nothing: %(step)s"),
                column=self.step.field,
            )


def make_split_unit(step: Step) -> Action:
    """Splitting a unit off: into the field, or into a column of its own where `to` names one."""
    return SplitUnits(step) if step.params.get("to") else SplitUnit(step)
