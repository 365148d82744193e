"""Cursors: the place in an ordered answer at which the next page begins, by values instead of by a count of rows.

A cursor has the values by which its last row is ordered, the tie-breakers included, and belongs to one query over one
file. So each row comes once, however deep one reads, and nothing is counted off.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from opendata.errors import N_, InputError

if TYPE_CHECKING:
    import pyarrow as pa

_BROKEN = N_("“cursor” isn't one of ours. Leave it out to begin with the first rows")
_OTHER = N_("“cursor” belongs to another query or version. Leave it out to begin with the first rows")
_MOST_CHARACTERS = 8_000
_MOST_TEXT = 200
_OF_ROW = "ROW"
"""Instead of the type of a value: the value is that of the row with this number."""


@dataclass(frozen=True, slots=True)
class Key:
    """Something by which rows are ordered: the name of its column, and how."""

    name: str
    descending: bool = False
    nulls_first: bool = False


def write_cursor(
    batch: pa.Table, row: int, keys: Sequence[Key], owner: str, *, backwards: bool = False, numbered: bool = False
) -> str:
    """The cursor that begins after this row of a page (before it, if `backwards`).

    Where rows are `numbered`, by the last key, a long text is named by the number of its row: addresses are short.
    """
    values: list[list[str | None]] = []
    for key in keys:
        column = batch.column(key.name)
        cell = column[row]
        value = None if not cell.is_valid else _write_value(cell)
        if numbered and value is not None and len(value) > _MOST_TEXT:
            values.append([_OF_ROW, str(batch.column(keys[-1].name)[row].as_py())])
        else:
            values.append([_name_type(column.type), value])
    document = [owner[:16], "-" if backwards else "+", values]
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_cursor(
    text: str, keys: Sequence[Key], owner: str, numbered: exp.Select | None = None
) -> tuple[exp.Expr, bool]:
    """The condition that a row comes after a cursor, and whether the cursor reads backwards.

    `numbered` are the rows, where the last key numbers them: there a value may be that of a row of some number.
    Raises `InputError` for what isn't a cursor, and for the cursor of another query or file.
    """
    try:
        if len(text) > _MOST_CHARACTERS:
            raise ValueError
        document = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        told, direction, values = document
        backwards = {"-": True, "+": False}[direction]
        pairs = [(str(kind), None if value is None else str(value)) for kind, value in values]
        literals = [
            _find_value(key, keys[-1], value, numbered) if kind == _OF_ROW else _read_value(kind, value)
            for key, (kind, value) in zip(keys, pairs, strict=False)
        ]
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        raise InputError(_BROKEN) from None
    if told != owner[:16] or len(pairs) != len(keys):
        raise InputError(_OTHER)
    return _after(list(zip(keys, literals, strict=True)), backwards=backwards), backwards


def write_order(keys: Sequence[Key], *, backwards: bool = False) -> str:
    """ORDER BY of these keys, or its reverse."""
    parts = []
    for key in keys:
        down, first = key.descending != backwards, key.nulls_first != backwards
        name = exp.to_identifier(key.name, quoted=True).sql("duckdb")
        parts.append(f"{name} {'DESC' if down else 'ASC'} NULLS {'FIRST' if first else 'LAST'}")
    return ", ".join(parts)


_TYPES = ("BIGINT", "BOOLEAN", "DATE", "DOUBLE", "INTEGER", "TIMESTAMP", "TIMESTAMPTZ", "VARCHAR")


def _name_type(kind: pa.DataType) -> str:
    import pyarrow.types as types

    if types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if types.is_timestamp(kind):
        return "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    for name, is_it in (
        ("BOOLEAN", types.is_boolean),
        ("DATE", types.is_date),
        ("DOUBLE", types.is_floating),
        ("BIGINT", types.is_integer),
    ):
        if is_it(kind):
            return name
    return "VARCHAR"


def _write_value(cell: Any) -> str:
    value = cell.as_py()
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _read_value(kind: str, value: str | None) -> exp.Expr | None:
    name, _, rest = kind.partition("(")
    if name == "DECIMAL":
        precision, scale = (int(part) for part in rest.rstrip(")").split(","))
        if not 0 <= scale <= precision <= 38:
            raise ValueError
        kind = f"DECIMAL({precision}, {scale})"
    elif kind not in _TYPES:
        raise ValueError
    if value is None:
        return None
    return exp.cast(exp.Literal.string(value), kind)


def _find_value(key: Key, number: Key, row: str | None, rows: exp.Select | None) -> exp.Expr:
    """The value that a key has in a row. Raises `ValueError` where rows have no numbers."""
    if rows is None:
        raise ValueError
    found = exp.Select().select(exp.column(key.name, quoted=True)).from_(rows.copy().subquery("c"))
    return found.where(exp.column(number.name, quoted=True).eq(int(row or ""))).subquery()


def _after(pairs: list[tuple[Key, exp.Expr | None]], *, backwards: bool) -> exp.Expr:
    """Whether a row comes after these values, key by key."""
    (key, value), *others = pairs
    column = exp.Column(this=exp.to_identifier(key.name, quoted=True))
    down, nulls_first = key.descending != backwards, key.nulls_first != backwards
    is_null = exp.Is(this=column, expression=exp.Null())
    if value is None:
        beyond: exp.Expr = exp.not_(is_null) if nulls_first else exp.false()
        same: exp.Expr = is_null
    else:
        beyond = (exp.LT if down else exp.GT)(this=column, expression=value)
        if not nulls_first:
            beyond = exp.or_(beyond, is_null)
        same = exp.EQ(this=column, expression=value)
    if not others:
        return beyond
    return exp.or_(beyond, exp.and_(same, _after(others, backwards=backwards)))
