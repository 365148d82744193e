"""The questions of a chart as queries of the rows of its table, with the filters of its address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from opendata.charts.collecting.asking import Answer, Ask, Key, Measure, Question
from opendata.domain.schema import Field
from opendata.errors import N_, InputError
from opendata.query.addresses import read_query
from opendata.query.values import SEPARATOR, RowsQuery, is_float

if TYPE_CHECKING:
    from opendata.services.query.queries import Queries

_FILTERS = ("where", "q")
"""The parameters of an address that filter rows beside the simple operators."""

_MEASURES = {
    "rows": "count(*)",
    "count": "count({0})",
    "distinct": "count(distinct {0})",
    "sum": "sum({0})",
    "avg": "avg({0})",
    "median": "median(cast({0} as double))",  # of decimals, the engine would leave out the half of the last digit
    "min": "min({0})",
    "max": "max({0})",
    "least": "min({0})",
    "greatest": "max({0})",
}


def make_ask(
    queries: Queries, place: tuple[str, str, str], names: dict[str, tuple[str, Field]], query: RowsQuery, reader: Any
) -> Ask:
    """Answers the questions of a chart about the table at a place: dataset, version, resource.

    `names` are its columns as the engine names them, with their fields; `query` has the filters.
    """

    def ask(question: Question) -> Answer:
        groups = [_write_key(key, names[key.column][0]) for key in question.keys]
        measures = [_write_measure(item, names) for item in question.measures]
        asked = RowsQuery(
            select=", ".join([*groups, *measures]),
            where=query.where,
            filters=query.filters,
            search=query.search,
            group_by=", ".join(groups),
            limit=question.limit,
        )
        with queries.stream_rows(*place, asked, reader) as stream:
            fields = [names[key.column][1] for key in question.keys]
            return [row for batch in stream.batches for row in _read_rows(batch, fields)]

    return ask


def read_filters(where: Sequence[tuple[str, str]]) -> RowsQuery:
    """The filters of an address as a query. Raises `InputError` for a parameter that isn't one."""
    for name, _ in where:
        if name not in _FILTERS and SEPARATOR not in name:
            raise InputError(
                N_(
                    "A chart has no parameter “%(name)s”. Rows are filtered by “q”, by “where”, or by a column, two"
                    " underscores and an operator, such as “%(example)s”"
                ),
                name=name[:100],
                example="year__gte",
            )
    return read_query(where, limit=0)


def _write_key(key: Key, name: str) -> str:
    column = _quote(name)
    if key.period:
        return f"date_trunc('{key.period}', {column})"
    if key.width:
        # The rounding undoes what binary fractions do: 0.3 / 0.1 is 2.9999999999999996.
        return f"floor(round((cast({column} as double) - {_write(key.start)}) / {_write(key.width)}, 9))"
    return column


def _write_measure(measure: Measure, names: dict[str, tuple[str, Field]]) -> str:
    column = _quote(names[measure.column][0]) if measure.column else ""
    written = _MEASURES[measure.function].format(column)
    if measure.function in ("least", "greatest") and is_float(names[measure.column][1]):
        return f"{written} FILTER (WHERE isfinite({column}))"
    return written


def _quote(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _write(value: float) -> str:
    return f"({value!r})" if value < 0 else repr(value)


def _read_rows(batch: Any, fields: Sequence[Field]) -> Sequence[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in batch.columns]
    for number, field in enumerate(fields):
        if field.type == "date":
            columns[number] = [_read_date(value) for value in columns[number]]
    return list(zip(*columns, strict=True))


def _read_date(value: date | None) -> date | None:
    """The day; a period of days may come as a moment."""
    return value.date() if isinstance(value, datetime) else value
