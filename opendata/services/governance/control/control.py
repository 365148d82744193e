"""Counts what the control room shows, and lists what it has counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, literal, select, tuple_

from opendata.domain.moments import format_time
from opendata.errors import N_, InputError, NotFoundError, NotPermittedError
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.control.counting import Counted, count_each
from opendata.services.governance.control.gauges import Asking, Gauge, Group, Kind, Unit
from opendata.services.governance.control.keeping import KeptCounts
from opendata.services.governance.control.lists import GAUGES
from opendata.services.governance.control.storage import Room, measure_rooms
from opendata.tables.forms.csv_lines import write_csv_line

SORTS = ("since", "-since", "title", "publisher", "-amount")
"""The orders of a list: `since` has what waits longest first, `-amount` the largest first."""

_AT_ONCE = 500
_KEY_DIGITS = 18
_COLUMNS = ("id", "title", "publisher", "since")


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeCount:
    """A gauge with its number, since when the oldest of its rows waits, and the sum of bytes where rows have some.

    `counted` is when it was counted, of one that is counted now and then.
    """

    code: str
    group: Group
    kind: Kind
    count: int
    oldest: datetime | None
    amount: int | None = None
    counted: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeRow:
    """A row of a gauge's list. `publisher` is empty where it is the instance's. Equal rows are ordered by `key`."""

    kind: Kind
    id: str
    title: str
    publisher: str
    since: datetime
    amount: int | None = None
    key: str | int = ""


def require_some_figures(actor: Actor | None) -> Actor:
    """The actor where they see the work of a publisher or the figures of all.

    Raises `NotSignedInError`, `NotPermittedError`.
    """
    found = require_signed_in(actor)
    if not (found.posts.seen or found.may_see_figures):
        raise NotPermittedError(N_("Only those who publish data can do this"))
    return found


class Control:
    """The numbers of the control room and the lists behind them."""

    def __init__(self, context: Context, kept: KeptCounts, gauges: Sequence[Gauge] = GAUGES) -> None:
        self._context = context
        self._kept = kept
        self._gauges = gauges

    def count_all(self, actor: Actor | None, publisher: str | None = None) -> Sequence[GaugeCount]:
        """All gauges that the actor may see, of one publisher if that is named.

        Raises `NotSignedInError`, `NotPermittedError` for who publishes nothing.
        """
        found = require_some_figures(actor)
        asking = replace(self._ask(found, publisher), sees_figures=found.may_see_figures)
        with self._context.read() as session:
            gauges, kept = self._list_gauges(asking), self._kept.find(session, asking)
            asked = [gauge.select for gauge in gauges if kept is None or not gauge.is_kept]
            counts = count_each(session, asking, asked)
        return [
            _view(gauge, counts[gauge.select])
            if kept is None or gauge.select in counts
            else _view(gauge, kept.get(gauge.code), kept.counted)
            for gauge in gauges
        ]

    def list(
        self,
        actor: Actor | None,
        code: str,
        *,
        publisher: str | None = None,
        sort: str = SORTS[0],
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[GaugeRow]:
        """One page of a gauge's rows. Raises `NotFoundError`, and `InputError` for a wrong order or cursor."""
        self._check_sort(sort)
        asking = self._ask(actor, publisher)
        gauge = self.find(asking.actor, code)
        items = self._read(gauge, asking, sort, read_cursor(cursor), limit + 1)
        following = _write_key(items[limit - 1], sort) if len(items) > limit else None
        return Page(items[:limit], write_cursor(following) if following else None)

    def export(
        self, actor: Actor | None, code: str, *, publisher: str | None = None, sort: str = SORTS[0]
    ) -> Iterator[str]:
        """All rows of a gauge as CSV; what a spreadsheet would take for a formula is quoted. Raises as `list`."""
        self._check_sort(sort)
        asking = self._ask(actor, publisher)
        return self._write(self.find(asking.actor, code), asking, sort)

    def measure_rooms(self, actor: Actor | None) -> Sequence[Room]:
        """What takes room on the machine. Raises `NotSignedInError`, `NotPermittedError`."""
        return measure_rooms(self._context, actor)

    def find(self, actor: Actor | None, code: str) -> Gauge:
        """A gauge that the actor may see. Raises `NotFoundError`."""
        for gauge in self._list_gauges(self._ask(actor, None)):
            if gauge.code == code:
                return gauge
        raise NotFoundError(N_("The control room has no list “%(code)s”"), code=code[:100])

    def _ask(self, actor: Actor | None, publisher: str | None) -> Asking:
        return Asking(
            actor=require_some_figures(actor),
            now=self._context.clock(),
            today=self._context.today(),
            publisher=publisher or None,
        )

    def _list_gauges(self, asking: Asking) -> Sequence[Gauge]:
        sees_all = asking.actor.may_oversee
        return [gauge for gauge in self._gauges if not gauge.is_for_all or (sees_all and not asking.publisher)]

    def _check_sort(self, sort: str) -> None:
        if sort not in SORTS:
            raise InputError(N_("“sort” must be one of: %(sorts)s"), sorts=", ".join(SORTS))

    def _read(self, gauge: Gauge, asking: Asking, sort: str, after: str | None, limit: int) -> Sequence[GaugeRow]:
        query = _order(gauge.select(asking), sort, after)
        with self._context.read() as session:
            return [
                GaugeRow(
                    kind=gauge.kind,
                    id=row.id,
                    title=row.title or "",
                    publisher=row.publisher,
                    since=row.since,
                    amount=int(row.amount or 0) if gauge.unit else None,
                    key=row.key,
                )
                for row in session.execute(query.limit(limit))
            ]

    def _write(self, gauge: Gauge, asking: Asking, sort: str) -> Iterator[str]:
        yield ",".join((*_COLUMNS, *([gauge.unit] if gauge.unit else ()))) + "\n"
        after = None
        while rows := self._read(gauge, asking, sort, after, _AT_ONCE):
            for row in rows:
                more = (row.amount,) if gauge.unit else ()
                yield write_csv_line((row.id, row.title, row.publisher, format_time(row.since), *more))
            after = _write_key(rows[-1], sort)


def _view(gauge: Gauge, found: Counted, counted: datetime | None = None) -> GaugeCount:
    return GaugeCount(
        code=gauge.code,
        group=gauge.group,
        kind=gauge.kind,
        count=found.count,
        oldest=found.oldest,
        amount=(found.amount or 0) if gauge.unit == Unit.BYTES else None,
        counted=counted,
    )


def _order(query: Select[Any], sort: str, after: str | None) -> Select[Any]:
    """A gauge's rows in an order, after a key: both as an index has them, so that no row before it is read.

    The `key` of a row, its id where it has no other, makes the order one that is the same each time.
    """
    rows = query.subquery()
    name = sort.removeprefix("-")
    column, key = _find_column(rows, name), rows.c.get("key", rows.c.id)
    is_falling = sort.startswith("-")
    order = (column.desc(), key.desc()) if is_falling else (column, key)
    found = select(*(one for one in rows.c if one.name != "key"), key.label("key")).order_by(*order)
    if after is None:
        return found
    value, last = _read_key(after, name)
    place = tuple_(literal(value, column.type), literal(_cast_key(last, key), key.type))
    return found.where(tuple_(column, key) < place if is_falling else tuple_(column, key) > place)


def _find_column(rows: Any, name: str) -> Any:
    """What rows are ordered by. Rows without an amount are equal in it."""
    if name == "amount":
        return rows.c.amount if name in rows.c else literal(0)
    return rows.c[name]


def _cast_key(last: str, key: Any) -> str | int:
    if not isinstance(key.type, Integer):
        return last
    if not last.isdecimal() or len(last) > _KEY_DIGITS:
        raise refuse_cursor()
    return int(last)


def _write_key(row: GaugeRow, sort: str) -> str:
    values: Mapping[str, str | int] = {
        "since": row.since.isoformat(),
        "title": row.title,
        "publisher": row.publisher,
        "amount": row.amount or 0,
    }
    return json.dumps([values[sort.removeprefix("-")], row.key])


def _read_key(key: str, name: str) -> tuple[Any, str]:
    try:
        value, last = json.loads(key)
        if name == "amount":
            return int(value), str(last)
        return (datetime.fromisoformat(value) if name == "since" else str(value)), str(last)
    except (TypeError, ValueError):
        raise refuse_cursor() from None
