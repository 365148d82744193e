"""A finished table as an Excel workbook: its rows as real cells, then pages that explain them. No formula anywhere.

Codes and other text are text cells; integers, numbers, days and moments keep their types. What a spreadsheet can't keep
is text: numbers of more than 15 digits, days before March 1900, moments finer than a millisecond, and moments with a
zone, which are written in UTC (`2024-05-01T16:00:00Z`). Rows go on in a further worksheet where one is full. Equal
tables make equal bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from opendata.tables.forms.form_cells import CellWriter, write_text_cell
from opendata.tables.forms.form_numbers import find_wide_columns
from opendata.tables.forms.workbook_parts import (
    HEAD,
    LINKED,
    MAIN,
    SHEET_BYTES,
    SHEET_COLUMNS,
    SHEET_ROWS,
    escape_name,
    link_sheets,
    list_styles,
    list_types,
    name_column,
    relate,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS = 8192
_LONGEST_NAME = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
_MADE = (1980, 1, 1, 0, 0, 0)
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Page:
    """A worksheet of text after the data; its first row is a heading."""

    name: str
    rows: Sequence[Sequence[str]]


def write_workbook_form(
    parquet: Path, target: Path, *, name: str, pages: Sequence[Page], cut_note: str, sheet_rows: int = SHEET_ROWS
) -> None:
    """Write the rows into worksheets `name`, `name (2)` …, then the pages.

    `cut_note` goes below the last page where a text is longer than a cell holds. Raises `ValueError` where there are
    more columns than a worksheet has.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file, zipfile.ZipFile(target, "w") as archive:
        names = file.schema_arrow.names
        if len(names) > SHEET_COLUMNS:
            raise ValueError(f"{len(names)} columns, of at most {SHEET_COLUMNS}")
        book = _Book(archive)
        cells = CellWriter(find_wide_columns(file))
        pieces = _list_pieces(file)
        piece = next(pieces, None)
        number = 1
        while piece is not None or number == 1:
            with book.begin_sheet(_name_sheet(name, number), [len(text) + 4 for text in names]) as sheet:
                sheet.write_texts(names, "heading")
                while piece is not None and (room := sheet.count_room(sheet_rows)):
                    fitting, rest = piece.slice(0, room), piece.slice(room)
                    sheet.write_rows(cells.join_rows(fitting, sheet.rows + 1), fitting.num_rows)
                    piece = rest if rest.num_rows else next(pieces, None)
            number += 1
        for page in pages:
            with book.begin_sheet(_name_sheet(page.name, 1), _measure(page.rows)) as sheet:
                for place, texts in enumerate(page.rows):
                    sheet.write_texts(texts, "wrapped" if place else "heading")
                if cells.cut and page is pages[-1]:
                    sheet.write_texts([cut_note], "wrapped")
        book.finish()


class _Sheet:
    """One worksheet being written."""

    def __init__(self, out: IO[bytes]) -> None:
        self.rows = 0
        self._out = out
        self._length = 0

    def count_room(self, limit: int) -> int:
        """How many rows still go in."""
        return limit - self.rows if self._length < SHEET_BYTES else 0

    def write_rows(self, data: bytes, rows: int) -> None:
        self._out.write(data)
        self._length += len(data)
        self.rows += rows

    def write_texts(self, texts: Sequence[str], style: str) -> None:
        row = self.rows + 1
        cells = (write_text_cell(f"{name_column(place)}{row}", text, style) for place, text in enumerate(texts) if text)
        self.write_rows(f'<row r="{row}">{"".join(cells)}</row>\n'.encode(), 1)


class _Book:
    """The parts of a workbook, put into an archive one after the other."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names: list[str] = []

    @contextmanager
    def begin_sheet(self, name: str, widths: Sequence[int]) -> Iterator[_Sheet]:
        """A worksheet to be written; its first row stays in sight."""
        self._names.append(name)
        part = _describe_part(f"xl/worksheets/sheet{len(self._names)}.xml")
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{min(max(width, 10), _WIDEST)}" customWidth="1"/>'
            for place, width in enumerate(widths, start=1)
        )
        chosen = ' tabSelected="1"' if len(self._names) == 1 else ""
        with self._archive.open(part, "w", force_zip64=True) as out:
            begin = (
                f'{HEAD}<worksheet {MAIN} {LINKED}><sheetViews><sheetView{chosen} workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                f'<sheetFormatPr defaultRowHeight="15"/>{f"<cols>{columns}</cols>" if columns else ""}<sheetData>\n'
            )
            out.write(begin.encode())
            yield _Sheet(out)
            end = f'<ignoredErrors><ignoredError sqref="A1:XFD{SHEET_ROWS}" numberStoredAsText="1"/></ignoredErrors>'
            out.write(f"</sheetData>{end}</worksheet>".encode())

    def finish(self) -> None:
        """The parts that name the worksheets."""
        count = len(self._names)
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(self._names, start=1)
        )
        book = f"<bookViews><workbookView/></bookViews><sheets>{sheets}</sheets>"
        whole = f"{HEAD}<workbook {MAIN} {LINKED}>{book}</workbook>"
        self._archive.writestr(_describe_part("xl/workbook.xml"), whole)
        self._archive.writestr(_describe_part("xl/_rels/workbook.xml.rels"), link_sheets(count))
        self._archive.writestr(_describe_part("xl/styles.xml"), list_styles())
        self._archive.writestr(_describe_part("_rels/.rels"), relate([("officeDocument", "xl/workbook.xml")]))
        self._archive.writestr(_describe_part("[Content_Types].xml"), list_types(count))


def _list_pieces(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    return (batch for batch in file.iter_batches(batch_size=_BATCH_ROWS) if batch.num_rows)


def _describe_part(name: str) -> zipfile.ZipInfo:
    """A part whose bytes do not tell when it was made."""
    found = zipfile.ZipInfo(name, _MADE)
    found.compress_type = zipfile.ZIP_DEFLATED
    found._compresslevel = 3  # type: ignore[attr-defined]  # public, as compress_level, from Python 3.13 on
    return found


def _name_sheet(name: str, number: int) -> str:
    end = f" ({number})" if number > 1 else ""
    return escape_name(name).translate(_FORBIDDEN)[: _LONGEST_NAME - len(end)] + end


def _measure(rows: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column of a page is: Chinese characters take two places."""
    width = max((len(row) for row in rows), default=0)
    return [
        2 + max(sum(1 + (letter > "\u2e80") for letter in row[place]) for row in rows if place < len(row))
        for place in range(width)
    ]
