"""Counts the rows of many queries: all that choose among the same rows are counted in one pass over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, null, select
from sqlalchemy.orm import Session

from opendata.services.governance.control.gauges import Asking, Choice, Query


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows a query has, the earliest and latest `since` among them, and the sum of their amounts, if any."""

    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    amount: int | None = None


NOTHING = Counted()


def count_each(session: Session, asking: Asking, queries: Sequence[Query]) -> Mapping[Query, Counted]:
    """What each query has."""
    found = count_by_publisher(session, asking, queries, is_divided=False)
    return {query: found[query].get("", NOTHING) for query in queries}


def count_by_publisher(
    session: Session, asking: Asking, queries: Iterable[Query], *, is_divided: bool = True
) -> Mapping[Query, Mapping[str, Counted]]:
    """What each query has of each publisher, or under an empty name of all, if it `is_divided` no further."""
    found: dict[Query, Mapping[str, Counted]] = {}
    chosen: dict[Callable[..., Select[Any]], list[Choice]] = {}
    for query in queries:
        if isinstance(query, Choice):
            chosen.setdefault(query.rows, []).append(query)
        else:
            found[query] = _count(session, query(asking), is_divided=is_divided)
    for select_rows, choices in chosen.items():
        parts = _pass_over(session, asking, select_rows(asking), choices, is_divided=is_divided)
        found.update(zip(choices, parts, strict=True))
    return found


def _count(session: Session, rows: Select[Any], *, is_divided: bool) -> Mapping[str, Counted]:
    part = rows.subquery()
    has_amount = "amount" in part.c
    columns: list[ColumnElement[Any]] = [func.count(), func.min(part.c.since), func.max(part.c.since)]
    columns += [func.coalesce(func.sum(part.c.amount), 0)] if has_amount else []
    query = select(*columns).select_from(part)
    if is_divided:
        query = query.add_columns(part.c.publisher).group_by(part.c.publisher)
    return {
        row[-1] if is_divided else "": Counted(row[0], row[1], row[2], int(row[3]) if has_amount else None)
        for row in session.execute(query)
    }


def _pass_over(
    session: Session, asking: Asking, rows: Select[Any], choices: Sequence[Choice], *, is_divided: bool
) -> Sequence[Mapping[str, Counted]]:
    usual, publisher = rows.selected_columns["since"], rows.selected_columns["publisher"]
    size = rows.selected_columns.get("amount")
    columns: list[ColumnElement[Any]] = []
    for choice in choices:
        condition = choice.where(asking)
        since = usual if choice.since is None else choice.since
        amount = size if choice.amount is None else choice.amount
        total = null() if amount is None else func.coalesce(func.sum(amount).filter(condition), 0)
        columns += [*(one.filter(condition) for one in (func.count(), func.min(since), func.max(since))), total]
    if is_divided:
        query = rows.with_only_columns(*columns, publisher, maintain_column_froms=True).group_by(publisher)
    else:
        query = rows.with_only_columns(*columns, maintain_column_froms=True)
    found: list[dict[str, Counted]] = [{} for _ in choices]
    for row in session.execute(query):
        for place, part in enumerate(found):
            count, oldest, newest, amount = row[4 * place : 4 * place + 4]
            if count:
                said = Counted(count, oldest, newest, None if amount is None else int(amount))
                part[row[-1] if is_divided else ""] = said
    return found
