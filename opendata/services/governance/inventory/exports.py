"""Writes items as the table that `InventoryImports` takes: a workbook with lists to choose from, or CSV."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from opendata.errors import N_
from opendata.services.governance.inventory.columns import Column, list_columns, name_code, show_item
from opendata.services.governance.inventory.items import ItemView
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.wording.voice import Voice

SHEET = N_("Inventory")
HELP = N_("How to fill it in")
_MEASURED = 200
"""Columns are as wide as the longest cell of so many rows."""


def write_workbook(items: Iterable[ItemView], out: BinaryIO, voice: Voice) -> None:
    """Write items as a workbook in the language of `voice`; without items it is the empty template."""
    columns = list_columns()
    headings = [_head(column, voice.language) for column in columns]
    helps, ranges = _list_help(columns, voice)
    help_name = name_sheet(voice.translate(HELP))
    choices = {place: f"'{help_name}'!$A${first}:$A${last}" for place, (first, last) in ranges.items()}
    rows = (show_item(item, voice.language) for item in items)
    first_rows = [row for row, _ in zip(rows, range(_MEASURED), strict=False)]
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        widths = measure([headings, *first_rows])
        with book.begin_sheet(name_sheet(voice.translate(SHEET)), widths, choices=choices) as sheet:
            sheet.write_texts(headings, "heading")
            for row in _chain(first_rows, rows):
                sheet.write_texts(row, "wrapped")
        with book.begin_sheet(help_name, [40, 16, 90]) as sheet:
            for number, row in enumerate(helps):
                sheet.write_texts(row, "heading" if number == 0 else "wrapped")
        book.finish()


def write_csv(items: Iterable[ItemView], voice: Voice) -> Iterator[str]:
    """Items as CSV that Excel opens, a line at a time."""
    yield "\ufeff" + write_csv_line([_head(column, voice.language) for column in list_columns()], "\r\n")
    for item in items:
        yield write_csv_line(show_item(item, voice.language), "\r\n")


def _chain(first: Sequence[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rest


def _head(column: Column, language: str) -> str:
    return f"{column.label(language)}*" if column.is_required else column.label(language)


def _list_help(columns: Sequence[Column], voice: Voice) -> tuple[list[list[str]], dict[int, tuple[int, int]]]:
    """The rows of the sheet that explains, and where in its first column the codes of each column are."""
    rows = [[voice.say(N_("Heading")), voice.say(N_("Needed")), voice.say(N_("How to fill it in"))]]
    yes = voice.say(N_("yes"))
    rows += [
        [_head(column, voice.language), yes if column.is_required else "", column.hint(voice.language)]
        for column in columns
    ]
    ranges: dict[int, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        if column.codes:
            rows += [[""], [column.label(voice.language)]]
            first = len(rows) + 1
            rows += [[name_code(code, voice.language)] for code in column.codes.values()]
            ranges[place] = (first, len(rows))
    return rows, ranges
