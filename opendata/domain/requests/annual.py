"""Table 3 of the annual report: applications received and handled, 25 rows by 7 columns, and what must add up in it.

Source: 国办公开办函〔2021〕30号.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opendata.domain.requests.kinds import Applicant
from opendata.domain.requests.outcomes import OUTCOMES, AnnualRow, Outcome

NEW, CARRIED_IN, TOTAL, CARRIED_OUT = "new", "carried-in", "total", "carried-out"

ROWS: Sequence[str] = (NEW, CARRIED_IN, *AnnualRow, TOTAL, CARRIED_OUT)
"""The codes of the rows, in the order of the form."""

ALL = "total"
COLUMNS: Sequence[str] = (*Applicant, ALL)
"""The codes of the columns, in the order of the form."""


@dataclass(frozen=True, slots=True)
class AnnualCase:
    """What the table counts of an application: who asked, when it came, when it ended and how.

    One that its applicant withdrew has no outcome.
    """

    applicant: Applicant
    received: date
    ended: date | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class AnnualTable:
    """The cells of a year, by row and column."""

    year: int
    cells: Mapping[tuple[str, str], int]

    def row(self, code: str) -> Sequence[int]:
        """The numbers of a row, in the order of the columns."""
        return [self.cells[code, column] for column in COLUMNS]

    def list_faults(self) -> Sequence[tuple[str, str]]:
        """Row and column of each number that doesn't add up: none where all is well."""
        faults = [
            (TOTAL, column)
            for column in COLUMNS
            if self.cells[TOTAL, column] != sum(self.cells[row, column] for row in AnnualRow)
            or self.cells[NEW, column] + self.cells[CARRIED_IN, column]
            != self.cells[TOTAL, column] + self.cells[CARRIED_OUT, column]
        ]
        faults += [
            (row, ALL) for row in ROWS if self.cells[row, ALL] != sum(self.cells[row, column] for column in Applicant)
        ]
        return faults


def find_row(case: AnnualCase) -> AnnualRow:
    """The row that an ended application counts in; withdrawn ones are among the others."""
    found = OUTCOMES[case.outcome].row if case.outcome is not None else None
    return found or AnnualRow.OTHER


def count_year(year: int, cases: Iterable[AnnualCase]) -> AnnualTable:
    """The table of a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    cells = {(row, column): 0 for row in ROWS for column in COLUMNS}
    for case in cases:
        if case.received > last or (case.ended is not None and case.ended < first):
            continue
        rows = [NEW if case.received >= first else CARRIED_IN]
        rows += [find_row(case), TOTAL] if case.ended is not None and case.ended <= last else [CARRIED_OUT]
        for row in rows:
            for column in (case.applicant, ALL):
                cells[row, column] += 1
    return AnnualTable(year, cells)
