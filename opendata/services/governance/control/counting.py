"""Counts the rows of many queries: all that choose among the same rows are counted in one pass over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from opendata.services.governance.control.gauges import Asking, Choice, Query


def count_each(session: Session, asking: Asking, queries: Sequence[Query]) -> Sequence[int]:
    """How many rows each query has."""
    return [count for (count,) in _aggregate(session, asking, queries, lambda _: (func.count(),))]


def count_with_oldest(
    session: Session, asking: Asking, queries: Sequence[Query]
) -> Sequence[tuple[int, datetime | None]]:
    """How many rows each query has, and the earliest `since` among them."""
    return _aggregate(session, asking, queries, lambda since: (func.count(), func.min(since)))


Aggregates = Callable[[Any], Sequence[Any]]


def _aggregate(
    session: Session, asking: Asking, queries: Sequence[Query], aggregates: Aggregates
) -> Sequence[tuple[Any, ...]]:
    """What the aggregates of the column `since` are, for each query."""
    found: dict[Query, tuple[Any, ...]] = {}
    chosen: dict[Callable[..., Select[Any]], list[Choice]] = {}
    for query in queries:
        if isinstance(query, Choice):
            chosen.setdefault(query.rows, []).append(query)
        else:
            rows = query(asking).subquery()
            found[query] = tuple(session.execute(select(*aggregates(rows.c.since)).select_from(rows)).one())
    for select_rows, choices in chosen.items():
        found.update(zip(choices, _pass_over(session, asking, select_rows(asking), choices, aggregates), strict=True))
    return [found[query] for query in queries]


def _pass_over(
    session: Session, asking: Asking, rows: Select[Any], choices: Sequence[Choice], aggregates: Aggregates
) -> Sequence[tuple[Any, ...]]:
    usual = rows.selected_columns["since"]
    columns: list[ColumnElement[Any]] = []
    for choice in choices:
        condition = choice.where(asking)
        since = usual if choice.since is None else choice.since
        columns += [aggregate.filter(condition) for aggregate in aggregates(since)]
    values = session.execute(rows.with_only_columns(*columns, maintain_column_froms=True)).one()
    size = len(values) // len(choices)
    return [tuple(values[place : place + size]) for place in range(0, len(values), size)]
