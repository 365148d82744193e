"""The tables of an annual report as an Excel workbook in the form of the notice, and as one number a line."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from opendata.domain.reports.annual import (
    AMOUNTS,
    BLOCKS,
    DISCLOSED,
    AnnualReport,
    Dispute,
    Part,
    write_amount,
)
from opendata.domain.requests.annual import COLUMNS, ROWS
from opendata.errors import N_
from opendata.services.governance.reports.values import PublishedReport
from opendata.tables.forms.book import Book, Sheet, name_sheet
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.tables.forms.form_cells import write_text_cell
from opendata.tables.forms.workbook_parts import name_column
from opendata.wording.governance.annual import (
    AMOUNT_NAMES,
    BLOCK_NAMES,
    DISCLOSED_NAMES,
    DISPUTE_NAMES,
    PART_NAMES,
    RESULT_NAMES,
)
from opendata.wording.governance.requests import ANNUAL_COLUMNS, ANNUAL_ROWS
from opendata.wording.voice import Voice

Cell = str | Decimal | int | None
Line = Sequence[Cell]

COLUMN_NAMES = ("year", "publisher", "table", "row", "column", "value")
"""The columns of the file with one number a line."""


def write_cells(reports: Iterable[PublishedReport]) -> Iterator[str]:
    """The numbers of reports as lines of CSV. The publisher of a report on all is empty."""
    yield "\ufeff" + write_csv_line(COLUMN_NAMES)
    for found in reports:
        publisher = found.publisher.id if found.publisher is not None else ""
        for cell in found.report.list_cells():
            yield write_csv_line((found.year, publisher, *cell))


def write_workbook(found: PublishedReport, voice: Voice, languages: Sequence[str]) -> BinaryIO:
    """A worksheet for each table and one for the texts, in the language of `voice`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        for name, widths, lines in (
            (N_("Table 2"), [20, 36, 22, 22], _list_disclosed(found.report, voice)),
            (N_("Table 3"), [44, *([14] * len(COLUMNS))], _list_applications(found.report, voice)),
            (N_("Table 4"), [30, *([14] * 5)], _list_disputes(found.report, voice)),
        ):
            with book.begin_sheet(name_sheet(voice.translate(name)), widths) as sheet:
                for line in lines:
                    _write_line(sheet, line)
        with book.begin_sheet(name_sheet(voice.translate(N_("Text"))), [40, 100]) as sheet:
            for part in Part:
                text = found.text(part, languages)
                if text:
                    sheet.write_texts([voice.translate(PART_NAMES[part]), text], "wrapped")
        book.finish()
    out.seek(0)
    return out


def _list_disclosed(report: AnnualReport, voice: Voice) -> Iterator[Line]:
    for block, rows in BLOCKS:
        amounts = AMOUNTS[rows[0]]
        yield [voice.translate(text) for text in (BLOCK_NAMES[block], "", *(AMOUNT_NAMES[one] for one in amounts))]
        for row in rows:
            numbers = [report.numbers.get(f"{DISCLOSED}/{row}/{amount}") for amount in amounts]
            yield ["", voice.translate(DISCLOSED_NAMES[row]), *numbers]


def _list_applications(report: AnnualReport, voice: Voice) -> Iterator[Line]:
    yield ["", *(voice.translate(ANNUAL_COLUMNS[column]) for column in COLUMNS)]
    for row in ROWS:
        yield [voice.translate(ANNUAL_ROWS[row]), *report.table.row(row)]


def _list_disputes(report: AnnualReport, voice: Voice) -> Iterator[Line]:
    yield ["", *(voice.translate(name) for name in RESULT_NAMES.values())]
    for group in Dispute:
        yield [voice.translate(DISPUTE_NAMES[group]), *report.count_disputes(group)]


def _write_line(sheet: Sheet, line: Line) -> None:
    """A row: its texts in bold in a row of headings, its numbers as numbers."""
    is_heading = all(isinstance(cell, str) for cell in line)
    number = sheet.rows + 1
    cells = []
    for place, cell in enumerate(line):
        at = f"{name_column(place)}{number}"
        if isinstance(cell, str) and cell:
            cells.append(write_text_cell(at, cell, "heading" if is_heading else "wrapped"))
        elif isinstance(cell, Decimal | int):
            cells.append(f'<c r="{at}"><v>{write_amount(Decimal(cell))}</v></c>')
    sheet.write_rows(f'<row r="{number}">{"".join(cells)}</row>\n'.encode(), 1)
