"""Where in a grid of cells the table lies: its header, the lines above it, the notes below it, the columns it fills.

A wrong guess loses data, so that a table which begins with a header in row 1 and ends with its last row is left
alone unless several signs speak for something else. Rows and columns are numbered from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from opendata.errors import N_
from opendata.intake.grid import Span
from opendata.intake.layout.headless import looks_headless
from opendata.intake.understanding import Decision, Layout

_Row = Sequence[str]
_SEARCHED_ROWS = 30
_HEADER_ROWS = 4
_LOOK = 200
_LEAST_WORDS = 3
_FULL = 0.6
_MOST = 0.7

_NUMBER = re.compile(r"[+\-−]?[¥$€£]?\d[\d,，. \u00a0\u202f]*(?:[eE][+-]?\d+)?\s*[%‰]?|[+-]?\.\d+")
_DATE = re.compile(r"\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{4}年\d{1,2}月(?:\d{1,2}日)?|\d{1,2}:\d\d(?::\d\d)?")
_PERIOD = re.compile(r"(?:1[89]|20|21)\d\d(?:\.0|\.(?:0?[1-9]|1[0-2])|年.*)?")
_TELLING = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+%?|[+-]?\d{7}\d*")
_MISSING = re.compile(
    r"[-—–.…*/\\x×?]*|n\.?/?a\.?|nan|null|none|nil|nc|nd|missing|unknown|无|暂无|缺|不详|未知", re.IGNORECASE
)
_UNIT = re.compile(
    r"[(（\[]?\s*(?:计量|計量)?(?:单\s*位|單\s*位|units?)\s*[:：].*|[(（][^()（）]{1,20}[)）]", re.IGNORECASE
)
_TITLE = re.compile(
    r"附[件表录錄]|(?:续|續)?表\s*\d|table\s+\d|\d+\s*[-.－]\s*\d+\s|[^:：\d]{1,12}[:：].+|#", re.IGNORECASE
)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*|[a-z]+(?:[A-Z][a-z0-9]*)+")
_HAN = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z]")


def find_layout(
    head: Sequence[_Row], *, merges: Sequence[Span] = (), known: Collection[str] = ()
) -> tuple[Layout, list[Decision]]:
    """The layout that the first rows of a table show, with `footnotes` and `last_row` still open, and the reasons.

    `known` are names that a schema expects: the row that has most of them is the header.
    """
    sheet = _Sheet(head, merges)
    decisions: list[Decision] = []
    first, last = _find_columns(sheet, decisions)
    if len(sheet.columns) < 2:
        decisions += _doubt_name(sheet, known)
        return Layout(first_column=first, last_column=last), decisions
    start, why = _find_start(sheet, known)
    if start is None:
        text = N_("No row is clearly a header. Row 1 is used as the header")
        decisions.append(Decision(rule="header", text=text, sure=0.5))
        return Layout(first_column=first, last_column=last), decisions
    if start == 1 and _has_no_header(sheet, known):
        text = N_("The table has no header: row 1 has numbers like the rows below it")
        decisions.append(Decision(rule="header", text=text, sure=0.8))
        return Layout(header_rows=(), first_row=1, first_column=first, last_column=last), decisions
    if start == 1 and not known and _may_lack_header(sheet):
        return Layout(header_rows=(), first_row=1, first_column=first, last_column=last), [*decisions, ask_header()]
    rows = _extend(sheet, start)
    if rows == (1,):
        return Layout(first_column=first, last_column=last), decisions
    body = next((row for row in range(rows[-1] + 1, len(head) + 1) if sheet.filled(row)), rows[-1] + 1)
    titles = list_titles(head, start)
    if titles:
        text = N_("Above the header, not part of the table: %(lines)s")
        details = {"count": len(titles), "lines": " / ".join(titles)}
        decisions.append(Decision(rule="titles", text=text, details=details, sure=why))
    units = [title for title in titles if _UNIT.fullmatch(title)]
    if units:
        text = N_("The unit is written above the table: %(units)s")
        decisions.append(Decision(rule="units", text=text, details={"units": " / ".join(units)}))
    text = N_("The header is in row %(rows)s") if len(rows) == 1 else N_("The header is in rows %(rows)s")
    details = {"rows": ", ".join(map(str, rows))}
    decisions.append(Decision(rule="header", text=text, details=details, sure=why if len(rows) == 1 else min(why, 0.9)))
    return Layout(header_rows=rows, first_row=body, first_column=first, last_column=last, titles=titles), decisions


def list_titles(head: Sequence[_Row], header: int) -> tuple[str, ...]:
    """The lines above a header in a row, each as one text."""
    lines = (" ".join(map(_tidy, filter(str.strip, row))) for row in head[: header - 1])
    return tuple(filter(None, lines))


def join_header(rows: Sequence[_Row], layout: Layout, merges: Sequence[Span] = ()) -> list[list[str]]:
    """The header rows from the first rows of the table, so that names joined down a column by a space are whole.

    The text of cells merged across appears in all of them, that of cells merged down only in the first. Spaces in a
    cell are single. All columns are included, the cut ones too; every row has the same length.
    """
    width = max((len(rows[row - 1]) for row in layout.header_rows if row <= len(rows)), default=0)
    result = []
    for place, number in enumerate(layout.header_rows):
        row = [_tidy(cell) for cell in rows[number - 1]] if number <= len(rows) else []
        row += [""] * (width - len(row))
        spans = [span for span in merges if span.first_row == number and span.last_column > span.first_column]
        for span in spans:
            for column in range(span.first_column, min(span.last_column, width)):
                row[column] = row[column] or row[span.first_column - 1]
        below = [
            [cell.strip() for cell in rows[later - 1]]
            for later in layout.header_rows[place + 1 :]
            if later <= len(rows)
        ]
        if not merges and below:
            _fill_gaps(row, below, layout.first_column - 1)
        result.append(row)
    return result


def name_columns(header: Sequence[Sequence[str]]) -> list[str]:
    """The names of the columns from the rows of a header: the texts above each, from top to bottom, without repeats."""
    return [" ".join(dict.fromkeys(filter(None, parts))) for parts in zip_longest(*header, fillvalue="")]


def _fill_gaps(row: list[str], below: Sequence[Sequence[str]], start: int) -> None:
    """Text files do not tell merged cells: a name stretches over the gaps after it that have a name below them.

    Only if it has a name below itself; without, it is a column of its own beside nameless ones.
    """
    source = ""
    for column in range(start, len(row)):
        named = any(column < len(lower) and lower[column] for lower in below)
        if row[column]:
            source = row[column] if named else ""
        elif named:
            row[column] = source
        else:
            source = ""


@dataclass(slots=True)
class _Sheet:
    """The first rows with what is asked of them again and again."""

    head: Sequence[_Row]
    merges: Sequence[Span]
    columns: frozenset[int] = frozenset()
    """The columns of the table: those that more than one row fills, so that a stray cell adds none."""

    def __post_init__(self) -> None:
        # Nothing is judged by more of a cell, so that a cell of megabytes costs no time.
        self.head = [[cell.strip()[:_LOOK] for cell in row] for row in self.head]
        counts: dict[int, int] = {}
        for row in range(1, len(self.head) + 1):
            for column in self.filled(row):
                counts[column] = counts.get(column, 0) + 1
        least = 2 if len(self.head) > 3 else 1
        self.columns = frozenset(column for column, count in counts.items() if count >= least)

    def filled(self, row: int) -> list[int]:
        if not 0 < row <= len(self.head):
            return []
        return [column for column, cell in enumerate(self.head[row - 1], 1) if cell]

    def cell(self, row: int, column: int) -> str:
        cells = self.head[row - 1]
        return cells[column - 1] if column <= len(cells) else ""

    def below(self, row: int, column: int) -> list[str]:
        """The texts that the rows after this one have in a column, without empty cells."""
        later = range(row + 1, min(len(self.head), row + 60) + 1)
        return [cell for number in later if (cell := self.cell(number, column))]

    def is_data(self, row: int, column: int) -> bool:
        """Whether the column below this row is one of numbers or dates."""
        cells = self.below(row, column)
        return len(cells) > 1 and sum(map(_is_data, cells)) >= _MOST * len(cells)

    def is_full(self, columns: Collection[int]) -> bool:
        return len(self.columns.intersection(columns)) >= max(2, _FULL * len(self.columns))

    def is_labels(self, row: int) -> bool:
        """Whether all cells of the row look like names; years and months may be names."""
        return are_labels([self.cell(row, column) for column in self.filled(row)])


def are_labels(cells: Collection[str]) -> bool:
    """Whether all of some cells, of which none is blank, look like names; years and months may be names."""
    return bool(cells) and all(not _is_data(cell) or _PERIOD.fullmatch(cell) for cell in cells)


def is_title(cell: str) -> bool:
    """Whether a cell is worded like a line above a table: its number, its unit, a remark."""
    return bool(_UNIT.fullmatch(cell) or _TITLE.match(cell))


def _is_data(cell: str) -> bool:
    return len(cell) <= 40 and bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _find_kind(cell: str) -> str:
    if not _is_data(cell):
        return ""
    return "date" if _DATE.fullmatch(cell) else "number"


def _tidy(cell: str) -> str:
    return " ".join(cell.split())


def _find_columns(sheet: _Sheet, decisions: list[Decision]) -> tuple[int, int | None]:
    """First and last column, without blank ones at the sides: blank in all rows, header included."""
    filled = {column for row in range(1, len(sheet.head) + 1) for column in sheet.filled(row)}
    width = max(map(len, sheet.head), default=0)
    if not filled or len(sheet.head) < 2:
        return 1, None
    first, last = min(filled), max(filled)
    blank = [*range(1, first), *range(last + 1, width + 1)]
    if blank:
        text = N_("Blank columns at the sides are left out: %(columns)s")
        details = {"columns": ", ".join(map(str, blank[:20])), "count": len(blank)}
        decisions.append(Decision(rule="blank-columns", text=text, details=details, sure=0.95))
    return first, last if last < width else None


def _find_start(sheet: _Sheet, known: Collection[str]) -> tuple[int | None, float]:
    """The first row of the header and how sure that is."""
    expected = {_plain(name) for name in known}
    best, matches = 1, 0
    for row in range(1, min(len(sheet.head), _SEARCHED_ROWS) + 1):
        found = len({_plain(sheet.cell(row, column)) for column in sheet.filled(row)} & expected)
        if found > matches:
            best, matches = row, found
    if matches and matches * 2 >= min(len(expected), len(sheet.columns)):
        return best, 1.0
    if sheet.is_full(sheet.filled(1)):
        return 1, 1.0
    blank = next((row for row in range(1, len(sheet.head) + 1) if sheet.filled(row)), 1) - 1
    for row in range(1, min(len(sheet.head), blank + _SEARCHED_ROWS) + 1):
        filled = sheet.filled(row)
        if len(filled) > 1 and sheet.is_labels(row):
            rows = _extend(sheet, row)
            if sheet.is_full({column for number in rows for column in sheet.filled(number)}):
                signs = _count_signs(sheet, row, rows[-1])
                return (row, min(0.97, 0.75 + 0.1 * signs)) if row == 1 or signs else (None, 0.0)
        if len(filled) > (2 if len(sheet.columns) > 2 else 1) and not _is_title_merge(sheet, row):
            return None, 0.0  # neither a title nor a header
    return None, 0.0


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _is_title_merge(sheet: _Sheet, row: int) -> bool:
    """Whether a cell of this row is merged across half of the table or more."""
    across = max(2.0, len(sheet.columns) / 2)
    return any(
        span.first_row <= row <= span.last_row and span.last_column - span.first_column + 1 >= across
        for span in sheet.merges
    )


def _count_signs(sheet: _Sheet, start: int, end: int) -> int:
    """How much speaks for the rows above being titles: a missing label in row 1 makes no title of a header."""
    above = [row for row in range(1, start) if sheet.filled(row)]
    texts = [sheet.cell(row, sheet.filled(row)[0]) for row in above]
    names = [column for column in sheet.columns if sheet.cell(end, column) and sheet.is_data(end, column)]
    width = len(sheet.head[end - 1])
    return (
        any(_is_title_merge(sheet, row) for row in above)
        + any(not _is_data(sheet.cell(end, column)) for column in names)
        + any(map(is_title, texts))
        + (len(sheet.columns) > 2 and all(len(sheet.head[row - 1]) < min(3, width) for row in above))
        + any(not sheet.filled(row) for row in range(2, start))
    )


def _extend(sheet: _Sheet, start: int) -> tuple[int, ...]:
    """The rows of the header that begins in row `start`."""
    rows = [start]
    while len(rows) < _HEADER_ROWS and sheet.is_labels(rows[-1]) and _belongs(sheet, rows, rows[-1] + 1):
        rows.append(rows[-1] + 1)
    return tuple(rows)


def _belongs(sheet: _Sheet, rows: Sequence[int], row: int) -> bool:
    """Whether this row, below these rows of the header, is one of the header as well."""
    if row > len(sheet.head):
        return False
    filled = sheet.filled(row)
    for span in sheet.merges:
        size = span.last_row - span.first_row + 1
        if 1 < size <= _HEADER_ROWS and span.first_row in rows and span.last_row >= row:
            return True
    if not filled or not sheet.is_labels(row):
        return False
    if any(
        span.first_row == span.last_row == rows[-1]
        and 1 < span.last_column - span.first_column + 1 < len(sheet.columns)
        and any(span.first_column <= column <= span.last_column for column in filled)
        for span in sheet.merges
    ):
        return True
    above = {column for number in rows for column in sheet.filled(number)}
    numbers = [column for column in filled if sheet.is_data(row, column)]
    first = min(sheet.columns)
    if first not in filled:
        return _names_gaps(sheet, row, above, numbers)
    if first not in above:  # names of groups, the first column below them
        few = len(above & sheet.columns) <= _FULL * len(sheet.columns)
        return few and len(above) > 1 and sheet.columns <= set(filled) and bool(numbers)
    return len(rows) == 1 and _translates(sheet, rows[0], row)


def _names_gaps(sheet: _Sheet, row: int, above: Collection[int], numbers: Sequence[int]) -> bool:
    """A row with nothing in the first column, and with text above numbers: names of the second line."""
    filled = sheet.filled(row)
    cells = [sheet.cell(row, column) for column in filled]
    first = min(sheet.columns)
    if first not in above or any(_MISSING.fullmatch(cell) for cell in cells):
        return False
    later = range(row + 1, min(len(sheet.head), row + 60) + 1)
    bodies = [number for number in later if sheet.filled(number)]
    named = sum(first in sheet.filled(number) for number in bodies)
    gaps = [column for column in filled if column not in above]
    several = bool(gaps) or (len(filled) > 1 and len(set(cells)) == len(cells))
    return several and len(numbers) >= _MOST * len(filled) and len(bodies) > 1 and named >= 0.8 * len(bodies)


def _translates(sheet: _Sheet, one: int, other: int) -> bool:
    """Whether two rows name the same columns in two languages, and the rows below are not in the second."""
    filled = [column for column in sheet.filled(one) if sheet.cell(other, column)]
    names = [sheet.cell(other, column) for column in filled]
    if len(filled) < max(2, 0.8 * len(sheet.filled(one))) or len(sheet.filled(other)) > len(sheet.filled(one)):
        return False
    if len(set(names)) < len(names) or any(map(_MISSING.fullmatch, names)):
        return False
    for mine, theirs in ((_HAN, _LATIN), (_LATIN, _HAN)):
        here = sum(bool(mine.search(sheet.cell(one, column))) for column in filled)
        if here < 0.8 * len(filled) or not all(theirs.search(name) and not mine.search(name) for name in names):
            continue
        bodies = [cells for column in filled if len(cells := sheet.below(other, column)) > 2]
        unlike = sum(
            sum(bool(mine.search(cell)) or _is_data(cell) for cell in cells) >= _MOST * len(cells) for cells in bodies
        )
        return unlike >= max(2, _MOST * len(bodies))
    return False


def _doubt_name(sheet: _Sheet, known: Collection[str]) -> list[Decision]:
    """In a list of words nothing tells the name of the column from the first of them, but that programs wrote it."""
    column = min(sheet.columns, default=1)
    name, words = (sheet.cell(1, column) if sheet.head else ""), sheet.below(1, column)
    if len(words) < _LEAST_WORDS or sheet.is_data(1, column) or _IDENTIFIER.fullmatch(name) or name in known:
        return []
    text = N_(
        "The table has one column, named “%(name)s” after row 1. If that is a value, specify that there is no header"
    )
    return [Decision(rule="header", text=text, details={"name": name[:_LOOK]}, sure=0.7)]


def ask_header() -> Decision:
    """The question whether the first row is data, as which it is read so that no row is lost."""
    text = N_(
        "Row 1 looks like the rows below it, so it is read as data and the columns have no names. Say whether it is the"
        " header"
    )
    return Decision(rule="header", text=text, sure=0.5, asks=True)


def _may_lack_header(sheet: _Sheet) -> bool:
    columns = [(sheet.cell(1, column), sheet.below(1, column)) for column in sheet.filled(1)]
    return not sheet.merges and looks_headless(columns, _find_kind, lambda cell: bool(_PERIOD.fullmatch(cell)))


def _has_no_header(sheet: _Sheet, known: Collection[str]) -> bool:
    """Only for sure: numbers in row 1 that no one would take for names, above numbers alike, in several columns."""
    cells = [sheet.cell(1, column) for column in sheet.filled(1)]
    telling = [
        column
        for column in sheet.filled(1)
        if _TELLING.fullmatch(cell := sheet.cell(1, column))
        and not _PERIOD.fullmatch(cell)
        and sheet.is_data(1, column)
        and all(map(_is_data, sheet.below(1, column)))
    ]
    numbers = sum(map(_is_data, cells))
    return not known and len(sheet.head) > 4 and len(telling) > 1 and len(telling) * 2 >= numbers
