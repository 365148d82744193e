"""The compiled pass over the bytes of a block: cells, their values, and where it isn't certain that they are right.

It knows a block of plain CSV and the strict sub-languages of the common types, and is never wrong about a cell, only
undecided. A block that it refuses is split as all were before; a column that it doesn't know is screened as always.
`OPENDATA_NATIVE=0` turns it off; where it was not compiled all else works the same, slower.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from opendata.tables.arrow.compiled import find_native
from opendata.tables.schema.automaton import build_automaton
from opendata.tables.text.decoding import MAX_CELL_CHARACTERS, split_bytes
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.records import Ascent, Certain, Judged, LateColumns, Records
from opendata.tables.text.splitting import leave_lines_out
from opendata.tables.types.field_type import Cast

if TYPE_CHECKING:
    import pyarrow as pa

    from opendata.tables.check.columns import ColumnScreen

_CELLS, _TEXT, _INTEGER, _NUMBER, _DATE, _DATETIME, _BOOLEAN, _YEAR = range(8)
_KINDS = {
    "string": _TEXT,
    "any": _TEXT,
    "integer": _INTEGER,
    "number": _NUMBER,
    "date": _DATE,
    "datetime": _DATETIME,
    "boolean": _BOOLEAN,
    "year": _YEAR,
}
_ARROW = {
    _INTEGER: "int64",
    _NUMBER: "double",
    _DATE: "date32[day]",
    _DATETIME: "timestamp[us]",
    _BOOLEAN: "bool",
    _YEAR: "int32",
}
_NOTHING = (_CELLS, False, False, -1, -1, None, False, None, False, (), None, None)
_BOUNDS = {
    "minimum": (5, False),
    "exclusiveMinimum": (5, True),
    "maximum": (7, False),
    "exclusiveMaximum": (7, True),
}
_JUDGED = 6  # what is told of a column that was judged
_LONGEST = 2**31 - 1


class NativePass:
    """The pass over one table whose columns these `screens` check, below a header of these `labels`.

    Raises nothing of its own.
    """

    def __init__(self, screens: Sequence[ColumnScreen], dialect: Dialect, labels: Sequence[str] = ()) -> None:
        self._dialect = dialect
        self._screens = screens
        self._columns = [_describe(screen) for screen in screens]
        self._none = b""
        self._guard = _find_guard(screens, self._columns, labels)
        self._plan = self._verdict_plan = None
        self._is_lean = dialect.delimiter == "," and len(screens) > 1 and _NOTHING not in self._columns
        native = find_native()
        if native is None or len(dialect.delimiter) != 1 or all(column is _NOTHING for column in self._columns):
            return
        self._scan, self._find_rows = native.scan, native.find_rows
        rest = (dialect.delimiter.encode(), dialect.quote_char is not None, MAX_CELL_CHARACTERS)
        self._plan = native.make_plan([(*column, False) for column in self._columns], *rest)
        wanted = [screen.is_key or screen.is_read for screen in screens]
        if not all(wanted):
            columns = [(*column, not is_wanted) for column, is_wanted in zip(self._columns, wanted, strict=True)]
            self._verdict_plan = native.make_plan(columns, *rest)

    @property
    def knows_columns(self) -> bool:
        """Whether there is a column of which it knows the rules."""
        return self._plan is not None

    def split(
        self, block: bytes | memoryview, skipped: int, *, only_verdict: bool = False, only_values: bool = False
    ) -> Records | None:
        """One block as columns, as `split_block` does it; where it can be, with casts of what is certain.

        For `only_verdict` most columns are judged instead, for `only_values` they come without their texts until a
        block has cells that aren't written as their values are. None where the block isn't plain.
        """
        if self._plan is None or block[:3] == codecs.BOM_UTF8:
            return None
        if only_values and self._is_lean:
            records = self._read_values(block, skipped)
            if records is not None:
                return records
            self._is_lean = False
        if only_verdict and self._verdict_plan is not None:
            records = self._judge(block, skipped)
            if records is not None:
                return records
        refusal, rows, quoted, returns, odd, _, _, columns = self._scan(block, self._plan, skipped)
        if refusal:
            return None
        plain = None
        if not quoted and not returns and self._dialect.delimiter == "," and len(columns) > 1:
            plain = leave_lines_out(bytes(block), skipped)
        built = [_build(rows, screen.arrow_type, column) for screen, column in zip(self._screens, columns, strict=True)]
        casts = [cast for _, cast in built]
        return Records([cells for cells, _ in built], rows, plain=plain, casts=casts, may_be_odd=odd)

    def _judge(self, block: bytes | memoryview, skipped: int) -> Records | None:
        """One block of which only the verdict is wanted; None where more must be known of it."""
        found = self._scan(block, self._verdict_plan, skipped)
        refusal, rows, _, _, odd, may_be_blank, edges, columns = found
        if refusal or odd or may_be_blank or not rows:
            return None
        judged = [_read_judged(rows, screen, column) for screen, column in zip(self._screens, columns, strict=True)]
        if self._guard.may_repeat(block, skipped, judged):
            return None
        lines = _BlockLines(
            block, skipped, self._dialect, edges, rows, lambda: self._find_rows(block, self._verdict_plan)
        )

        def make(place: int) -> pa.Array | None:
            return None if len(columns[place]) == _JUDGED else cast_column(place)[0]

        def cast_column(place: int) -> tuple[pa.Array, Cast | None]:
            return _build(rows, self._screens[place].arrow_type, columns[place])

        casts = [cast_column(place)[1] if known is None else None for place, known in enumerate(judged)]
        late = LateColumns(len(columns), make, partial(self._split_again, block, skipped))
        return Records(late, rows, casts=casts, judged=judged, lines=lines, is_filled=True, may_be_odd=False)

    def _read_values(self, block: bytes | memoryview, skipped: int) -> Records | None:
        """One block in which every cell is certain and written as its value is; None where one isn't."""
        refusal, rows, _, _, odd, _, edges, columns = self._scan(block, self._plan, skipped, True)
        if refusal or not rows or self._guard.may_repeat(block, skipped, [Judged(rows)] * len(columns)):
            return None
        ends, starts = edges
        find_rows = partial(self._find_rows, block, self._plan)
        lines = _BlockLines(block, skipped, self._dialect, ends, rows, find_rows)
        none = self._find_none(rows)
        casts: list[Cast | None] = []
        certain: list[Certain | None] = []
        for screen, column in zip(self._screens, columns, strict=True):
            is_text = column[0] is not None
            casts.append(_build(rows, screen.arrow_type, column)[1] if is_text else None)
            certain.append(None if is_text else _read_certain(rows, screen, column, none))

        def make(place: int) -> pa.Array | None:
            return (
                None if columns[place][0] is None else _build(rows, self._screens[place].arrow_type, columns[place])[0]
            )

        late = LateColumns(len(columns), make, partial(self._split_again, block, skipped))
        bounds = memoryview(starts).cast("I")
        plain = memoryview(block)[bounds[0] : bounds[-1]]
        options: dict[str, Any] = {"casts": casts, "judged": certain, "lines": lines, "may_be_odd": odd}
        return Records(late, rows, plain=plain, starts=starts, is_filled=True, **options)

    def _find_none(self, rows: int) -> bytes:
        """The offsets of texts without any bytes, one for each row."""
        found = self._none
        if len(found) < 4 * (rows + 1):
            found = self._none = bytes(8 * (rows + 1))
        return found

    def _split_again(self, block: bytes | memoryview, skipped: int) -> Sequence[pa.Array]:
        """The cells of a block that was plain, as texts."""
        whole = self.split(block, skipped)
        assert whole is not None  # noqa: S101 - it was plain
        return whole.columns


@dataclass(frozen=True, slots=True)
class _Guard:
    """Tells whether a block may have the header again among its rows.

    One column would have its label in doubt there; without such a column, it looks for a label in the block.
    """

    place: int | None = None
    label: str = ""
    sign: bytes = b""
    is_needed: bool = True

    def may_repeat(self, block: bytes | memoryview, skipped: int, judged: Sequence[Judged | None]) -> bool:
        if not self.is_needed:
            return False
        known = judged[self.place] if self.place is not None else None
        if known is not None:
            return self.label in known.texts
        return not self.sign or bytes(block).count(self.sign) > bool(skipped)


def _find_guard(screens: Sequence[ColumnScreen], columns: Sequence[Any], labels: Sequence[str]) -> _Guard:
    if len(labels) < 2 or not any(labels) or len(labels) != len(screens):  # as for `RowDrops`
        return _Guard(is_needed=False)
    for place, (screen, label) in enumerate(zip(screens, labels, strict=True)):
        wanted = screen.is_key or screen.is_read or columns[place] is _NOTHING
        if place and not wanted and label not in screen.rule.nulls and not screen.rule.is_right(label):
            return _Guard(place, label)
    longest = max(labels, key=len)
    return _Guard(sign=b"" if '"' in longest else longest.encode())


class _BlockLines:
    """Cuts rows out of a block: the first and the last at once, others by where they are."""

    def __init__(
        self,
        block: bytes | memoryview,
        skipped: int,
        dialect: Dialect,
        edges: tuple[bytes, bytes],
        rows: int,
        find_rows: Callable[[], bytes],
    ) -> None:
        self._block, self._skipped, self._dialect = block, skipped, dialect
        self._first, self._last, self._rows = *edges, rows
        self._find_rows = find_rows
        self._starts: memoryview | None = None

    @cached_property
    def _ends(self) -> list[list[str]]:
        return list(split_bytes(self._last, self._dialect))

    def read_row(self, index: int) -> list[str]:
        """The cells of a row."""
        if index >= self._rows - len(self._ends):
            return self._ends[index - self._rows]
        if index == 0:
            return self._cut(self._first)
        if self._starts is None:
            self._starts = memoryview(self._find_rows()).cast("I")
        start, end = self._starts[self._skipped + index : self._skipped + index + 2]
        return self._cut(bytes(self._block[start:end]))

    def _cut(self, line: bytes) -> list[str]:
        if b'"' in line:
            return next(iter(split_bytes(line, self._dialect)))
        return line.decode().removesuffix("\n").removesuffix("\r").split(self._dialect.delimiter)


def _read_judged(rows: int, screen: ColumnScreen, column: tuple[Any, ...]) -> Judged | None:
    """What came of a column that was judged; of a key, where its values ascend. None: its cells were cut out."""
    if len(column) == _JUDGED:
        nulls, doubts, spaced, places, codes, texts = column
        return Judged(rows, nulls, doubts, spaced, places, codes, texts)
    _, _, _, _, typed, nulls, _, spaced, is_rewritten, ascends = column
    if not ascends or not screen.is_key or screen.is_read or ((is_rewritten or spaced) and any(screen.rule.nulls)):
        return None
    return Judged(rows, spaced=spaced, ascent=_find_ascent(rows, screen, typed))


def _read_certain(rows: int, screen: ColumnScreen, column: tuple[Any, ...], none: bytes) -> Certain:
    """A column of values, all of them certain; `none` are offsets of texts without any bytes."""
    import pyarrow as pa

    _, _, valid, _, typed, nulls, _, _, _, ascends = column
    known = pa.py_buffer(valid) if nulls else None
    values = pa.Array.from_buffers(screen.arrow_type, rows, [known, pa.py_buffer(typed)], nulls)
    text = pa.StringArray.from_buffers(rows, pa.py_buffer(none), pa.py_buffer(b""), known, nulls)
    return Certain(values, text, _find_ascent(rows, screen, typed) if ascends and screen.is_key else None)


def _find_ascent(rows: int, screen: ColumnScreen, typed: bytes) -> Ascent:
    kind = _ARROW[_KINDS[screen.rule.type.name]]
    values = memoryview(typed).cast("i" if kind in ("int32", "date32[day]") else "q")
    return Ascent(typed, kind, values[0], values[-1], rows)


def _describe(screen: ColumnScreen) -> tuple[Any, ...]:
    """What the pass needs of a column; `_NOTHING` where it can't check the column's rules."""
    rule = screen.rule
    kind = _KINDS.get(rule.type.name, _CELLS)
    if not screen.is_certain or not kind or not rule.type.is_usual(rule.field):
        return _NOTHING
    nulls = [text.encode() for text in rule.nulls]
    found: list[Any] = [kind, bool(rule.constraints.get("required")), rule.trims, -1, -1, None, False, None, False]
    items = pattern = None
    for name, bound in rule.constraints.items():
        if name == "required" or bound is False:
            continue
        if name in ("minLength", "maxLength") and rule.type.is_text:
            found[3 if name == "minLength" else 4] = min(bound, _LONGEST)
        elif name == "pattern" and rule.type.is_text:
            pattern = build_automaton(bound)
            if pattern is None:
                return _NOTHING
        elif name == "enum" and all(type(item) is rule.type.enum_kind for item in bound):
            items = [str(item).encode() for item in bound]
        elif name in _BOUNDS:
            place, is_excluded = _BOUNDS[name]
            limit = rule.type.choose_limit(rule.read_bound(bound), rule.field)
            if limit is None or found[place] is not None:
                return _NOTHING
            found[place] = limit.year * 10000 + limit.month * 100 + limit.day if kind == _DATE else limit
            found[place + 1] = is_excluded
        else:
            return _NOTHING
    return (*found, nulls, items, pattern)


def _build(rows: int, wanted: pa.DataType, column: tuple[Any, ...]) -> tuple[pa.Array, Cast | None]:
    """A column's cells as text, and what they were cast to."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets, data, valid, doubtful, typed, nulls, doubts, spaced, is_rewritten, _ = column
    ends, texts = pa.py_buffer(offsets), pa.py_buffer(data)
    cells = pa.StringArray.from_buffers(rows, ends, texts)
    if valid is None:
        return cells, None
    known = pa.py_buffer(valid) if nulls else None
    text = pa.StringArray.from_buffers(rows, ends, texts, known, nulls) if nulls else cells
    doubt = pa.Array.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(doubtful)]) if doubts else None
    if typed is None:
        return cells, Cast(text, text, doubt)
    values = pa.Array.from_buffers(wanted, rows, [known, pa.py_buffer(typed)])
    if doubt is not None:
        values = pc.if_else(doubt, pa.scalar(None, wanted), values)
    if is_rewritten:
        text = pc.cast(values, pa.string())
    elif spaced:
        text = pc.replace_substring(text, " ", "T")
    return cells, Cast(values, text, doubt, spaced, is_rewritten or bool(spaced))
