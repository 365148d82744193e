"""Looking inside tables: columns by name and kind, values, tables to join with. Only what anybody may have, now.

The index of this machine says where to look. Whether a table is public is read from the database each time, so a
version that was stopped a moment ago isn't named, whatever the index still has.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeAlias

from sqlalchemy import and_, bindparam, select

from opendata.db.models import Dataset, Version
from opendata.domain.resources import TableResource
from opendata.errors import N_, BackendError, InputError, NotFoundError, OpendataError, StateError
from opendata.query.values import SEPARATOR, name_columns
from opendata.search.columns.asking import (
    ColumnSearch,
    Wanted,
    find_candidates,
    find_columns,
    find_joins,
    has_table,
    read_wanted,
)
from opendata.search.columns.entries import FoundColumn, FoundJoin
from opendata.search.columns.index import ColumnIndex
from opendata.search.columns.joining import find_margin
from opendata.search.columns.looking import count_value
from opendata.search.columns.texts import LONGEST
from opendata.services.catalogue.entries import view_dataset
from opendata.services.catalogue.versions import LATEST, Versions
from opendata.services.core.access import disclosure_of, is_for_all, where_listed, where_standing
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import DatasetView, Item

logger = logging.getLogger(__name__)

_Place: TypeAlias = tuple[str, str, str]
"""A table: dataset, version, resource."""

_AT_ONCE = 20
_NEWEST = select(Dataset.__table__.c.latest).where(Dataset.__table__.c.id == bindparam("dataset"))
_MOST_CANDIDATES = 1_000
"""At most this many columns that may have a value are taken from the index at once."""
MOST_ROWS = 20_000_000
"""At most this many rows are read for one answer: about a second of one core. One column is read whatever it has."""
MOST_LOOKS = 200
"""At most this many columns are read for one answer."""
_MOST_SEEN = 2_000
"""At most this many joins of a table are looked at for one answer."""


@dataclass(frozen=True, slots=True)
class PublicTable:
    """A table that anybody may have, and the dataset it is part of."""

    dataset: DatasetView
    version: str
    table: TableResource

    def filter_rows(self, column: str, value: str) -> Mapping[str, str]:
        """The parameters of an address that shows the rows with a value in a column."""
        names = name_columns(self.table.schema.fields)
        return {f"{name}{SEPARATOR}exact": value for name, item in names.items() if item.name == column}


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """A column of a public table."""

    place: PublicTable
    column: FoundColumn


@dataclass(frozen=True, slots=True)
class ValueFound:
    """A value in a column of a public table: as it is written there, and in how many rows."""

    place: PublicTable
    column: FoundColumn
    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a column's different values: `margin` is how far off it is at most in 95 of 100 cases, 0 if exact."""

    share: float
    margin: float


@dataclass(frozen=True, slots=True)
class JoinFound:
    """A column of a public table that has values of a column of the table asked about.

    `here` is the part of the values here that are there, `there` the part of the values there that are here.
    """

    place: PublicTable
    join: FoundJoin
    here: Share
    there: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[Item]):
    """Part of an answer: `next` is the cursor of the rest, `is_ready` is False without an index."""

    items: Sequence[Item]
    next: str | None = None
    is_ready: bool = True


class Inside:
    """Answers questions about the contents of public tables."""

    def __init__(self, context: Context, versions: Versions, index: ColumnIndex) -> None:
        self._context = context
        self._versions = versions
        self._index = index

    def find_columns(self, search: ColumnSearch, *, limit: int, cursor: str | None = None) -> Answer[ColumnFound]:
        """Columns of public tables by name, kind, type, schema or code list. Raises `InputError` for a wrong cursor."""
        mark = _fingerprint(repr(search))
        (after,) = _read_place(cursor, mark, 1)
        try:
            with self._index.read() as connection:
                found = find_columns(connection, search, after, limit + 1)
        except (FileNotFoundError, sqlite3.Error) as error:
            return _say_unready(error)
        places = self._find_public(map(_place, found[:limit]))
        items = [ColumnFound(places[_place(item)], item) for item in found[:limit] if _place(item) in places]
        return Answer(items=items, next=_write_place(mark, found[limit - 1].id) if len(found) > limit else None)

    def find_value(self, value: str, *, limit: int, cursor: str | None = None) -> Answer[ValueFound]:
        """The public tables that have a value in a cell, in which column and in how many rows.

        Columns with few values come first. Where so many must be read that it takes long, the answer is a part, also an
        empty one, and `next` goes on. Raises `InputError` for a value that can't be looked for, or a wrong cursor.
        """
        wanted = read_wanted(value)
        if wanted is None:
            raise InputError(N_("Give the whole value of a cell, of 1 to %(longest)s characters"), longest=LONGEST)
        mark = _fingerprint(value)
        first, second = _read_place(cursor, mark, 2)
        try:
            with self._index.read() as connection:
                candidates = list(islice(find_candidates(connection, wanted, (first, second)), _MOST_CANDIDATES))
        except (FileNotFoundError, sqlite3.Error) as error:
            return _say_unready(error)
        places = self._find_public(_place(item) for item in candidates if isinstance(item, FoundColumn))
        items: list[ValueFound] = []
        rows = looks = 0
        for column in candidates:
            if not isinstance(column, FoundColumn):  # there are more columns than one answer asks
                return Answer(items=items, next=_write_place(mark, *column))
            place = places.get(_place(column))
            is_over = looks and (rows + column.rows > MOST_ROWS or looks >= MOST_LOOKS)
            if len(items) >= limit or (place is not None and is_over):
                return Answer(items=items, next=_write_place(mark, first, second))
            if place is not None:
                rows, looks = rows + column.rows, looks + 1
                items += self._look(place, column, wanted)
            first, second = column.count, column.id
        is_all = len(candidates) < _MOST_CANDIDATES
        return Answer(items=items, next=None if is_all else _write_place(mark, first, second))

    def find_joins(self, dataset: str, version: str, resource: str, *, limit: int) -> Answer[JoinFound]:
        """The public tables that a table has keys in common with, the largest shares first.

        Raises `NotFoundError` alike for a table that there isn't and for one that not everybody may have, `StateError`
        for a version that isn't the newest.
        """
        newest = self._find_newest(dataset)
        wanted = newest if version == LATEST else version
        if newest is None or wanted is None or not self._find_public([(dataset, wanted, resource)]):
            raise NotFoundError(N_("There is no table of this name that everybody may have"))
        if wanted != newest:
            text = N_("Only newest versions are compared with other tables. Ask for version %(version)s")
            raise StateError(text, version=newest)
        try:
            with self._index.read() as connection:
                if not has_table(connection, dataset, newest, resource):
                    return Answer(items=(), is_ready=False)
                found = list(islice(find_joins(connection, dataset, resource), _MOST_SEEN))
        except (FileNotFoundError, sqlite3.Error) as error:
            return _say_unready(error)
        items: list[JoinFound] = []
        for start in range(0, len(found), _AT_ONCE):
            part = found[start : start + _AT_ONCE]
            places = self._find_public(_place(join.other) for join in part)
            items += [_show_join(places[_place(join.other)], join) for join in part if _place(join.other) in places]
            if len(items) >= limit:
                break
        return Answer(items=items[:limit])

    def _look(self, place: PublicTable, column: FoundColumn, wanted: Wanted) -> Iterator[ValueFound]:
        try:
            file = self._versions.find_file(column.dataset, column.version, column.resource, "parquet")
            found = Counter[str]()
            with file.local_tables() as paths:
                for path in paths:
                    found.update(count_value(path, column, wanted))
        except BackendError:
            raise
        except (OpendataError, OSError, ValueError, KeyError):  # it was stopped meanwhile, or is damaged
            logger.exception("%s@%s/%s can't be read", column.dataset, column.version, column.resource)
            return
        for text, count in found.items():
            yield ValueFound(place, column, text, count)

    def _find_newest(self, dataset: str) -> str | None:
        with self._context.read() as session:
            found: str | None = session.scalar(_NEWEST, {"dataset": dataset})
        return found

    def _find_public(self, places: Iterable[_Place]) -> Mapping[_Place, PublicTable]:
        """Those of some tables that anybody may have now.

        A version in which the screen found what may be personal data isn't looked into before somebody has decided.
        """
        wanted = dict.fromkeys(places)
        names = {dataset for dataset, _, _ in wanted}
        query = select(Dataset, Version.version).join(Version, Version.dataset_id == Dataset.id)
        condition = and_(Dataset.id.in_(names), where_listed(), where_standing(), Version.alarming.is_(False))
        with self._context.read() as session:
            rows = session.execute(query.where(condition)).all() if names else ()
            versions = {(row.id, version): (view_dataset(row), disclosure_of(row)) for row, version in rows}
        found: dict[_Place, PublicTable] = {}
        for dataset, version, resource in wanted:
            view, disclosure = versions.get((dataset, version), (None, None))
            if view is None or disclosure is None:
                continue
            try:
                table = self._versions.get_table(dataset, version, resource)
            except BackendError:
                raise
            except OpendataError:  # there is no such table, or its manifest is damaged
                continue
            if is_for_all(disclosure, table):
                found[dataset, version, resource] = PublicTable(view, version, table)
        return found


def _place(column: FoundColumn) -> _Place:
    return column.dataset, column.version, column.resource


def _show_join(place: PublicTable, join: FoundJoin) -> JoinFound:
    here = _estimate(join.share, join.asked, join.is_whole)
    return JoinFound(place, join, here, _estimate(join.share_back, join.asked_back, join.is_whole_back))


def _estimate(share: float, asked: int, is_whole: bool) -> Share:
    return Share(share, 0.0 if is_whole or not asked else find_margin(share, asked))


def _say_unready(error: Exception) -> Answer[Any]:
    if not isinstance(error, FileNotFoundError):
        logger.warning("the index of columns can't be read now: %s", error)
    return Answer(items=(), is_ready=False)


def _fingerprint(asked: str) -> str:
    """What a cursor belongs to: with another question it would leave results out."""
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def _write_place(mark: str, *numbers: int) -> str:
    return write_cursor(" ".join([mark, *map(str, numbers)]))


def _read_place(cursor: str | None, mark: str, count: int) -> Sequence[int]:
    """The place at which a question goes on; before the first one without a cursor."""
    if not cursor:
        return [-1] * count
    found, *numbers = (read_cursor(cursor) or "").split(" ")
    if found != mark or len(numbers) != count or not all(re.fullmatch("[0-9]{1,18}", item) for item in numbers):
        raise refuse_cursor()
    return [int(item) for item in numbers]
