"""How the rows of an XLSX sheet are written, as regular expressions for whole rows.

In, the cells of a row:     (1, "s", …, "1") and (2, "n", …, "1.5"): a shared string in A, a number in B
Out of `learn_form`:        a pattern in which A, B or both may be missing, and a faster one for rows that have both
In, the XML of a row:       <row r="7"><c r="A7" t="s"><v>1</v></c><c r="B7"><v>1.50</v></c></row>
Out of `RowForm.match`:     that XML, then "7", "" (attributes of the row), "1" and "1.50"
Out for any other row:      None; `SheetRows` then reads it cell by cell

Almost every row is written like the one before it, so what one row showed takes the next ones apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from opendata.intake.layout.workbook_facts import column_name

WIDEST = 300
"""At most this many columns are worth a regular expression."""

_VARIANTS = 8
_LOSSES = 2  # blocks in which some row is not full, before full rows are no longer looked for

Cell = tuple[int, str, str, str, str, bool]
"""Column, type, style, its attributes as written, value, whether it has a formula."""

Fitting = tuple[str, ...]
"""A row that fits: its whole text, its number, its attributes, then a value for each column of the pattern."""


class RowForm:
    """A pattern for a row, with a second, faster one for rows in which no cell is missing."""

    __slots__ = ("_full", "_losses", "_pattern", "columns", "width")

    def __init__(self, columns: Sequence[tuple[int, str]], pattern: str, full: str) -> None:
        self.columns = columns
        self.width = max(column for column, _ in columns)
        self._pattern, self._full = re.compile(pattern), re.compile(full)
        self._losses = 0

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
    for column in sorted(seen.keys() | empties):
        name = column_name(column)
        if column not in seen:
            loose.append(rf'(?:<c r="{name}\d++"[^>]*/>)?+')
            full.append(loose[-1])
            continue
        (kind, cell_type), _ = seen[column].most_common(1)[0]
        variants = written[column, kind, cell_type]
        attributes = "|".join(re.escape(f" {text}" if text else "") for text in [*variants][:_VARIANTS])
        content = _write_content(cell_type, has_formulas=any(variants.values()))
        loose.append(rf'(?:<c r="{name}\d++"(?:(?:{attributes})>{content}</c>|[^>]*/>))?+')
        full.append(rf'<c r="{name}\d++"(?:{attributes})>{content}</c>')
        columns.append((column, kind))
    return RowForm(columns, "".join([*loose, "</row>)"]), "".join([*full, "</row>)"]))


def _write_content(cell_type: str, *, has_formulas: bool) -> str:
    """The pattern for what is inside a cell; its one group is the value."""
    if cell_type == "inlineStr":
        return r'<is><t(?: xml:space="preserve")?>([^<]*+)</t></is>'
    before = r"(?:<f[^>/]*>[^<]*</f>|<f[^>]*/>)?" if has_formulas else ""
    if cell_type == "str":
        return before + r'<v(?: xml:space="preserve")?>([^<]*+)</v>'
    return before + r"<v>([^<]++)</v>"
