"""The annual report on disclosure (政府信息公开工作年度报告): its parts, what is entered in it, and its three tables.

A number has a code, the table and the place in it: `disclosed/licences/decided` (table 2), `added/given/person` (what
came to table 3 another way than over the portal) and `disputes/review/upheld` (table 4).

Source: 国办公开办函〔2021〕30号; the Regulations on Open Government Information (Decree 711), articles 49 and 50.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from opendata.domain.requests.annual import ALL, CARRIED_IN, CARRIED_OUT, NEW, TOTAL, AnnualTable
from opendata.domain.requests.kinds import Applicant
from opendata.domain.requests.outcomes import AnnualRow

FIRST_YEAR, LAST_YEAR = 2008, 2200
"""The first year is that from which on the Regulations are in force."""

DISCLOSED, ADDED, DISPUTES = "disclosed", "added", "disputes"
"""The tables whose numbers are entered."""

LONGEST_TEXT = 50_000
"""Characters that a part may have."""

_LARGEST = 10**12


class Part(StrEnum):
    """The six parts, in the order of the report."""

    GENERAL = "general"
    PROACTIVE = "proactive"
    REQUESTS = "requests"
    DISPUTES = "disputes"
    PROBLEMS = "problems"
    OTHER = "other"


REQUIRED = (Part.GENERAL, Part.PROBLEMS, Part.OTHER)
"""The parts that consist of a text; that of a part with a table is a remark below it."""

REQUIRED_NUMBERS = (DISCLOSED, DISPUTES)
"""The tables of which every number must be there before the report is published."""

RULES = ("n13", "n13-government")
"""The rules of clocks by which it is due."""


class Disclosed(StrEnum):
    """The rows of table 2."""

    REGULATIONS = "regulations"
    NORMATIVE = "normative"
    LICENCES = "licences"
    PENALTIES = "penalties"
    COERCION = "coercion"
    FEES = "fees"


class Amount(StrEnum):
    """What table 2 counts of a row. Fees are in 10,000 yuan."""

    MADE = "made"
    REPEALED = "repealed"
    IN_FORCE = "in-force"
    DECIDED = "decided"
    CHARGED = "charged"


AMOUNTS: Mapping[Disclosed, Sequence[Amount]] = {
    Disclosed.REGULATIONS: (Amount.MADE, Amount.REPEALED, Amount.IN_FORCE),
    Disclosed.NORMATIVE: (Amount.MADE, Amount.REPEALED, Amount.IN_FORCE),
    Disclosed.LICENCES: (Amount.DECIDED,),
    Disclosed.PENALTIES: (Amount.DECIDED,),
    Disclosed.COERCION: (Amount.DECIDED,),
    Disclosed.FEES: (Amount.CHARGED,),
}
"""Row of table 2 → what is counted of it."""

BLOCKS: Sequence[tuple[int, Sequence[Disclosed]]] = (
    (1, (Disclosed.REGULATIONS, Disclosed.NORMATIVE)),
    (5, (Disclosed.LICENCES,)),
    (6, (Disclosed.PENALTIES, Disclosed.COERCION)),
    (8, (Disclosed.FEES,)),
)
"""The item of article 20 of the Regulations → the rows of table 2 that are about it."""

WORDS: Mapping[Disclosed, Sequence[str]] = {
    Disclosed.REGULATIONS: ("规章",),
    Disclosed.NORMATIVE: ("规范性文件",),
    Disclosed.LICENCES: ("行政许可",),
    Disclosed.PENALTIES: ("行政处罚",),
    Disclosed.COERCION: ("行政强制",),
    Disclosed.FEES: ("事业性收费", "收费目录"),
}
"""Row of table 2 → the words in the titles of datasets in which its numbers can be looked up."""


class Dispute(StrEnum):
    """The groups of table 4."""

    REVIEW = "review"
    DIRECT_SUIT = "direct-suit"
    LATER_SUIT = "later-suit"


class DisputeResult(StrEnum):
    """How disputes of table 4 ended."""

    UPHELD = "upheld"
    CORRECTED = "corrected"
    OTHER = "other"
    PENDING = "pending"


ADDED_ROWS: Sequence[str] = (NEW, CARRIED_IN, *AnnualRow, CARRIED_OUT)
"""The rows of table 3 to which something can be added: the total follows from them."""


def _list_codes() -> tuple[str, ...]:
    disclosed = [f"{DISCLOSED}/{row}/{amount}" for row, amounts in AMOUNTS.items() for amount in amounts]
    added = [f"{ADDED}/{row}/{column}" for row in ADDED_ROWS for column in Applicant]
    disputes = [f"{DISPUTES}/{group}/{result}" for group in Dispute for result in DisputeResult]
    return (*disclosed, *added, *disputes)


CODES = _list_codes()
"""All numbers that somebody enters, in the order of the report."""

Numbers = Mapping[str, Decimal]
"""Code → number; what nobody entered isn't in it."""


def read_amount(code: str, text: str) -> Decimal | None:
    """The number that a text is, or None: a whole one that isn't negative, for fees one with up to six decimals."""
    digits = text.strip().replace(",", "").replace("，", "")
    try:
        found = Decimal(digits) if digits.isascii() else None
    except InvalidOperation:
        return None
    if found is None or not found.is_finite() or not 0 <= found < _LARGEST:
        return None
    step = Decimal("0.000001") if code.endswith(Amount.CHARGED) else Decimal(1)
    return found.quantize(step).normalize() if found == found.quantize(step) else None


def write_amount(number: Decimal) -> str:
    """A number as text, without exponent."""
    return f"{number:f}"


def sum_numbers(several: Sequence[Numbers]) -> dict[str, Decimal]:
    """The sums of what several publishers entered; a number that none of them entered isn't in it."""
    found: dict[str, Decimal] = {}
    for numbers in several:
        for code, number in numbers.items():
            found[code] = found.get(code, Decimal(0)) + number
    return found


def add_to_table(computed: AnnualTable, numbers: Numbers) -> AnnualTable:
    """Table 3 with what came another way than over the portal; its totals are counted again."""
    cells = dict(computed.cells)
    for row in ADDED_ROWS:
        for column in Applicant:
            added = int(numbers.get(f"{ADDED}/{row}/{column}", 0))
            targets = {(row, column), (row, ALL)}
            if row in tuple(AnnualRow):
                targets |= {(TOTAL, column), (TOTAL, ALL)}
            for place in targets:
                cells[place] += added
    return AnnualTable(computed.year, cells)


def list_carry_faults(table: AnnualTable, before: AnnualTable) -> Sequence[str]:
    """The columns in which another number was carried over than the report of the year before carries out."""
    return [
        column for column in (*Applicant, ALL) if table.cells[CARRIED_IN, column] != before.cells[CARRIED_OUT, column]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualReport:
    """The three tables as they are published."""

    numbers: Numbers
    table: AnnualTable

    def count_disputes(self, group: Dispute) -> Sequence[Decimal | None]:
        """The results of a group of table 4 and their sum; None where nobody entered a number."""
        found = [self.numbers.get(f"{DISPUTES}/{group}/{result}") for result in DisputeResult]
        known = [number for number in found if number is not None]
        return [*found, sum(known, Decimal(0)) if known else None]

    def list_cells(self) -> Sequence[tuple[str, str, str, str]]:
        """All numbers as table (`2` to `4`), row, column and text; empty where nobody entered a number."""
        found = [
            ("2", str(row), str(amount), _write(self.numbers.get(f"{DISCLOSED}/{row}/{amount}")))
            for row, amounts in AMOUNTS.items()
            for amount in amounts
        ]
        found += [("3", row, column, str(number)) for (row, column), number in self.table.cells.items()]
        for group in Dispute:
            columns = (*DisputeResult, ALL)
            found += [
                ("4", str(group), str(column), _write(number))
                for column, number in zip(columns, self.count_disputes(group), strict=True)
            ]
        return found


def _write(number: Decimal | None) -> str:
    return "" if number is None else write_amount(number)
