"""Repairs of cells that break a rule: what is plainly meant, as the field's own rule reads it. Text in, text out.

Every kind repairs only what can mean one thing; a cell that could mean two stays as it is. Only `missing-mark` changes
what a cell says, and comes after all others.

Source: Table Schema v2; RFC 3986 and 3987 (addresses).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from opendata.domain.schema import Field
from opendata.errors import N_
from opendata.tables.types.field_type import Reads
from opendata.tables.types.registry import TYPES

EXAMPLES = 5
"""At most this many cells are shown for each repair that is proposed."""

MISSING_MARK = "missing-mark"
REPEATED_HEADER, TOTAL_ROW = "repeated-header", "total-row"
ROWS_LEFT_OUT = (REPEATED_HEADER, TOTAL_ROW)
"""The kinds that leave rows out: by what a row says, so that they hold for the next file too."""

_MARK = re.compile(r"[-‐-―−－]{1,3}|…{1,2}|\.{2,6}|[/／]|无|暂无|缺|#?n/?a|null|none|nan", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repair:
    """A kind of repair as people are shown it; both texts are to be translated."""

    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """A cell made right: its new text (None: a missing value), and by which kinds, in the order applied."""

    text: str | None
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A kind that would help in a field: how many cells take it (some other kinds besides), the commonest as examples.

    An example is a cell before and after all its repairs; after is None where it becomes a missing value.
    """

    kind: str
    field: str
    count: int
    examples: tuple[tuple[str, str | None], ...]

    def describe(self) -> dict[str, Any]:
        """The proposal as a report has it."""
        examples = [{"before": before, "after": after} for before, after in self.examples]
        return {"fieldName": self.field, "kind": self.kind, "count": self.count, "examples": examples}


REPAIRS: Mapping[str, Repair] = {
    "repeated-header": Repair(
        N_("The header again"),
        N_("Rows that repeat the header are left out, as where files were joined end to end."),
    ),
    "total-row": Repair(
        N_("Rows of totals"),
        N_("Rows whose cell in this column says 合计, 总计 or Total are left out."),
    ),
    "byte-order-mark": Repair(
        N_("Byte order marks"),
        N_("The invisible mark that files begin with is removed from cells."),
    ),
    "formula-text": Repair(
        N_("Texts in a formula"),
        N_('The formula around a text is removed: ="00123" becomes 00123.'),
    ),
    "stray-tab": Repair(
        N_("Tabs beside the value"),
        N_("Tabs before and after a value are removed."),
    ),
    "full-width": Repair(
        N_("Full-width characters"),
        N_(
            "Full-width letters, digits and signs become half-width. In numbers, digits of other scripts become 0 to 9."
        ),
    ),
    "trim-blanks": Repair(
        N_("Spaces around the value"),
        N_("Spaces and invisible characters before and after the value are removed."),
    ),
    "thousands-separators": Repair(
        N_("Thousands separators"),
        N_("Commas or spaces between groups of three digits are removed: 1,234,567 becomes 1234567."),
    ),
    "sign": Repair(
        N_("Negative numbers in another notation"),
        N_("−5, (5) and 5- become -5."),
    ),
    "magnitude": Repair(
        N_("Numbers with a word for their size"),
        N_("Numbers such as 12万元, 1.5亿 or 3 million are written out: 120000, 150000000, 3000000."),
    ),
    "chinese-number": Repair(
        N_("Numbers in Chinese"),
        N_("Whole numbers written in Chinese become digits: 二十八 becomes 28, 二〇一八 becomes 2018."),
    ),
    "number-text": Repair(
        N_("Decimal zeros after a whole number"),
        N_("The zeros that a spreadsheet adds after a whole number are removed: 4111010001.0 becomes 4111010001."),
    ),
    "date-form": Repair(
        N_("Dates in another notation"),
        N_(
            "Dates such as 2018/5/7, 2018年5月7日 or 20180507 are written as the schema requires. 05/07/2018 stays"
            " as it is."
        ),
    ),
    "excel-date": Repair(
        N_("Spreadsheet serial numbers for dates"),
        N_("The serial number that a spreadsheet uses for a day becomes its date: 43227 becomes 2018-05-07."),
    ),
    "leading-zeros": Repair(
        N_("Lost leading zeros"),
        N_("Codes of a fixed length get back the leading zeros that a spreadsheet has dropped."),
    ),
    "boolean-word": Repair(
        N_("Words for true and false"),
        N_("是 and 否, yes and no, Y and N, TRUE and FALSE become the words the schema has for true and false."),
    ),
    "enum-near-miss": Repair(
        N_("Values close to an allowed one"),
        N_("A value that differs from one allowed value only in case, width, spaces or one letter becomes that value."),
    ),
    "uri-escape": Repair(
        N_("Characters not allowed in an address"),
        N_("Spaces and non-ASCII characters in an address are percent-encoded."),
    ),
    MISSING_MARK: Repair(
        N_("Marks for a missing value"),
        N_("Marks such as -, …, /, 无, N/A or NULL become a missing value. This changes what the cell says."),
    ),
}
"""The kinds of repair, in the order in which several are applied to one cell."""

_SPELLINGS = frozenset(["full-width", "trim-blanks"])
"""Kinds after which a text that stands for a missing value is still the one that was in the cell."""


def is_missing_mark(text: str) -> bool:
    """Whether a text is a usual mark for a missing value."""
    return _MARK.fullmatch(text.strip()) is not None


class Repairer:
    """Repairs the cells of one field by the kinds that are allowed; `nulls` are the texts of its missing values."""

    def __init__(self, field: Field, nulls: Sequence[str], kinds: Collection[str], reads: Reads) -> None:
        self._reads = reads
        self._nulls = frozenset(nulls)
        mends = TYPES[field.type].list_mends(field, reads)
        self._mends = [(kind, mends[kind]) for kind in REPAIRS if kind in kinds and kind in mends]
        self._may_miss = MISSING_MARK in kinds and reads(None)

    def repair(self, text: str) -> Repaired | None:
        """The fewest repairs after which the cell is right; None where there are none, or it is right already."""
        if self._reads(text):
            return None
        reached: list[tuple[str, tuple[str, ...], int]] = [(text, (), 0)]
        for source, kinds, start in reached:  # grows as it is read: one repair first, then two …
            for number in range(start, len(self._mends)):
                kind, mend = self._mends[number]
                mended = mend(source)
                if mended is None or mended == source:
                    continue
                step = (mended, (*kinds, kind), number + 1)
                if self._is_right(*step[:2]):
                    return Repaired(*step[:2])
                reached.append(step)
        if self._may_miss:
            for source, kinds, _ in reached:
                if _MARK.fullmatch(source):
                    return Repaired(None, (*kinds, MISSING_MARK))
        return None

    def _is_right(self, text: str, kinds: tuple[str, ...]) -> bool:
        return (text not in self._nulls or _SPELLINGS.issuperset(kinds)) and self._reads(text)


def propose_repairs(field: Field, nulls: Sequence[str], wrong: Mapping[str, int], reads: Reads) -> list[Proposal]:
    """Which kinds would help in a field: `wrong` has its distinct wrong cells, and how often each occurs."""
    repairer = Repairer(field, nulls, REPAIRS, reads)
    counts: Counter[str] = Counter()
    helped: defaultdict[str, list[tuple[int, str, str | None]]] = defaultdict(list)
    for text, count in wrong.items():
        repaired = repairer.repair(text)
        for kind in repaired.kinds if repaired else ():
            counts[kind] += count
            helped[kind].append((-count, text, repaired.text if repaired else None))
            if len(helped[kind]) > 64 * EXAMPLES:
                helped[kind] = nsmallest(EXAMPLES, helped[kind])
    return [
        Proposal(
            kind,
            field.name,
            counts[kind],
            tuple((before, after) for _, before, after in nsmallest(EXAMPLES, helped[kind])),
        )
        for kind in REPAIRS
        if counts[kind]
    ]
