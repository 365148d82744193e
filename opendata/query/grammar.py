"""Reads what people write: SQL expressions and one SELECT, parsed by sqlglot and checked against what is allowed.

What runs is written from the checked tree, so nothing reaches the engine that was not seen here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import NoReturn, TypeAlias

from sqlglot import ParseError, exp, parse, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from opendata.errors import N_, InputError, Listed
from opendata.query import functions
from opendata.query.near import find_near

logging.getLogger("sqlglot").setLevel(logging.ERROR)

Expression: TypeAlias = exp.Expr

DIALECT = "duckdb"
MOST_CHARACTERS = 20_000
_MOST_TOKENS = 2_000
_MOST_DEPTH = 40
_SHOWN = 60
_OPENING = (TokenType.L_PAREN, TokenType.CASE, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.END, TokenType.R_BRACKET, TokenType.R_BRACE)
_IN_FRONT = (TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE)

_WRONG = N_("“%(parameter)s” can't be understood at character %(position)s, near “%(near)s”")
_REFUSED = N_(
    "“%(parameter)s” has “%(what)s” at character %(position)s, which can't be used here."
    " A column whose name has dots, brackets or spaces must be in double quotes. These functions can be used:"
    " %(functions)s"
)
_LONG = N_("“%(parameter)s” is too long: at most %(most)s characters are read")
_DEEP = N_("“%(parameter)s” is too complicated. Ask for less at once")
_EMPTY = N_("“%(parameter)s” is empty")
_ONE = N_("“%(parameter)s” must be one SELECT")
_UNKNOWN = N_("There is no column “%(column)s” (“%(parameter)s”, character %(position)s). Columns: %(columns)s")
_NEAR = N_("There is no column “%(column)s” (“%(parameter)s”, character %(position)s). Did you mean %(near)s?")


def read_expressions(text: str, parameter: str, *, aggregates: bool = False) -> list[Expression]:
    """The SQL expressions of a text, separated by commas. Raises `InputError` with the place."""
    select = _parse(f"SELECT {text}", parameter, text, offset=7)
    if not isinstance(select, exp.Select) or any(value for key, value in select.args.items() if key != "expressions"):
        raise InputError(_WRONG, parameter=parameter, position=1, near=text[:_SHOWN])
    allowed = functions.EXPRESSIONS | (functions.AGGREGATES if aggregates else frozenset())
    for found in select.expressions:
        _check(found, allowed, parameter, offset=7)
    return list(select.expressions)


def read_condition(text: str, parameter: str = "where", *, aggregates: bool = False) -> Expression:
    """The one condition of a text. Raises `InputError` with the place."""
    found = read_expressions(text, parameter, aggregates=aggregates)
    if len(found) != 1 or isinstance(found[0], exp.Star | exp.Alias):
        raise InputError(N_("“%(parameter)s” must be one condition. Join several with AND or OR"), parameter=parameter)
    return found[0]


def read_orders(text: str, parameter: str = "order_by", *, aggregates: bool = False) -> list[exp.Ordered]:
    """Expressions with ASC, DESC, NULLS FIRST or NULLS LAST; nulls are last where nothing is said.

    Raises `InputError` with the place.
    """
    prefix = "SELECT 1 ORDER BY "
    select = _parse(f"{prefix}{text}", parameter, text, offset=len(prefix))
    order = select.args.get("order")
    if order is None or any(value for key, value in select.args.items() if key not in ("expressions", "order")):
        raise InputError(_WRONG, parameter=parameter, position=1, near=text[:_SHOWN])
    allowed = functions.EXPRESSIONS | (functions.AGGREGATES if aggregates else frozenset())
    found = []
    for item in order.expressions:
        _check(item, allowed, parameter, offset=len(prefix))
        found.append(item if isinstance(item, exp.Ordered) else exp.Ordered(this=item))
    return found


def read_select(text: str, parameter: str = "q") -> exp.Query:
    """The one SELECT of a text, everything in it allowed. Raises `InputError` with the place."""
    found = _parse(text, parameter, text, offset=0)
    if isinstance(found, exp.Subquery):
        raise InputError(_ONE, parameter=parameter)
    _check(found, functions.SELECTS, parameter, offset=0)
    return found


def write(found: Expression) -> str:
    """A checked tree as SQL for the engine."""
    return found.sql(dialect=DIALECT, comments=False)


def list_columns(found: Expression) -> Iterable[exp.Column]:
    """The columns that an expression names."""
    return found.find_all(exp.Column)


def is_name(found: Expression) -> bool:
    """Whether an expression is a column and nothing more."""
    return isinstance(found, exp.Column) and not found.args.get("table")


def has_aggregate(found: Expression) -> bool:
    """Whether an expression sums up rows."""
    return any(type(node).__name__ in functions.AGGREGATES for node in found.walk())


def refuse_column(name: str, known: Collection[str], parameter: str, position: int) -> NoReturn:
    """Say that there is no such column, and which name is nearest. Raises `InputError`."""
    near = find_near(name, known)
    if near:
        shown = Listed(f"“{item}”" for item in near)
        raise InputError(_NEAR, column=name[:_SHOWN], parameter=parameter, position=position, near=shown)
    columns = Listed(list(known)[:20])
    raise InputError(_UNKNOWN, column=name[:_SHOWN], parameter=parameter, position=position, columns=columns)


def find_position(node: Expression, offset: int = 0) -> int:
    """The number of the character, from 1, at which an expression begins in what was written; 1 if that isn't known."""
    starts = [item.meta["start"] for item in node.walk() if "start" in item.meta]
    return max(1, min(starts, default=0) + 1 - offset)


def _parse(full: str, parameter: str, text: str, *, offset: int) -> exp.Query:
    if not text.strip():
        raise InputError(_EMPTY, parameter=parameter)
    if len(text) > MOST_CHARACTERS:
        raise InputError(_LONG, parameter=parameter, most=MOST_CHARACTERS)
    try:
        tokens = tokenize(full, read=DIALECT)
        _bound(tokens, parameter)
        found = parse(full, read=DIALECT)
    except ParseError as error:
        told = error.errors[0] if error.errors else {}
        near = str(told.get("highlight") or "")[:_SHOWN]
        position = _count_position(full, told.get("line"), told.get("col"), len(near)) - offset
        raise InputError(_WRONG, parameter=parameter, position=max(1, position), near=near) from None
    except SqlglotError as error:
        text_of = str(error).splitlines()[0]
        raise InputError(_WRONG, parameter=parameter, position=1, near=text_of[:_SHOWN] and text[:_SHOWN]) from None
    except RecursionError:
        raise InputError(_DEEP, parameter=parameter) from None
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise InputError(_ONE, parameter=parameter)
    return found[0]


def _bound(tokens: Sequence[Token], parameter: str) -> None:
    """Refuse what would take the parser long or deep. Raises `InputError`."""
    if len(tokens) > _MOST_TOKENS:
        raise InputError(_DEEP, parameter=parameter)
    depth = in_front = 0
    for token in tokens:
        in_front = in_front + 1 if token.token_type in _IN_FRONT else 0
        if token.token_type in _OPENING:
            depth += 1
        elif token.token_type in _CLOSING:
            depth -= 1
        if depth + in_front > _MOST_DEPTH:
            raise InputError(_DEEP, parameter=parameter)


def _count_position(full: str, line: object, column: object, width: int) -> int:
    """A line and the column at which something ends as the number of the character at which it begins, from 1."""
    if not isinstance(line, int) or not isinstance(column, int):
        return 1
    before = sum(len(item) + 1 for item in full.splitlines()[: line - 1])
    return before + column - max(width, 1) + 1


def _check(found: Expression, allowed: frozenset[str], parameter: str, *, offset: int) -> None:
    try:
        for node in found.walk():
            _check_node(node, allowed, parameter, offset)
    except RecursionError:
        raise InputError(_DEEP, parameter=parameter) from None


def _check_node(node: Expression, allowed: frozenset[str], parameter: str, offset: int) -> None:
    kind = type(node).__name__
    if kind == "Anonymous" and str(node.this).lower() in functions.NAMED:
        return
    if kind == "With" and node.args.get("recursive"):
        _refuse(node, "WITH RECURSIVE", parameter, offset)
    if kind == "DataType":
        name = node.this.value if hasattr(node.this, "value") else str(node.this)
        if name not in functions.TYPES:
            _refuse(node, name, parameter, offset)
        return
    if kind == "Table" and (not isinstance(node.this, exp.Identifier) or _has_more(node)):
        _refuse(node, _name_node(node), parameter, offset)
    if kind not in allowed:
        _refuse(node, _name_node(node), parameter, offset)


def _has_more(table: Expression) -> bool:
    """Whether a table has more than a name and an alias: samples, versions, hints, pivots."""
    return any(value for key, value in table.args.items() if key not in ("this", "db", "catalog", "alias", "joins"))


def _name_node(node: Expression) -> str:
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
        return _name_node(node.this)
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    if isinstance(node, exp.Func):
        return str(node.sql_name()).lower()
    return node.key


def _refuse(node: Expression, what: str, parameter: str, offset: int) -> NoReturn:
    raise InputError(
        _REFUSED,
        parameter=parameter,
        what=what[:_SHOWN],
        position=find_position(node, offset),
        functions=Listed(functions.OFFERED.split(", ")),
    )
