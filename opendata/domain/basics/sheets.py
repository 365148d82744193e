"""A worksheet with a part of the catalogue, as departments have it, read into entries with what is wrong by cell.

Rows in: the cells of merged areas repeated, so that nothing is left to unfold. Out: an entry for each row, faults and
doubts with their cells, the columns that weren't understood.

    1  the header is found, in one row or several; title lines are above it
    2  a row that only has a heading of a section, a note or the header again isn't an entry
    3  同上 gets the value above; a missing matter of level 1 too, with a doubt
    4  ticks and boxes become codes; what isn't clear is a doubt
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.domain.basics.cells import is_same, read_options, read_tick
from opendata.domain.basics.codes import find_domain
from opendata.domain.basics.entries import LISTS, MOST_DOMAIN, MOST_TEXT, MOST_TITLE, TITLES, Entry
from opendata.domain.basics.headings import FURTHER, NUMBER, Column, Header, find_header
from opendata.domain.basics.timing import DOUBTS
from opendata.errors import N_

MOST_ENTRIES = 20_000
"""At most this many entries are read from a file."""

Rows = Sequence[Sequence[str]]

_LONGEST = dict.fromkeys(("matter", "item", "body"), MOST_TITLE)
_NOTE = re.compile(r"(?:备注|说明|注|填表|审核|联系|制表|附)(?:人|电话|单位|日期)?\s*\d*[:：.、]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNote:
    """What is wrong with a cell (`is_fault`) or isn't certain: its address, a template and what fills it."""

    cell: str
    message: str
    params: Mapping[str, str] = field(default_factory=dict)
    is_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReading:
    """What was understood of a sheet: the entries with the numbers of their rows, notes, and its columns."""

    name: str
    entries: Sequence[tuple[int, Entry]] = ()
    notes: Sequence[CellNote] = ()
    columns: Sequence[tuple[str, Column]] = ()
    header_rows: tuple[int, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it has a header that we know."""
        return bool(self.columns)


def read_sheet(name: str, rows: Rows, *, domain: str = "") -> SheetReading:
    """Read a sheet; `domain` is what its entries belong to where neither a column nor a heading says otherwise."""
    header = find_header(rows)
    if header is None:
        return SheetReading(name=name)
    return _Reader(name, rows, header, domain).read()


def name_letters(place: int) -> str:
    """The letters of a column, counted from 0: A, …, Z, AA."""
    letters = ""
    while place >= 0:
        letters = chr(65 + place % 26) + letters
        place = place // 26 - 1
    return letters


class _Reader:
    def __init__(self, name: str, rows: Rows, header: Header, domain: str) -> None:
        self._name, self._rows, self._header = name, rows, header
        titles = " ".join(cell for row in rows[: header.rows[0] - 1] for cell in row)
        self._domain = domain or find_domain(name, within=True) or find_domain(titles, within=True) or ""
        self._notes: list[CellNote] = []
        self._above: dict[int, str] = {}

    def read(self) -> SheetReading:
        entries = list(self._list_entries())
        columns = [(name_letters(place), column) for place, column in enumerate(self._header.columns) if column.heading]
        return SheetReading(
            name=self._name,
            entries=entries,
            notes=self._notes,
            columns=columns,
            header_rows=self._header.rows,
        )

    def _list_entries(self) -> Iterator[tuple[int, Entry]]:
        heads = {_plain_row(self._rows[number - 1]) for number in self._header.rows}
        for number, row in enumerate(self._rows[self._header.rows[-1] :], start=self._header.rows[-1] + 1):
            filled = [cell for cell in row if cell.strip()]
            if not filled or _plain_row(row) in heads or self._is_beside(row, filled):
                continue
            yield number, self._read_row(number, row)

    def _is_beside(self, row: Sequence[str], filled: Sequence[str]) -> bool:
        """Whether a row is the heading of a section or a note, not an entry. A section may name a domain."""
        texts = {"".join(cell.split()) for cell in filled}
        if len(texts) > 1 or (len(filled) == 1 and not self._is_before_matter(row)):
            return False
        text = texts.pop()
        if _NOTE.match(text):
            return True
        found = find_domain(text, within=True)
        if found is not None and (len(filled) == 1 or len(filled) > len(self._header.columns) // 2):
            self._domain = found
            return True
        return len(filled) > 2 and len(filled) > len(self._header.columns) // 2

    def _is_before_matter(self, row: Sequence[str]) -> bool:
        """Whether the one cell of a row that is filled is where a heading would be: in the first columns."""
        place = next(place for place, cell in enumerate(row) if cell.strip())
        columns = self._header.columns
        return place < len(columns) and (place == 0 or columns[place].field in (NUMBER, "matter"))

    def _read_row(self, number: int, row: Sequence[str]) -> Entry:
        texts: dict[str, str] = {}
        places: dict[str, str] = {}
        codes: dict[str, list[str]] = {}
        further: list[str] = []
        for place, column in enumerate(self._header.columns):
            text = row[place].replace("\0", "").strip() if place < len(row) else ""
            cell = f"{name_letters(place)}{number}"
            if is_same(text):
                text = self._repeat(place, cell)
            self._above[place] = text
            if column.field in ("", NUMBER):
                continue
            places.setdefault(column.field, cell)
            if column.field == FURTHER:
                further.extend([text] if text else [])
            elif column.code:
                self._add_tick(column, text, cell, codes, texts)
            elif column.field in LISTS:
                self._add_options(column.field, text, cell, codes, texts)
            elif text and not texts.get(column.field):
                texts[column.field] = self._cut(text, cell)
        if further:
            texts["item"] = " / ".join(filter(None, (texts.get("item", ""), *dict.fromkeys(further))))
        self._carry_matter(texts, places)
        return self._finish(texts, codes, places, number)

    def _repeat(self, place: int, cell: str) -> str:
        text = self._above.get(place, "")
        if not text:
            self._note(cell, N_("The cell says “same as above”, and there is nothing above it"), is_fault=True)
        return text

    def _cut(self, text: str, cell: str) -> str:
        if len(text) > MOST_TEXT:
            message = N_("This text is too long. At most %(limit)s characters are allowed")
            self._note(cell, message, is_fault=True, limit=str(MOST_TEXT))
        return text[:MOST_TEXT]

    def _add_tick(
        self, column: Column, text: str, cell: str, codes: dict[str, list[str]], texts: dict[str, str]
    ) -> None:
        tick = read_tick(text)
        if not tick.is_set:
            return
        codes.setdefault(column.field, []).append(column.code)
        if column.code == "group" and tick.text:
            texts["group"] = tick.text
        elif column.code == "other" and tick.text:
            texts["other_channels"] = tick.text
        elif not tick.is_clear:
            message = N_("“%(text)s” counts as a tick. Write √, or leave the cell empty")
            self._note(cell, message, text=text[:80])

    def _add_options(self, name: str, text: str, cell: str, codes: dict[str, list[str]], texts: dict[str, str]) -> None:
        if not text:
            return
        found = read_options(text, LISTS[name])
        codes.setdefault(name, []).extend(found.codes)
        if found.is_unticked:
            self._note(cell, N_("None of the boxes is ticked, so the cell counts as empty"))
            return
        if not found.other:
            return
        if name == "channels":
            texts["other_channels"] = found.other
            codes[name].append("other")
        elif name == "audiences":
            texts["group"] = found.other
            if "group" not in found.codes:
                codes[name].append("group")
                message = N_("“%(text)s” isn't a word for an audience. It counts as a specific group")
                self._note(cell, message, text=found.other[:80])
        else:
            message = N_("“%(text)s” isn't one of the choices for “%(field)s”, so it is left out")
            self._note(cell, message, text=found.other[:80], field=TITLES[name], is_fault=not found.codes)

    def _carry_matter(self, texts: dict[str, str], places: Mapping[str, str]) -> None:
        if texts.get("matter"):
            self._above[-1] = texts["matter"]
        elif texts.get("item") and self._above.get(-1):
            texts["matter"] = self._above[-1]
            message = N_("The matter of level 1 is empty. The row above gives “%(text)s”")
            self._note(places.get("matter", ""), message, text=texts["matter"][:80])

    def _finish(
        self, texts: dict[str, str], codes: Mapping[str, Sequence[str]], places: Mapping[str, str], number: int
    ) -> Entry:
        values: dict[str, Any] = {name: text[: _LONGEST.get(name)] for name, text in texts.items()}
        for name, found in codes.items():
            values[name] = tuple(code for code in map(str, LISTS[name]) if code in found)
        said = texts.get("domain", "")
        values["domain"] = find_domain(said) or said[:MOST_DOMAIN] or self._domain
        entry = Entry(**values)
        for name in entry.list_missing():
            message = N_("“%(field)s” is missing. Without it the entry can't be put in force")
            self._note(places.get(name, f"A{number}"), message, field=TITLES[name], is_fault=True)
        limit = entry.limit
        if entry.time_limit and limit.doubt is not None:
            self._note(places["time_limit"], DOUBTS[limit.doubt])
        return entry

    def _note(self, cell: str, message: str, *, is_fault: bool = False, **params: str) -> None:
        self._notes.append(CellNote(cell=cell, message=message, params=params, is_fault=is_fault))


def _plain_row(row: Sequence[str]) -> tuple[str, ...]:
    return tuple("".join(cell.split()) for cell in row if cell.strip())
