"""A table as somebody looks at it: the query and what is unfolded, written in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from opendata.errors import N_, InputError
from opendata.query.addresses import is_parameter, list_orders, read_query, write_name, write_orders, write_query
from opendata.query.values import EDITION, Filter, RowsQuery
from opendata.web.core.instance import rest_path
from opendata.web.core.numbers import read_number

ROWS = 50
WIDE_ROWS = 20
"""So many rows are on a page of a table with many columns."""

WIDE_COLUMNS = 50
LIMITS = (20, 50, 100, 500)
_MOST_CELLS = 50_000
"""So many cells are on a page at most."""

MOST_FROZEN = 3
ROW = "row"
"""The field in which somebody types the row to go to; the address has the offset instead."""

EDITION_NAME = "edition"
"""The parameter that names the edition of the query engine with which a cited address was made."""

_NO_ROW = N_("Enter the number of a row, from 1")
_MANY = N_("A page of this table shows at most %(most)s rows. Take all rows as a file, or ask for fewer")
_NUL = N_("A NUL character isn't allowed")


@dataclass(frozen=True, kw_only=True)
class TableView:
    """What is on show of a table. `column` is the one whose profile is open, `frozen` those that stay in sight."""

    dataset: str
    version: str
    resource: str
    query: RowsQuery
    usual: int = ROWS
    frozen: Sequence[str] = field(default=())
    column: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the table is: dataset, version, resource."""
        return self.dataset, self.version, self.resource

    @property
    def is_plain(self) -> bool:
        """Whether nothing is chosen: all rows and columns in their order, from the first."""
        return not self.pairs()

    @property
    def filter_count(self) -> int:
        """How many conditions leave out rows."""
        return len(self.query.filters) + bool(self.query.where) + bool(self.query.search) + bool(self.query.having)

    @property
    def orders(self) -> Sequence[tuple[str, bool]]:
        """By what it is sorted: expressions, and whether the greatest come first."""
        return list_orders(self.query)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of its address."""
        pairs = write_query(self.query, limit=self.usual)
        pairs += [("freeze", name) for name in self.frozen]
        return pairs + ([("column", self.column)] if self.column else [])

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """The parameters that a form keeps, without those that it changes. The answer begins with its first page."""
        return [item for item in self.pairs() if item[0] not in (*without, "cursor", "offset")]

    def link(self, *, fragment: str = "grid", **changed: Any) -> str:
        """The address of this view with something changed; where other rows come of that, of their first page."""
        own = {name: changed.pop(name) for name in ("column", "frozen") if name in changed}
        if changed and not changed.keys() & {"cursor", "offset"}:
            changed |= {"cursor": "", "offset": 0}
        view = replace(self, query=replace(self.query, **changed), **own)
        address = url_for("tables.show_table", dataset=self.dataset, version=self.version, resource=self.resource)
        query = urlencode(view.pairs())
        return f"{address}{'?' if query else ''}{query}{'#' if fragment else ''}{fragment}"

    def open(self, column: str) -> str:
        """The address at which the profile of a column is open."""
        return self.link(column=column, fragment="column")

    def with_filters(self, column: str, *added: Filter, operators: Sequence[str] = ()) -> str:
        """The address with these filters instead of those of a column, or of its `operators` if some are named."""
        kept = [
            item
            for item in self.query.filters
            if item.column != column or (operators and item.operator not in operators)
        ]
        return self.link(filters=[*kept, *added])

    def without(self, found: Filter) -> str:
        """The address without a filter."""
        return self.link(filters=[item for item in self.query.filters if item is not found])

    def sort(self, column: str, *, is_descending: bool | None, keeps: bool = True) -> str:
        """The address sorted by a column, or no more where `is_descending` is None.

        A column by which it is sorted already keeps its rank. Another one comes last, or alone unless `keeps`.
        """
        name = write_name(column)
        orders = list(self.orders)
        rank = next((rank for rank, item in enumerate(orders) if item[0] == name), None)
        if is_descending is None:
            orders = [item for item in orders if item[0] != name]
        elif rank is not None:
            orders[rank] = name, is_descending
        else:
            orders = [*(orders if keeps else ()), (name, is_descending)]
        return self.link(order_by=write_orders(orders))

    def rest(self, suffix: str = "") -> str:
        """The address of the REST call that gives what is seen: this page, or with a suffix all its pages as a file."""
        query = replace(self.query, limit=None, cursor="", offset=0) if suffix else self.query
        address = f"{rest_path('datasets', *self.place)}/rows{suffix}"
        pairs = urlencode(write_query(query))
        return f"{address}?{pairs}" if pairs else address

    def chart(self) -> str:
        """The address of the chart of the rows that are seen."""
        query = RowsQuery(where=self.query.where, filters=self.query.filters, search=self.query.search, limit=None)
        address = url_for("charts.show_chart", dataset=self.dataset, version=self.version, resource=self.resource)
        pairs = urlencode(write_query(query))
        return f"{address}?{pairs}" if pairs else address

    def cite(self) -> str:
        """The address that gives the same rows again, with the edition of the engine that gave them."""
        address = self.link(fragment="", column="", frozen=())
        return f"{address}{'&' if '?' in address else '?'}{urlencode({EDITION_NAME: EDITION})}"


def read_view(dataset: str, version: str, resource: str, columns: Sequence[str]) -> TableView:
    """The view that the address asks for. Raises `InputError`."""
    if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
        raise InputError(_NUL)
    usual = WIDE_ROWS if len(columns) > WIDE_COLUMNS else ROWS
    query = read_query(request.args.items(multi=True), limit=usual)
    limits = list_limits(len(columns))
    if (query.limit or 0) > limits[-1]:
        raise InputError(_MANY, most=limits[-1])
    if request.args.get(ROW):
        number = read_number(request.args[ROW].strip())
        if not number:
            raise InputError(_NO_ROW)
        query = replace(query, offset=number - 1, cursor="")
    frozen = [name for name in request.args.getlist("freeze") if name in columns]
    return TableView(
        dataset=dataset,
        version=version,
        resource=resource,
        query=_drop_whole(query, columns),
        usual=usual,
        frozen=list(dict.fromkeys(frozen))[:MOST_FROZEN],
        column=request.args.get("column", ""),
    )


def list_limits(columns: int) -> Sequence[int]:
    """How many rows a page of this number of columns may have."""
    return [limit for limit in LIMITS if limit == LIMITS[0] or limit * columns <= _MOST_CELLS]


def is_tidy() -> bool:
    """Whether the address is as links have it, and not as a form with empty fields makes it."""
    names = [name for name, value in request.args.items(multi=True) if is_parameter(name) or name in ("column", ROW)]
    blank = any(not request.args[name] for name in names)
    return not (blank or ROW in names or names.count("select") > 1)


def _drop_whole(query: RowsQuery, columns: Sequence[str]) -> RowsQuery:
    """A query whose `select` names just what is there anyway, without it."""
    is_whole = query.select == ", ".join(map(write_name, columns))
    return replace(query, select="") if is_whole else query
