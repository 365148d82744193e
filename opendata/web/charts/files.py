"""A chart as a file, for everybody's pages: SVG, PNG, the drawn values as CSV, and a page that may be framed."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from opendata.charts.chart import Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.words import describe_points, name_heading
from opendata.metering import cost_class
from opendata.sending.content import DERIVED, PRIVATE, describe_bytes, send
from opendata.sending.forms import name_file
from opendata.services.charts.charts import ChartTable, refuse_chart
from opendata.web.charts.addresses import DOWNLOAD, find_chart, link_chart
from opendata.web.charts.titles import find_words
from opendata.web.core.frames import allow_frames
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import choose_language, vary_by_reader
from opendata.web.core.links import link_file
from opendata.web.core.readers import for_readers, reader
from opendata.web.delivery.downloads import open_to_all

blueprint = Blueprint("chart_files", __name__)

_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""An SVG opened by itself has its styles in itself, and nothing else."""

_PLACE = "/datasets/<dataset>/<version>/<resource>/chart"


@blueprint.get(f'{_PLACE}.<any("svg","png","csv"):suffix>')
@cost_class("rows")
@for_readers
def send_chart(dataset: str, version: str, resource: str, suffix: str) -> Response:
    """A chart, the same bytes for the same address and language."""
    place = (dataset, version, resource)
    found = services().charts.find_table(*place, reader())
    words = find_words(found, dataset, version)
    file = services().charts.render(place, _require_chart(found), words, suffix, reader())
    links = link_file(dataset, version, f"{resource}/chart.{suffix}", resource)
    content = describe_bytes(file.data, file.media_type, DERIVED if file.is_public else PRIVATE, links)
    shown = "attachment" if suffix == "csv" or DOWNLOAD in request.args else "inline"
    name = name_file(f"{dataset}-{version}-{resource}-chart.{suffix}", disposition=shown)
    response = send(replace(content, disposition=name))
    if suffix == "svg":
        response.headers["Content-Security-Policy"] = _SVG_POLICY
    vary_by_reader(response)
    return response


@blueprint.get(f"{_PLACE}/embed")
@cost_class("rows")
def show_embedded(dataset: str, version: str, resource: str) -> Response:
    """A chart of public rows as a page that any site may frame: without session, forms and scripts."""
    place = {"dataset": dataset, "version": version, "resource": resource}
    found = services().charts.find_table(dataset, version, resource)
    words = find_words(found, dataset, version)
    chart = complete_chart(_require_chart(found), found.columns)
    points = services().charts.collect((dataset, version, resource), chart, words.titles)
    language = choose_language()
    page = render_template(
        "charts/embed.html",
        title=name_heading(points, words),
        description=describe_points(points, words),
        picture=link_chart("chart_files.send_chart", {**place, "suffix": "svg"}, chart, language=language),
        source=absolute_url(link_chart("charts.show_chart", place, chart, language=language)),
        manifest=services().versions.get_manifest(dataset, version),
        version=version,
    )
    response = make_response(page)
    allow_frames()
    response.headers["Cache-Control"] = DERIVED
    vary_by_reader(response)
    return response


def _require_chart(found: ChartTable) -> Chart:
    chart = find_chart(found)
    if chart is None:
        raise refuse_chart()
    return chart


blueprint.after_request(open_to_all)
