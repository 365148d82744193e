"""The compiled pass over the bytes of a block: cells, their values, and where it isn't certain that they are right.

It knows a block of plain CSV and the strict sub-languages of the common types, and is never wrong about a cell, only
undecided. A block that it refuses is split as all were before; a column that it doesn't know is screened as always.
`OPENDATA_NATIVE=0` turns it off; where it was not compiled all else works the same, slower.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from opendata.tables.schema.automaton import build_automaton
from opendata.tables.text.decoding import MAX_CELL_CHARACTERS
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import Records, leave_lines_out, split_block
from opendata.tables.types.field_type import Cast

if TYPE_CHECKING:
    import pyarrow as pa

    from opendata.tables.check.columns import ColumnScreen

SWITCH = "OPENDATA_NATIVE"
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
_LONGEST = 2**31 - 1
_DAY_0 = date(1970, 1, 1).toordinal()


@cache
def find_native() -> Any:
    """The compiled module; None where it isn't built, or is turned off."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        return import_module("opendata._native")
    except ImportError:
        return None


def describe_native() -> str:
    """Whether tables are checked by the compiled pass: `used`, `off` or `not built`."""
    if os.environ.get(SWITCH) == "0":
        return "off"
    return "not built" if find_native() is None else "used"


class NativePass:
    """The pass over one table whose columns these `screens` check. Raises nothing of its own."""

    def __init__(self, screens: Sequence[ColumnScreen], dialect: Dialect) -> None:
        self._dialect = dialect
        self._types = [screen.arrow_type for screen in screens]
        columns = [_describe(screen) for screen in screens]
        native = find_native()
        self._plan = None
        if native is not None and len(dialect.delimiter) == 1 and any(column is not _NOTHING for column in columns):
            has_quotes = dialect.quote_char is not None
            self._plan = native.make_plan(columns, dialect.delimiter.encode(), has_quotes, MAX_CELL_CHARACTERS)
            self._scan = native.scan

    def split(self, block: bytes, skipped: int) -> Records:
        """One block as columns, as `split_block` does it; where it can be, with casts of what is certain."""
        if self._plan is None or block.startswith(codecs.BOM_UTF8):
            return split_block(block, self._dialect, len(self._types), skipped)
        refusal, rows, quoted, returns, columns = self._scan(block, self._plan, skipped)
        if refusal:
            return split_block(block, self._dialect, len(self._types), skipped)
        plain = None
        if not quoted and not returns and self._dialect.delimiter == "," and len(columns) > 1:
            plain = leave_lines_out(block, skipped)
        built = [_build(rows, wanted, column) for wanted, column in zip(self._types, columns, strict=True)]
        return Records([cells for cells, _ in built], rows, plain=plain, casts=[cast for _, cast in built])


def _describe(screen: ColumnScreen) -> tuple[Any, ...]:
    """What the pass needs of a column; `_NOTHING` where it can't check the column's rules."""
    rule, wanted = screen.rule, screen.arrow_type
    kind = _KINDS.get(rule.type.name, _CELLS)
    if not screen.is_certain or not kind or str(wanted) != _ARROW.get(kind, "string"):
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
            limit = rule.type.choose_limit(rule.read_bound(bound), wanted)
            if limit is None or found[place] is not None:
                return _NOTHING
            found[place] = limit.toordinal() - _DAY_0 if kind == _DATE else limit
            found[place + 1] = is_excluded
        else:
            return _NOTHING
    return (*found, nulls, items, pattern)


def _build(rows: int, wanted: pa.DataType, column: tuple[Any, ...]) -> tuple[pa.Array, Cast | None]:
    """A column's cells as text, and what they were cast to."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets, data, valid, doubtful, typed, nulls, doubts, spaced, is_rewritten = column
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
