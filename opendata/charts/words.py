"""What a chart says in the reader's language: titles, axes, names of places and series, numbers and dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

from opendata.charts.chart import COMBINED, KINDS, Chart
from opendata.charts.points import MISSING, OTHER, Bin, Dots, Lines, Note, Points
from opendata.errors import N_
from opendata.tables.types.canonical import write_value
from opendata.wording.voice import Voice, voice_of

_SIGNS = {"exact": "=", "not": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
_FILTERS = {
    "q": N_("contains “%(value)s”"),
    "contains": N_("%(column)s contains “%(value)s”"),
    "notcontains": N_("%(column)s doesn't contain “%(value)s”"),
    "startswith": N_("%(column)s begins with “%(value)s”"),
    "endswith": N_("%(column)s ends with “%(value)s”"),
    "in": N_("%(column)s is one of %(value)s"),
    "notin": N_("%(column)s isn't one of %(value)s"),
    "isnull-yes": N_("%(column)s is empty"),
    "isnull-no": N_("%(column)s is filled in"),
}
_NO = ("0", "false", "no")
_ROUGH = "#,##0.############"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The names of a table's columns for readers of one language. `labels` are those of codes.

    `types` are the types of the fields, `percents` the columns whose numbers are shares of 1. `source` says below the
    chart where its table is from.
    """

    language: str
    table: str
    titles: Mapping[str, str]
    types: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    percents: frozenset[str] = frozenset()
    source: str = ""

    @property
    def key(self) -> str:
        """Tells these words from all others."""
        return repr(self)

    @property
    def voice(self) -> Voice:
        """Says our own texts."""
        return voice_of(self.language)

    def name_column(self, column: str) -> str:
        """Its title, with its unit."""
        unit = self.units.get(column, "")
        title = self.titles.get(column) or column
        return self.add_unit(title, unit)

    def add_unit(self, title: str, unit: str) -> str:
        """A title with its unit in brackets, unless it has it already."""
        if not unit or unit in title:
            return title
        return self.voice.translate(N_("%(title)s (%(unit)s)")) % {"title": title, "unit": unit}

    def name_value(self, value: Any, column: str) -> str:
        """A value of a column: a place, or the name of a series."""
        if value is MISSING:
            return self.voice.translate(N_("(no value)"))
        if value is OTHER:
            return self.voice.translate(N_("Other"))
        if isinstance(value, Bin):
            return f"{self.write(value.start, column)} – {self.write(value.end, column)}"
        label = self.labels.get(column, {}).get(value)
        text = self.write(value, column)
        return f"{text} {label}" if label and label != text else text

    def write(self, value: Any, column: str = "") -> str:
        """A number, date or text as readers write it; nothing for None."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.voice.translate(N_("yes") if value else N_("no"))
        if isinstance(value, datetime):
            return str(format_datetime(value, "medium", locale=self.language))
        if isinstance(value, date):
            return str(format_date(value, "medium", locale=self.language))
        kind = self.types.get(column, "")
        if kind == "yearmonth" and isinstance(value, str):
            return write_month(value, self.language)
        if kind == "year" or not isinstance(value, int | float | Decimal):
            return write_value(value)
        return self.write_number(value, is_percent=column in self.percents)

    def write_number(self, value: float | Decimal, *, is_percent: bool = False) -> str:
        """A number with the grouping of the language; those of decimals keep all digits."""
        if is_percent:
            return str(format_percent(value, "#,##0.######%", locale=self.language))
        pattern = f"#,##0.{'0' * _count_places(value)}" if isinstance(value, Decimal) else _ROUGH
        return str(format_decimal(value, pattern, locale=self.language))

    def say(self, notes: Sequence[Note]) -> list[str]:
        """Notes as sentences."""
        return [self.voice.fill(note.message, self._write_params(note.params)) for note in notes]

    def _write_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        return {key: self.write_number(item) if isinstance(item, int) else item for key, item in params.items()}


def _count_places(value: Decimal) -> int:
    """How many digits a decimal has behind its point: zeros at its end as well."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def write_month(text: str, language: str) -> str:
    """A month such as `2024-03` in words; a text that isn't one as it is."""
    try:
        return str(format_skeleton("yMMM", date(int(text[:4]), int(text[5:7]), 1), locale=language))
    except ValueError:
        return text


def list_filters(chart: Chart, words: Words) -> list[str]:
    """The filters of a chart as readers write them: 年份 = 2024. Conditions of several columns stay as they are."""
    found = []
    for name, value in chart.where:
        column, _, operator = name.rpartition("__")
        if operator == "isnull":
            operator += "-" + ("no" if value.lower() in _NO else "yes")
        title = words.titles.get(column, column)
        if operator in _SIGNS:
            found.append(f"{title} {_SIGNS[operator]} {value}")
        elif operator in _FILTERS:
            found.append(words.voice.translate(_FILTERS[operator]) % {"column": title, "value": value})
        else:
            found.append(value)
    return found


def name_heading(points: Points, words: Words) -> str:
    """The title of a chart: what it shows, by what, of which rows."""
    filters = words.voice.separator.join(list_filters(points.chart, words))
    return words.add_unit(_name_what(points, words), filters)


def _name_what(points: Points, words: Words) -> str:
    chart, voice = points.chart, words.voice
    x = words.titles.get(chart.x, chart.x)
    if chart.kind == "map":
        return words.table
    if chart.kind == "histogram":
        return voice.translate(N_("How the values of “%(x)s” are spread")) % {"x": x}
    y = name_values(points, words, with_unit=False)
    if isinstance(points, Dots):
        return voice.translate(N_("%(y)s against %(x)s")) % {"y": y, "x": x}
    if chart.group:
        group = words.titles.get(chart.group, chart.group)
        return voice.translate(N_("%(y)s by %(x)s and %(group)s")) % {"y": y, "x": x, "group": group}
    return voice.translate(N_("%(y)s by %(x)s")) % {"y": y, "x": x}


def name_values(points: Points, words: Words, *, with_unit: bool = True) -> str:
    """The title of the values, such as that of the y axis: what was combined how, and their unit if they have one."""
    chart, voice = points.chart, words.voice
    if not chart.y:
        what = N_("Number of values") if chart.kind == "histogram" else N_("Number of rows")
        return voice.translate(what)
    title = voice.separator.join(words.titles.get(name, name) for name in chart.y)
    unit = share_unit(points, words)
    title = _name_combined(points, title, words)
    return words.add_unit(title, unit) if with_unit else title


def _name_combined(points: Points, title: str, words: Words) -> str:
    """The title of a column, with how the values of several rows became one, if they did."""
    how = points.chart.aggregate
    is_combined = isinstance(points, Lines) and (points.combined or how == "count")
    return words.voice.translate(COMBINED[how]) % {"title": title} if is_combined else title


def share_unit(points: Points, words: Words) -> str:
    """The unit that all values have; none where they differ, or are counted."""
    if points.chart.aggregate == "count":
        return ""
    units = {words.units.get(name, "") for name in points.chart.y}
    return units.pop() if len(units) == 1 else ""


def name_series(points: Points, name: Any, words: Words) -> str:
    """The name of a series in the legend and the table."""
    chart = points.chart
    if chart.group:
        return words.name_value(name, chart.group)
    if name is None:
        return name_values(points, words)
    return words.titles.get(name, name) if share_unit(points, words) else words.name_column(name)


def describe_points(points: Points, words: Words) -> str:
    """A chart in a few sentences, for readers who don't see it."""
    chart, voice = points.chart, words.voice
    parts = [
        voice.say(N_("%(kind)s. Horizontally: %(x)s. Vertically: %(y)s."))
        % {"kind": voice.translate(KINDS[chart.kind]), "x": words.name_column(chart.x), "y": name_values(points, words)}
    ]
    if points.is_empty:
        parts.append(voice.translate(N_("There are no values to draw.")))
    elif isinstance(points, Lines):
        ends = tuple(words.name_value(points.places[place], chart.x) for place in (0, -1))
        parts.append(voice.translate(N_("From %(first)s to %(last)s.")) % {"first": ends[0], "last": ends[1]})
        known = [value for item in points.series for value in item.values if value is not None]
        ends = tuple(words.write(find(known), chart.y[0] if chart.y else "") for find in (min, max))
        parts.append(
            voice.translate(N_("The values are between %(least)s and %(most)s.")) % {"least": ends[0], "most": ends[1]}
        )
    return " ".join([*parts, *words.say(points.notes)])


def list_headings(points: Points, words: Words) -> list[str]:
    """The headings of the rows of `list_rows`, for readers."""
    chart, voice = points.chart, words.voice
    x = words.name_column(chart.x)
    if isinstance(points, Dots):
        group = [words.name_column(chart.group)] if chart.group else []
        return [x, words.name_column(chart.y[0]), *group, voice.translate(N_("Number of rows"))]
    is_binned = any(isinstance(place, Bin) for place in points.places) or chart.kind == "histogram"
    ends = (N_("%(title)s from"), N_("%(title)s to (not included)"))
    head = [voice.translate(text) % {"title": x} for text in ends] if is_binned else [x]
    return [*head, *(_head_series(points, item.name, words) for item in points.series)]


def _head_series(points: Lines, name: Any, words: Words) -> str:
    """The heading of a series, which has its unit, unlike the legend of an axis that has it."""
    if points.chart.group or name is None:
        return name_series(points, name, words)
    unit = "" if points.chart.aggregate == "count" else words.units.get(name, "")
    return words.add_unit(_name_combined(points, words.titles.get(name, name), words), unit)
