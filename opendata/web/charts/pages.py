"""The page of a chart: what is drawn, the picture, the same values as a table, and where to take it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, make_response, redirect, render_template, request
from markupsafe import escape
from werkzeug.wrappers import Response

from opendata.charts.chart import AGGREGATES, KINDS, Chart
from opendata.charts.choosing import DOTTED, adapt_chart, complete_chart
from opendata.charts.points import Bin, Dots, Lines, Points
from opendata.charts.words import Words, describe_points, list_filters, list_headings, name_heading
from opendata.errors import InputError
from opendata.metering import cost_class
from opendata.services.charts.charts import FORMS
from opendata.web.charts.addresses import CHOOSE, Place, find_chart, link_chart, link_rows
from opendata.web.charts.titles import find_words
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import choose_language
from opendata.web.core.readers import for_readers, reader
from opendata.wording.voice import voice_of

blueprint = Blueprint("charts", __name__)

SHOWN_ROWS = 200
"""At most so many rows of the drawn values are on the page; the CSV file has all."""

_MISSING = "—"
_FRAME = 'width="100%" height="560" loading="lazy"'


@dataclass(frozen=True, slots=True)
class Proposal:
    """A chart that fits the table: its kind and what it draws, and where it is."""

    kind: str
    title: str
    address: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column of the drawn values; numbers stand at the right."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart that was drawn: in words, as rows whose cells are as readers write them, and its files by suffix."""

    title: str
    description: str
    notes: list[str]
    headings: list[Heading]
    rows: list[list[str]]
    total: int
    files: dict[str, str]
    link: str
    snippet: str


@blueprint.get("/datasets/<dataset>/<version>/<resource>/chart")
@cost_class("rows")
@for_readers
def show_chart(dataset: str, version: str, resource: str) -> Response:
    """The chart that the address names, else the first that fits; what can't be drawn is said beside the form."""
    place = {"dataset": dataset, "version": version, "resource": resource}
    found = services().charts.find_table(dataset, version, resource, reader())
    words, chart, error, drawn = find_words(found, dataset, version), find_chart(found), "", None
    try:
        if CHOOSE in request.args and chart is not None:
            chosen = complete_chart(adapt_chart(chart, found.columns), found.columns)
            return redirect(link_chart("charts.show_chart", place, chosen), 303)
        if chart is not None:
            chart = complete_chart(chart, found.columns)
            drawn = _draw(place, chart, words)
    except InputError as fault:
        error = voice_of(words.language).say_error(fault)
    page = render_template(
        "charts/chart.html",
        place=place,
        found=found,
        words=words,
        chart=chart,
        drawn=drawn,
        error=error,
        kinds=KINDS,
        aggregates=AGGREGATES,
        filters=list_filters(chart, words) if chart else [],
        unfiltered=link_chart("charts.show_chart", place, replace(chart, where=())) if chart else "",
        rows=link_rows(place, chart) if chart else "",
        proposals=[_propose(place, item, words, chart) for item in found.proposals],
        manifest=services().versions.get_manifest(dataset, version),
    )
    return make_response(page, 400 if error else 200)


def _draw(place: Place, chart: Chart, words: Words) -> Drawn:
    dataset, version, resource = place.values()
    points = services().charts.collect((dataset, version, resource), chart, words.titles, reader())
    title, language = name_heading(points, words), choose_language()
    rows = list(points.list_rows())
    columns = _list_columns(points)
    embedded = absolute_url(link_chart("chart_files.show_embedded", place, chart, language=language))
    return Drawn(
        title=title,
        description=describe_points(points, words),
        notes=words.say(points.notes),
        headings=[
            Heading(text, words.types.get(name, "number") in ("integer", "number"))
            for text, name in zip(list_headings(points, words), columns, strict=True)
        ],
        rows=[
            [
                _MISSING if value is None else words.name_value(value, name)
                for value, name in zip(row, columns, strict=True)
            ]
            for row in rows[:SHOWN_ROWS]
        ],
        total=len(rows),
        files={
            suffix: link_chart("chart_files.send_chart", {**place, "suffix": suffix}, chart, language=language)
            for suffix in FORMS
        },
        link=absolute_url(link_chart("charts.show_chart", place, chart)),
        snippet=f'<iframe src="{escape(embedded)}" title="{escape(title)}" {_FRAME}></iframe>',
    )


def _list_columns(points: Points) -> list[str]:
    """The column of the table whose values are in each column of the drawn ones; empty where rows are counted."""
    chart = points.chart
    if isinstance(points, Dots):
        return [chart.x, *chart.y, *([chart.group] if chart.group else []), ""]
    is_binned = chart.kind == "histogram" or any(isinstance(place, Bin) for place in points.places)
    counts = not chart.y or chart.aggregate == "count"
    drawn = ["" if counts else chart.y[0] if chart.group else str(series.name) for series in points.series]
    return [chart.x, *([chart.x] if is_binned else []), *drawn]


def _propose(place: Place, chart: Chart, words: Words, shown: Chart | None) -> Proposal:
    points: Points = Lines(chart=chart, places=(), series=())
    if chart.kind in DOTTED:
        points = Dots(chart=chart, dots=(), groups=())
    address = link_chart("charts.show_chart", place, chart)
    return Proposal(KINDS[chart.kind], name_heading(points, words), address, chart == shown)
