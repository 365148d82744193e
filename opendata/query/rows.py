"""Rows of one table: select, where, group by, order by, pages by cursor. Each becomes one statement for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from opendata.domain.schema import Field
from opendata.errors import N_, InputError
from opendata.query import filters, functions, grammar
from opendata.query.cursors import Key, read_cursor, write_order
from opendata.query.medians import keep_halves
from opendata.query.values import NUMBERS, ROW, QueryTable, RowsQuery, Statement, is_float, make_unlike

_MOST_COLUMNS = 2_000
_NOT_WITH = N_("“%(first)s” can't be used together with “%(second)s”")
_QUOTED = N_(
    "“%(column)s” is text. Put the value in single quotes (“%(parameter)s”, character %(position)s): %(remedy)s"
)
_NOT_GROUPED = N_("“%(parameter)s” sums up rows, so it needs “group_by” or a sum in “select”")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPlan:
    """A query that was understood: what runs, by what its rows are ordered, and whether it reads backwards."""

    statement: Statement
    keys: Sequence[Key]
    owner: str
    backwards: bool = False
    is_grouped: bool = False


def plan_rows(table: QueryTable, query: RowsQuery) -> RowsPlan:
    """Understand a query over a table. Raises `InputError` with the place and what to write instead."""
    return _Planner(table, query).plan()


class _Planner:
    def __init__(self, table: QueryTable, query: RowsQuery) -> None:
        self._table = table
        self._query = query
        self._aliases: dict[str, exp.Expr] = {}

    def plan(self) -> RowsPlan:
        query, owner = self._query, self._query.fingerprint(self._table)
        selected = self._read_selected()
        groups = self._read_groups()
        orders = self._read_orders()
        having = self._read_condition(query.having, "having", aggregates=True) if query.having else None
        is_grouped = bool(groups) or any(map(grammar.has_aggregate, (*selected.values(), *orders)))
        if not is_grouped and having is not None:
            raise InputError(_NOT_GROUPED, parameter="having")
        if not selected:
            selected = self._choose_default(groups) if is_grouped else self._take_all()
        inner = exp.Select()
        for number, found in enumerate(selected.values()):
            inner = inner.select(exp.alias_(found.copy(), f"s{number}", quoted=True), copy=False)
        keys: list[Key] = []
        for number, item in enumerate(orders):
            inner = inner.select(exp.alias_(item.this.copy(), f"k{number}", quoted=True), copy=False)
            keys.append(Key(f"k{number}", bool(item.args.get("desc")), _is_first(item)))
        ties = groups if is_grouped else [filters.quote_name(ROW)]
        for number, found in enumerate(ties):
            inner = inner.select(exp.alias_(found.copy(), f"g{number}", quoted=True), copy=False)
            keys.append(Key(f"g{number}"))
        inner = inner.from_(exp.to_table(self._table.view, quoted=True), copy=False)
        for condition in self._list_conditions():
            inner = inner.where(condition, copy=False)
        if is_grouped and groups:
            inner = inner.group_by(*[found.copy() for found in groups], copy=False)
        if having is not None:
            inner = inner.having(having, copy=False)
        statement, backwards = self._write(inner, list(selected), keys, owner, is_grouped=is_grouped)
        is_exact = all(self._is_exact(found) for found in (*selected.values(), *orders, *([having] if having else [])))
        shown = [self._find_field(found) for found in selected.values()]
        statement = replace(statement, threads=0 if is_exact else 1, fields=shown)
        return RowsPlan(statement=statement, keys=keys, owner=owner, backwards=backwards, is_grouped=is_grouped)

    def _write(
        self, inner: exp.Select, names: Sequence[str], keys: Sequence[Key], owner: str, *, is_grouped: bool
    ) -> tuple[Statement, bool]:
        query = self._query
        jumps = bool(query.offset) and query.is_whole and not query.order_by and not is_grouped
        if jumps:  # by their numbers the engine finds rows without reading those before them
            inner = inner.where(f'"{ROW}" >= {int(query.offset)}', dialect=grammar.DIALECT, copy=False)
        sql, backwards = f"SELECT * FROM ({grammar.write(inner)}) AS q", False
        count = "" if query.is_whole and not is_grouped else f"SELECT count(*) FROM ({grammar.write(inner)}) AS q"
        if query.cursor:
            if query.offset:
                raise InputError(_NOT_WITH, first="offset", second="cursor")
            condition, backwards = read_cursor(query.cursor, keys, owner, None if is_grouped else inner)
            sql += f" WHERE {grammar.write(condition)}"
        if keys:
            sql += f" ORDER BY {write_order(keys, backwards=backwards)}"
        if query.limit is not None:
            sql += f" LIMIT {int(query.limit) + 1}"  # one more tells whether there is a next page
        if query.offset and not jumps:
            sql += f" OFFSET {int(query.offset)}"
        is_first = not query.cursor and not query.offset
        full = query.limit + 1 if query.limit is not None and is_first else 0
        statement = Statement(sql=sql, tables=(self._table,), names=names, count=count, full=full, hides_rows=False)
        return statement, backwards

    def _read_selected(self) -> dict[str, exp.Expr]:
        if not self._query.select:
            return {}
        found: dict[str, exp.Expr] = {}
        for item in grammar.read_expressions(self._query.select, "select", aggregates=True):
            if isinstance(item, exp.Star):
                for name, column in self._take_all().items():
                    if found.get(name) != column:
                        found[make_unlike(name, found)] = column
                continue
            bare = item.this if isinstance(item, exp.Alias) else item
            name = item.alias_or_name or bare.sql("duckdb", comments=False)  # as it was written
            self._resolve(bare, "select", 7)
            if isinstance(bare, exp.Column) and not isinstance(item, exp.Alias):
                name = bare.name
            found[make_unlike(name, found)] = bare
            if isinstance(item, exp.Alias):
                self._aliases[item.alias] = bare
        if len(found) > _MOST_COLUMNS:
            raise InputError(
                N_("“%(parameter)s” names too many columns: at most %(most)s"), parameter="select", most=_MOST_COLUMNS
            )
        return found

    def _read_groups(self) -> list[exp.Expr]:
        if not self._query.group_by:
            return []
        found = grammar.read_expressions(self._query.group_by, "group_by")
        return [self._substitute(item, "group_by", 7) for item in found]

    def _read_orders(self) -> list[exp.Ordered]:
        if not self._query.order_by:
            return []
        found = grammar.read_orders(self._query.order_by, aggregates=True)
        for item in found:
            item.set("this", self._substitute(item.this, "order_by", 18))
        return found

    def _read_condition(self, text: str, parameter: str, *, aggregates: bool = False) -> exp.Expr:
        return self._substitute(grammar.read_condition(text, parameter, aggregates=aggregates), parameter, 7)

    def _list_conditions(self) -> list[exp.Expr]:
        query, table = self._query, self._table
        found: list[exp.Expr] = []
        if query.where:
            condition = grammar.read_condition(query.where)
            self._resolve(condition, "where", 7)
            found.append(exp.Paren(this=condition))
        for item in query.filters:
            if item.column not in table.columns:
                grammar.refuse_column(item.column, table.columns, item.parameter, 1)
            found.append(filters.build_condition(item, item.column, table.columns[item.column]))
        if query.search:
            found.append(
                exp.or_(
                    *[
                        filters.contains(filters.quote_name(name), query.search, field)
                        for name, field in table.columns.items()
                    ]
                )
            )
        return found

    def _choose_default(self, groups: Sequence[exp.Expr]) -> dict[str, exp.Expr]:
        """What a grouped query shows where nothing is selected: its groups, and how many rows each has."""
        found: dict[str, exp.Expr] = {}
        for item in groups:
            name = item.name if isinstance(item, exp.Column) else item.sql("duckdb", comments=False)
            found[make_unlike(name, found)] = item
        found[make_unlike("count", found)] = exp.Count(this=exp.Star())
        return found

    def _take_all(self) -> dict[str, exp.Expr]:
        return {name: filters.quote_name(name) for name in self._table.columns}

    def _substitute(self, found: exp.Expr, parameter: str, offset: int) -> exp.Expr:
        """An expression in which names that `select` gives stand for what they name there."""
        if isinstance(found, exp.Column) and not found.table and found.name in self._aliases:
            return self._aliases[found.name].copy()
        for column in list(grammar.list_columns(found)):
            if column is not found and column.name in self._aliases and column.name not in self._table.columns:
                column.replace(exp.Paren(this=self._aliases[column.name].copy()))
        self._resolve(found, parameter, offset)
        return found

    def _resolve(self, found: exp.Expr, parameter: str, offset: int) -> None:
        """Give each column its exact name. Raises `InputError` for one that the table doesn't have."""
        names = self._table.columns
        by_lower = {name.lower(): name for name in names}
        for column in list(grammar.list_columns(found)):
            position = grammar.find_position(column, offset)
            name = column.name if column.name in names else by_lower.get(column.name.lower(), "")
            if column.args.get("table") or (not name and column.name != ROW):
                grammar.refuse_column(column.sql("duckdb").replace('"', ""), names, parameter, position)
            column.set("this", exp.to_identifier(name or ROW, quoted=True))
        for node in found.walk():
            self._refuse_bare_number(node, parameter, offset)
        keep_halves(found, self._find_field)

    def _refuse_bare_number(self, node: exp.Expr, parameter: str, offset: int) -> None:
        """A code is text: `code = 4601` would fail at the first code that isn't a number, or miss `04601`."""
        if isinstance(node, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
            pairs = [(node.this, node.expression), (node.expression, node.this)]
        elif isinstance(node, exp.In):
            pairs = [(node.this, item) for item in node.expressions]
        elif isinstance(node, exp.Between):
            pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
        else:
            return
        for column, value in pairs:
            field = self._find_field(column)
            if field is None or not isinstance(value, exp.Literal) or value.is_string or not _is_text(field):
                continue
            position = grammar.find_position(column, offset)
            raise InputError(
                _QUOTED, column=field.name, parameter=parameter, position=position, remedy=f"'{value.this}'"
            )

    def _find_field(self, found: exp.Expr | None) -> Field | None:
        if isinstance(found, exp.Column) and not found.table:
            return self._table.columns.get(found.name)
        return None

    def _is_exact(self, found: exp.Expr) -> bool:
        """Whether a value is the same in whatever order the rows come together."""
        for node in found.walk():
            kind = type(node).__name__
            if kind in functions.AGGREGATES and kind not in functions.EXACT:
                field = self._find_field(node.this)
                if kind not in ("Sum", "Avg") or field is None or not _is_exact_number(field):
                    return False
        return True


def _is_text(field: Field) -> bool:
    return field.type not in (*NUMBERS, "date", "datetime", "boolean")


def _is_exact_number(field: Field) -> bool:
    """Whether a column is kept as whole numbers or decimals, not as floats."""
    return field.type in NUMBERS and not is_float(field)


def _is_first(item: exp.Ordered) -> bool:
    """Whether nulls come first: only where that was written."""
    return bool(item.args.get("nulls_first"))
