"""A finished table as an Excel workbook: its rows as real cells, then pages that explain them. No formula anywhere.

Codes and other text are text cells; integers, numbers, days and moments keep their types. What a spreadsheet can't keep
is text: numbers of more than 15 digits, days before March 1900, moments finer than a millisecond, and moments with a
zone, which are written in UTC (`2024-05-01T16:00:00Z`). Rows go on in a further worksheet where one is full. Equal
tables make equal bytes.

Libraries were tried in November 2026 with 1,000,000 rows x 10: rustpy-xlsxwriter 0.8 takes as long, but leaves out
decimals, NaN and days before 1900 without a word, writes the hour of making into the file, and needs six times the
file's size on disk; fastxlsxio 0.8 takes twice as long, and XlsxWriter 3.3 (100,000 rows) five times.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.tables.forms.form_cells import CellWriter
from opendata.tables.forms.form_numbers import find_wide_columns
from opendata.tables.forms.workbook_parts import SHEET_COLUMNS, SHEET_ROWS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS = 8192


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

    with open_parquet(parquet) as file, zipfile.ZipFile(target, "w") as archive:
        names = file.schema_arrow.names
        if len(names) > SHEET_COLUMNS:
            raise ValueError(f"{len(names)} columns, of at most {SHEET_COLUMNS}")
        book = Book(archive)
        cells = CellWriter(find_wide_columns(file))
        pieces = _list_pieces(file)
        piece = next(pieces, None)
        number = 1
        while piece is not None or number == 1:
            with book.begin_sheet(name_sheet(name, number), [len(text) + 4 for text in names]) as sheet:
                sheet.write_texts(names, "heading")
                while piece is not None and (room := sheet.count_room(sheet_rows)):
                    fitting, rest = piece.slice(0, room), piece.slice(room)
                    sheet.write_rows(cells.join_rows(fitting, sheet.rows + 1), fitting.num_rows)
                    piece = rest if rest.num_rows else next(pieces, None)
            number += 1
        for page in pages:
            with book.begin_sheet(name_sheet(page.name, 1), measure(page.rows)) as sheet:
                for place, texts in enumerate(page.rows):
                    sheet.write_texts(texts, "wrapped" if place else "heading")
                if cells.cut and page is pages[-1]:
                    sheet.write_texts([cut_note], "wrapped")
        book.finish()


def _list_pieces(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    return (batch for batch in file.iter_batches(batch_size=_BATCH_ROWS) if batch.num_rows)
