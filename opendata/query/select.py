"""One SELECT over many tables: finds the tables it names and puts views of published files in their place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlglot import exp

from opendata.domain.schema import Field
from opendata.errors import N_, InputError
from opendata.query import grammar
from opendata.query.medians import is_decimal, keep_halves
from opendata.query.values import QueryTable, Statement

FindTable = Callable[[str, str, int], QueryTable]
"""A public table by dataset (`id` or `id@version`), resource, and the position at which it is named."""

MOST_TABLES = 20
_SCHEMA = "main"
"""Where the engine keeps views: named so, a view isn't hidden by a WITH of its name."""

_UNNAMED = N_(
    "The table “%(table)s” (character %(position)s) must be named by dataset and resource, each in double quotes:"
    ' "dataset"."resource" or "dataset@1.2.0"."resource"'
)
_MANY = N_("At most %(most)s tables can be named in one query")


def plan_select(text: str, find_table: FindTable) -> Statement:
    """Understand one SELECT. Raises `InputError` with the place, and what `find_table` raises."""
    query = grammar.read_select(text)
    _name_columns(query)
    common = {item.alias.lower() for item in query.find_all(exp.CTE)}
    tables: dict[tuple[str, str], QueryTable] = {}
    pins: list[tuple[int, int, str]] = []
    for table in list(query.find_all(exp.Table)):
        if not table.args.get("db") and table.name.lower() in common:
            continue
        position = grammar.find_position(table)
        if not table.args.get("db") or table.args.get("catalog"):
            raise InputError(_UNNAMED, table=table.sql("duckdb", comments=False)[:80], position=position)
        place = (table.text("db"), table.name)
        if place not in tables:
            if len(tables) == MOST_TABLES:
                raise InputError(_MANY, most=MOST_TABLES)
            tables[place] = replace(find_table(*place, position), view=f"t{len(tables)}")
        if (meta := table.args["db"].meta) and tables[place].pinned:
            pins.append((meta["start"], meta["end"] + 1, f'"{tables[place].pinned}"'))
        alias = table.alias or table.name
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True), columns=_columns_of(table)))
        table.set("this", exp.to_identifier(tables[place].view, quoted=True))
        table.set("db", exp.to_identifier(_SCHEMA, quoted=True))
    named = {*tables, *((dataset.partition("@")[0], resource) for dataset, resource in tables)}
    for column in query.find_all(exp.Column):
        if (column.text("db"), column.table) in named:  # "dataset"."resource".column
            column.set("db", None)
    keep_halves(query, lambda column: _find_field(column, tables.values()))
    joins = len(pins) > 1 or query.find(exp.Join) is not None
    for begin, end, pinned in sorted(pins, reverse=True):
        text = text[:begin] + pinned + text[end:]
    return Statement(sql=grammar.write(query), tables=tuple(tables.values()), threads=1, text=text, joins=joins)


def _name_columns(query: exp.Query) -> None:
    """Columns that have no name are called as they were written."""
    for item in query.selects:
        if not isinstance(item, exp.Alias | exp.Column | exp.Star):
            item.replace(exp.alias_(item.copy(), item.sql("duckdb", comments=False), quoted=True))


def _find_field(column: exp.Column, tables: Collection[QueryTable]) -> Field | None:
    """The field that a column may be, whichever table it is of."""
    names = (name for table in tables for name in table.columns.items())
    return next((field for name, field in names if name.lower() == column.name.lower() and is_decimal(field)), None)


def _columns_of(table: exp.Table) -> Sequence[exp.Expr]:
    alias = table.args.get("alias")
    return list(alias.args.get("columns") or []) if alias is not None else []
