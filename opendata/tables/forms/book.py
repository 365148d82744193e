"""A workbook of several worksheets, put into an archive one after the other. Equal sheets make equal bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from opendata.tables.forms.form_cells import write_text_cell
from opendata.tables.forms.workbook_parts import (
    HEAD,
    LINKED,
    MAIN,
    SHEET_BYTES,
    SHEET_ROWS,
    STYLES,
    escape_name,
    link_sheets,
    list_styles,
    list_types,
    name_column,
    relate,
)

_LONGEST_NAME = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
_MADE = (1980, 1, 1, 0, 0, 0)
_WIDEST = 60
_OFFERED_ROWS = 10_000


class Sheet:
    """One worksheet being written."""

    def __init__(self, out: IO[bytes]) -> None:
        self.rows = 0
        self._out = out
        self._length = 0

    def count_room(self, limit: int) -> int:
        """How many rows still go in."""
        return limit - self.rows if self._length < SHEET_BYTES else 0

    def write_rows(self, data: bytes, rows: int) -> None:
        """Append rows that are written already."""
        self._out.write(data)
        self._length += len(data)
        self.rows += rows

    def write_texts(self, texts: Sequence[str], style: str) -> None:
        """Append a row of texts."""
        row = self.rows + 1
        cells = (write_text_cell(f"{name_column(place)}{row}", text, style) for place, text in enumerate(texts) if text)
        self.write_rows(f'<row r="{row}">{"".join(cells)}</row>\n'.encode(), 1)


class Book:
    """The parts of a workbook, put into an archive one after the other."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names: list[str] = []

    @contextmanager
    def begin_sheet(
        self,
        name: str,
        widths: Sequence[int],
        *,
        hidden: Collection[int] = (),
        choices: Mapping[int, str] = MappingProxyType({}),
    ) -> Iterator[Sheet]:
        """A worksheet to be written; its first row stays in sight.

        The columns in `hidden`, counted from 0, aren't shown. `choices` offers for a column the texts of cells
        elsewhere: column → their range (`'Help'!$A$2:$A$9`).
        """
        self._names.append(name)
        part = _describe_part(f"xl/worksheets/sheet{len(self._names)}.xml")
        style = f' style="{STYLES["text"]}"' if choices else ""  # what is typed in stays as it is typed
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{min(max(width, 10), _WIDEST)}" customWidth="1"{style}'
            f"{' hidden=' + chr(34) + '1' + chr(34) if place - 1 in hidden else ''}/>"
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
            yield Sheet(out)
            end = _offer(choices)
            end += f'<ignoredErrors><ignoredError sqref="A1:XFD{SHEET_ROWS}" numberStoredAsText="1"/></ignoredErrors>'
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


def _offer(choices: Mapping[int, str]) -> str:
    """Lists to choose from, which let other texts pass: what is wrong is said when the workbook is read."""
    if not choices:
        return ""
    offers = "".join(
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="0" sqref="{name_column(place)}2:'
        f'{name_column(place)}{_OFFERED_ROWS}"><formula1>{escape(source)}</formula1></dataValidation>'
        for place, source in choices.items()
    )
    return f'<dataValidations count="{len(choices)}">{offers}</dataValidations>'


def _describe_part(name: str) -> zipfile.ZipInfo:
    """A part whose bytes do not tell when it was made."""
    found = zipfile.ZipInfo(name, _MADE)
    found.compress_type = zipfile.ZIP_DEFLATED
    found._compresslevel = 3  # type: ignore[attr-defined]  # public, as compress_level, from Python 3.13 on
    return found


def name_sheet(name: str, number: int = 1) -> str:
    """A name that a worksheet may have; of the second with that name on with its number."""
    end = f" ({number})" if number > 1 else ""
    return escape_name(name).translate(_FORBIDDEN)[: _LONGEST_NAME - len(end)] + end


def measure(rows: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column of a page is: Chinese characters take two places."""
    width = max((len(row) for row in rows), default=0)
    return [
        2 + max(sum(1 + (letter > "\u2e80") for letter in row[place]) for row in rows if place < len(row))
        for place in range(width)
    ]
