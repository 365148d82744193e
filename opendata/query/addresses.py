"""Queries of one table as addresses have them: names of parameters, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from opendata.errors import N_, InputError, Listed
from opendata.query.values import SEPARATOR, Filter, RowsQuery

if TYPE_CHECKING:
    from opendata.query.grammar import Expression

TEXTS = {"select": "select", "where": "where", "q": "search", "group_by": "group_by", "having": "having"}
"""Parameter → the property of a query that it gives; those below are read in their own way."""

PARAMETERS = (*TEXTS, "order_by", "limit", "cursor", "offset")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_MOST_DIGITS = 9
_OPERATOR = N_("“%(parameter)s” doesn't end with an operator. Operators: %(operators)s")


def is_parameter(name: str) -> bool:
    """Whether a parameter of this name belongs to a query."""
    return name in PARAMETERS or SEPARATOR in name


def read_query(pairs: Iterable[tuple[str, str]], *, limit: int) -> RowsQuery:
    """The query that parameters ask for; others are left alone, and so are empty ones. Raises `InputError`.

    `limit` is the number of rows where they name none. Columns in several `select` are those of one with commas.
    """
    found: dict[str, str] = {}
    filters = []
    for name, value in pairs:
        if not value or not is_parameter(name):
            continue
        if name in PARAMETERS:
            found[name] = f"{found[name]}, {value}" if name == "select" and name in found else value
        else:
            filters.append(_read_filter(name, value))
    return RowsQuery(
        **{own: found.get(name, "") for name, own in TEXTS.items()},
        filters=tuple(filters),
        order_by=found.get("order_by", ""),
        limit=_read_number(found["limit"]) if "limit" in found else limit,
        cursor=found.get("cursor", ""),
        offset=_read_number(found.get("offset", "0")),
    )


def write_query(query: RowsQuery, *, limit: int | None = None) -> list[tuple[str, str]]:
    """The parameters of a query, in one order whatever the order in which they were read.

    `limit` is the number of rows that goes without saying.
    """
    pairs = [(name, getattr(query, own)) for name, own in TEXTS.items()]
    pairs[1:1] = [(item.parameter, item.value) for item in query.filters]
    pairs.append(("order_by", query.order_by))
    if query.limit is not None and query.limit != limit:
        pairs.append(("limit", str(query.limit)))
    pairs += [("cursor", query.cursor), ("offset", str(query.offset or ""))]
    return [(name, value) for name, value in pairs if value]


@lru_cache(maxsize=4096)
def write_name(name: str) -> str:
    """A column as an expression, in double quotes only where it needs them."""
    if _PLAIN_NAME.fullmatch(name):
        from opendata.query import grammar

        try:
            (found,) = grammar.read_expressions(name, "select")
        except (InputError, ValueError):
            pass
        else:
            if grammar.is_name(found) and found.sql(grammar.DIALECT) == name:
                return name
    return '"' + name.replace('"', '""') + '"'


def list_orders(query: RowsQuery) -> Sequence[tuple[str, bool]]:
    """By what a query orders its rows: expressions as they are written, and whether the greatest come first.

    Nothing if it can't be understood. The error comes when the query is run.
    """
    return _read_orders(query.order_by) if query.order_by else ()


@lru_cache(maxsize=1024)
def _read_orders(text: str) -> Sequence[tuple[str, bool]]:
    from opendata.query import grammar

    try:
        found = grammar.read_orders(text, aggregates=True)
    except InputError:
        return ()
    return tuple((_write_expression(item.this), bool(item.args.get("desc"))) for item in found)


def write_orders(orders: Iterable[tuple[str, bool]]) -> str:
    """The reverse of `list_orders`."""
    return ", ".join(f"{name} DESC" if is_descending else name for name, is_descending in orders)


def _write_expression(found: Expression) -> str:
    from opendata.query import grammar

    return write_name(found.name) if grammar.is_name(found) else grammar.write(found)


def _read_filter(name: str, value: str) -> Filter:
    from opendata.query.filters import OPERATORS

    column, _, operator = name.rpartition(SEPARATOR)
    if not column or operator not in OPERATORS:
        raise InputError(_OPERATOR, parameter=name[:100], operators=Listed(OPERATORS))
    return Filter(column, operator, value)


def _read_number(text: str) -> int:
    """A whole number, or one that no query may have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else -1
