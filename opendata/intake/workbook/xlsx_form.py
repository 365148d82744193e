"""How the rows of an XLSX sheet are written, as regular expressions for whole rows.

In, the cells of a row:     (1, "s", …, "1") and (2, "n", …, "1.5"): a shared string in A, a number in B
Out of `learn_form`:        a pattern in which A, B or both may be missing, and a faster one for rows that have both
In, the XML of a row:       <row r="7"><c r="A7" t="s"><v>1</v></c><c r="B7"><v>1.50</v></c></row>
Out of `RowForm.match`:     that XML, then "7", "" (attributes of the row), "1" and "1.50"
Out for any other row:      None; `SheetRows` then reads it cell by cell

Almost every row is written like the one before it, so what one row showed takes the next ones apart. Where the
compiled module is there, it takes whole blocks of rows that have no formulas, as columns, with shared texts in place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple, Self

from opendata.intake.layout.workbook_facts import column_name
from opendata.tables.arrow.compiled import find_compiled

WIDEST = 300
"""At most this many columns are worth a regular expression."""

_VARIANTS = 8
_LOSSES = 2  # blocks in which some row is not full, before full rows are no longer looked for

Cell = tuple[int, str, str, str, str, bool]
"""Column, type, style, its attributes as written, value, whether it has a formula."""

Fitting = tuple[str, ...]
"""A row that fits: its whole text, its number, its attributes, then a value for each column of the pattern."""

_Literals = tuple[bytes, tuple[bytes, ...], bytes, int]
"""How the cells of a column are written: their beginning, what may follow its digits, their end, what is between."""

_TEXT, _FILLED, _SHARED, _BLANK = range(4)


class Taken(NamedTuple):
    """Rows that fit, as columns; `has_texts` where shared texts are in the place of their numbers."""

    numbers: Sequence[int]
    attributes: Sequence[str]
    values: Sequence[Sequence[str]]
    has_texts: bool

    @classmethod
    def turn(cls, rows: Sequence[Fitting]) -> Self:
        """Rows as columns."""
        _, numbers, attributes, *values = zip(*rows, strict=True)
        return cls([*map(int, numbers)], attributes, values, has_texts=False)

    @classmethod
    def join(cls, blocks: Sequence[Taken]) -> Taken:
        """Blocks of compiled rows, one after the other."""
        if len(blocks) == 1:
            return blocks[0]
        numbers, attributes, values, _ = zip(*blocks, strict=True)
        joined = [[*chain.from_iterable(parts)] for parts in zip(*values, strict=True)]
        return cls([*chain.from_iterable(numbers)], [*chain.from_iterable(attributes)], joined, has_texts=True)


class RowForm:
    """A pattern for a row, with a second, faster one for rows in which no cell is missing.

    `literals` are for the compiled module; None if it can't take such rows.
    """

    __slots__ = ("_full", "_literals", "_losses", "_pattern", "columns", "width")

    def __init__(
        self, columns: Sequence[tuple[int, str]], pattern: str, full: str, literals: tuple[_Literals, ...] | None
    ) -> None:
        self.columns = columns
        self.width = max(column for column, _ in columns)
        self._pattern, self._full = re.compile(pattern), re.compile(full)
        self._losses = 0
        self._literals = literals

    def take_columns(self, buffer: str, start: int, last: int, strings: list[str]) -> Taken | None:
        """As `take`, by the compiled module; None where it isn't there, or some row is one for the patterns."""
        if last <= start or not self.is_compiled:
            return None
        return self.take_bytes(buffer[start : last + len("</row>")].encode(), strings)

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled module takes such rows."""
        return self._literals is not None and find_compiled("take_rows") is not None

    def take_bytes(self, rows: bytes | memoryview, strings: list[str]) -> Taken | None:
        """Whole rows in UTF-8, as `take_columns`."""
        found = find_compiled("take_rows")(rows, self._literals, strings)
        return Taken(found[0], found[1], found[2], has_texts=True) if found else None

    def match(self, buffer: str, start: int) -> re.Match[str] | None:
        """The row at `start`, if it fits."""
        return self._pattern.match(buffer, start)

    def take(self, buffer: str, start: int, last: int) -> list[Fitting]:
        """All rows from `start` to the one that ends at `last`, if each fits and nothing else is between them."""
        end = last + len("</row>")
        if self._losses < _LOSSES:
            found: list[Fitting] = self._full.findall(buffer, start, end)
            if sum(len(row[0]) for row in found) == end - start:
                self._losses = 0
                return found
            self._losses += 1
        found = self._pattern.findall(buffer, start, end)
        return found if sum(len(row[0]) for row in found) == end - start else []


def learn_form(rows: Iterable[Sequence[Cell]], empties: set[int], kind_of: Callable[[str, str], str]) -> RowForm | None:
    """The pattern that most of the rows match; None if they are too wide, or nothing was learned.

    `empties` are columns with cells that have a format and no value; `kind_of` tells what a cell of a type and style
    holds.
    """
    seen: dict[int, Counter[tuple[str, str]]] = {}
    written: dict[tuple[int, str, str], dict[str, bool]] = {}
    for cells in rows:
        for column, cell_type, style, attributes, value, formula in cells:
            if value:
                kind = kind_of(cell_type, style)
                seen.setdefault(column, Counter())[kind, cell_type] += 1
                known = written.setdefault((column, kind, cell_type), {})
                known[attributes] = known.get(attributes, False) or formula
    if not seen or len(seen.keys() | empties) > WIDEST:
        return None
    begin = r'(\s*<row r="(\d{1,7})"([^>]*)(?<!/)>'
    loose, full, columns = [begin], [begin], []
    literals: list[_Literals] | None = []
    for column in sorted(seen.keys() | empties):
        name = column_name(column)
        if column not in seen:
            loose.append(rf'(?:<c r="{name}\d++"[^>]*/>)?+')
            full.append(loose[-1])
            if literals is not None:
                literals.append((f'<c r="{name}'.encode(), (), b"", _BLANK))
            continue
        (kind, cell_type), _ = seen[column].most_common(1)[0]
        variants = written[column, kind, cell_type]
        usual = [f" {text}" if text else "" for text in [*variants][:_VARIANTS]]
        attributes = "|".join(map(re.escape, usual))
        content = _write_content(cell_type, has_formulas=any(variants.values()))
        loose.append(rf'(?:<c r="{name}\d++"(?:(?:{attributes})>{content}</c>|[^>]*/>))?+')
        full.append(rf'<c r="{name}\d++"(?:{attributes})>{content}</c>')
        columns.append((column, kind))
        if any(variants.values()) or any(">" in text for text in usual):
            literals = None
        elif literals is not None:
            literals.append(_write_literals(name, usual, cell_type))
    patterns = "".join([*loose, "</row>)"]), "".join([*full, "</row>)"])
    return RowForm(columns, *patterns, None if literals is None else tuple(literals))


def _write_literals(name: str, attributes: Sequence[str], cell_type: str) -> _Literals:
    """What `_write_content` tells and the pattern around it, as literal texts."""
    before, tag, after, holds = "", "v", "", _SHARED if cell_type == "s" else _FILLED
    if cell_type == "inlineStr":
        before, tag, after, holds = "<is>", "t", "</is>", _TEXT
    elif cell_type == "str":
        holds = _TEXT
    spaces = ["", ' xml:space="preserve"'] if holds == _TEXT else [""]
    openings = tuple(f'"{text}>{before}<{tag}{space}>'.encode() for space in spaces for text in attributes)
    return f'<c r="{name}'.encode(), openings, f"</{tag}>{after}</c>".encode(), holds


def _write_content(cell_type: str, *, has_formulas: bool) -> str:
    """The pattern for what is inside a cell; its one group is the value."""
    if cell_type == "inlineStr":
        return r'<is><t(?: xml:space="preserve")?>([^<]*+)</t></is>'
    before = r"(?:<f[^>/]*>[^<]*</f>|<f[^>]*/>)?" if has_formulas else ""
    if cell_type == "str":
        return before + r'<v(?: xml:space="preserve")?>([^<]*+)</v>'
    return before + r"<v>([^<]++)</v>"
