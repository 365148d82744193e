"""Answers what a chart asks, from rows in Python: the oracle of what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor, isfinite
from statistics import median
from typing import Any

from opendata.charts.chart import Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.collecting.asking import Answer, Ask, Key, Measure, Question
from opendata.charts.collecting.collecting import collect_points
from opendata.charts.columns import ChartColumn, read_columns
from opendata.charts.points import Points
from opendata.charts.words import Words
from opendata.domain.schema import TableSchema

Row = Mapping[str, Any]


def make_columns(**types: str | dict[str, Any]) -> Mapping[str, ChartColumn]:
    """Columns by name and type, or by name and the properties of their field."""
    fields = [{"name": name, **({"type": found} if isinstance(found, str) else found)} for name, found in types.items()]
    return read_columns(TableSchema({"fields": fields}))


def make_words(columns: Mapping[str, ChartColumn], language: str = "zh", **others: Any) -> Words:
    """Words without titles of their own."""
    titles = {name: column.field.title or name for name, column in columns.items()}
    types = {name: column.field.type for name, column in columns.items()}
    return Words(language=language, **{"table": "表", "titles": titles, "types": types, **others})


def collect(chart: Chart, columns: Mapping[str, ChartColumn], rows: Sequence[Row]) -> Points:
    """What a chart draws of these rows."""
    return collect_points(complete_chart(chart, columns), columns, make_ask(rows), {})


def make_ask(rows: Sequence[Row]) -> Ask:
    """Answers questions about these rows."""

    def ask(question: Question) -> Answer:
        groups: dict[tuple[Any, ...], list[Row]] = {} if question.keys else {(): []}
        for row in rows:
            groups.setdefault(tuple(_find_key(key, row[key.column]) for key in question.keys), []).append(row)
        found = [(*key, *(_measure(item, group) for item in question.measures)) for key, group in groups.items()]
        found.sort(key=lambda row: [(value is None, value) for value in row[: len(question.keys)]])
        return found[: question.limit]

    return ask


def _find_key(key: Key, value: Any) -> Any:
    if value is None:
        return None
    if key.width:
        if not isfinite(value):
            return float(value)
        return floor(round((float(value) - key.start) / key.width, 9))
    if key.period:
        return {"day": value, "month": value.replace(day=1), "year": value.replace(month=1, day=1)}[key.period]
    return value


def _measure(measure: Measure, rows: Sequence[Row]) -> Any:
    if measure.function == "rows":
        return len(rows)
    values = [row[measure.column] for row in rows if row[measure.column] is not None]
    match measure.function:
        case "count":
            return len(values)
        case "least" | "greatest":
            finite = [value for value in values if isfinite(value)]
            return (min if measure.function == "least" else max)(finite, default=None)
        case "distinct":
            return len(set(values))
        case "sum":
            return sum(values[1:], values[0]) if values else None
        case "avg":
            return sum(values) / len(values) if values else None
    if measure.function in ("least", "greatest"):
        values = [value for value in values if not isinstance(value, float) or isfinite(value)]
    functions = {"min": min, "max": max, "least": min, "greatest": max, "median": median}
    return functions[measure.function](values) if values else None


def make_days(count: int) -> list[date]:
    """So many days, one after the other."""
    return [date.fromordinal(date(2020, 1, 1).toordinal() + number) for number in range(count)]
