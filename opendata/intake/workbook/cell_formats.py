"""Which cells of a sheet have a number format that shows more than the number, for readers whose library drops formats.

In, cells as a file has them:     (row 2, column 1, "000000"), (row 3, column 1, "000000"), …
Kept, runs of a column:           column 1: rows 2 to 900 have "000000"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook.cell_text import PARTS, serial_text
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat
from opendata.intake.workbook.shown_formats import ShownFormats


@dataclass(slots=True)
class _Run:
    """Rows of a column, from the first to the last, whose cells have one format."""

    first: int
    last: int
    format: NumberFormat


@dataclass(slots=True)
class CellFormats:
    """The formats of a sheet's cells, and what else its reader drops: which day its serials count from."""

    epoch_1904: bool = False
    runs: dict[int, list[_Run]] = field(default_factory=dict)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    """Row and column of formulas that were saved without their result."""

    def add(self, first_row: int, last_row: int, column: int, shown: NumberFormat) -> None:
        """Note the format of cells; rows come in order."""
        if shown.is_plain:
            return
        runs = self.runs.setdefault(column, [])
        if runs and runs[-1].last == first_row - 1 and runs[-1].format is shown:
            runs[-1].last = last_row
        else:
            runs.append(_Run(first_row, last_row, shown))

    def take_numbers(
        self, column: int, rows: Sequence[int], texts: Sequence[str], facts: SheetFacts, shown: ShownFormats
    ) -> list[str]:
        """The numbers of a column as they are published; rows follow each other, and cells may be empty."""
        found, plain = [*texts], [*texts]
        for start, end, cells in self._find(column, rows):
            if cells.kind != "number":
                found[start:end] = [self._write_date(text, cells) for text in texts[start:end]]
            else:
                found[start:end] = shown.take(column, rows[start:end], texts[start:end], cells)
            if cells.zeros or cells.kind != "number":
                facts.texts(column, rows[start:end], found[start:end])
                plain[start:end] = [""] * (end - start)
        if any(plain):
            facts.numbers(column, rows, plain)
        for start, end, _ in self._find(column, rows):
            plain[start:end] = [""] * (end - start)
        if any(plain):
            shown.take(column, rows, plain, PLAIN)
        return found

    def cut_dates(self, column: int, rows: Sequence[int], texts: Sequence[str], shown: ShownFormats) -> list[str]:
        """Dates and numbers, all as text, with the parts of dates alone that their formats show."""
        found = [*texts]
        for start, end, cells in self._find(column, rows):
            if cells.kind in PARTS:
                dates = [text if _is_date(text) else "" for text in texts[start:end]]
                cut = shown.cut_dates(column, rows[start:end], dates, PARTS[cells.kind])
                found[start:end] = [new or old for new, old in zip(cut, texts[start:end], strict=True)]
        return found

    def _find(self, column: int, rows: Sequence[int]) -> Iterator[tuple[int, int, NumberFormat]]:
        """The runs within some rows, as places among them."""
        for run in self.runs.get(column, ()):
            start, end = max(run.first, rows[0]) - rows[0], min(run.last, rows[-1]) - rows[0] + 1
            if start < end:
                yield start, end, run.format

    def _write_date(self, text: str, cells: NumberFormat) -> str:
        kind = "date" if cells.kind in PARTS else cells.kind
        return (serial_text(text, kind, self.epoch_1904) or text) if text else ""


def _is_date(text: str) -> bool:
    return len(text) >= 10 and text[4] == text[7] == "-"
